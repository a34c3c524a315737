//! An accepted event in the form in which shards keep it: names numbered, ids packed.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashTable;

use crate::engine::directory::{ChannelId, Directory, NameId, RepInTeam, RowId, Spoken, SpokenId};
use crate::model::event::{
    Body, Event, EventType, Goal, Measure, PaymentKind, Period, Score, Split, StageChange, Target, TargetScope, Text,
};
use crate::model::id::{Id, UNASSIGNED};
use crate::model::money::Money;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What decides between two versions of one fact: the greater one is the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
pub struct Entry {
    /// Identity of the fact within its type.
    pub event_id: Id,
    /// What it says, by the kind of its identity.
    pub fact: EntryFact,
}

/// The fact of an entry, with the rest of its identity.
#[derive(Clone, Debug)]
pub enum EntryFact {
    /// A step of a journey.
    Step {
        /// The journey.
        lead_id: Id,
        /// Whether it is a lead or a stage change: part of its identity, also where it is retracted.
        kind: EventType,
        /// The version.
        version: Version<Step>,
    },
    /// Spend, feedback or a payment: the type is part of the identity.
    Single(EventType, Version<Single>),
    /// A target.
    Target(Version<TargetFact>),
    /// An entry of the roster.
    Roster(Version<RosterFact>),
    /// A payment or an answer names this entry's journey in place of a rep: who owns it is asked for from now on.
    Watch,
}

impl Entry {
    /// The shard, of so many, that owns this entry. All versions of a fact and all steps of a journey
    /// have the same, whatever partition they came from.
    #[must_use]
    pub fn shard(&self, shards: usize) -> usize {
        let owner = match &self.fact {
            EntryFact::Step { lead_id, .. } => lead_id,
            _ => &self.event_id,
        };
        shard_of(owner, shards)
    }
}

impl Entry {
    /// What the shard of the journey must know whose owner is credited with this.
    #[must_use]
    pub fn watch(&self) -> Option<Entry> {
        let EntryFact::Single(_, version) = &self.fact else { return None };
        let deal = version.content.as_ref()?.deal.as_deref()?;
        Some(Entry { event_id: deal.clone(), fact: EntryFact::Watch })
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

/// Turns events into entries; one for each decoding thread.
#[derive(Debug)]
pub struct Interner {
    directory: Arc<Directory>,
    rules: Arc<Rules>,
    /// What this thread has looked up before, so that it need not ask the shared directory again.
    hasher: RandomState,
    /// By team and rep, whose names lie in the table itself where they are short.
    rows: HashTable<(Id, Id, RowId)>,
    channels: HashMap<Box<str>, ChannelId, RandomState>,
    /// Of the pipeline `default`, by the stage as it is named.
    stages: HashMap<Box<str>, SpokenId, RandomState>,
}

impl Interner {
    /// An interner over the shared directory; the rules tell when a target's period ends and what a stage is.
    #[must_use]
    pub fn new(directory: Arc<Directory>, rules: Arc<Rules>) -> Interner {
        let (hasher, rows, channels) = (RandomState::default(), HashTable::new(), HashMap::default());
        Interner { directory, rules, hasher, rows, channels, stages: HashMap::default() }
    }

    /// Packs an event.
    pub fn entry(&mut self, event: &Event<'_>) -> Entry {
        let fact = match &event.body {
            Body::Lead(lead) => {
                let row = self.row(lead.team_id.as_ref(), lead.rep_id.as_ref());
                let pipeline = lead.pipeline.as_deref().map(|name| self.spoken(Some(name), None));
                let kind = StepKind::Lead { channel: self.channel(lead.channel.as_ref()), pipeline };
                let (customer, sequence) = (lead.customer_id.as_deref().map(Id::new), lead.sequence);
                step(event, &lead.lead_id, Some(Step { row, sequence, customer, kind }))
            }
            Body::StageChange(change) => {
                let row = self.row(change.team_id.as_ref(), change.rep_id.as_ref());
                let kind = StepKind::Move(Move {
                    spoken: self.spoken(change.pipeline.as_deref(), Some(&change.stage)),
                    amount: change.amount,
                    margin: change.margin,
                    rare: self.rare(change),
                });
                let (customer, sequence) = (change.customer_id.as_deref().map(Id::new), change.sequence);
                step(event, &change.lead_id, Some(Step { row, sequence, customer, kind }))
            }
            Body::Spend(spend) => {
                let row = self.row(spend.team_id.as_ref(), spend.rep_id.as_ref());
                let channel = Some(self.channel(spend.channel.as_ref()));
                single(event, Some(Single { row, channel, kind: SingleKind::Spend(spend.amount), deal: None }))
            }
            Body::Feedback(feedback) => {
                let row = self.row(feedback.team_id.as_ref(), feedback.rep_id.as_ref());
                let deal = self.deal(&feedback.lead_id, &feedback.rep_id, &feedback.team_id);
                single(event, Some(Single { row, channel: None, kind: SingleKind::Feedback(feedback.score), deal }))
            }
            Body::Payment(payment) => {
                let row = self.row(payment.team_id.as_ref(), payment.rep_id.as_ref());
                let kind = match payment.kind {
                    PaymentKind::Payment => SingleKind::Payment(payment.amount),
                    PaymentKind::Refund => SingleKind::Refund(payment.amount),
                };
                let deal = self.deal(&payment.lead_id, &payment.rep_id, &payment.team_id);
                single(event, Some(Single { row, channel: None, kind, deal }))
            }
            Body::Target(target) => {
                let of = self.target_of(&target.scope);
                let dated = target_dated(target.period, &self.rules);
                let Target { period, measure, amount, .. } = *target;
                let content = TargetFact { of, period, measure, amount };
                EntryFact::Target(version(event, dated, Some(content)))
            }
            Body::Rep(rep) => {
                let row = self.row(Some(&rep.team_id), Some(&rep.rep_id));
                let name = rep.name.as_deref().unwrap_or("").into();
                let content = RosterFact { rep: self.name(&rep.rep_id), row, name, active: rep.active };
                EntryFact::Roster(version(event, Time::MAX, Some(content)))
            }
            Body::Retraction(retraction) => match retraction.kind {
                EventType::Lead | EventType::StageChange => {
                    step(event, retraction.lead_id.as_deref().unwrap_or(""), None)
                }
                EventType::Spend | EventType::Feedback | EventType::Payment => single(event, None),
                EventType::Target => EntryFact::Target(version(event, event.occurred_at, None)),
                // The roster stays, and so does the memory of what left it.
                EventType::Rep => EntryFact::Roster(version(event, Time::MAX, None)),
            },
        };
        Entry { event_id: Id::new(&event.event_id), fact }
    }

    fn target_of(&mut self, scope: &TargetScope<'_>) -> TargetOf {
        match scope {
            TargetScope::Rep { rep_id, team_id } => TargetOf::Row(self.row(Some(team_id), Some(rep_id))),
            TargetScope::Team { team_id } => TargetOf::Team(self.name(team_id)),
            TargetScope::Region { region_id } => TargetOf::Region(self.name(region_id)),
            TargetScope::Org => TargetOf::Org,
        }
    }

    /// What few moves say; `None` if this one says nothing of it.
    fn rare(&mut self, change: &StageChange<'_>) -> Option<Box<Rare>> {
        let share = |interner: &mut Interner, split: &Split<'_>| {
            let row = interner.row(split.team_id.as_ref(), split.rep_id.as_ref());
            Share { row, parts: split.share }
        };
        let rare = Rare {
            expected_close_at: change.expected_close_at,
            lost_reason: change.lost_reason.as_deref().map(|reason| self.name(reason)),
            channel: change.channel.as_ref().map(|channel| self.channel(Some(channel))),
            started_at: change.started_at,
            splits: change.splits.iter().map(|split| share(self, split)).collect(),
        };
        (rare != Rare::default()).then(|| Box::new(rare))
    }

    /// The journey whose owner is credited with what names neither a rep nor a team, if that is configured.
    fn deal(&self, lead: &Option<Text<'_>>, rep: &Option<Text<'_>>, team: &Option<Text<'_>>) -> Option<Box<Id>> {
        let is_nobodys = rep.is_none() && team.is_none() && self.rules.credit_through_deal;
        lead.as_deref().filter(|_| is_nobodys).map(|lead| Box::new(Id::new(lead)))
    }

    fn spoken(&mut self, pipeline: Option<&str>, stage: Option<&str>) -> SpokenId {
        let known = stage.filter(|_| pipeline.is_none()).and_then(|stage| self.stages.get(stage));
        if let Some(spoken) = known {
            return *spoken;
        }
        let [named, of] = [pipeline, stage].map(|text| text.map(|text| self.name(text)));
        let spoken = self.directory.spoken(Spoken { pipeline: named, stage: of });
        if let (None, Some(stage)) = (pipeline, stage) {
            self.stages.insert(stage.into(), spoken);
        }
        spoken
    }

    fn name(&self, text: &str) -> NameId {
        self.directory.name(text)
    }

    /// One look-up for both names: nearly every event names a rep in a team.
    fn row(&mut self, team: Option<&Text<'_>>, rep: Option<&Text<'_>>) -> RowId {
        let team: &str = team.map_or(UNASSIGNED, |team| team);
        let rep: &str = rep.map_or(UNASSIGNED, |rep| rep);
        let (team_id, rep_id) = (Id::new(team), Id::new(rep));
        let (directory, hasher) = (&self.directory, &self.hasher);
        let hash = |team: &Id, rep: &Id| hasher.hash_one((team, rep));
        let hashed = hash(&team_id, &rep_id);
        let is_it = |entry: &(Id, Id, RowId)| entry.1 == rep_id && entry.0 == team_id;
        if let Some((_, _, row)) = self.rows.find(hashed, is_it) {
            return *row;
        }
        let row = directory.row(RepInTeam { team: directory.name(team), rep: directory.name(rep) });
        self.rows.insert_unique(hashed, (team_id, rep_id, row), |entry| hash(&entry.0, &entry.1));
        row
    }

    fn channel(&mut self, channel: Option<&Text<'_>>) -> ChannelId {
        let name: &str = channel.map_or(UNASSIGNED, |channel| channel);
        if let Some(channel) = self.channels.get(name) {
            return *channel;
        }
        let channel = self.directory.channel(self.directory.name(name));
        self.channels.insert(name.into(), channel);
        channel
    }
}

fn step(event: &Event<'_>, lead_id: &str, content: Option<Step>) -> EntryFact {
    let version = version(event, event.occurred_at, content);
    EntryFact::Step { lead_id: Id::new(lead_id), kind: event.body.kind(), version }
}

fn single(event: &Event<'_>, content: Option<Single>) -> EntryFact {
    EntryFact::Single(event.body.kind(), version(event, event.occurred_at, content))
}

fn version<T>(event: &Event<'_>, dated: Time, content: Option<T>) -> Version<T> {
    Version {
        stamp: Stamp { version: event.version, hash: event.hash, occurred_at: event.occurred_at },
        dated,
        remembered: dated.max(event.recorded_at),
        content,
    }
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
