//! `[snapshot]`: where the state is kept, how often, and what to do when it cannot be continued.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::error::ConfigError;
use super::path::KeyPath;
use super::secrets;
use super::settings::Settings;
use super::value::Value;
use crate::model::time::parse_duration;

/// What to do when records are missing between a snapshot and the beginning of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnGap {
    /// Not to start.
    Refuse,
    /// To go on without them, and to say so.
    Degrade,
}

/// Where the state is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SnapshotConfig {
    /// A directory or `s3://bucket/prefix`; `None`: every start reads the topics from their beginning.
    pub store: Option<String>,
    /// Options of S3.
    pub options: BTreeMap<String, String>,
    /// Between two snapshots.
    pub interval: Duration,
    /// Between two audits; `None`: never.
    pub audit_interval: Option<Duration>,
    /// What to do with a gap.
    pub on_gap: OnGap,
}

impl fmt::Debug for SnapshotConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |name: &str, value: &str| {
            let path = KeyPath::new("snapshot.options").child(name);
            if secrets::hides(&path) { secrets::HIDDEN.to_owned() } else { value.to_owned() }
        };
        let options: BTreeMap<_, _> = self.options.iter().map(|(name, value)| (name, hidden(name, value))).collect();
        f.debug_struct("SnapshotConfig")
            .field("store", &self.store)
            .field("options", &options)
            .field("interval", &self.interval)
            .field("audit_interval", &self.audit_interval)
            .field("on_gap", &self.on_gap)
            .finish()
    }
}

pub(super) fn read(settings: &Settings) -> Result<SnapshotConfig, ConfigError> {
    let section = |name| KeyPath::new("snapshot").child(name);
    let store = settings.required(&section("store"), |value| value.text().map(str::to_owned))?;
    let duration = |value: &Value| {
        let millis = parse_duration(value.text()?)?;
        u64::try_from(millis).ok().map(Duration::from_millis)
    };
    let prefix = section("options");
    let options = settings.below(&prefix);
    let option = |path: &KeyPath| Ok((path.name().to_owned(), settings.required(path, Value::scalar)?));
    Ok(SnapshotConfig {
        store: Some(store).filter(|store| !store.is_empty()),
        options: options.map(option).collect::<Result<_, ConfigError>>()?,
        interval: settings.required(&section("interval"), |value| duration(value).filter(|time| !time.is_zero()))?,
        audit_interval: Some(settings.required(&section("audit_interval"), duration)?).filter(|time| !time.is_zero()),
        on_gap: settings.required(&section("on_gap"), |value| match value.text()? {
            "refuse" => Some(OnGap::Refuse),
            "degrade" => Some(OnGap::Degrade),
            _ => None,
        })?,
    })
}
