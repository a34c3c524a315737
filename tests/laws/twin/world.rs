//! Everything that exists at an instant: journeys, standalone facts, customers, targets, the roster, and
//! who is named at all.

use std::collections::{BTreeMap, BTreeSet};

use salespulse::model::time::Time;

use super::calendar::Calendar;
use super::customers::Customer;
use super::here::Place;
use super::journey::{Credit, Events, Journey};
use super::record::{Record, UNASSIGNED};
use super::sample::Reporting;
use super::setting::Setting;
use super::targets::Targets;
use super::truth;

/// How many reasons of losses keep their names.
const REASONS: usize = 50;

/// A fact that stands alone, and whose it is.
pub(crate) type Standalone<'e> = (&'e Record, Credit<'e>);

/// Everything that exists at an instant.
pub(crate) struct World<'e> {
    pub(crate) setting: &'e Setting,
    pub(crate) reporting: Reporting,
    pub(crate) journeys: Vec<Journey<'e>>,
    pub(crate) spends: Vec<Standalone<'e>>,
    pub(crate) payments: Vec<Standalone<'e>>,
    pub(crate) feedback: Vec<Standalone<'e>>,
    pub(crate) targets: Targets<'e>,
    /// The last live `rep` event of each rep.
    pub(crate) roster: BTreeMap<&'e str, &'e Record>,
    pub(crate) customers: Vec<Customer<'e>>,
    /// The reasons that keep their names.
    reasons: BTreeSet<&'e str>,
    pairs: BTreeSet<Credit<'e>>,
    teams: BTreeSet<&'e str>,
    channels: BTreeSet<&'e str>,
}

impl<'e> World<'e> {
    pub(crate) fn new(accepted: &'e [Record], setting: &'e Setting, days: &Calendar, now: Time) -> World<'e> {
        let existing = truth::existing(accepted, setting, days, now);
        let of = |kind: &'static str| existing.iter().copied().filter(move |record| record.kind == kind);
        let mut world = World {
            setting,
            reporting: Reporting::new(setting.currency),
            journeys: Vec::new(),
            spends: of("spend").map(|record| (record, record.credit())).collect(),
            payments: Vec::new(),
            feedback: Vec::new(),
            targets: Targets::new(of("target").collect(), days),
            roster: roster(of("rep")),
            customers: Vec::new(),
            reasons: BTreeSet::new(),
            pairs: BTreeSet::new(),
            teams: BTreeSet::new(),
            channels: BTreeSet::new(),
        };
        existing.iter().for_each(|record| world.name(record));
        world.tell_journeys(&existing, days);
        world.payments = of("payment").map(|record| (record, world.credit_of(record))).collect();
        world.feedback = of("feedback").map(|record| (record, world.credit_of(record))).collect();
        let credited: Vec<Credit<'e>> = world.payments.iter().chain(&world.feedback).map(|(_, own)| *own).collect();
        credited.into_iter().for_each(|credit| world.name_pair(credit));
        world.customers = Customer::all(&world.journeys);
        world.reasons = reasons(&world.journeys);
        world
    }

    fn tell_journeys(&mut self, existing: &[&'e Record], days: &Calendar) {
        let mut of_journeys: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in existing.iter().filter(|record| record.is_of_journey()) {
            of_journeys.entry(record.text("lead_id").expect("a journey")).or_default().push(record);
        }
        for (lead_id, events) in of_journeys {
            let events = Events::new(lead_id, events);
            if !events.has_lead() {
                self.channels.insert(events.channel());
            }
            self.journeys.extend(Journey::new(&events, self.setting, days));
        }
    }

    /// Notes the (rep, team), team and channel that an existing event names by itself.
    fn name(&mut self, record: &'e Record) {
        match record.kind.as_str() {
            "lead" | "spend" => {
                self.name_pair(record.credit());
                self.channels.insert(record.id("channel"));
            }
            "stage_change" => {
                self.name_pair(record.credit());
                record.splits.iter().flatten().for_each(|part| self.name_pair(part.credit()));
            }
            "target" => match record.id("scope") {
                "rep" => self.name_pair(record.credit()),
                "team" => {
                    self.teams.insert(record.id("team_id"));
                }
                _ => {}
            },
            "rep" => {
                let is_present = self.roster.get(record.id("rep_id")).is_some_and(|last| std::ptr::eq(*last, record));
                if is_present && record.active {
                    self.name_pair(record.credit());
                }
            }
            // A payment or an answer names the row that it is credited to.
            _ => {}
        }
    }

    fn name_pair(&mut self, credit: Credit<'e>) {
        self.pairs.insert(credit);
        self.teams.insert(credit.team);
    }

    /// Whose a payment or an answer is: its own, or through the deal that of the journey's owner.
    fn credit_of(&self, record: &'e Record) -> Credit<'e> {
        let names_none = record.text("rep_id").is_none() && record.text("team_id").is_none();
        let lead_id = record.text("lead_id").filter(|_| self.setting.credit_through_deal && names_none);
        let Some(lead_id) = lead_id else { return record.credit() };
        let journey = self.journeys.iter().find(|journey| journey.lead_id == lead_id);
        journey.map_or(Credit { rep: UNASSIGNED, team: UNASSIGNED }, Journey::owner)
    }

    /// The label of a lost journey's reason.
    pub(crate) fn reason<'a>(&self, journey: &Journey<'a>) -> &'a str {
        if self.reasons.contains(journey.reason) { journey.reason } else { "other" }
    }

    /// Every rep in a team, team and channel that is named, every configured region, and the organisation.
    pub(crate) fn places(&self) -> Vec<Place<'e>> {
        let pairs = self.pairs.iter().copied().map(Place::Rep);
        let teams = self.teams.iter().copied().map(Place::Team);
        let channels = self.channels.iter().copied().map(Place::Channel);
        let regions = self.setting.regions.iter().map(|(name, teams)| Place::Region(name, teams));
        pairs.chain(teams).chain(channels).chain(regions).chain([Place::Org]).collect()
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

/// The last (`occurred_at`, `event_id`) event of each rep.
fn roster<'e>(events: impl Iterator<Item = &'e Record>) -> BTreeMap<&'e str, &'e Record> {
    let mut roster: BTreeMap<&str, &Record> = BTreeMap::new();
    for event in events {
        let present = roster.entry(event.id("rep_id")).or_insert(event);
        if (event.at, &event.event_id) > (present.at, &present.event_id) {
            *present = event;
        }
    }
    roster
}

/// The reasons that most lost journeys have; ties go to the lesser bytes.
fn reasons<'e>(journeys: &[Journey<'e>]) -> BTreeSet<&'e str> {
    let mut lost: BTreeMap<&str, usize> = BTreeMap::new();
    for journey in journeys.iter().filter(|journey| journey.lost.is_some()) {
        *lost.entry(journey.reason).or_default() += 1;
    }
    let mut ranked: Vec<(&str, usize)> = lost.into_iter().collect();
    ranked.sort_by_key(|(reason, journeys)| (std::cmp::Reverse(*journeys), *reason));
    ranked.into_iter().take(REASONS).map(|(reason, _)| reason).collect()
}
