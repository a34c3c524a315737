//! Journeys of very many steps: a CRM that writes "unknown" or "walk-in" as the `lead_id` makes one of all such leads.
//!
//! Opening such a journey for each step, and telling its story twice, would cost the square of its length. So its steps
//! lie in a map while more come, and the difference is counted when somebody wants to see the shard, or when too many
//! steps are held open. Until then the journey's byte form is what has been counted, so that the clock may move
//! meanwhile.
//!
//! The bound is on steps, since they are what takes memory: of few journeys or of many, in whatever order they come.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::RandomState;

use super::Shard;
use crate::engine::entry::{KnownStep, Meeting, Step, Version};
use crate::model::id::Id;
use crate::model::time::DAY;

/// So many steps may be held open in a shard, some 200 bytes each; one journey may have more.
const MOST_STEPS: usize = 500_000;

/// A long journey whose last steps have not been counted yet.
#[derive(Debug, Default)]
struct LongJourney {
    /// By identity: whether it is a stage change, and its id.
    steps: HashMap<(bool, Id), Version<Step>, RandomState>,
    has_changed: bool,
}

/// The long journeys that are open.
#[derive(Debug)]
pub(super) struct LongJourneys {
    /// By number.
    open: HashMap<u32, LongJourney, RandomState>,
    /// The steps of all of them.
    steps: usize,
    /// Beyond so many one is closed.
    most_steps: usize,
}

impl Default for LongJourneys {
    fn default() -> LongJourneys {
        LongJourneys { open: HashMap::default(), steps: 0, most_steps: MOST_STEPS }
    }
}

impl LongJourneys {
    /// Takes one out that is to be closed before there is room for another step of this one. It is any of them: where
    /// more come in turn than have room, the one that waits longest would be the one that comes next.
    fn superfluous(&mut self, number: u32) -> Option<(u32, LongJourney)> {
        if self.steps <= self.most_steps {
            return None;
        }
        let other = self.open.keys().copied().find(|other| *other != number)?;
        let journey = self.open.remove(&other)?;
        self.steps -= journey.steps.len();
        Some((other, journey))
    }
}

impl Shard {
    /// Takes a step of a long journey in; answers how it met a known version of itself.
    pub(super) fn apply_to_long(&mut self, number: u32, step: KnownStep) -> Option<Meeting> {
        let KnownStep { event_id, is_move, version } = step;
        if !self.long.open.contains_key(&number) {
            self.open_long(number);
        }
        let journey = self.long.open.get_mut(&number)?;
        match journey.steps.entry((is_move, event_id)) {
            Entry::Vacant(_) if version.remembered < self.horizon => {
                self.note_forgotten(version.remembered);
                None
            }
            Entry::Vacant(place) => {
                place.insert(version);
                journey.has_changed = true;
                self.long.steps += 1;
                self.make_room_beside(number);
                None
            }
            Entry::Occupied(mut known) => {
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
        self.long.steps = 0;
        for (number, journey) in std::mem::take(&mut self.long.open) {
            self.close_long(number, journey);
        }
    }

    fn open_long(&mut self, number: u32) {
        self.journeys.open(number, &mut self.open);
        #[cfg(test)]
        self.seen_steps.set(self.seen_steps.get() + self.open.steps.len());
        let steps = self.open.steps.drain(..);
        let steps: HashMap<_, _, _> = steps.map(|step| ((step.is_move, step.event_id), step.version)).collect();
        self.long.steps += steps.len();
        self.long.open.insert(number, LongJourney { steps, has_changed: false });
        self.make_room_beside(number);
    }

    fn make_room_beside(&mut self, number: u32) {
        while let Some((other, journey)) = self.long.superfluous(number) {
            self.close_long(other, journey);
        }
    }

    fn close_long(&mut self, number: u32, long: LongJourney) {
        if !long.has_changed {
            return;
        }
        let (mut journey, mut before) = (std::mem::take(&mut self.open), self.before.take().unwrap_or_default());
        self.journeys.open(number, &mut journey);
        let win_before = self.tell(&journey, &mut before);
        journey.steps.clear();
        let steps = long.steps.into_iter();
        journey.steps.extend(steps.map(|((is_move, event_id), version)| KnownStep { event_id, is_move, version }));
        journey.steps.sort_unstable_by(|left, right| left.order().cmp(&right.order()));
        self.journeys.write(number, &journey);
        self.settle(number, &journey, &before, win_before);
        (self.open, self.before) = (journey, Some(before));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::decode::{Decoded, Decoder, Record};
    use crate::engine::directory::Directory;
    use crate::engine::entry::{self, Interner};
    use crate::model::money::{Currency, Rates};
    use crate::model::rules::Rules;
    use crate::model::time::Time;

    /// Until a journey is long, which it soon is with long names, each of its steps is told of with all before it.
    const SHORT: usize = 100;

    /// A shard, and what makes a step of it: the journey's and the step's number.
    struct Home {
        rules: Arc<Rules>,
        directory: Arc<Directory>,
        now: Time,
        shard: Shard,
        /// At the first stage, and at the next one.
        steps: [KnownStep; 2],
    }

    impl Home {
        fn new() -> Home {
            let rules = Arc::new(Rules::new(Rates::new(Currency::from_code("CNY").unwrap())));
            let (directory, now) = (Arc::new(Directory::default()), Time::parse("2026-03-10T12:00:00Z").unwrap());
            let decoder = Decoder::new(Arc::clone(&rules));
            let mut interner = Interner::new(Arc::clone(&directory), Arc::clone(&rules));
            let steps = ["contacted", "proposal"].map(|stage| {
                let json = format!(
                    r#"{{"type":"stage_change","event_id":"e","occurred_at":"2026-03-09T00:00:00Z","lead_id":"unknown",
                    "stage":"{stage}"}}"#
                );
                let record = Record { value: Some(json.as_bytes()), ..Record::default() };
                let Ok(Decoded::Event(event)) = decoder.decode(&record, now) else { panic!("it is an event") };
                let entry::Entry::Step { step, .. } = interner.entry(&event) else { panic!("it is a step") };
                step
            });
            let shard = Shard::new(0, Arc::clone(&rules), &directory, now);
            Home { rules, directory, now, shard, steps }
        }

        /// Each step comes with a later time, at the first stage.
        fn apply(&mut self, journey: usize, number: usize) {
            self.apply_at(0, journey, number);
        }

        /// Each step comes with a later time, at this stage.
        fn apply_at(&mut self, stage: usize, journey: usize, number: usize) {
            let mut step = self.steps[stage].clone();
            step.event_id = Id::new(&format!("{number:0>100}"));
            let at = step.version.dated.plus(i64::try_from(number).unwrap() * 100);
            (step.version.stamp.occurred_at, step.version.dated, step.version.remembered) = (at, at, at);
            self.shard.apply(entry::Entry::Step { lead_id: Id::new(&format!("unknown-{journey}")), step }, self.now);
        }
    }

    #[test]
    fn a_step_of_long_journeys_costs_no_more_than_one_of_a_short_one_however_they_are_mixed() {
        const JOURNEYS: usize = 50;
        /// Steps of one of them.
        const LONGEST: usize = 100_000;
        /// Steps of all others.
        const MIXED: usize = 100_000;
        /// What it costs until all are long.
        const BEGIN: usize = SHORT * SHORT * (JOURNEYS + 1) / 2;
        let mut home = Home::new();
        for number in 0..LONGEST {
            home.apply(JOURNEYS, number);
            (0..MIXED / LONGEST).for_each(|more| home.apply(number % JOURNEYS, number + more * LONGEST));
            let seen = home.shard.seen_steps.get();
            assert!(
                seen < BEGIN + 6 * (number + 1),
                "{seen} steps were looked at for {number} of one journey and of others"
            );
        }
        assert_eq!(home.shard.read(home.now).held.long_journeys, JOURNEYS + 1, "the metric says how many there are");
        let seen = home.shard.seen_steps.get();
        assert!(seen < BEGIN + 3 * (LONGEST + MIXED), "{seen} steps were looked at");
    }

    #[test]
    fn no_more_steps_are_held_open_than_have_room_and_all_are_counted() {
        const MOST: usize = 300;
        const JOURNEYS: usize = 4;
        const STEPS: usize = 120;
        let mut home = Home::new();
        home.shard.long.most_steps = MOST;
        let mut most = 0;
        for number in 0..JOURNEYS * STEPS {
            home.apply(number % JOURNEYS, number);
            let open: usize = home.shard.long.open.values().map(|journey| journey.steps.len()).sum();
            assert_eq!(open, home.shard.long.steps);
            most = most.max(open);
        }
        assert!((MOST - STEPS..=MOST).contains(&most), "{most} steps were open");
        let image = home.shard.image(true);
        assert_eq!(image.audit(&home.rules, &home.directory), [], "what was counted is what is there");
        let steps: usize = (0..JOURNEYS)
            .map(|journey| {
                let number = home.shard.journeys.number(&Id::new(&format!("unknown-{journey}"))).unwrap();
                home.shard.journeys.open(number, &mut home.shard.open);
                home.shard.open.steps.len()
            })
            .sum();
        assert_eq!(steps, JOURNEYS * STEPS);
    }

    /// A deal that goes back and forth has a fact for each time that it leaves a stage.
    #[test]
    fn facts_of_a_long_journey_cost_no_more_than_in_proportion_in_whatever_order_they_come() {
        const STEPS: usize = 4_000;
        /// What the steps cost until the journey is long.
        const BEGIN: usize = 3 * SHORT * SHORT * SHORT;
        for is_backwards in [false, true] {
            let mut home = Home::new();
            for number in 1..=STEPS {
                let number = if is_backwards { STEPS + 1 - number } else { number };
                home.apply_at(number % 2, 0, number);
            }
            let audited = |home: &mut Home| assert_eq!(home.shard.image(true).audit(&home.rules, &home.directory), []);
            audited(&mut home);
            let seen = |home: &Home| home.shard.seen_facts.replace(0);
            let counted = seen(&home);
            assert!(counted < BEGIN + 10 * STEPS, "{counted} facts were looked at to count {STEPS}");
            // One goes before all others, then all of them pass an edge at once.
            home.apply_at(1, 0, 0);
            home.apply_at(0, 0, STEPS + 1);
            audited(&mut home);
            let changed = seen(&home);
            assert!(changed < 10 * STEPS, "{changed} facts were looked at to change one");
            let tomorrow = home.now.plus(DAY);
            home.shard.advance(tomorrow);
            let moved = seen(&home);
            assert!((STEPS..10 * STEPS).contains(&moved), "{moved} facts were looked at to move {STEPS}");
            audited(&mut home);
        }
    }
}
