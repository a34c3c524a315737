//! From an event to its entry.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{
    Entry, KnownStep, Move, Rare, RosterFact, Share, Single, SingleKind, Stamp, Step, StepKind, TargetFact, TargetOf,
    Version, target_dated,
};
use crate::engine::directory::{ChannelId, Directory, NameId, RepInTeam, RowId, Spoken, SpokenId};
use crate::engine::near::prefetch;
use crate::model::event::{Body, Event, EventType, PaymentKind, Split, StageChange, Target, TargetScope, Text};
use crate::model::id::{Id, UNASSIGNED};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// Turns events into entries; one for each decoding thread.
#[derive(Debug)]
pub struct Interner {
    directory: Arc<Directory>,
    rules: Arc<Rules>,
    /// What this thread has looked up before, so that it need not ask the shared directory again.
    hasher: RandomState,
    rows: HashTable<Row>,
    channels: HashMap<Box<str>, ChannelId, RandomState>,
    /// Of the pipeline `default`, by the stage as it is named.
    stages: HashMap<Box<str>, SpokenId, RandomState>,
}

/// A rep in a team with its number. Short names lie in it, and so all of it in the memory that a processor fetches at once.
#[derive(Debug)]
#[repr(align(64))]
struct Row {
    team: Id,
    rep: Id,
    row: RowId,
}

/// A rep in a team that is looked up.
#[derive(Debug)]
pub struct Sought {
    team: Id,
    rep: Id,
    hash: u64,
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
        self.entry_of(event, None)
    }

    /// Packs an event whose rep in a team may be sought already.
    pub fn entry_of(&mut self, event: &Event<'_>, sought: Option<Sought>) -> Entry {
        match &event.body {
            Body::Lead(lead) => {
                let sought = sought.unwrap_or_else(|| self.seek(lead.team_id.as_ref(), lead.rep_id.as_ref()));
                let pipeline = lead.pipeline.as_deref().map(|name| self.spoken(Some(name), None));
                let kind = StepKind::Lead { channel: self.channel(lead.channel.as_ref()), pipeline };
                let (customer, sequence) = (lead.customer_id.as_deref().map(Id::new), lead.sequence);
                let (lead_id, event_id) = (Id::new(&lead.lead_id), Id::new(&event.event_id));
                let row = self.found(sought);
                step(event, lead_id, event_id, Some(Step { row, sequence, customer, kind }))
            }
            Body::StageChange(change) => {
                let sought = sought.unwrap_or_else(|| self.seek(change.team_id.as_ref(), change.rep_id.as_ref()));
                let kind = StepKind::Move(Move {
                    spoken: self.spoken(change.pipeline.as_deref(), Some(&change.stage)),
                    amount: change.amount,
                    margin: change.margin,
                    rare: self.rare(change),
                });
                let (customer, sequence) = (change.customer_id.as_deref().map(Id::new), change.sequence);
                let (lead_id, event_id) = (Id::new(&change.lead_id), Id::new(&event.event_id));
                let row = self.found(sought);
                step(event, lead_id, event_id, Some(Step { row, sequence, customer, kind }))
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
                Entry::Target(Id::new(&event.event_id), version(event, dated, Some(content)))
            }
            Body::Rep(rep) => {
                let row = self.row(Some(&rep.team_id), Some(&rep.rep_id));
                let name = rep.name.as_deref().unwrap_or("").into();
                let content = RosterFact { rep: self.name(&rep.rep_id), row, name, active: rep.active };
                Entry::Roster(Id::new(&event.event_id), version(event, Time::MAX, Some(content)))
            }
            Body::Retraction(retraction) => match retraction.kind {
                EventType::Lead | EventType::StageChange => {
                    let lead_id = Id::new(retraction.lead_id.as_deref().unwrap_or(""));
                    step(event, lead_id, Id::new(&event.event_id), None)
                }
                EventType::Spend | EventType::Feedback | EventType::Payment => single(event, None),
                EventType::Target => Entry::Target(Id::new(&event.event_id), version(event, event.occurred_at, None)),
                // The roster stays, and so does the memory of what left it.
                EventType::Rep => Entry::Roster(Id::new(&event.event_id), version(event, Time::MAX, None)),
            },
        }
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

    fn row(&mut self, team: Option<&Text<'_>>, rep: Option<&Text<'_>>) -> RowId {
        let sought = self.seek(team, rep);
        self.found(sought)
    }

    /// Begins to look a rep in a team up, by both names at once: nearly every event names one. What is done before it is
    /// found is done while memory is fetched.
    #[must_use]
    pub fn seek(&self, team: Option<&Text<'_>>, rep: Option<&Text<'_>>) -> Sought {
        let id = |name: Option<&Text<'_>>| Id::new(name.map_or(UNASSIGNED, |name| name));
        let (team, rep) = (id(team), id(rep));
        let hash = self.hasher.hash_one((&team, &rep));
        self.rows.find(hash, |_| true).into_iter().for_each(prefetch);
        Sought { team, rep, hash }
    }

    /// The number of a rep in a team.
    fn found(&mut self, Sought { team, rep, hash }: Sought) -> RowId {
        if let Some(known) = self.rows.find(hash, |known| known.rep == rep && known.team == team) {
            return known.row;
        }
        let name = |id: &Id| id.with_text(|text| self.directory.name(text));
        let row = self.directory.row(RepInTeam { team: name(&team), rep: name(&rep) });
        let hasher = &self.hasher;
        self.rows.insert_unique(hash, Row { team, rep, row }, |known| hasher.hash_one((&known.team, &known.rep)));
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

fn step(event: &Event<'_>, lead_id: Id, event_id: Id, content: Option<Step>) -> Entry {
    let is_move = event.body.kind() == EventType::StageChange;
    let version = version(event, event.occurred_at, content);
    Entry::Step { lead_id, step: KnownStep { event_id, is_move, version } }
}

fn single(event: &Event<'_>, content: Option<Single>) -> Entry {
    let key = (event.body.kind(), Id::new(&event.event_id));
    Entry::Single(key, version(event, event.occurred_at, content))
}

fn version<T>(event: &Event<'_>, dated: Time, content: Option<T>) -> Version<T> {
    Version {
        stamp: Stamp { version: event.version, hash: event.hash, occurred_at: event.occurred_at },
        dated,
        remembered: dated.max(event.recorded_at),
        content,
    }
}
