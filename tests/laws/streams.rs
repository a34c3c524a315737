//! Nasty streams of events: few reps, teams, channels and customers, and everything that can happen to
//! them, at the instants where windows, days and periods turn.
//!
//! A stream is generated as plain numbers, so that a failing one shrinks well, and told in the notation
//! of scenarios, so that it can be read, checked by hand and kept.

mod arrival;
mod content;
mod crowd;
mod instant;
mod period;
mod setting;

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use salespulse::model::time::{DAY, Time};

use crate::laws::notation::Script;
use arrival::{Arrival, Change};
use crowd::Crowd;
use instant::Advance;
use setting::Setting;

/// A stream: a configuration, and events that arrive between readings.
#[derive(Clone)]
pub(crate) struct Stream {
    setting: Setting,
    chapters: Vec<(Vec<Act>, Advance)>,
}

/// A new event, an earlier one of the stream with a change (so many back), or many at once.
#[derive(Clone, Copy, Debug)]
enum Act {
    New(Arrival),
    Again(usize, Change),
    Many(Crowd),
}

impl Stream {
    /// The stream in the notation of scenarios.
    pub(crate) fn text(&self) -> String {
        let mut text = self.setting.text();
        let setting = Script::parse(&text).setting;
        let mut now = self.setting.start();
        // Memory of an identity may go one retention after its record; a stream never lasts that long.
        let last = now.plus(setting.retention - 2 * DAY);
        let mut earlier: Vec<Arrival> = Vec::new();
        for (acts, advance) in &self.chapters {
            now = advance.from(now, &setting).min(last);
            for act in acts {
                let arrival = match act {
                    Act::New(arrival) => *arrival,
                    Act::Again(back, change) if !earlier.is_empty() => {
                        earlier[earlier.len() - 1 - back % earlier.len()].changed(*change)
                    }
                    Act::Again(..) => continue,
                    Act::Many(crowd) => {
                        text.push_str(&crowd.lines(&setting, now));
                        continue;
                    }
                };
                earlier.push(arrival);
                text.push_str(&arrival.line(&setting, now));
                text.push('\n');
            }
            text.push_str(&format!("at {now}\n"));
        }
        text
    }

    pub(crate) fn script(&self) -> Script {
        Script::parse(&self.text())
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.text())
    }
}

/// Streams of a few readings with some dozens of events.
pub(crate) fn streams() -> impl Strategy<Value = Stream> {
    let act = prop_oneof![
        60 => arrival::arrivals().prop_map(Act::New),
        1 => crowd::crowds().prop_map(Act::Many),
        20 => (0..4_usize, arrival::changes()).prop_map(|(back, change)| Act::Again(back, change)),
    ];
    let chapter = (vec(act, 0..30), instant::advances());
    (setting::settings(), vec(chapter, 1..5)).prop_map(|(setting, chapters)| Stream { setting, chapters })
}

/// Streams of the first version of the contract: with no configuration and no field that it did not know.
pub(crate) fn first_streams() -> impl Strategy<Value = Stream> {
    streams().prop_map(|stream| {
        let first = |act: &Act| match act {
            Act::New(arrival) => Some(Act::New(arrival.of_the_first_version())),
            Act::Again(back, change) => Some(Act::Again(*back, change.of_the_first_version()?)),
            Act::Many(_) => None,
        };
        let chapter = |(acts, advance): &(Vec<Act>, Advance)| (acts.iter().filter_map(first).collect(), *advance);
        Stream {
            setting: stream.setting.of_the_first_version(),
            chapters: stream.chapters.iter().map(chapter).collect(),
        }
    })
}

/// How many cases a property is tried on: `PROPTEST_CASES`, or so many by default.
pub(crate) fn cases(default: u32) -> ProptestConfig {
    let set = |name: &str, default: u32| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let cases = set("PROPTEST_CASES", default);
    let max_shrink_iters = set("PROPTEST_MAX_SHRINK_ITERS", 20_000);
    // A failing stream is printed as a scenario, which is kept as a file; seeds would not survive a change
    // of the generator.
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters, ..ProptestConfig::default() }
}

/// The instant of the last reading.
pub(crate) fn last_instant(script: &Script) -> Time {
    script.chapters.last().expect("a stream has a reading").now
}
