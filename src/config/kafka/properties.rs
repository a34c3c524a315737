//! `[kafka.properties]` and `[kafka.property_files]`: what is passed on to librdkafka.

use std::collections::BTreeMap;
use std::path::Path;

use super::owned::why_owned;
use crate::config::error::ConfigError;
use crate::config::path::KeyPath;
use crate::config::settings::{Settings, allowed};
use crate::config::value::Value;

/// What no PEM is without.
const PEM: &[u8] = b"-----BEGIN";
/// Properties whose values are PEM.
const PEMS: [&str; 3] = ["ssl.ca.pem", "ssl.certificate.pem", "ssl.key.pem"];
/// Properties whose values name files, and whether these are PEM.
const FILES: [(&str, bool); 5] = [
    ("ssl.ca.location", true),
    ("ssl.certificate.location", true),
    ("ssl.key.location", true),
    ("ssl.crl.location", true),
    ("ssl.keystore.location", false),
];

pub(super) fn read(settings: &Settings) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut properties = BTreeMap::new();
    for path in settings.below(&KeyPath::new("kafka.properties")) {
        refuse_owned(settings, path)?;
        let value = settings.required(path, Value::scalar)?;
        refuse_unusable(settings, path, &value)?;
        properties.insert(path.name().to_owned(), value);
    }
    for path in settings.below(&KeyPath::new("kafka.property_files")) {
        refuse_owned(settings, path)?;
        let content = content(settings, path)?;
        refuse_unusable(settings, path, &content)?;
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

/// What librdkafka would only report in OpenSSL's words, or in those of its language.
fn refuse_unusable(settings: &Settings, path: &KeyPath, value: &str) -> Result<(), ConfigError> {
    let is_pem = |bytes: &[u8]| bytes.windows(PEM.len()).any(|window| window == PEM);
    let name = path.name();
    if value.contains('\0') {
        return Err(settings.refuse(path, "a text without NUL bytes"));
    }
    if PEMS.contains(&name) && !is_pem(value.as_bytes()) {
        return Err(settings.refuse(path, "PEM: a text with a line that begins with -----BEGIN"));
    }
    // A directory of certificates, or librdkafka looks for the system's.
    if name == "ssl.ca.location" && (value == "probe" || Path::new(value).is_dir()) {
        return Ok(());
    }
    let Some(of_pem) = FILES.iter().find(|(property, _)| *property == name).map(|(_, of_pem)| *of_pem) else {
        return Ok(());
    };
    match std::fs::read(value) {
        Err(error) => Err(settings.refuse(path, format!("the path of a readable file; it cannot be read: {error}"))),
        Ok(bytes) if of_pem && !is_pem(&bytes) => {
            Err(settings.refuse(path, "the path of a PEM file, which has a line that begins with -----BEGIN"))
        }
        Ok(_) => Ok(()),
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
