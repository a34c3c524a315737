//! Scopes and labels: a scope's facts are those whose own rep, team or channel match.

use salespulse::model::event::{Feedback, Payment, Spend, Target, TargetScope};
use salespulse::model::rules::Scope;
use salespulse::model::time::Time;

use super::customers::Customer;
use super::journey::{Credit, Journey, Moment, Status, assigned};
use super::sample::Reporting;
use super::world::{Standalone, World};

/// What a KPI is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'e> {
    Rep(Credit<'e>),
    Team(&'e str),
    Org,
    Channel(&'e str),
}

impl<'e> Place<'e> {
    pub(crate) fn scope(self) -> Scope {
        match self {
            Place::Rep(_) => Scope::Rep,
            Place::Team(_) => Scope::Team,
            Place::Org => Scope::Org,
            Place::Channel(_) => Scope::Channel,
        }
    }

    pub(crate) fn labels(self) -> Vec<(&'static str, &'e str)> {
        match self {
            Place::Rep(credit) => vec![("rep", credit.rep), ("team", credit.team)],
            Place::Team(team) => vec![("team", team)],
            Place::Org => Vec::new(),
            Place::Channel(channel) => vec![("channel", channel)],
        }
    }

    /// Whether a fact with this credit and channel is one of this place's.
    fn holds(self, credit: Credit<'_>, channel: &str) -> bool {
        match self {
            Place::Rep(own) => own == credit,
            Place::Team(own) => own == credit.team,
            Place::Org => true,
            Place::Channel(own) => own == channel,
        }
    }

    fn is_of(self, target: &TargetScope<'_>) -> bool {
        match (self, target) {
            (Place::Rep(own), TargetScope::Rep { rep_id, team_id }) => own.rep == rep_id && own.team == team_id,
            (Place::Team(own), TargetScope::Team { team_id }) => own == team_id,
            (Place::Org, TargetScope::Org) => true,
            _ => false,
        }
    }
}

/// A fact of a journey: when it was, and the journey.
pub(crate) type Dated<'w> = (Time, &'w Journey<'w>);

/// The facts of one place.
pub(crate) struct Here<'w> {
    pub(crate) place: Place<'w>,
    pub(crate) reporting: Reporting,
    pub(crate) created: Vec<Dated<'w>>,
    /// By the index of the stage.
    pub(crate) reached: Vec<Vec<Dated<'w>>>,
    pub(crate) won: Vec<Dated<'w>>,
    pub(crate) lost: Vec<Dated<'w>>,
    /// Open journeys, by their owner.
    pub(crate) open: Vec<&'w Journey<'w>>,
    pub(crate) spends: Vec<Standalone<'w, Spend<'static>>>,
    pub(crate) payments: Vec<Standalone<'w, Payment<'static>>>,
    pub(crate) feedback: Vec<Standalone<'w, Feedback<'static>>>,
    pub(crate) targets: Vec<Standalone<'w, Target<'static>>>,
    /// Customers by the credit of their first win.
    pub(crate) customers: Vec<&'w Customer<'w>>,
}

impl<'w> Here<'w> {
    pub(crate) fn new(world: &'w World<'w>, place: Place<'w>) -> Here<'w> {
        let dated = |fact: &dyn Fn(&'w Journey<'w>) -> Option<Moment<'w>>| -> Vec<Dated<'w>> {
            let facts = world.journeys.iter().filter_map(|journey| Some((fact(journey)?, journey)));
            let own = facts.filter(|(moment, journey)| place.holds(moment.credit, journey.channel));
            own.map(|(moment, journey)| (moment.at, journey)).collect()
        };
        let is_open = |journey: &&Journey<'_>| matches!(journey.status, Status::Open(_));
        // Payments and answers have no channel, so that no channel has a KPI of theirs.
        let no_channel = "";
        Here {
            place,
            reporting: world.reporting,
            created: dated(&|journey| journey.created),
            reached: (0..world.won_index).map(|stage| dated(&|journey| journey.reached[stage])).collect(),
            won: dated(&|journey| journey.won),
            lost: dated(&|journey| journey.lost),
            open: world.journeys.iter().filter(is_open).filter(|open| place.holds(open.owner, open.channel)).collect(),
            spends: own(&world.spends, |fact| {
                place.holds(Credit::new(fact.rep_id.as_ref(), fact.team_id.as_ref()), assigned(fact.channel.as_ref()))
            }),
            payments: own(&world.payments, |fact| {
                place.holds(Credit::new(fact.rep_id.as_ref(), fact.team_id.as_ref()), no_channel)
            }),
            feedback: own(&world.feedback, |fact| {
                place.holds(Credit::new(fact.rep_id.as_ref(), fact.team_id.as_ref()), no_channel)
            }),
            targets: own(&world.targets, |fact| place.is_of(&fact.scope)),
            customers: world
                .customers
                .iter()
                .filter(|one| place.holds(one.first().credit, one.first().channel))
                .collect(),
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        self.place.scope()
    }
}

fn own<'w, T>(facts: &[Standalone<'w, T>], is_own: impl Fn(&T) -> bool) -> Vec<Standalone<'w, T>> {
    facts.iter().filter(|(_, fact)| is_own(fact)).copied().collect()
}
