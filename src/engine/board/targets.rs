//! Targets: the last that was set for each scope, measure and period, and what is rolled up of others.

use std::collections::{BTreeSet, HashMap};

use crate::engine::directory::{NameId, RepInTeam};
use crate::engine::entry::TargetOf;
use crate::engine::shard::TargetValue;
use crate::model::calendar::{Calendar, PeriodKind};
use crate::model::event::{Measure, Period, PeriodPart};
use crate::model::id::Id;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// Whose target of what it is, and of when.
type Key = (TargetOf, Measure, Period);
/// When the target was set and by which event, which decides between several, and its amount.
type Set = ((Time, Id), i64);

/// What is to be reached of each of [`Measure::ALL`] in each of the present periods of [`PeriodKind::OF_TARGETS`]:
/// minor units or things.
pub type Goals = [[Option<i128>; 5]; 5];

/// All targets that count now.
pub(super) struct Targets<'a> {
    rules: &'a Rules,
    /// The present periods, in the order of [`PeriodKind::OF_TARGETS`].
    present: [Option<Period>; 5],
    /// The last of each.
    set: HashMap<Key, Set>,
    /// The teams of each region.
    regions: &'a HashMap<NameId, Vec<NameId>>,
    /// Every rep in a team by the team, as far as they have targets.
    pairs: HashMap<NameId, Vec<TargetOf>>,
    /// All teams with a target of theirs or of one of their reps.
    teams: BTreeSet<NameId>,
}

impl<'a> Targets<'a> {
    pub(super) fn new(
        values: Vec<TargetValue>,
        rows: &[RepInTeam],
        regions: &'a HashMap<NameId, Vec<NameId>>,
        rules: &'a Rules,
        now: Time,
    ) -> Targets<'a> {
        let today = rules.zone.date_of(now);
        let period = |kind| rules.calendar.period(kind, rules.calendar.first_day(kind, today));
        let present = PeriodKind::OF_TARGETS.map(period);
        let mut set: HashMap<Key, Set> = HashMap::new();
        let (mut pairs, mut teams): (HashMap<NameId, Vec<TargetOf>>, _) = (HashMap::new(), BTreeSet::new());
        for TargetValue { of, measure, period, amount, set: stamp } in values {
            let team = match of {
                TargetOf::Row(row) => rows.get(row.index()).map(|pair| pair.team),
                TargetOf::Team(team) => Some(team),
                TargetOf::Region(_) | TargetOf::Org => None,
            };
            teams.extend(team);
            if let (TargetOf::Row(_), Some(team)) = (of, team) {
                let of_team = pairs.entry(team).or_default();
                if !of_team.contains(&of) {
                    of_team.push(of);
                }
            }
            let known = set.entry((of, measure, period)).or_insert_with(|| (stamp.clone(), amount));
            if known.0 < stamp {
                *known = (stamp, amount);
            }
        }
        Targets { rules, present, set, regions, pairs, teams }
    }

    /// What somebody is to reach now.
    pub(super) fn goals(&self, of: TargetOf) -> Option<Box<Goals>> {
        if self.set.is_empty() {
            return None;
        }
        let goals = Measure::ALL.map(|measure| self.present.map(|period| self.goal(of, measure, period?)));
        (goals != Goals::default()).then(|| Box::new(goals))
    }

    /// The target of a scope and period: its own, or what is rolled up by time, or by organisation.
    fn goal(&self, of: TargetOf, measure: Measure, period: Period) -> Option<i128> {
        if let Some(goal) = self.by_time(of, measure, period) {
            return Some(goal);
        }
        if !self.rules.roll_up {
            return None;
        }
        let members = self.members(of);
        let goals: Vec<i128> = members.into_iter().filter_map(|member| self.goal(member, measure, period)).collect();
        (!goals.is_empty()).then(|| goals.into_iter().sum())
    }

    /// Its own target, or the sum of the targets of all parts of the period, if every one has one.
    fn by_time(&self, of: TargetOf, measure: Measure, period: Period) -> Option<i128> {
        if let Some((_, amount)) = self.set.get(&(of, measure, period)) {
            return Some(i128::from(*amount));
        }
        let parts = if self.rules.roll_up { parts(self.rules.calendar, period) } else { Vec::new() };
        if parts.is_empty() {
            return None;
        }
        parts.into_iter().map(|part| self.by_time(of, measure, part?)).sum()
    }

    fn members(&self, of: TargetOf) -> Vec<TargetOf> {
        match of {
            TargetOf::Row(_) => Vec::new(),
            TargetOf::Team(team) => self.pairs.get(&team).cloned().unwrap_or_default(),
            TargetOf::Region(region) => {
                let teams = self.regions.get(&region).into_iter().flatten();
                teams.map(|team| TargetOf::Team(*team)).collect()
            }
            TargetOf::Org => self.teams.iter().map(|team| TargetOf::Team(*team)).collect(),
        }
    }
}

/// The parts of a period: the halves of a year, the quarters of a half, the months of a quarter. `None` stands for one
/// that no calendar can show.
fn parts(calendar: Calendar, period: Period) -> Vec<Option<Period>> {
    let of_year = |part| Some(Period { part, ..period });
    match period.part {
        PeriodPart::Year => vec![of_year(PeriodPart::Half(1)), of_year(PeriodPart::Half(2))],
        PeriodPart::Half(half) => {
            vec![of_year(PeriodPart::Quarter(half * 2 - 1)), of_year(PeriodPart::Quarter(half * 2))]
        }
        PeriodPart::Quarter(_) => {
            let first = calendar.dates(period).0;
            let month = |after: i8| {
                let mut month = first;
                for _ in 0..after {
                    month = month.and_then(|month| PeriodKind::Month.next(month));
                }
                month.and_then(|month| calendar.period(PeriodKind::Month, month))
            };
            (0..3).map(month).collect()
        }
        PeriodPart::Month(_) | PeriodPart::Week(_) => Vec::new(),
    }
}
