//! The configuration and the instant at which the examples and the mutants are judged.

use std::fmt::Write;
use std::sync::Arc;

use jiff::civil::{Date, date};
use salespulse::config::Config;
use salespulse::contract::decode::Decoder;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

/// When every record arrives: 2026-11-24T12:00:00Z.
pub(crate) const NOW: Time = Time::from_millis(1_795_521_600_000);

/// The pipelines: their names and stages, and beside each its aliases with the stages that they stand for.
#[rustfmt::skip]
#[expect(clippy::type_complexity, reason = "each pipeline with its stages and its aliases")]
pub(crate) const PIPELINES: [(&str, &[&str], &[(&str, &str)]); 2] = [
    ("default", &["lead", "contacted", "qualified", "proposal", "negotiation", "won"], &[("intro", "contacted"), ("dropped", "lost")]),
    ("renewals", &["lead", "notice", "won"], &[("reminded", "notice")]),
];

/// The rates to CNY: from this date in Asia/Shanghai on, one unit of a currency is so many yuan.
pub(crate) const RATES: [(Date, &str, &str); 10] = [
    (date(2026, 1, 1), "USD", "7.10"),
    (date(2026, 3, 1), "USD", "7.00"),
    (date(2026, 1, 1), "JPY", "0.048"),
    (date(2026, 1, 1), "KWD", "23.1"),
    (date(2026, 1, 1), "CLF", "275.5"),
    (date(2026, 1, 1), "HKD", "1"),
    // Of 10^15 minor units half a unit too much, which rounds to the even 10^15.
    (date(2026, 1, 1), "SGD", "1.0000000000000005"),
    (date(2026, 1, 1), "TWD", "0.5"),
    (date(2000, 1, 1), "VND", "0.00027"),
    // No rate before the summer of 2026.
    (date(2026, 6, 1), "EUR", "8"),
];

/// The rules that the decoder follows, read from a configuration file as the program reads one.
pub(crate) fn rules() -> Rules {
    let mut toml = "[org]\ntimezone = \"Asia/Shanghai\"\nreporting_currency = \"CNY\"\n".to_owned();
    for (name, stages, aliases) in PIPELINES {
        let table = if name == "default" { "pipeline".to_owned() } else { format!("pipelines.{name}") };
        let _ = write!(toml, "[{table}]\nstages = {stages:?}\n[{table}.aliases]\n");
        for (alias, stage) in aliases {
            let _ = writeln!(toml, "{alias} = \"{stage}\"");
        }
    }
    for (from, code, rate) in RATES {
        let _ = write!(toml, "[[fx]]\ndate = \"{from}\"\nfrom = \"{code}\"\nrate = \"{rate}\"\n");
    }
    Config::of_text(&toml, "the setting", &[]).unwrap_or_else(|error| panic!("{error}\n{toml}")).rules
}

/// A decoder that follows them.
pub(crate) fn decoder() -> Decoder {
    Decoder::new(Arc::new(rules()))
}

#[test]
fn now_is_what_it_says() {
    assert_eq!(NOW.to_string(), "2026-11-24T12:00:00.000Z");
}
