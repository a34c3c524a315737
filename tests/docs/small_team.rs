//! The example of the pages and of the README: a small sales organisation, its events and its configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::config::Config;
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::engine::board::Reading;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::docs::page;

/// The instant at which all examples are read: exactly the middle of November and of the quarter.
pub(crate) const NOW: &str = "2026-11-16T00:00:00+08:00";

/// The lines of the organisation's events.
pub(crate) fn events() -> Vec<String> {
    let file = page::root().join("examples/small-team/events.jsonl");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(str::to_owned).collect()
}

/// All series that these events make, with their values.
pub(crate) fn series<'a>(lines: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, f64> {
    series_with("", lines)
}

/// The same with more configuration than the organisation has.
pub(crate) fn series_with<'a>(more: &str, lines: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, f64> {
    let text = written(&reading_with(more, lines));
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| sample(line).unwrap_or_else(|| panic!("no sample: {line}"))).collect()
}

/// What a scrape would show of these events.
pub(crate) fn exposition<'a>(lines: impl IntoIterator<Item = &'a String>) -> String {
    written(&reading(lines))
}

fn written(reading: &Reading) -> String {
    let mut text = String::new();
    render(&Catalogue::new(&reading.rules).unwrap(), reading, Format::Prometheus, &mut text).unwrap();
    text
}

/// The reading of these events.
pub(crate) fn reading<'a>(lines: impl IntoIterator<Item = &'a String>) -> Reading {
    reading_with("", lines)
}

fn reading_with<'a>(more: &str, lines: impl IntoIterator<Item = &'a String>) -> Reading {
    let now = Time::parse(NOW).unwrap();
    let rules = Arc::new(rules(more));
    let decoder = Decoder::new(Arc::clone(&rules));
    let mut engine = Engine::new(&rules, 3, now);
    for line in lines {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        match decoder.decode(&record, now) {
            Ok(Decoded::Event(event)) => engine.accept(&event, now),
            other => panic!("{line}: {other:?}"),
        };
    }
    engine.read(now)
}

/// A series and its value.
pub(crate) fn sample(line: &str) -> Option<(String, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    Some((series.to_owned(), value.parse().ok()?))
}

/// What `examples/small-team/salespulse.toml` says, and more.
fn rules(more: &str) -> Rules {
    let file = page::root().join("examples/small-team/salespulse.toml");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let config = Config::of_text(&format!("{text}\n{more}"), "salespulse.toml", &[]);
    config.unwrap_or_else(|error| panic!("{error}")).rules
}
