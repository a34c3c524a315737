//! A configuration: its faults, what is set in the end and where, and how many series it makes.

mod series;

use std::ffi::OsString;

use serde::Serialize;

use self::series::Series;
use super::arguments::ConfigArguments;
use super::finding::{Finding, OriginShown, Place, Severity};
use super::report::{Details, Report};
use crate::app::AppError;
use crate::config::{Config, ConfigError, Effective, Flag, Judgement, Origin};
use crate::kafka::try_properties;
use crate::kpi::Catalogue;
use crate::serve::access::Gate;
use crate::snapshot::try_options;

/// What a configuration says.
#[derive(Debug, Serialize)]
struct ConfigDetails {
    /// Every value that is set.
    effective: Vec<EffectiveShown>,
    /// How many series it makes; not there if it is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Series>,
}

#[derive(Debug, Serialize)]
struct EffectiveShown {
    key: String,
    value: serde_json::Value,
    origin: OriginShown,
    #[serde(skip)]
    line: String,
}

pub(super) fn check(arguments: &ConfigArguments, environment: &[(OsString, OsString)]) -> Result<Report, AppError> {
    let flag = |name, key, value: &Option<String>| value.clone().map(|value| Flag { name, key, value });
    let brokers = flag("--brokers", "kafka.brokers", &arguments.brokers);
    let listen = flag("--listen", "http.listen", &arguments.listen);
    let web = flag("--web.config.file", "web.config_file", &arguments.web_config_file);
    let flags: Vec<Flag> = brokers.into_iter().chain(listen).chain(web).collect();
    let Judgement { faults, config, effective } = Config::judge(&arguments.config, environment, &flags)?;
    let mut findings: Vec<Finding> = faults.iter().map(|fault| finding(fault, &effective)).collect();
    let mut series = None;
    if let Some(config) = &config {
        findings.extend(properties_not_taken(config));
        findings.extend(options_not_taken(config));
        findings.extend(web_configuration_not_taken(config, &effective));
    }
    findings.extend(Config::strange_variables(environment).into_iter().map(strange_variable));
    if let Some(config) = config.filter(|_| faults.is_empty()) {
        let catalogue = Catalogue::new(&config.rules).map_err(AppError::Usage)?;
        let counted = Series::new(&catalogue, config.rules.max_series, arguments);
        findings.extend(counted.too_many(origin_of("max_series", &effective).as_ref()));
        series = Some(counted);
    }
    let effective = effective.into_iter().map(EffectiveShown::new).collect();
    Ok(Report::new(&ConfigDetails { effective, series }, &findings, 0, &[]))
}

fn finding(fault: &ConfigError, effective: &[Effective]) -> Finding {
    let key = fault.key();
    let (origin, message) = match (fault.origin(), key.and_then(|key| origin_of(key, effective))) {
        (Some(origin), _) => (Some(origin), fault.to_string()),
        // The catalogue does not know where its settings are written.
        (None, Some(origin)) => (Some(origin.clone()), format!("{fault} ({origin})")),
        (None, None) => (None, fault.to_string()),
    };
    let place = Place::Setting { key: key.map(str::to_owned), origin: origin.as_ref().map(OriginShown::from) };
    Finding { severity: Severity::Error, rule: fault.rule(), place, message }
}

fn origin_of(key: &str, effective: &[Effective]) -> Option<Origin> {
    effective.iter().find(|value| value.key == key).map(|value| value.origin.clone())
}

/// Properties that librdkafka does not know or take.
fn properties_not_taken(config: &Config) -> impl Iterator<Item = Finding> {
    try_properties(&config.kafka).into_iter().map(|failure| {
        let place = Place::Setting { key: Some("kafka.properties".to_owned()), origin: None };
        Finding { severity: Severity::Error, rule: "invalid_property", place, message: failure.to_string() }
    })
}

/// Options that S3 does not know or take.
fn options_not_taken(config: &Config) -> impl Iterator<Item = Finding> {
    try_options(&config.snapshot).into_iter().map(|failure| {
        let place = Place::Setting { key: Some("snapshot.options".to_owned()), origin: None };
        Finding { severity: Severity::Error, rule: "invalid_value", place, message: failure.to_string() }
    })
}

/// A web configuration that a start would refuse.
fn web_configuration_not_taken(config: &Config, effective: &[Effective]) -> Option<Finding> {
    let message = Gate::judge_file(&config.web).err()?;
    let key = "web.config_file";
    let origin = origin_of(key, effective);
    let place = Place::Setting { key: Some(key.to_owned()), origin: origin.as_ref().map(OriginShown::from) };
    Some(Finding { severity: Severity::Error, rule: "invalid_value", place, message })
}

/// A variable that looks as if it were a key of the configuration.
fn strange_variable(message: String) -> Finding {
    let place = Place::Setting { key: None, origin: None };
    Finding { severity: Severity::Warning, rule: "unknown_variable", place, message }
}

impl EffectiveShown {
    fn new(value: Effective) -> EffectiveShown {
        let Effective { key, written, json, origin } = value;
        let line = format!("{:<72}  # {origin}", format!("{key} = {written}"));
        EffectiveShown { origin: OriginShown::from(&origin), key, value: json, line }
    }
}

impl Details for ConfigDetails {
    const CHECK: &'static str = "config";

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.effective.is_empty() {
            text.push_str("What is set, and where\n");
            self.effective.iter().for_each(|value| text.extend(["  ", &value.line, "\n"]));
        }
        if let Some(series) = &self.series {
            text.push('\n');
            text.push_str(&series.text());
        }
        text
    }
}
