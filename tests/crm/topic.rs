//! What connectors have produced: events and state, as topics keep them, and crashes in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salespulse::connect::desk::{Batch, Sink};
use salespulse::connect::memory::Memory;
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::contract::encode::Draft;
use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::dice::Dice;

#[derive(Default)]
pub(super) struct Topic {
    pub(super) events: Vec<String>,
    pub(super) letters: Vec<String>,
    /// The leads and deals that a finished cycle was given.
    pub(super) read: BTreeSet<String>,
    state: BTreeMap<String, Vec<u8>>,
    /// After so many batches more the producer dies …
    pub(super) dies_after: Option<usize>,
    /// … once its batch is kept, or before.
    pub(super) dies_late: bool,
    /// The instance that may write: whoever came last.
    owner: u32,
}

/// What an instance writes with; one that was followed by another writes nothing any more.
pub(super) struct Writer<'a> {
    pub(super) topic: &'a mut Topic,
    pub(super) owner: u32,
}

impl Topic {
    /// What a new instance reads.
    pub(super) fn memory(&self, generation: u64) -> Memory {
        let mut memory = Memory::of_generation(generation);
        for (key, value) in &self.state {
            memory.restore(key, Some(value)).expect("an entry of ours");
        }
        memory
    }

    /// Takes the right to write, as a producer with a transactional id does.
    pub(super) fn own(&mut self) -> u32 {
        self.owner += 1;
        self.owner
    }

    fn survives(&mut self) -> Result<(), String> {
        match &mut self.dies_after {
            None => Ok(()),
            Some(0) => Err("the instance has died".to_owned()),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl Sink for Writer<'_> {
    fn commit(&mut self, batch: Batch) -> Result<(), String> {
        if self.owner != self.topic.owner {
            return Err("another instance has taken over".to_owned());
        }
        let survives = self.topic.survives();
        if survives.is_err() && !self.topic.dies_late {
            return survives;
        }
        self.topic.letters.extend(batch.letters.into_iter().map(|letter| letter.message));
        self.topic.events.extend(batch.events.iter().map(Draft::to_json));
        for (key, value) in batch.state {
            match value {
                Some(value) => self.topic.state.insert(key, value),
                None => self.topic.state.remove(&key),
            };
        }
        survives
    }
}

/// The gauges of events at an instant, in any order of arrival.
pub(crate) fn replay(rules: &Rules, events: &[String], now: Time, dice: Option<&mut Dice>) -> Vec<String> {
    let rules = Arc::new(rules.clone());
    let catalogue = Catalogue::new(&rules).expect("a catalogue");
    let (mut engine, decoder) = (Engine::new(&rules, 1, now), Decoder::new(Arc::clone(&rules)));
    let mut lines: Vec<&String> = events.iter().collect();
    if let Some(dice) = dice {
        for place in (1..lines.len()).rev() {
            lines.swap(place, dice.below(place + 1));
        }
    }
    for line in lines {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        match decoder.decode(&record, now) {
            Ok(Decoded::Event(event)) => drop(engine.accept(&event, now)),
            other => panic!("{line}: {other:?}"),
        }
    }
    let mut text = String::new();
    render(&catalogue, &engine.read(now), Format::Prometheus, &mut text).expect("few series");
    text.lines().filter(|line| line.starts_with("sales_")).map(str::to_owned).collect()
}

/// Asserts that two sets of events have the same gauges; of reps and teams only where owners are known.
pub(super) fn assert_same(name: &str, produced: &Topic, truth: &[String], now: Time, owners: bool, dice: &mut Dice) {
    let rules = super::rules();
    let told = replay(&rules, &produced.events, now, Some(dice));
    let true_ones = replay(&rules, truth, now, None);
    let counts = |line: &&String| owners || !(line.contains("rep=") || line.contains("team="));
    let left: Vec<&String> = told.iter().filter(counts).collect();
    let right: Vec<&String> = true_ones.iter().filter(counts).collect();
    let first = left.iter().zip(&right).find(|(left, right)| left != right);
    let shown = || format!("{first:?}\nproduced:\n{}\ntruth:\n{}", produced.events.join("\n"), truth.join("\n"));
    assert!(left == right, "{name}: {}", shown());
    assert_eq!(produced.letters, Vec::<String>::new(), "{name}");
}
