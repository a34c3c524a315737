//! The notation of scenarios: configuration, timed events and expected readings as a person would write
//! them down. `tests/laws/scenarios/README.md` explains it.

mod record;
mod setting;

use salespulse::model::event::Event;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::configuration::rules;
use crate::{jsonl, series};

/// A configuration, and what happens under it.
pub(crate) struct Script {
    pub(crate) rules: Rules,
    pub(crate) chapters: Vec<Chapter>,
}

/// Events that arrive at an instant, and the reading taken then.
#[derive(Default)]
pub(crate) struct Chapter {
    pub(crate) now: Time,
    /// The records as JSON, and the events that they are.
    pub(crate) arrivals: Vec<(String, Event<'static>)>,
    /// Series and their values; `None`: absent. A series that ends in `*` stands for all that begin so.
    pub(crate) expected: Vec<(String, Option<f64>)>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Panics
    /// With the line that cannot be read.
    pub(crate) fn parse(text: &str) -> Script {
        let mut script =
            Script { rules: rules("UTC", "CNY", &["lead", "contacted", "qualified", "won"]), chapters: Vec::new() };
        let mut waiting: Vec<(usize, &str)> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split(" #").next().unwrap_or_default().trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with(' ') {
                let chapter =
                    script.chapters.last_mut().unwrap_or_else(|| panic!("{number}: nothing is read yet: {line}"));
                chapter.expected.push(expectation(line.trim_start()));
            } else if let Some(now) = line.strip_prefix("at ") {
                script.end_chapter(now.trim(), std::mem::take(&mut waiting));
            } else if !setting::apply(&mut script.rules, line) {
                waiting.push((number, line));
            }
        }
        assert!(waiting.is_empty(), "events after the last reading");
        script
    }

    fn end_chapter(&mut self, now: &str, lines: Vec<(usize, &str)>) {
        let now = record::time(&self.rules, now);
        let mut chapter = Chapter { now, ..Chapter::default() };
        for (number, line) in lines {
            let (json, hash) = record::json(&self.rules, number, line);
            let mut event = jsonl::event(&json, &self.rules, now);
            event.hash = hash.unwrap_or(event.hash);
            chapter.arrivals.push((json, event));
        }
        self.chapters.push(chapter);
    }
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
