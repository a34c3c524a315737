//! Counts what the facts of a journey are now and were not before, and moves those that an edge of a window has passed.
//!
//! A journey has few facts, and looking for each of them among the others is the fastest. One of very many steps has as many
//! facts: then they are sorted first, so that it costs no more than in proportion to them.

use std::cmp::Ordering;

use super::Shard;
use super::ledger::Moved;
use crate::engine::facts::{Fact, FactKind};
use crate::model::time::Time;

/// So many facts are looked for one by one.
const FEW: usize = 32;

impl Shard {
    /// Counts what a journey's facts are now and were not before. Facts are told in one order, so most stay where they
    /// were, and the first `kept` are known to; one that stays at its instant and its rows, and is of its kind, is changed
    /// in place.
    pub(super) fn count_difference(&mut self, number: u32, before: &[Fact], after: &[Fact], kept: usize) {
        let others = before.iter().zip(after).skip(kept);
        let same = kept + others.take_while(|(was, is)| was == is).count();
        let was = before.get(same..).unwrap_or_default();
        let mut new = std::mem::take(&mut self.new_facts);
        new.clear();
        new.extend_from_slice(after.get(same..).unwrap_or_default());
        if new.len() > FEW {
            self.count_many(number, before, was.to_vec(), &mut new);
        } else {
            self.count_few(number, before, was, &mut new);
        }
        self.new_facts = new;
    }

    fn count_few(&mut self, number: u32, before: &[Fact], was: &[Fact], new: &mut Vec<Fact>) {
        #[cfg(test)]
        self.see_facts(new.len() * (was.len() + before.len() + new.len()));
        for fact in was {
            let successor = new.iter().position(|other| other == fact || other.succeeds(fact));
            match successor.map(|place| new.swap_remove(place)) {
                Some(now) if now == *fact => {}
                Some(now) => self.ledger.change(fact, &now),
                None => self.ledger.put(fact, -1),
            }
        }
        for (place, fact) in new.iter().enumerate() {
            self.ledger.put(fact, 1);
            let is_at = |other: &Fact| other.at == fact.at;
            if !before.iter().any(is_at) && !new.iter().take(place).any(is_at) {
                self.journeys_due.note(fact.at, number);
            }
        }
    }

    fn count_many(&mut self, number: u32, before: &[Fact], mut was: Vec<Fact>, new: &mut [Fact]) {
        #[cfg(test)]
        self.see_facts(new.len() + was.len() + before.len());
        was.sort();
        new.sort();
        let (mut gone, mut come) = differing(&was, new);
        // Of a journey there is one such fact at most.
        let created = |facts: &[Fact]| facts.iter().position(|fact| matches!(fact.kind, FactKind::Created { .. }));
        if let (Some(was), Some(is)) = (created(&gone), created(&come))
            && let (Some(earlier), Some(now)) = (gone.get(was).copied(), come.get(is).copied())
            && now.succeeds(&earlier)
        {
            gone.remove(was);
            come.remove(is);
            self.ledger.change(&earlier, &now);
        }
        gone.iter().for_each(|fact| self.ledger.put(fact, -1));
        come.iter().for_each(|fact| self.ledger.put(fact, 1));
        let mut known: Vec<Time> = before.iter().map(|fact| fact.at).collect();
        known.sort();
        come.dedup_by_key(|fact| fact.at);
        for fact in come.iter().filter(|fact| known.binary_search(&fact.at).is_err()) {
            self.journeys_due.note(fact.at, number);
        }
    }

    /// Moves the facts of a journey that lie at these instants.
    pub(super) fn shift(&mut self, facts: &mut [Fact], due: &[(Time, u32)], moved: &Moved) {
        if due.len() <= FEW {
            #[cfg(test)]
            self.see_facts(due.len() * facts.len());
            for (at, _) in due {
                facts.iter().filter(|fact| fact.at == *at).for_each(|fact| self.ledger.shift(fact, moved));
            }
            return;
        }
        #[cfg(test)]
        self.see_facts(due.len() + facts.len());
        facts.sort_by_key(|fact| fact.at);
        for (at, _) in due {
            let first = facts.partition_point(|fact| fact.at < *at);
            let there = facts.iter().skip(first).take_while(|fact| fact.at == *at);
            there.for_each(|fact| self.ledger.shift(fact, moved));
        }
    }

    #[cfg(test)]
    fn see_facts(&self, count: usize) {
        self.seen_facts.set(self.seen_facts.get() + count);
    }
}

/// What is in the one and not in the other of two lists that are sorted.
fn differing(was: &[Fact], is: &[Fact]) -> (Vec<Fact>, Vec<Fact>) {
    let (mut was, mut is) = (was.iter().copied().peekable(), is.iter().copied().peekable());
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    while let (Some(earlier), Some(now)) = (was.peek(), is.peek()) {
        match earlier.cmp(now) {
            Ordering::Less => gone.extend(was.next()),
            Ordering::Greater => come.extend(is.next()),
            Ordering::Equal => {
                was.next();
                is.next();
            }
        }
    }
    gone.extend(was);
    come.extend(is);
    (gone, come)
}
