//! What is to come, by time. Each journey is on the agenda at most once, so that its size is bounded by the journeys
//! that still have something before them, not by the length of the simulation.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::after_sale::{Bill, Survey};
use super::journey::Journey;
use crate::model::time::HOUR;

/// Something to be done at an instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// New leads of the hour that begins.
    Hour,
    /// The next step of a journey.
    Journey(Journey),
    /// The next payment of a bill.
    Bill(Bill),
    /// A customer answers a survey.
    Survey(Survey),
    /// The day's spend is booked.
    Spend,
    /// The week ends: people come and go, and hand in what they spent on their way.
    Week,
    /// Targets are set for a month, counted from year 0.
    Targets(i32),
}

/// When a task is due, its turn among those of the same instant, and its place.
type Entry = (i64, u64, u32);

/// Tasks by time; those of the same instant in the order in which they were added.
///
/// Only the hour that comes next is kept sorted. Everything later lies in the bucket of its hour, so that a large
/// organisation sorts thousands of entries and not millions.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Whatever is due before `sorted_until`; empty only if nothing is due at all.
    sorted: BinaryHeap<Reverse<Entry>>,
    sorted_until: i64,
    /// The rest, by hours since 1970.
    later: BTreeMap<i64, Vec<Entry>>,
    /// Tasks lie apart from their order, so that sorting moves 24 bytes each.
    tasks: Vec<Option<Task>>,
    free: Vec<u32>,
    added: u64,
}

impl Agenda {
    /// Notes a task.
    pub(super) fn add(&mut self, at: i64, task: Task) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            u32::try_from(self.tasks.len() - 1).unwrap_or(u32::MAX)
        });
        let Some(entry) = self.tasks.get_mut(place as usize) else { return };
        *entry = Some(task);
        self.added += 1;
        if at < self.sorted_until {
            self.sorted.push(Reverse((at, self.added, place)));
        } else {
            self.later.entry(at.div_euclid(HOUR)).or_default().push((at, self.added, place));
            self.sort();
        }
    }

    /// When the next task is due.
    pub(super) fn next_at(&self) -> Option<i64> {
        self.sorted.peek().map(|Reverse((at, ..))| *at)
    }

    /// Takes the next task.
    pub(super) fn take(&mut self) -> Option<(i64, Task)> {
        let Reverse((at, _, place)) = self.sorted.pop()?;
        self.sort();
        self.free.push(place);
        self.tasks.get_mut(place as usize).and_then(Option::take).map(|task| (at, task))
    }

    /// Sorts the next hour that has tasks, once the present one has none left.
    fn sort(&mut self) {
        if !self.sorted.is_empty() {
            return;
        }
        if let Some((hour, entries)) = self.later.pop_first() {
            self.sorted = entries.into_iter().map(Reverse).collect();
            self.sorted_until = (hour + 1) * HOUR;
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Agenda::default();
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::{Actor, Random};
    use super::*;

    #[test]
    fn tasks_come_by_time_and_then_by_turn() {
        let mut random = Random::of(1, Actor::Hour, 1);
        let mut agenda = Agenda::default();
        let (mut now, mut taken) = (0, Vec::new());
        for number in 0..20_000 {
            agenda.add(now + random.below(5 * HOUR) / 60_000 * 60_000, Task::Targets(number));
            if random.chance(9_000) {
                let (at, task) = agenda.take().unwrap();
                let Task::Targets(number) = task else { panic!("{task:?}") };
                assert!(agenda.next_at().is_none_or(|next| at <= next));
                taken.push((at, number));
                now = at;
            }
        }
        assert!(taken.is_sorted());
    }
}
