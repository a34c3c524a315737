//! Everything that exists at an instant: journeys, standalone facts, customers, targets, the roster, and
//! who is named at all.

use std::collections::{BTreeMap, BTreeSet};

use salespulse::model::event::{Body, Event, Feedback, Payment, Rep, Spend, Target, TargetScope};
use salespulse::model::id::UNASSIGNED;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use super::customers::Customer;
use super::here::Place;
use super::journey::{Credit, Journey, assigned};
use super::local_days::LocalDays;
use super::sample::Reporting;
use super::truth;

/// A fact that stands alone: its event, and what that says.
pub(crate) type Standalone<'e, T> = (&'e Event<'static>, &'e T);

/// Everything that exists at an instant.
pub(crate) struct World<'e> {
    pub(crate) reporting: Reporting,
    /// The index of the stage `won`.
    pub(crate) won_index: usize,
    pub(crate) journeys: Vec<Journey<'e>>,
    pub(crate) spends: Vec<Standalone<'e, Spend<'static>>>,
    pub(crate) payments: Vec<Standalone<'e, Payment<'static>>>,
    pub(crate) feedback: Vec<Standalone<'e, Feedback<'static>>>,
    pub(crate) targets: Vec<Standalone<'e, Target<'static>>>,
    /// The last live `rep` event of each rep.
    pub(crate) roster: BTreeMap<&'e str, Standalone<'e, Rep<'static>>>,
    pub(crate) customers: Vec<Customer<'e>>,
    pairs: BTreeSet<Credit<'e>>,
    teams: BTreeSet<&'e str>,
    channels: BTreeSet<&'e str>,
}

impl<'e> World<'e> {
    pub(crate) fn new(accepted: &'e [Event<'static>], rules: &Rules, days: &LocalDays, now: Time) -> World<'e> {
        let mut world = World {
            reporting: Reporting::new(rules),
            won_index: rules.pipeline.stages().len() - 1,
            journeys: Vec::new(),
            spends: Vec::new(),
            payments: Vec::new(),
            feedback: Vec::new(),
            targets: Vec::new(),
            roster: BTreeMap::new(),
            customers: Vec::new(),
            pairs: BTreeSet::new(),
            teams: BTreeSet::new(),
            channels: BTreeSet::new(),
        };
        let mut of_journeys: BTreeMap<&str, Vec<&Event<'static>>> = BTreeMap::new();
        for event in truth::existing(accepted, rules, days, now) {
            world.name(event);
            match &event.body {
                Body::Lead(lead) => of_journeys.entry(&lead.lead_id).or_default().push(event),
                Body::StageChange(change) => of_journeys.entry(&change.lead_id).or_default().push(event),
                Body::Spend(spend) => world.spends.push((event, spend)),
                Body::Feedback(feedback) => world.feedback.push((event, feedback)),
                Body::Payment(payment) => world.payments.push((event, payment)),
                Body::Target(target) => world.targets.push((event, target)),
                Body::Rep(rep) => world.enrol(event, rep),
                Body::Retraction(_) => panic!("a retraction does not exist"),
            }
        }
        for (lead_id, events) in &of_journeys {
            if !events.iter().any(|event| matches!(event.body, Body::Lead(_))) {
                world.channels.insert(UNASSIGNED);
            }
            world.journeys.extend(Journey::new(lead_id, events, rules));
        }
        let active = world.roster.values().filter(|(_, rep)| rep.active);
        let present: Vec<Credit<'e>> = active.map(|(_, rep)| Credit { rep: &rep.rep_id, team: &rep.team_id }).collect();
        present.into_iter().for_each(|credit| world.name_pair(credit));
        world.customers = Customer::all(&world.journeys);
        world
    }

    /// Notes the (rep, team), team and channel that an existing event names.
    fn name(&mut self, event: &'e Event<'static>) {
        match &event.body {
            Body::Lead(lead) => {
                self.name_pair(Credit::new(lead.rep_id.as_ref(), lead.team_id.as_ref()));
                self.channels.insert(assigned(lead.channel.as_ref()));
            }
            Body::StageChange(change) => self.name_pair(Credit::new(change.rep_id.as_ref(), change.team_id.as_ref())),
            Body::Spend(spend) => {
                self.name_pair(Credit::new(spend.rep_id.as_ref(), spend.team_id.as_ref()));
                self.channels.insert(assigned(spend.channel.as_ref()));
            }
            Body::Feedback(answer) => self.name_pair(Credit::new(answer.rep_id.as_ref(), answer.team_id.as_ref())),
            Body::Payment(payment) => self.name_pair(Credit::new(payment.rep_id.as_ref(), payment.team_id.as_ref())),
            Body::Target(target) => match &target.scope {
                TargetScope::Rep { rep_id, team_id } => self.name_pair(Credit { rep: rep_id, team: team_id }),
                TargetScope::Team { team_id } => {
                    self.teams.insert(team_id);
                }
                TargetScope::Region { .. } | TargetScope::Org => {}
            },
            Body::Rep(_) | Body::Retraction(_) => {}
        }
    }

    fn name_pair(&mut self, credit: Credit<'e>) {
        self.pairs.insert(credit);
        self.teams.insert(credit.team);
    }

    /// Keeps a `rep` event if it is its rep's last by (`occurred_at`, `event_id`).
    fn enrol(&mut self, event: &'e Event<'static>, rep: &'e Rep<'static>) {
        let present = self.roster.entry(&rep.rep_id).or_insert((event, rep));
        if (event.occurred_at, &event.event_id) > (present.0.occurred_at, &present.0.event_id) {
            *present = (event, rep);
        }
    }

    /// Every rep in a team, team and channel that is named, and the organisation.
    pub(crate) fn places(&self) -> Vec<Place<'e>> {
        let pairs = self.pairs.iter().copied().map(Place::Rep);
        let teams = self.teams.iter().copied().map(Place::Team);
        let channels = self.channels.iter().copied().map(Place::Channel);
        pairs.chain(teams).chain(channels).chain([Place::Org]).collect()
    }

    /// How many cycles and responses are negative and thus not used.
    pub(crate) fn data_errors(&self) -> [(&'static str, u32); 2] {
        let negative = |durations: Vec<Option<i64>>| {
            let found = durations.into_iter().flatten().filter(|duration| *duration < 0).count();
            u32::try_from(found).expect("few")
        };
        [
            ("negative_cycle", negative(self.journeys.iter().map(Journey::cycle).collect())),
            ("negative_response", negative(self.journeys.iter().map(Journey::response).collect())),
        ]
    }
}
