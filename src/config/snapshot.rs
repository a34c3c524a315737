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
    /// For so many hours the first snapshot of each is kept.
    pub keep_hourly: u64,
    /// For so many UTC days the first snapshot of each is kept.
    pub keep_daily: u64,
    /// What to do with a gap.
    pub on_gap: OnGap,
}

/// The most hours or days for which a snapshot is kept.
const MOST_KEPT: u64 = 10_000;

impl fmt::Debug for SnapshotConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |name: &str, value: &str| {
            let path = KeyPath::new("snapshot.options").child(name);
            secrets::shown_text(&path, value).to_owned()
        };
        let options: BTreeMap<_, _> = self.options.iter().map(|(name, value)| (name, hidden(name, value))).collect();
        f.debug_struct("SnapshotConfig")
            .field("store", &self.store)
            .field("options", &options)
            .field("interval", &self.interval)
            .field("audit_interval", &self.audit_interval)
            .field("keep_hourly", &self.keep_hourly)
            .field("keep_daily", &self.keep_daily)
            .field("on_gap", &self.on_gap)
            .finish()
    }
}

/// Whether this names a place that we know how to keep snapshots in. What looks like a scheme is none of a directory: that
/// would be made here, and nobody would look for it.
fn is_store(place: &str) -> bool {
    let scheme = place.split_once(":/").map(|(scheme, _)| scheme);
    let looks_like_one = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    place.strip_prefix("s3://").is_some_and(|bucket| !bucket.is_empty() && !bucket.starts_with('/'))
        || !scheme.is_some_and(looks_like_one)
}

pub(super) fn read(settings: &Settings) -> Result<SnapshotConfig, ConfigError> {
    let section = |name| KeyPath::new("snapshot").child(name);
    let store = settings
        .required(&section("store"), |value| value.text().filter(|place| is_store(place)).map(str::to_owned))?;
    let duration = |value: &Value| {
        let millis = parse_duration(value.text()?)?;
        u64::try_from(millis).ok().map(Duration::from_millis)
    };
    let kept = |value: &Value| value.whole().filter(|kept| *kept <= MOST_KEPT);
    let prefix = section("options");
    let options = settings.below(&prefix);
    let option = |path: &KeyPath| Ok((path.name().to_owned(), settings.required(path, Value::scalar)?));
    Ok(SnapshotConfig {
        store: Some(store).filter(|store| !store.is_empty()),
        options: options.map(option).collect::<Result<_, ConfigError>>()?,
        interval: settings.required(&section("interval"), |value| duration(value).filter(|time| !time.is_zero()))?,
        audit_interval: Some(settings.required(&section("audit_interval"), duration)?).filter(|time| !time.is_zero()),
        keep_hourly: settings.required(&section("keep_hourly"), kept)?,
        keep_daily: settings.required(&section("keep_daily"), kept)?,
        on_gap: settings.required(&section("on_gap"), |value| match value.text()? {
            "refuse" => Some(OnGap::Refuse),
            "degrade" => Some(OnGap::Degrade),
            _ => None,
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_and_s3_are_stores() {
        for place in ["", "snapshots", "/var/lib/salespulse", "./gs:/x", "a b:/c", "s3://bucket", "s3://bucket/a/b"] {
            assert!(is_store(place), "{place}");
        }
        for place in
            ["gs://bucket", "S3://bucket", "s3:/bucket", "s3://", "s3:///a", "file:///tmp", "abfs+x://c", "az:/x"]
        {
            assert!(!is_store(place), "{place}");
        }
    }
}
