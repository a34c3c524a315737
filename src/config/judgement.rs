//! All faults of a configuration at once, for those who check it before they run it.
//!
//! The readers of values stop at the first fault. To find the next one, what is faulty is replaced by something that is
//! certainly right and that makes nothing else wrong, and the whole is read again.

use std::ffi::OsString;
use std::path::Path;

use super::effective::{self, Effective};
use super::error::ConfigError;
use super::origin::Origin;
use super::path::{KeyPath, Step};
use super::settings::{Flag, Settings};
use super::value::Value;
use super::{Config, hostname};
use crate::model::money::Currency;

/// What is to be said of a configuration.
#[derive(Debug)]
pub struct Judgement {
    /// Everything that is wrong, the fault that the service would report first. Faults that only show once others are mended
    /// are not among them.
    pub faults: Vec<ConfigError>,
    /// The configuration, with right values in the place of faulty ones; `None` where it could not be read to its end.
    pub config: Option<Config>,
    /// Every value that is set, and where; secrets are hidden.
    pub effective: Vec<Effective>,
}

impl Config {
    /// Reads the file, lays the environment and then the flags over it as [`Config::load`] does, and judges the whole to
    /// its end.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read.
    pub fn judge(file: &Path, environment: &[(OsString, OsString)], flags: &[Flag]) -> Result<Judgement, ConfigError> {
        let mut settings = Settings::defaults()?;
        let mut faults = settings.lay_all_of_file(file);
        match faults.first() {
            Some(unreadable @ ConfigError::Unreadable { .. }) => return Err(unreadable.clone()),
            // Nothing of the file is there, so nothing can be said of its values.
            Some(ConfigError::Syntax { .. }) => return Ok(Judgement { faults, config: None, effective: Vec::new() }),
            _ => {}
        }
        faults.extend(settings.lay_all_of_environment(environment.iter().cloned()));
        settings.lay_flags(flags)?;
        let name = hostname::find(environment);
        let config = judge_values(settings.clone(), &name, &mut faults);
        let effective = effective::list(&settings, config.as_ref());
        Ok(Judgement { faults, config, effective })
    }
}

/// Adds what is wrong with the values to what is wrong already; answers the configuration without that.
fn judge_values(mut settings: Settings, hostname: &str, faults: &mut Vec<ConfigError>) -> Option<Config> {
    let of_layers = faults.len();
    loop {
        let fault = match Config::new(&settings, || hostname.to_owned()) {
            Ok(config) => return Some(config),
            Err(fault) => fault,
        };
        let key = fault.key().unwrap_or_default().to_owned();
        // A fault that does not go away would come again for ever.
        let is_new = !faults.iter().skip(of_layers).any(|known| known.key() == fault.key());
        if is_new {
            faults.push(fault);
        }
        if !is_new || !mend(&mut settings, &key) {
            return None;
        }
    }
}

/// Replaces a faulty value by a right one that makes nothing else wrong; false if there is none.
fn mend(settings: &mut Settings, key: &str) -> bool {
    if let Some(row) = settings.row_of(key) {
        // A rate without its date or currency would only be the next fault.
        settings.remove(&row);
        return true;
    }
    let Some(path) = settings.path_of(key).or_else(|| (key == REPORTING_CURRENCY).then(|| KeyPath::new(key))) else {
        return false;
    };
    settings.remove(&path);
    if path.name() == "stages" {
        // Nobody knows which stages the others name; a pipeline without stages is none.
        settings.remove(&path.parent());
    }
    if let Some(value) = stand_in(settings, &path, key) {
        settings.put(path, value, Origin::Default);
    }
    true
}

const REPORTING_CURRENCY: &str = "org.reporting_currency";

fn stand_in(settings: &Settings, path: &KeyPath, key: &str) -> Option<Value> {
    match key {
        REPORTING_CURRENCY => unused_currency(settings),
        // Windows and periods ask for a retention, so it must be long and they must ask for little.
        "retention" => Some(Value::Text("40000d".to_owned())),
        "org.customer_period" => Some(Value::Text("month".to_owned())),
        // Whoever has no regions has no windows of theirs.
        "windows.region" => None,
        _ if key.starts_with("windows.") => Some(Value::List(Vec::new())),
        // A default may be the name that the user gave to another topic; the key itself is none that anybody gives.
        _ if key.starts_with("kafka.topics.") || key == "kafka.dead_letter_topic" => Some(Value::Text(key.to_owned())),
        _ => Settings::defaults().ok()?.value(path).cloned(),
    }
}

/// A currency that no rate is given for.
fn unused_currency(settings: &Settings) -> Option<Value> {
    let rows = settings.rows(&KeyPath::new("fx"));
    let used: Vec<&Value> = rows.iter().filter_map(|row| settings.value(&row.child("from"))).collect();
    let all = Currency::all();
    all.map(|currency| Value::Text(currency.code().to_owned())).find(|code| !used.contains(&code))
}

impl Settings {
    /// The row of an array of tables in which a key lies.
    fn row_of(&self, key: &str) -> Option<KeyPath> {
        let rows =
            self.all().map(|(path, _)| path.parent()).filter(|path| matches!(path.steps().last(), Some(Step::Row(_))));
        let mut rows = rows.filter(|row| key.strip_prefix(&row.to_string()).is_some_and(|rest| rest.starts_with('.')));
        rows.next()
    }

    /// The path that reads like this key.
    fn path_of(&self, key: &str) -> Option<KeyPath> {
        self.all().map(|(path, _)| path).find(|path| path.to_string() == key).cloned()
    }
}

#[cfg(test)]
mod tests;
