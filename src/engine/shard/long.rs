//! Journeys of very many steps: a CRM that writes "unknown" or "walk-in" as the `lead_id` makes one of all such leads.
//!
//! Opening such a journey for each step, and telling its story twice, would cost the square of its length. So its steps
//! lie in a map while more come, and the difference is counted when somebody wants to see the shard, or when too many are
//! open. Until then the journey's byte form is what has been counted, so that the clock may move meanwhile.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Shard;
use crate::engine::entry::{KnownStep, Meeting, Step, Version};
use crate::model::id::Id;
use crate::model::time::DAY;

/// So many may be open in a shard: one for each word that stands for "nobody knows".
const MOST_OPEN: usize = 8;

/// A long journey whose last steps have not been counted yet.
#[derive(Debug)]
pub(super) struct LongJourney {
    number: u32,
    /// By identity: whether it is a stage change, and its id.
    steps: HashMap<(bool, Id), Version<Step>, RandomState>,
    has_changed: bool,
}

impl Shard {
    /// Takes a step of a long journey in; answers how it met a known version of itself.
    pub(super) fn apply_to_long(&mut self, number: u32, step: KnownStep) -> Option<Meeting> {
        let KnownStep { event_id, is_move, version } = step;
        let horizon = self.horizon;
        let place = match self.long.iter().position(|open| open.number == number) {
            Some(place) => place,
            None => self.open_long(number),
        };
        let journey = self.long.get_mut(place)?;
        match journey.steps.entry((is_move, event_id)) {
            std::collections::hash_map::Entry::Vacant(_) if version.remembered < horizon => {
                self.note_forgotten(version.remembered);
                None
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(version);
                journey.has_changed = true;
                None
            }
            std::collections::hash_map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                let (stamp, remembered) = (known.stamp, known.remembered);
                let meeting = known.meet(version);
                journey.has_changed |= known.stamp != stamp || known.remembered.floor(DAY) > remembered.floor(DAY);
                Some(meeting)
            }
        }
    }

    /// Counts what long journeys have gained. Whoever looks at the shard does this first.
    pub(super) fn settle_long(&mut self) {
        for journey in std::mem::take(&mut self.long) {
            self.close_long(journey);
        }
    }

    fn open_long(&mut self, number: u32) -> usize {
        if self.long.len() >= MOST_OPEN {
            let oldest = self.long.remove(0);
            self.close_long(oldest);
        }
        self.journeys.open(number, &mut self.open);
        let steps = self.open.steps.drain(..);
        let steps = steps.map(|step| ((step.is_move, step.event_id), step.version)).collect();
        self.long.push(LongJourney { number, steps, has_changed: false });
        self.long.len() - 1
    }

    fn close_long(&mut self, long: LongJourney) {
        if !long.has_changed {
            return;
        }
        let (mut journey, mut before) = (std::mem::take(&mut self.open), self.before.take().unwrap_or_default());
        self.journeys.open(long.number, &mut journey);
        let win_before = self.tell(&journey, &mut before);
        journey.steps.clear();
        let steps = long.steps.into_iter();
        journey.steps.extend(steps.map(|((is_move, event_id), version)| KnownStep { event_id, is_move, version }));
        journey.steps.sort_unstable_by(|left, right| left.order().cmp(&right.order()));
        self.journeys.write(long.number, &journey);
        self.settle(long.number, &journey, &before, win_before);
        (self.open, self.before) = (journey, Some(before));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::decode::{Decoded, Decoder, Record};
    use crate::engine::directory::Directory;
    use crate::engine::entry::Interner;
    use crate::model::money::{Currency, Rates};
    use crate::model::rules::Rules;
    use crate::model::time::Time;

    const STEPS: usize = 5_000;

    #[test]
    fn a_step_of_a_long_journey_costs_no_more_than_one_of_a_short_one() {
        let rules = Arc::new(Rules::new(Rates::new(Currency::from_code("CNY").unwrap())));
        let (directory, now) = (Arc::new(Directory::default()), Time::parse("2026-03-10T12:00:00Z").unwrap());
        let mut shard = Shard::new(0, Arc::clone(&rules), &directory, now);
        let (decoder, mut interner) = (Decoder::new(Arc::clone(&rules)), Interner::new(directory, rules));
        for number in 0..STEPS {
            let json = format!(
                r#"{{"type":"stage_change","event_id":"{number}","occurred_at":"2026-03-09T{:02}:{:02}:00Z",
                "lead_id":"unknown","stage":"contacted"}}"#,
                number / 60 % 24,
                number % 60
            );
            let record = Record { value: Some(json.as_bytes()), ..Record::default() };
            let Ok(Decoded::Event(event)) = decoder.decode(&record, now) else { panic!("{json}") };
            shard.apply(interner.entry(&event), now);
        }
        assert_eq!(shard.read(now).held.long_journeys, 1, "the metric says that there is one");
        // Until it is long each of its steps is told of with all before it.
        let told = shard.told_steps.get();
        assert!(told < 100 * STEPS, "{told} steps told of for {STEPS}");
    }
}
