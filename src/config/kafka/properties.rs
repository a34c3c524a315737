//! `[kafka.properties]` and `[kafka.property_files]`: what is passed on to librdkafka.

use std::collections::BTreeMap;

use super::owned::why_owned;
use crate::config::error::ConfigError;
use crate::config::path::KeyPath;
use crate::config::settings::{Settings, allowed};
use crate::config::value::Value;

pub(super) fn read(settings: &Settings) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut properties = BTreeMap::new();
    for path in settings.below(&KeyPath::new("kafka.properties")) {
        refuse_owned(settings, path)?;
        properties.insert(path.name().to_owned(), settings.required(path, Value::scalar)?);
    }
    for path in settings.below(&KeyPath::new("kafka.property_files")) {
        refuse_owned(settings, path)?;
        let content = content(settings, path)?;
        if properties.insert(path.name().to_owned(), content).is_some() {
            let both = format!("given in one place; kafka.properties.{:?} is set too", path.name());
            return Err(settings.refuse(path, both));
        }
    }
    Ok(properties)
}

fn refuse_owned(settings: &Settings, path: &KeyPath) -> Result<(), ConfigError> {
    match why_owned(path.name()) {
        Some(why) => Err(settings.refuse(path, format!("left out: {why}"))),
        None => Ok(()),
    }
}

/// What a property's file holds, without the line end that editors put at its end.
fn content(settings: &Settings, path: &KeyPath) -> Result<String, ConfigError> {
    let file = settings.required(path, |value| value.text().map(str::to_owned))?;
    let content = std::fs::read_to_string(&file)
        .map_err(|error| settings.refuse(path, format!("{}; it cannot be read: {error}", allowed(path))))?;
    let content = content.strip_suffix('\n').unwrap_or(&content);
    Ok(content.strip_suffix('\r').unwrap_or(content).to_owned())
}
