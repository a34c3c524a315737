//! The notation of scenarios: configuration, timed events and expected readings as a person would write
//! them down. `tests/laws/scenarios/README.md` explains it.

mod record;
mod setting;

use std::sync::Arc;

use salespulse::config::Config;
use salespulse::contract::decode::{Decoded, Decoder, Record as Bytes};
use salespulse::model::event::Event;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::laws::series;
use crate::laws::twin::calendar::Calendar;
use crate::laws::twin::record::Record;
use crate::laws::twin::setting::Setting;
use setting::Configuration;

/// A configuration, as the program and as the twin read it, and what happens under it.
pub(crate) struct Script {
    pub(crate) rules: Rules,
    pub(crate) setting: Setting,
    pub(crate) chapters: Vec<Chapter>,
}

/// Events that arrive at an instant, and the reading taken then.
#[derive(Default)]
pub(crate) struct Chapter {
    pub(crate) now: Time,
    pub(crate) arrivals: Vec<Arrival>,
    /// Series and their values; `None`: absent. A series that ends in `*` stands for all that begin so.
    pub(crate) expected: Vec<(String, Option<f64>)>,
}

/// A record, as the decoder and as the twin read it.
pub(crate) struct Arrival {
    pub(crate) event: Event<'static>,
    pub(crate) record: Record,
}

impl Script {
    /// Reads a script.
    ///
    /// # Panics
    /// With the line that cannot be read.
    pub(crate) fn parse(text: &str) -> Script {
        let lines: Vec<(usize, &str)> =
            (1..).zip(text.lines().map(without_comment)).filter(|(_, line)| !line.is_empty()).collect();
        let mut configuration = Configuration::new();
        let story: Vec<(usize, &str)> = lines.into_iter().filter(|(_, line)| !configuration.apply(line)).collect();
        let mut script = Script::under(&configuration.toml());
        let mut waiting: Vec<(usize, &str)> = Vec::new();
        for (number, line) in story {
            if line.starts_with(' ') {
                let chapter =
                    script.chapters.last_mut().unwrap_or_else(|| panic!("{number}: nothing is read yet: {line}"));
                chapter.expected.push(expectation(line.trim_start()));
            } else if let Some(now) = line.strip_prefix("at ") {
                script.end_chapter(now.trim(), std::mem::take(&mut waiting));
            } else {
                waiting.push((number, line));
            }
        }
        assert!(waiting.is_empty(), "events after the last reading");
        script
    }

    /// A script under a configuration file, in which nothing has happened yet.
    pub(crate) fn under(toml: &str) -> Script {
        let config = Config::of_text(toml, "the script", &[]).unwrap_or_else(|error| panic!("{error}\n{toml}"));
        Script { rules: config.rules, setting: Setting::read(toml), chapters: Vec::new() }
    }

    /// Reads a chapter of JSON records, each of them maybe with a hash that stands for its own.
    pub(crate) fn tell(&mut self, now: Time, records: impl IntoIterator<Item = (String, Option<u64>)>) {
        let decoder = Decoder::new(Arc::new(self.rules.clone()));
        let days = Calendar::new(&self.setting);
        let arrival = |(json, hash): (String, Option<u64>)| {
            let mut record = Record::read(&json, &self.setting, &days, now);
            let mut event = decode(&decoder, json, now);
            if let Some(hash) = hash {
                (record.hash, event.hash) = (hash, hash);
            }
            Arrival { event, record }
        };
        let arrivals = records.into_iter().map(arrival).collect();
        self.chapters.push(Chapter { now, arrivals, expected: Vec::new() });
    }

    fn end_chapter(&mut self, now: &str, lines: Vec<(usize, &str)>) {
        let zone = self.setting.zone.clone();
        let now = record::time(&zone, now);
        self.tell(now, lines.into_iter().map(|(number, line)| record::json(&zone, number, line)));
    }
}

/// The event of a record that is written at `now`. Events borrow from their records, which a test keeps for good.
fn decode(decoder: &Decoder, json: String, now: Time) -> Event<'static> {
    let json: &'static str = Box::leak(json.into_boxed_str());
    match decoder.decode(&Bytes { value: Some(json.as_bytes()), ..Bytes::default() }, now) {
        Ok(Decoded::Event(event)) => event,
        other => panic!("{json}: {other:?}"),
    }
}

fn without_comment(line: &str) -> &str {
    if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default().trim_end() }
}

/// `series value` or `series absent`.
fn expectation(line: &str) -> (String, Option<f64>) {
    let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value = match value {
        "absent" => None,
        number => Some(number.parse().unwrap_or_else(|_| panic!("no number: {line}"))),
    };
    let name = name.trim();
    (if name.ends_with('*') { name.to_owned() } else { series::canonical(name) }, value)
}
