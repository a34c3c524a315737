//! What one shard takes in of an image: its items, and all that is to be counted of them.

use crate::engine::directory::{ChannelId, RowId};
use crate::engine::entry::{RosterFact, Single, TargetFact, Version};
use crate::engine::facts::{Fact, Story};
use crate::engine::shard::Shard;
use crate::engine::shard::bytes::Writer;
use crate::engine::timeline::hour;
use crate::model::event::EventType;
use crate::model::id::Id;
use crate::model::time::Time;

/// Room is made in advance for at most so many journeys; what says more may be damaged, and more come by growing.
const MOST_EXPECTED: u64 = 1 << 24;

/// Items are brought together by counting while there are at most so many possible groups for each of them.
const MOST_GROUPS: usize = 4;

/// A part of an image, prepared for one shard. Preparing it needs no shard, so that whoever reads can do it; taking it in
/// is then little more than copying and adding.
#[derive(Debug, Default)]
pub struct Portion {
    /// How many items of the image are in it, those included that nothing needs any more.
    pub(super) items: u64,
    /// The journeys' byte forms, one after another.
    pub(super) packed: Writer,
    pub(super) journeys: Vec<Head>,
    pub(super) facts: Vec<Fact>,
    /// When there are facts, and of which of the journeys.
    pub(super) due: Vec<(Time, u32)>,
    /// The rows that events name, and how many do.
    pub(super) rows: Vec<(RowId, i64)>,
    /// The channels that events name.
    pub(super) channels: Vec<ChannelId>,
    /// Which of the journeys are won.
    pub(super) won: Vec<u32>,
    pub(super) negative_cycles: i64,
    pub(super) negative_responses: i64,
    pub(super) singles: Vec<((EventType, Id), Version<Single>)>,
    pub(super) targets: Vec<(Id, Version<TargetFact>)>,
    /// Journeys whose owners are asked for.
    pub(super) deals: Vec<Id>,
    pub(super) roster: Vec<(Id, Version<RosterFact>)>,
    /// Until when the last of what nothing needs any more was to be remembered.
    pub(super) forgotten: Option<Time>,
}

/// A journey of a portion.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) lead_id: Id,
    pub(super) length: usize,
    pub(super) earliest_day: i64,
}

impl Portion {
    /// How much work it is, roughly.
    pub(super) fn weight(&self) -> usize {
        self.facts.len() + self.singles.len()
    }

    /// Notes what is to be counted of the journey that comes next.
    pub(super) fn count(&mut self, story: &Story) {
        let number = u32::try_from(self.journeys.len()).unwrap_or(u32::MAX);
        for (place, fact) in story.facts.iter().enumerate() {
            if !story.facts.iter().take(place).any(|earlier| earlier.at == fact.at) {
                self.due.push((fact.at, number));
            }
        }
        self.facts.extend_from_slice(&story.facts);
        for row in &story.rows {
            match self.rows.last_mut().filter(|(last, _)| last == row) {
                Some((_, times)) => *times += 1,
                None => self.rows.push((*row, 1)),
            }
        }
        self.channels.extend_from_slice(&story.channels);
        self.negative_cycles += i64::from(story.negative_cycle);
        self.negative_responses += i64::from(story.negative_response);
    }

    /// Takes what there is, with what lies together in a shard brought together: what is far apart in memory costs most.
    pub(super) fn take(&mut self) -> Portion {
        let facts = grouped(&self.facts, |fact| fact.row.index());
        let first = self.due.iter().map(|(at, _)| hour(*at)).min().unwrap_or(0);
        let due = grouped(&self.due, |(at, _)| usize::try_from(hour(*at) - first).unwrap_or(usize::MAX));
        // The next portion is about as large: the lists that grew for this one are kept for it.
        let room = Portion {
            packed: Writer(Vec::with_capacity(self.packed.0.capacity())),
            journeys: Vec::with_capacity(self.journeys.capacity()),
            facts: std::mem::take(&mut self.facts),
            due: std::mem::take(&mut self.due),
            ..Portion::default()
        };
        let taken = std::mem::replace(self, room);
        self.facts.clear();
        self.due.clear();
        Portion { facts, due, ..taken }
    }
}

/// The items, those of a group next to each other.
fn grouped<T: Copy>(items: &[T], group: impl Fn(&T) -> usize) -> Vec<T> {
    let mut grouped = items.to_vec();
    let groups = items.iter().map(&group).max().map_or(0, |last| last.saturating_add(1));
    if groups > items.len().saturating_mul(MOST_GROUPS) {
        grouped.sort_unstable_by_key(group);
        return grouped;
    }
    let mut places = vec![0; groups];
    for item in items {
        places.get_mut(group(item)).into_iter().for_each(|count| *count += 1);
    }
    let mut next = 0;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    for item in items {
        let Some(place) = places.get_mut(group(item)) else { continue };
        grouped.get_mut(*place).into_iter().for_each(|free| *free = *item);
        *place += 1;
    }
    grouped
}

impl Shard {
    /// Makes room for so many journeys, rows and channels.
    pub fn expect(&mut self, journeys: u64, rows: usize, channels: usize) {
        self.journeys.reserve(usize::try_from(journeys.min(MOST_EXPECTED)).unwrap_or(0));
        let (own_rows, own_channels) = self.ledger.tables_mut();
        rows.checked_sub(1).into_iter().for_each(|last| own_rows.reserve(last));
        channels.checked_sub(1).into_iter().for_each(|last| own_channels.reserve(last));
    }

    /// Takes a portion in that was prepared for this shard and this instant; answers how many items it had. The shard must
    /// not have applied anything else before.
    pub fn take_in(&mut self, portion: Portion, now: Time) -> u64 {
        self.advance(now);
        self.meanings.learn(&self.directory, &self.courses, &self.rules);
        let mut packed = portion.packed.0.as_slice();
        let mut numbers = Vec::with_capacity(portion.journeys.len());
        for head in &portion.journeys {
            let (bytes, rest) = packed.split_at_checked(head.length).unwrap_or_default();
            numbers.push(self.journeys.insert_packed(&head.lead_id, head.earliest_day, bytes));
            packed = rest;
        }
        let number = |place: u32| numbers.get(place as usize).copied().unwrap_or(u32::MAX);
        self.journeys_due.note_all(&portion.due, number);
        self.changed_wins.extend(portion.won.iter().map(|place| (number(*place), None)));
        portion.facts.iter().for_each(|fact| self.ledger.put(fact, 1));
        let (rows, channels) = self.ledger.tables_mut();
        portion.rows.iter().for_each(|(row, times)| rows.name(row.index(), *times));
        portion.channels.iter().for_each(|channel| channels.name(channel.index(), 1));
        self.negative_cycles += portion.negative_cycles;
        self.negative_responses += portion.negative_responses;
        portion.forgotten.into_iter().for_each(|remembered| self.note_forgotten(remembered));
        for (key, version) in portion.singles {
            self.apply_single(key, version);
        }
        // Of a journey that comes with a later portion, the owner is not known yet.
        self.owners_are_known = false;
        self.deals.extend(portion.deals.into_iter().map(|deal| (deal, None)));
        for (event_id, version) in portion.targets {
            self.apply_target(event_id, version);
        }
        for (event_id, version) in portion.roster {
            self.apply_roster(event_id, version);
        }
        portion.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn grouping_loses_nothing_and_leaves_no_group_apart(
            keys in proptest::collection::vec(prop_oneof![0_usize..40, 0_usize..usize::MAX], 0..200),
        ) {
            let items: Vec<(usize, usize)> = keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect();
            let mut grouped = grouped(&items, |(key, _)| *key);
            prop_assert!(grouped.is_sorted_by_key(|(key, _)| *key), "{grouped:?}");
            grouped.sort_unstable_by_key(|(_, place)| *place);
            prop_assert_eq!(grouped, items);
        }
    }
}
