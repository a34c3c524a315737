//! Files of events: every line that would be rejected, and what becomes of the others.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::arguments::EventsArguments;
use super::finding::{Finding, Place, Severity};
use super::report::{Details, Report, count};
use super::unread::Unread;
use crate::app::AppError;
use crate::app::replay::{FileLine, Summary, read_lines};
use crate::config::{Config, ConfigError, Settings};
use crate::contract::decode::{Decoded, Decoder, Rejection, RejectionCode};
use crate::engine::Engine;
use crate::model::money::{Currency, Ratio};
use crate::model::rules::Rules;
use crate::model::time::{Clock, Time};

/// What became of the lines.
#[derive(Debug, Serialize)]
struct EventsDetails {
    /// The instant at which they were judged.
    as_of: String,
    #[serde(flatten)]
    summary: Summary,
}

pub(super) fn check(arguments: &EventsArguments, environment: &[(OsString, OsString)]) -> Result<Report, AppError> {
    let mut notes = Vec::new();
    let rules = match &arguments.config {
        Some(file) => Config::load(file, environment, &[])?.rules,
        None => {
            notes.push(
                "no --config: judged by the default stages, and every currency counts as one with a rate".to_owned(),
            );
            rules_without_file(environment)?
        }
    };
    let now = arguments.as_of.unwrap_or_else(|| Clock::System.now());
    let mut examination = Examination::new(Arc::new(rules), now, arguments.limit);
    read_lines(&arguments.files, false, io::stderr().is_terminal(), |line| {
        examination.take(&line);
        Ok(())
    })?;
    Ok(examination.report(notes))
}

/// The defaults and the environment. Without a reporting currency nobody can say which rates there should be: then every
/// currency has one, to one that has no minor units, so that no amount becomes too large by it.
fn rules_without_file(environment: &[(OsString, OsString)]) -> Result<Rules, ConfigError> {
    let mut settings = Settings::defaults()?;
    settings.lay_environment(environment.iter().cloned())?;
    let is_neutral = settings.origin("org.reporting_currency").is_none();
    if is_neutral {
        settings.lay_toml("org.reporting_currency = \"JPY\"", "the defaults")?;
    }
    let mut rules = Config::new(&settings, String::new)?.rules;
    for currency in Currency::all().filter(|_| is_neutral) {
        rules.rates.add(Date::MIN, currency, Ratio { numerator: 1, denominator: 1 });
    }
    Ok(rules)
}

/// The path of the lines through the decoder and the engine.
struct Examination {
    decoder: Decoder,
    engine: Engine,
    now: Time,
    limit: u64,
    summary: Summary,
    findings: Vec<Finding>,
    listed: BTreeMap<RejectionCode, u64>,
    left_out: u64,
    unread: Unread,
}

impl Examination {
    fn new(rules: Arc<Rules>, now: Time, limit: u32) -> Examination {
        Examination {
            engine: Engine::new(&rules, 1, now),
            decoder: Decoder::new(rules),
            now,
            limit: limit.into(),
            summary: Summary::default(),
            findings: Vec::new(),
            listed: BTreeMap::new(),
            left_out: 0,
            unread: Unread::default(),
        }
    }

    fn take(&mut self, line: &FileLine<'_>) {
        let record = match line.record() {
            Ok(record) => record,
            Err(rejection) => return self.reject(line, rejection),
        };
        match self.decoder.decode(&record, self.now) {
            Ok(Decoded::Event(event)) => {
                self.unread.note(&record, &event);
                self.summary.accept(self.engine.accept(&event, self.now));
            }
            Ok(Decoded::Tombstone) => self.summary.skip_tombstone(),
            Err(rejection) => self.reject(line, rejection),
        }
    }

    fn reject(&mut self, line: &FileLine<'_>, rejection: Rejection) {
        self.summary.reject(rejection.code);
        let listed = self.listed.entry(rejection.code).or_default();
        if *listed >= self.limit {
            self.left_out += 1;
            return;
        }
        *listed += 1;
        let file = line.place.file.display().to_string();
        let place = Place::Line { file, line: line.place.line, field: rejection.field };
        let Rejection { code, message, .. } = rejection;
        self.findings.push(Finding { severity: Severity::Error, rule: code.name(), place, message });
    }

    fn report(mut self, mut notes: Vec<String>) -> Report {
        let held = self.engine.read(self.now).held;
        for (rule, journeys, what) in [
            ("negative_cycle", held.negative_cycles, "won before they were created; their cycles are not used"),
            (
                "negative_response",
                held.negative_responses,
                "answered before they were created; their response times are not used",
            ),
        ] {
            if let Some(journeys) = u64::try_from(journeys).ok().filter(|journeys| *journeys > 0) {
                let message = format!("of the journeys {journeys} were {what} (salespulse_data_errors)");
                self.findings.push(Finding { severity: Severity::Warning, rule, place: Place::Files {}, message });
            }
        }
        let Summary { duplicate, superseded, expired, .. } = self.summary;
        for (number, what) in [
            (duplicate, "duplicate: the same was said before, and counts once"),
            (superseded, "superseded: another version of the same event is the truth"),
            (expired, "expired: dated before the horizon of retention, where nothing counts"),
        ] {
            if number > 0 {
                notes.push(format!("{number} {what}"));
            }
        }
        notes.extend(self.unread.note_text());
        let details = EventsDetails { as_of: self.now.to_string(), summary: self.summary };
        Report::new(&details, &self.findings, self.left_out, &notes)
    }
}

impl Details for EventsDetails {
    const CHECK: &'static str = "events";

    fn text(&self) -> String {
        let Summary { records, accepted, rejected, .. } = &self.summary;
        let mut text = format!("{}, {accepted} accepted, judged as of {}\n", count(*records, "record"), self.as_of);
        for (code, number) in rejected {
            text.push_str(&format!("  {number:>8} {code}\n"));
        }
        text
    }
}
