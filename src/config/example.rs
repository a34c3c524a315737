//! The example configuration says exactly what the program does.

use std::collections::BTreeSet;

use super::keys::KEYS;
use super::{Config, Settings};

const EXAMPLE: &str = include_str!("../../deploy/config.example.toml");

/// The example with every setting switched on that is off by default.
fn switched_on() -> String {
    let switch_on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    let text = EXAMPLE.lines().map(switch_on).collect::<Vec<_>>().join("\n");
    // A file that is named must be there.
    assert!(text.contains(AUTHORITY), "{text}");
    text.replace(AUTHORITY, &authority().display().to_string())
}

/// The certificate that the example names.
const AUTHORITY: &str = "/etc/ssl/certs/kafka-ca.pem";

/// One that is there, as far as a configuration looks.
fn authority() -> &'static std::path::Path {
    static FILE: std::sync::OnceLock<tempfile::NamedTempFile> = std::sync::OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "-----BEGIN CERTIFICATE-----\n").unwrap();
        file
    });
    file.path()
}

fn config(text: &str) -> Config {
    let mut settings = Settings::defaults().unwrap();
    settings.lay_toml(text, "config.example.toml").unwrap();
    Config::new(&settings, || "host-1".to_owned()).unwrap()
}

/// The keys that a text sets, by their patterns.
fn keys_of(text: &str) -> BTreeSet<&'static str> {
    let mut settings = Settings::defaults().unwrap();
    settings.lay_toml(text, "config.example.toml").unwrap();
    settings.patterns_from_files().into_iter().collect()
}

#[test]
fn as_it_stands_it_is_the_defaults() {
    let defaults = config("org.reporting_currency = \"CNY\"");
    assert_eq!(format!("{:#?}", config(EXAMPLE)), format!("{defaults:#?}"));
}

#[test]
fn as_it_stands_it_writes_out_every_default() {
    let with_default = KEYS.iter().filter(|key| key.default.is_some()).map(|key| key.path);
    let expected: BTreeSet<_> = with_default.chain(["org.reporting_currency"]).collect();
    assert_eq!(keys_of(EXAMPLE), expected);
}

#[test]
fn switched_on_it_holds_every_key_and_is_valid() {
    let all: BTreeSet<_> = KEYS.iter().map(|key| key.path).collect();
    assert_eq!(keys_of(&switched_on()), all);
    let secret = tempfile::NamedTempFile::new().unwrap();
    let text = switched_on().replace("/run/secrets/kafka-password", secret.path().to_str().unwrap());
    let config = config(&text);
    assert_eq!(config.kafka.instance_id, "salespulse-1");
    assert_eq!(config.rules.expose.channel, Some(Vec::new()));
}
