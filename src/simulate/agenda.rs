//! What is to come, by time. Each journey is on the agenda at most once, so that its size is bounded by the journeys
//! that still have something before them, not by the length of the simulation.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::model::time::HOUR;

/// When a task is due, its turn among those of the same instant, and its place.
type Entry = (i64, u64, u32);

/// Tasks, whatever they are, by time; those of the same instant in the order in which they were added.
///
/// Only the hour that comes next is kept sorted. Everything later lies in the bucket of its hour, so that a large
/// organisation sorts thousands of entries and not millions.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    /// Whatever is due before `sorted_until`; empty only if nothing is due at all.
    sorted: BinaryHeap<Reverse<Entry>>,
    sorted_until: i64,
    /// The rest, by hours since 1970.
    later: BTreeMap<i64, Vec<Entry>>,
    /// Tasks lie apart from their order, so that sorting moves 24 bytes each.
    tasks: Vec<Option<T>>,
    free: Vec<u32>,
    added: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda {
            sorted: BinaryHeap::new(),
            sorted_until: 0,
            later: BTreeMap::new(),
            tasks: Vec::new(),
            free: Vec::new(),
            added: 0,
        }
    }
}

impl<T> Agenda<T> {
    /// Notes a task.
    pub(super) fn add(&mut self, at: i64, task: T) {
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
    pub(super) fn take(&mut self) -> Option<(i64, T)> {
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
            agenda.add(now + random.below(5 * HOUR) / 60_000 * 60_000, number);
            if random.chance(9_000) {
                let (at, number) = agenda.take().unwrap();
                assert!(agenda.next_at().is_none_or(|next| at <= next));
                taken.push((at, number));
                now = at;
            }
        }
        assert!(taken.is_sorted());
    }
}
