//! Scopes and labels: a scope's facts are those whose own rep, team or channel match.

use std::collections::BTreeSet;

use salespulse::model::time::Time;

use super::customers::Customer;
use super::journey::{Credit, Journey, Moment, Status, Stay};
use super::record::Record;
use super::sample::Reporting;
use super::world::{Standalone, World};

/// What a KPI is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'e> {
    Rep(Credit<'e>),
    Team(&'e str),
    /// A region with its teams.
    Region(&'e str, &'e BTreeSet<String>),
    Org,
    Channel(&'e str),
}

impl<'e> Place<'e> {
    /// The word of its scope.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Place::Rep(_) => "rep",
            Place::Team(_) => "team",
            Place::Region(..) => "region",
            Place::Org => "org",
            Place::Channel(_) => "channel",
        }
    }

    pub(crate) fn is_rep(self) -> bool {
        matches!(self, Place::Rep(_))
    }

    pub(crate) fn is_channel(self) -> bool {
        matches!(self, Place::Channel(_))
    }

    /// A KPI for T O: a region has every family that teams have.
    pub(crate) fn is_team_or_wider(self) -> bool {
        !self.is_rep() && !self.is_channel()
    }

    pub(crate) fn labels(self) -> Vec<(&'static str, &'e str)> {
        match self {
            Place::Rep(credit) => vec![("rep", credit.rep), ("team", credit.team)],
            Place::Team(team) => vec![("team", team)],
            Place::Region(region, _) => vec![("region", region)],
            Place::Org => Vec::new(),
            Place::Channel(channel) => vec![("channel", channel)],
        }
    }

    /// Whether a fact with this credit and channel is one of this place's.
    fn holds(self, credit: Credit<'_>, channel: &str) -> bool {
        match self {
            Place::Rep(own) => own == credit,
            Place::Team(own) => own == credit.team,
            Place::Region(_, teams) => teams.contains(credit.team),
            Place::Org => true,
            Place::Channel(own) => own == channel,
        }
    }
}

/// A fact of a journey: when it was, and the journey.
pub(crate) type Dated<'w> = (Time, &'w Journey<'w>);

/// Money of a journey's fact: when that was, this place's part in minor units, and the journey.
pub(crate) type Money<'w> = (Time, i128, &'w Journey<'w>);

/// This place's part of an open journey's money, in minor units.
#[derive(Clone, Copy)]
pub(crate) struct OpenMoney<'w> {
    pub(crate) journey: &'w Journey<'w>,
    pub(crate) stage: usize,
    pub(crate) amount: i128,
    pub(crate) weighted: i128,
}

/// The facts of one place.
pub(crate) struct Here<'w> {
    pub(crate) place: Place<'w>,
    pub(crate) world: &'w World<'w>,
    pub(crate) reporting: Reporting,
    pub(crate) created: Vec<Dated<'w>>,
    /// The stages reached, with their index.
    pub(crate) reached: Vec<(usize, Dated<'w>)>,
    pub(crate) won: Vec<Dated<'w>>,
    pub(crate) lost: Vec<Dated<'w>>,
    pub(crate) won_money: Vec<Money<'w>>,
    pub(crate) lost_money: Vec<Money<'w>>,
    pub(crate) stays: Vec<(Stay<'w>, &'w Journey<'w>)>,
    pub(crate) slips: Vec<Dated<'w>>,
    /// Open journeys, and where they are open, by the rep and team of their last event.
    pub(crate) open: Vec<(usize, &'w Journey<'w>)>,
    pub(crate) open_money: Vec<OpenMoney<'w>>,
    pub(crate) spends: Vec<&'w Record>,
    pub(crate) payments: Vec<&'w Record>,
    pub(crate) feedback: Vec<&'w Record>,
    /// Customers by the credit of their first win.
    pub(crate) customers: Vec<&'w Customer<'w>>,
}

impl<'w> Here<'w> {
    pub(crate) fn new(world: &'w World<'w>, place: Place<'w>) -> Here<'w> {
        let journeys = &world.journeys;
        let own = move |moment: &Moment<'_>, journey: &Journey<'_>| place.holds(moment.credit, journey.channel);
        let dated = |fact: &dyn Fn(&'w Journey<'w>) -> Vec<Moment<'w>>| -> Vec<Dated<'w>> {
            let facts = journeys.iter().flat_map(|journey| fact(journey).into_iter().map(move |fact| (fact, journey)));
            facts.filter(|(fact, journey)| own(fact, journey)).map(|(fact, journey)| (fact.at, journey)).collect()
        };
        let money = |fact: &dyn Fn(&Journey<'w>) -> Option<Moment<'w>>| -> Vec<Money<'w>> {
            let facts = journeys.iter().filter_map(|journey| Some((fact(journey)?, journey)));
            facts
                .filter_map(|(fact, journey)| {
                    let part = part(place, journey, journey.amount, fact.credit)?;
                    Some((fact.at, part, journey))
                })
                .collect()
        };
        let open: Vec<(usize, &Journey<'_>)> = journeys.iter().filter_map(|journey| open_at(journey)).collect();
        let reached = journeys.iter().flat_map(|journey| {
            let stages = journey.reached.iter().enumerate();
            stages.filter_map(move |(index, moment)| Some((index, (*moment)?, journey)))
        });
        let stays = journeys.iter().flat_map(|journey| journey.stays.iter().map(move |stay| (*stay, journey)));
        // Payments and answers have no channel, so that no channel has a KPI of theirs.
        let standalone = |facts: &[Standalone<'w>]| -> Vec<&'w Record> {
            facts.iter().filter(|(_, credit)| place.holds(*credit, "")).map(|(fact, _)| *fact).collect()
        };
        let spends = world.spends.iter().filter(|(spend, credit)| place.holds(*credit, spend.id("channel")));
        Here {
            place,
            world,
            reporting: world.reporting,
            created: dated(&|journey| Vec::from_iter(journey.created)),
            reached: reached
                .filter(|(_, moment, journey)| own(moment, journey))
                .map(|(index, moment, journey)| (index, (moment.at, journey)))
                .collect(),
            won: dated(&|journey| Vec::from_iter(journey.won)),
            lost: dated(&|journey| Vec::from_iter(journey.lost)),
            won_money: money(&|journey| journey.won),
            lost_money: money(&|journey| journey.lost),
            stays: stays.filter(|(stay, journey)| own(&stay.end, journey)).collect(),
            slips: dated(&|journey| journey.slips.clone()),
            open_money: open.iter().filter_map(|(stage, journey)| open_money(place, *stage, journey)).collect(),
            open: open.into_iter().filter(|(_, journey)| place.holds(journey.last, journey.channel)).collect(),
            spends: spends.map(|(spend, _)| *spend).collect(),
            payments: standalone(&world.payments),
            feedback: standalone(&world.feedback),
            customers: world
                .customers
                .iter()
                .filter(|one| place.holds(one.first().credit, one.first().channel))
                .collect(),
        }
    }
}

fn open_at<'w>(journey: &'w Journey<'w>) -> Option<(usize, &'w Journey<'w>)> {
    match journey.status {
        Status::Open(stage) => Some((stage, journey)),
        Status::Won | Status::Lost => None,
    }
}

/// A place's part of a journey's money, if it has any part in it.
fn part<'w>(place: Place<'_>, journey: &Journey<'w>, minor: i128, own: Credit<'w>) -> Option<i128> {
    let parts = journey.parts(minor, own);
    let held: Vec<i128> =
        parts.iter().filter(|(credit, _)| place.holds(*credit, journey.channel)).map(|(_, part)| *part).collect();
    (!held.is_empty()).then(|| held.iter().sum())
}

fn open_money<'w>(place: Place<'_>, stage: usize, journey: &'w Journey<'w>) -> Option<OpenMoney<'w>> {
    Some(OpenMoney {
        journey,
        stage,
        amount: part(place, journey, journey.amount, journey.last)?,
        weighted: part(place, journey, journey.weighted(stage), journey.last)?,
    })
}
