//! Facts of a journey.

use salespulse::model::event::{Body, Event, Lead, Stage, StageChange, Text};
use salespulse::model::id::UNASSIGNED;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

/// Who is credited with a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Credit<'e> {
    pub(crate) rep: &'e str,
    pub(crate) team: &'e str,
}

/// An id, or the one that stands for an absent one.
pub(crate) fn assigned<'e>(id: Option<&'e Text<'static>>) -> &'e str {
    id.map_or(UNASSIGNED, AsRef::as_ref)
}

impl<'e> Credit<'e> {
    pub(crate) fn new(rep: Option<&'e Text<'static>>, team: Option<&'e Text<'static>>) -> Credit<'e> {
        Credit { rep: assigned(rep), team: assigned(team) }
    }
}

/// When a fact happened, and to whose credit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'e> {
    pub(crate) at: Time,
    pub(crate) credit: Credit<'e>,
}

/// Where a journey stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Open at the stage of this index.
    Open(u8),
    Won,
    Lost,
}

/// The facts of one journey.
#[derive(Clone, Debug)]
pub(crate) struct Journey<'e> {
    pub(crate) lead_id: &'e str,
    pub(crate) channel: &'e str,
    /// `lead:<lead_id>` where no event names one.
    pub(crate) customer: String,
    pub(crate) created: Option<Moment<'e>>,
    /// By the index of the stage; of stages between `lead` and `won` only.
    pub(crate) reached: Vec<Option<Moment<'e>>>,
    pub(crate) status: Status,
    /// The rep and team of the last of S, or of L.
    pub(crate) owner: Credit<'e>,
    /// When it entered the stage where it is open.
    pub(crate) entered: Time,
    pub(crate) won: Option<Moment<'e>>,
    pub(crate) lost: Option<Moment<'e>>,
    /// In minor units of the reporting currency; 0 if none.
    pub(crate) amount: i64,
    pub(crate) margin: Option<i64>,
}

impl<'e> Journey<'e> {
    /// The facts of a journey from those of its events that exist, at least one; none if it is void.
    pub(crate) fn new(lead_id: &'e str, events: &[&'e Event<'static>], rules: &Rules) -> Option<Journey<'e>> {
        let (leads, changes) = sorted(events);
        let stage = |change: &StageChange<'_>| rules.pipeline.stage(&change.stage).expect("a stage");
        let first = leads.first().copied();
        let created = first.map(|(event, lead)| Moment { at: event.occurred_at, credit: credit_of_lead(lead) });
        let last = changes.last().map(|(_, change)| *change);
        let won = rules.pipeline.won();
        let status = match last.map(stage) {
            Some(Stage::Void) => return None,
            Some(Stage::Lost) => Status::Lost,
            Some(Stage::Step(index)) if index == won => Status::Won,
            Some(Stage::Step(index)) => Status::Open(index),
            None => Status::Open(0),
        };
        let run = start_of_last_run(&changes).map(|(event, change)| moment(event, change));
        Some(Journey {
            lead_id,
            channel: first.map_or(UNASSIGNED, |(_, lead)| assigned(lead.channel.as_ref())),
            customer: customer(lead_id, &leads, &changes),
            created,
            reached: (0..won).map(|index| reached(index, &changes, won, &stage)).collect(),
            status,
            owner: last.map(credit_of_change).or(created.map(|created| created.credit))?,
            entered: run.or(created)?.at,
            won: run.filter(|_| status == Status::Won),
            lost: run.filter(|_| status == Status::Lost),
            amount: changes.iter().rev().find_map(|(_, change)| change.amount).map_or(0, |money| money.reporting_minor),
            margin: changes.iter().rev().find_map(|(_, change)| change.margin).map(|money| money.reporting_minor),
        })
    }

    /// won − created in milliseconds, if both exist; it may be negative.
    pub(crate) fn cycle(&self) -> Option<i64> {
        Some(self.won?.at.since(self.created?.at))
    }

    /// reached(first stage after `lead`) − created in milliseconds, if both exist; it may be negative.
    pub(crate) fn response(&self) -> Option<i64> {
        let reached = self.reached.get(1).copied().flatten()?;
        Some(reached.at.since(self.created?.at))
    }
}

type Leads<'e> = Vec<(&'e Event<'static>, &'e Lead<'static>)>;
type Changes<'e> = Vec<(&'e Event<'static>, &'e StageChange<'static>)>;

/// The lead events and the stage changes, each sorted by (`occurred_at`, `event_id`).
fn sorted<'e>(events: &[&'e Event<'static>]) -> (Leads<'e>, Changes<'e>) {
    let mut events = events.to_vec();
    events.sort_by_key(|event| (event.occurred_at, &event.event_id));
    let (mut leads, mut changes) = (Vec::new(), Vec::new());
    for event in events {
        match &event.body {
            Body::Lead(lead) => leads.push((event, lead)),
            Body::StageChange(change) => changes.push((event, change)),
            _ => panic!("no event of a journey: {event:?}"),
        }
    }
    (leads, changes)
}

fn credit_of_lead<'e>(lead: &'e Lead<'static>) -> Credit<'e> {
    Credit::new(lead.rep_id.as_ref(), lead.team_id.as_ref())
}

fn credit_of_change<'e>(change: &'e StageChange<'static>) -> Credit<'e> {
    Credit::new(change.rep_id.as_ref(), change.team_id.as_ref())
}

fn moment<'e>(event: &Event<'static>, change: &'e StageChange<'static>) -> Moment<'e> {
    Moment { at: event.occurred_at, credit: credit_of_change(change) }
}

/// The first stage change whose stage is at this index or later, `won` included. `lead` and `won` are
/// not reached in this sense.
fn reached<'e>(
    index: u8,
    changes: &Changes<'e>,
    won: u8,
    stage: &impl Fn(&StageChange<'static>) -> Stage,
) -> Option<Moment<'e>> {
    let reaches = |stage: Stage| matches!(stage, Stage::Step(step) if step >= index);
    let between = index > 0 && index < won;
    let first = changes.iter().find(|(_, change)| between && reaches(stage(change)))?;
    Some(moment(first.0, first.1))
}

/// The first of the unbroken run of equal stages that ends the stage changes.
fn start_of_last_run<'e>(changes: &Changes<'e>) -> Option<(&'e Event<'static>, &'e StageChange<'static>)> {
    let last = &changes.last()?.1.stage;
    changes.iter().rev().take_while(|(_, change)| change.stage == *last).last().copied()
}

/// The customer named by the latest event that names one: by time, then `event_id`, then the stage change.
fn customer(lead_id: &str, leads: &Leads<'_>, changes: &Changes<'_>) -> String {
    let by_leads = leads.iter().map(|(event, lead)| (event, false, &lead.customer_id));
    let by_changes = changes.iter().map(|(event, change)| (event, true, &change.customer_id));
    by_leads
        .chain(by_changes)
        .filter_map(|(event, is_change, id)| Some((event.occurred_at, &event.event_id, is_change, id.as_ref()?)))
        .max()
        .map_or_else(|| format!("lead:{lead_id}"), |(.., id)| id.to_string())
}
