//! What one shard takes in of an image: its items, and all that is to be counted of them.

use crate::directory::{ChannelId, RowId};
use crate::entry::{RosterFact, Single, TargetFact, Version};
use crate::event::EventType;
use crate::facts::{Fact, Story};
use crate::id::Id;
use crate::shard::Shard;
use crate::shard::bytes::Writer;
use crate::time::Time;

/// Room is made in advance for at most so many journeys; what says more may be damaged, and more come by growing.
const MOST_EXPECTED: u64 = 1 << 24;

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

    /// Brings together what lies together in a shard: what is far apart in memory costs most.
    pub(super) fn sort(&mut self) {
        self.facts.sort_unstable_by_key(|fact| fact.row.index());
        self.due.sort_unstable();
    }
}

impl Shard {
    /// Makes room for so many journeys, rows and channels.
    pub fn expect(&mut self, journeys: u64, rows: usize, channels: usize) {
        self.journeys.reserve(usize::try_from(journeys.min(MOST_EXPECTED)).unwrap_or(0));
        rows.checked_sub(1).into_iter().for_each(|last| self.ledger.rows.reserve(last));
        channels.checked_sub(1).into_iter().for_each(|last| self.ledger.channels.reserve(last));
    }

    /// Takes a portion in that was prepared for this shard and this instant; answers how many items it had. The shard must
    /// not have applied anything else before.
    pub fn take_in(&mut self, portion: Portion, now: Time) -> u64 {
        self.advance(now);
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
        portion.rows.iter().for_each(|(row, times)| self.ledger.rows.name(row.index(), *times));
        portion.channels.iter().for_each(|channel| self.ledger.channels.name(channel.index(), 1));
        self.negative_cycles += portion.negative_cycles;
        self.negative_responses += portion.negative_responses;
        portion.forgotten.into_iter().for_each(|remembered| self.note_forgotten(remembered));
        for (key, version) in portion.singles {
            self.apply_single(key, version);
        }
        for (event_id, version) in portion.targets {
            self.apply_target(event_id, version);
        }
        for (event_id, version) in portion.roster {
            self.apply_roster(event_id, version);
        }
        portion.items
    }
}
