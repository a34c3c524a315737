//! The configuration: defaults < TOML file < environment < flags, judged whole before anything runs.
//!
//! [`Settings`] lays the sources on top of each other and keeps where each value comes from;
//! [`Config`] is what they say once every value, alone and beside the others, is valid.

mod access;
mod effective;
mod environment;
mod error;
mod hostname;
mod http;
mod judgement;
mod kafka;
mod keys;
mod layer;
mod origin;
mod path;
mod pipeline;
mod rates;
mod retention;
mod rules;
mod secrets;
mod settings;
mod snapshot;
mod value;
mod web;

pub use access::{AccessConfig, Display, Names, Proxy, Role, Targets, User};
pub use effective::Effective;
pub use error::ConfigError;
pub use http::HttpConfig;
pub use judgement::Judgement;
pub use kafka::{KafkaConfig, OnUnreadable};
pub use origin::Origin;
pub use secrets::property_may_be_shown;
pub use settings::{Flag, Settings};
pub use snapshot::{OnGap, SnapshotConfig};
pub use web::{Board, Celebrate, WebConfig};

use std::ffi::OsString;
use std::path::Path;

use crate::kpi::Catalogue;
use crate::model::rules::Rules;

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the numbers depend on.
    pub rules: Rules,
    /// Where the events come from.
    pub kafka: KafkaConfig,
    /// Where the state is kept.
    pub snapshot: SnapshotConfig,
    /// Where the gauges are served.
    pub http: HttpConfig,
    /// What people are shown.
    pub web: WebConfig,
}

impl Config {
    /// Reads the file, lays the environment and then the flags over it, and judges the whole.
    ///
    /// # Errors
    /// [`ConfigError`] with a sentence for each fault that names the key and what is allowed.
    pub fn load(file: &Path, environment: &[(OsString, OsString)], flags: &[Flag]) -> Result<Config, ConfigError> {
        let Judgement { mut faults, config, .. } = Config::judge(file, environment, flags)?;
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ if faults.len() == 1 => Err(faults.remove(0)),
            _ => Err(ConfigError::Several(faults)),
        }
    }

    /// One sentence for each environment variable that looks as if it were a key of the configuration and is not.
    #[must_use]
    pub fn strange_variables(environment: &[(OsString, OsString)]) -> Vec<String> {
        environment::strangers(environment)
    }

    /// Lays flags over the text of a configuration file that nobody wrote, and judges the whole; `name` is what errors
    /// call the text. Neither the environment nor the machine has a say.
    ///
    /// # Errors
    /// [`ConfigError`] with a sentence that names the key and what is allowed.
    pub fn of_text(text: &str, name: &str, flags: &[Flag]) -> Result<Config, ConfigError> {
        let mut settings = Settings::defaults()?;
        settings.lay_toml(text, name)?;
        settings.lay_flags(flags)?;
        Config::new(&settings, || "none".to_owned())
    }

    /// Judges settings; `hostname` is asked only where no instance id is set.
    ///
    /// # Errors
    /// [`ConfigError`] with a sentence that names the key and what is allowed.
    pub fn new(settings: &Settings, hostname: impl FnOnce() -> String) -> Result<Config, ConfigError> {
        let mut rules = rules::read(settings)?;
        let catalogue = Catalogue::new(&rules).map_err(ConfigError::Catalogue)?;
        let kafka = kafka::read(settings, hostname)?;
        let web = web::read(settings, &rules)?;
        if web.listen.is_none() {
            rules.counted = catalogue.needs();
        }
        Ok(Config { rules, kafka, snapshot: snapshot::read(settings)?, http: http::read(settings)?, web })
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
