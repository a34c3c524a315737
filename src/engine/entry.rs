//! An accepted event in the form in which shards keep it: names numbered, ids packed.

mod interner;

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

pub use self::interner::{Interner, Sought};
use crate::engine::directory::{ChannelId, NameId, RowId, SpokenId};
use crate::model::event::{EventType, Goal, Measure, Period, Score};
use crate::model::id::Id;
use crate::model::money::Money;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What decides between two versions of one fact: the greater one is the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The version that the event states.
    pub version: u64,
    /// XXH3-64 of its JSON bytes.
    pub hash: u64,
    /// When it happened, or for a retraction when its record was written.
    pub occurred_at: Time,
}

/// One version of a fact.
#[derive(Clone, Debug)]
pub struct Version<T> {
    /// Its place among the versions.
    pub stamp: Stamp,
    /// The fact exists as long as this does not lie before the horizon.
    pub dated: Time,
    /// The identity is remembered as long as this does not lie before the horizon.
    pub remembered: Time,
    /// What it says; `None`: retracted.
    pub content: Option<T>,
}

/// How a version met the one that was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// It is the known truth again.
    Duplicate,
    /// It loses to the known truth.
    Superseded,
    /// It is the truth now.
    Replaced,
}

impl<T> Default for Version<T> {
    /// That of nothing.
    fn default() -> Version<T> {
        Version { stamp: Stamp::default(), dated: Time::default(), remembered: Time::default(), content: None }
    }
}

impl<T> Version<T> {
    /// Lets another version of the same fact meet this one; the greater of the two stays.
    pub fn meet(&mut self, other: Version<T>) -> Meeting {
        let same_text = (self.stamp.version, self.stamp.hash) == (other.stamp.version, other.stamp.hash);
        let remembered = self.remembered.max(other.remembered);
        let is_greater = other.stamp > self.stamp;
        if is_greater {
            *self = other;
        }
        self.remembered = remembered;
        match (same_text, is_greater) {
            (true, _) => Meeting::Duplicate,
            (false, true) => Meeting::Replaced,
            (false, false) => Meeting::Superseded,
        }
    }

    /// What it says, unless it is retracted or lies before the horizon.
    #[must_use]
    pub fn existing(&self, horizon: Time) -> Option<&T> {
        self.content.as_ref().filter(|_| self.dated >= horizon)
    }
}

/// A lead or a stage change of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Who is credited.
    pub row: RowId,
    /// Its place among the steps of the same time.
    pub sequence: u32,
    /// The customer that it names.
    pub customer: Option<Id>,
    /// What it is.
    pub kind: StepKind,
}

impl Step {
    /// The pipeline and the stage as it names them.
    #[must_use]
    pub fn spoken(&self) -> Option<SpokenId> {
        match &self.kind {
            StepKind::Lead { pipeline, .. } => *pipeline,
            StepKind::Move(moved) => Some(moved.spoken),
        }
    }
}

/// What a step of a journey is.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// A lead.
    Lead {
        /// The channel it came from.
        channel: ChannelId,
        /// The pipeline that it names.
        pipeline: Option<SpokenId>,
    },
    /// A move to a stage.
    Move(Move),
}

/// A move to a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The pipeline and the stage as it names them.
    pub spoken: SpokenId,
    /// The deal's amount from here on.
    pub amount: Option<Money>,
    /// Its expected gross profit.
    pub margin: Option<Money>,
    /// What few moves say.
    pub rare: Option<Box<Rare>>,
}

/// What few moves say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rare {
    /// When the deal is expected to close.
    pub expected_close_at: Option<Time>,
    /// Why it is lost.
    pub lost_reason: Option<NameId>,
    /// Where a journey without a lead came from.
    pub channel: Option<ChannelId>,
    /// The first contact of a journey without a lead.
    pub started_at: Option<Time>,
    /// Who shares the deal's money from here on; empty: it says nothing.
    pub splits: Box<[Share]>,
}

/// One who shares a deal's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The rep in a team.
    pub row: RowId,
    /// The share in parts of [`WHOLE_SHARE`](crate::model::event::WHOLE_SHARE).
    pub parts: u32,
}

/// One known step of a journey, existing or not.
#[derive(Clone, Debug, Default)]
pub struct KnownStep {
    /// Identity within the journey and the type.
    pub event_id: Id,
    /// Whether it is a stage change rather than a lead; of two steps that are equal otherwise the stage change is the
    /// later one.
    pub is_move: bool,
    /// Its truth.
    pub version: Version<Step>,
}

impl KnownStep {
    /// The order of steps: by time, then by sequence, then by id, then the stage change.
    #[must_use]
    pub fn order(&self) -> (Time, u32, &Id, bool) {
        let (at, sequence) = self.instant();
        (at, sequence, &self.event_id, self.is_move)
    }

    /// When it happened, and its place among the steps of the same time: the order as far as no id decides.
    #[must_use]
    pub fn instant(&self) -> (Time, u32) {
        let sequence = self.version.content.as_ref().map_or(0, |step| step.sequence);
        (self.version.stamp.occurred_at, sequence)
    }
}

/// A fact that stands alone: spend, feedback or a payment.
#[derive(Clone, Debug, PartialEq)]
pub struct Single {
    /// Who is credited.
    pub row: RowId,
    /// The channel, of spend.
    pub channel: Option<ChannelId>,
    /// What it is.
    pub kind: SingleKind,
    /// The journey whose owner is credited in place of nobody.
    pub deal: Option<Box<Id>>,
}

/// What a fact that stands alone is. Amounts are in their own and in the reporting currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SingleKind {
    /// Money spent to win customers.
    Spend(Money),
    /// Money received.
    Payment(Money),
    /// Money given back.
    Refund(Money),
    /// An answer to a survey.
    Feedback(Score),
}

/// Whose target it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetOf {
    /// A rep in a team.
    Row(RowId),
    /// A team.
    Team(NameId),
    /// A region.
    Region(NameId),
    /// The organisation.
    Org,
}

/// A target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetFact {
    /// Whose it is.
    pub of: TargetOf,
    /// The period it is for.
    pub period: Period,
    /// What is to be reached.
    pub measure: Measure,
    /// How much of it.
    pub amount: Goal,
}

/// An entry of the roster.
#[derive(Clone, Debug, PartialEq)]
pub struct RosterFact {
    /// The rep.
    pub rep: NameId,
    /// The rep in the present team.
    pub row: RowId,
    /// The name to show.
    pub name: Box<str>,
    /// Whether the rep works here now.
    pub active: bool,
}

/// An accepted event on its way to its shard.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A step of a journey.
    Step {
        /// The journey.
        lead_id: Id,
        /// The step.
        step: KnownStep,
    },
    /// Spend, feedback or a payment: the type is part of the identity.
    Single((EventType, Id), Version<Single>),
    /// A target.
    Target(Id, Version<TargetFact>),
    /// An entry of the roster.
    Roster(Id, Version<RosterFact>),
    /// A payment or an answer names this journey in place of a rep: who owns it is asked for from now on.
    Watch(Id),
}

impl Entry {
    /// The shard, of so many, that owns this entry. All versions of a fact and all steps of a journey
    /// have the same, whatever partition they came from.
    #[must_use]
    pub fn shard(&self, shards: usize) -> usize {
        let (Entry::Step { lead_id: owner, .. }
        | Entry::Single((_, owner), _)
        | Entry::Target(owner, _)
        | Entry::Roster(owner, _)
        | Entry::Watch(owner)) = self;
        shard_of(owner, shards)
    }

    /// What the shard of the journey must know whose owner is credited with this.
    #[must_use]
    pub fn watch(&self) -> Option<Entry> {
        let Entry::Single(_, version) = self else { return None };
        version.content.as_ref()?.deal.as_deref().cloned().map(Entry::Watch)
    }
}

/// The shard, of so many, that owns the journey or the fact of this id.
pub(crate) fn shard_of(owner: &Id, shards: usize) -> usize {
    if shards <= 1 {
        return 0;
    }
    let hash = FixedState::with_seed(0).hash_one(owner);
    usize::try_from(hash % shards as u64).unwrap_or(0)
}

/// When a target is dated: it goes when its period's end is not after the horizon.
pub(crate) fn target_dated(period: Period, rules: &Rules) -> Time {
    let (_, end) = rules.zone.bounds(rules.calendar, period);
    end.plus(-1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version_of((version, hash, at): (u64, u64, i64)) -> Version<i64> {
        let occurred_at = Time::from_millis(at);
        let stamp = Stamp { version, hash, occurred_at };
        Version { stamp, dated: occurred_at, remembered: occurred_at, content: Some(at) }
    }

    proptest! {
        /// Whatever the order of arrival, the same version is the truth and the same memory stays.
        #[test]
        fn the_truth_does_not_depend_on_arrival(
            mut versions in proptest::collection::vec((0_u64..3, 0_u64..3, 0_i64..3), 1..6),
            seed in any::<u64>(),
        ) {
            let truth = |versions: &[(u64, u64, i64)]| {
                let mut known = version_of(versions[0]);
                versions[1..].iter().for_each(|other| _ = known.meet(version_of(*other)));
                (known.stamp, known.remembered, known.content)
            };
            let before = truth(&versions);
            let length = versions.len() as u64;
            versions.rotate_left(usize::try_from(seed % length).unwrap());
            versions.reverse();
            prop_assert_eq!(before, truth(&versions));
        }
    }
}
