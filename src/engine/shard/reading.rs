//! What a shard tells the board: plain values, which could as well come from another machine.

use std::ops::AddAssign;

use super::register::Register;
use crate::engine::cells::Table;
use crate::engine::directory::{NameId, RowId};
use crate::engine::entry::{RosterFact, TargetFact, TargetOf};
use crate::engine::facts::Win;
use crate::model::calendar::PeriodKind;
use crate::model::event::{Goal, Measure, Period};
use crate::model::id::Id;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What a shard holds at one instant.
#[derive(Clone, Debug)]
pub struct ShardReading {
    /// The shard's number.
    pub shard: usize,
    /// Sums by rep in team.
    pub rows: Table,
    /// Sums by channel.
    pub channels: Table,
    /// How wins have changed since the last reading.
    pub wins: Vec<WinChange>,
    /// The targets of the periods that hold the instant.
    pub targets: Vec<TargetValue>,
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

/// A target; of several for the same scope and period the last counts.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetValue {
    /// Whose it is.
    pub of: TargetOf,
    /// The kind of the period that holds the instant.
    pub period: PeriodKind,
    /// Minor units of the reporting currency.
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

/// The targets of the periods that hold `now`.
pub(super) fn present_targets(
    targets: &Register<Id, TargetFact>,
    horizon: Time,
    rules: &Rules,
    now: Time,
) -> Vec<TargetValue> {
    let today = rules.zone.date_of(now);
    let present = PeriodKind::OF_CUSTOMERS.into_iter().filter_map(|kind| {
        let first = rules.calendar.first_day(kind, today);
        Some((rules.calendar.period(kind, first)?, kind))
    });
    let present: Vec<(Period, PeriodKind)> = present.collect();
    let value = |(event_id, at, target): (&Id, Time, &TargetFact)| {
        let (_, period) = present.iter().find(|(period, _)| *period == target.period)?;
        let Goal::Money(money) = target.amount else { return None };
        let amount = (target.measure == Measure::Revenue).then_some(money.reporting_minor)?;
        Some(TargetValue { of: target.of, period: *period, amount, set: (at, event_id.clone()) })
    };
    targets.all(horizon).filter_map(value).collect()
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
