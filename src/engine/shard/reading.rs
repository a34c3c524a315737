//! What a shard tells the board: plain values, which could as well come from another machine.

use std::ops::AddAssign;

use jiff::civil::Date;

use super::register::Register;
use crate::engine::cells::Totals;
use crate::engine::directory::{NameId, RowId};
use crate::engine::entry::{RosterFact, Single, TargetFact, TargetOf};
use crate::engine::facts::{Fact, Win};
use crate::model::calendar::PeriodKind;
use crate::model::event::{EventType, Goal, Measure, Period, PeriodPart};
use crate::model::id::Id;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What a shard holds at one instant.
#[derive(Clone, Debug)]
pub struct ShardReading {
    /// The shard's number.
    pub shard: usize,
    /// Totals by rep in team: those of the last reading, where nothing has changed.
    pub rows: Totals,
    /// Totals by channel.
    pub channels: Totals,
    /// How wins have changed since the last reading.
    pub wins: Vec<WinChange>,
    /// The targets of the periods that hold the instant, and of their parts.
    pub targets: Vec<TargetValue>,
    /// The payments and answers that are credited to the owner of a journey.
    pub linked: Vec<Linked>,
    /// The owners of journeys that such payments and answers name.
    pub owners: Vec<(Id, RowId)>,
    /// The teams that are named by a target of theirs, of any period.
    pub teams: Vec<NameId>,
    /// All entries of the roster.
    pub roster: Vec<RosterValue>,
    /// How much it holds.
    pub held: Held,
}

/// How much is held, and how much of it contradicts itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Journeys that are remembered.
    pub journeys: usize,
    /// Those of very many steps, as a CRM makes them that writes one word for all journeys it does not know.
    pub long_journeys: usize,
    /// Bytes that they take, their index included.
    pub journey_bytes: usize,
    /// Spends, answers, payments, targets and entries of the roster that are remembered.
    pub identities: usize,
    /// Instants at which the timelines have something to look at again.
    pub instants: usize,
    /// Sums, each in all windows.
    pub cells: usize,
    /// Journeys won before they were created.
    pub negative_cycles: i64,
    /// Journeys answered before they were created.
    pub negative_responses: i64,
}

impl AddAssign for Held {
    fn add_assign(&mut self, other: Held) {
        self.journeys += other.journeys;
        self.long_journeys += other.long_journeys;
        self.journey_bytes += other.journey_bytes;
        self.identities += other.identities;
        self.instants += other.instants;
        self.cells += other.cells;
        self.negative_cycles += other.negative_cycles;
        self.negative_responses += other.negative_responses;
    }
}

/// How the win of one journey has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WinChange {
    /// The win at the last reading.
    pub before: Option<Win>,
    /// The win now.
    pub after: Option<Win>,
}

/// A payment or an answer that is credited to the owner of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// The journey.
    pub deal: Id,
    /// The fact, credited to nobody yet.
    pub fact: Fact,
}

/// A target; of several for the same scope, measure and period the last counts.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetValue {
    /// Whose it is.
    pub of: TargetOf,
    /// What is to be reached.
    pub measure: Measure,
    /// By when.
    pub period: Period,
    /// Minor units of the reporting currency, or a number of things.
    pub amount: i64,
    /// When it was set, and by which event.
    pub set: (Time, Id),
}

/// An entry of the roster; of several of the same rep the last counts.
#[derive(Clone, Debug, PartialEq)]
pub struct RosterValue {
    /// The rep.
    pub rep: NameId,
    /// The rep in the present team.
    pub row: RowId,
    /// The name to show.
    pub name: Box<str>,
    /// Whether the rep works here now.
    pub active: bool,
    /// When it was written, and by which event.
    pub set: (Time, Id),
}

/// The targets of the periods that hold `now`; with roll-up those of the parts of the year that holds it, too.
pub(super) fn present_targets(
    targets: &Register<Id, TargetFact>,
    horizon: Time,
    rules: &Rules,
    now: Time,
) -> Vec<TargetValue> {
    let today = rules.zone.date_of(now);
    let calendar = rules.calendar;
    let present = PeriodKind::OF_TARGETS.into_iter();
    let present: Vec<Period> =
        present.filter_map(|kind| calendar.period(kind, calendar.first_day(kind, today))).collect();
    let year = calendar.first_day(PeriodKind::Year, today);
    let next_year = PeriodKind::Year.next(year).unwrap_or(Date::MAX);
    let is_part_of_year = |period: Period| {
        let first = calendar.dates(period).0;
        first.is_some_and(|first| year <= first && first < next_year) && !matches!(period.part, PeriodPart::Week(_))
    };
    let value = |(event_id, at, target): (&Id, Time, &TargetFact)| {
        let TargetFact { of, period, measure, amount } = *target;
        let is_asked_for = present.contains(&period) || (rules.roll_up && is_part_of_year(period));
        let amount = match amount {
            Goal::Money(money) => money.reporting_minor,
            Goal::Count(count) => count,
        };
        is_asked_for.then(|| TargetValue { of, measure, period, amount, set: (at, event_id.clone()) })
    };
    targets.all(horizon).filter_map(value).collect()
}

/// The payments and answers that are credited to the owner of a journey.
pub(super) fn linked(singles: &Register<(EventType, Id), Single>, horizon: Time, rules: &Rules) -> Vec<Linked> {
    if !rules.credit_through_deal {
        return Vec::new();
    }
    let linked = |(_, at, single): (&(EventType, Id), Time, &Single)| {
        let deal = (**single.deal.as_ref()?).clone();
        Some(Linked { deal, fact: single.fact(at) })
    };
    singles.all(horizon).filter_map(linked).collect()
}

/// The teams that are named by a target of theirs.
pub(super) fn teams_with_targets(targets: &Register<Id, TargetFact>, horizon: Time) -> Vec<NameId> {
    let mut teams: Vec<NameId> = targets
        .all(horizon)
        .filter_map(|(_, _, target)| match target.of {
            TargetOf::Team(team) => Some(team),
            _ => None,
        })
        .collect();
    teams.sort_unstable();
    teams.dedup();
    teams
}

/// All entries of the roster.
pub(super) fn roster(roster: &Register<Id, RosterFact>, horizon: Time) -> Vec<RosterValue> {
    let value = |(event_id, at, entry): (&Id, Time, &RosterFact)| RosterValue {
        rep: entry.rep,
        row: entry.row,
        name: entry.name.clone(),
        active: entry.active,
        set: (at, event_id.clone()),
    };
    roster.all(horizon).map(value).collect()
}
