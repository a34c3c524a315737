//! The KPI catalogue: every family with its help, unit, labels and formula, one entry each.
//!
//! A formula is a pure function of a [`Scorecard`], the sums of one subject at one instant. To add a KPI, add an
//! entry to the file of its kind; exposition, exposure and ranks follow by themselves.

mod activity;
mod customers;
mod drop;
pub mod exposition;
mod exposure;
mod family;
mod leaderboard;
mod money;
mod pipeline;
mod query;
mod ranks;
mod satisfaction;
mod scorecard;
mod targets;

pub use self::drop::has_dropped;
pub use self::family::{Family, Instance};
pub use self::query::{Labels, NoInstance, Query, Ranking, judge_ranked};
pub use self::ranks::ranks;
pub use self::scorecard::{Scorecard, Survey};
use crate::engine::board::CustomerPeriod;
use crate::model::calendar::PeriodKind;
use crate::model::event::Measure;
use crate::model::needs::{Counted, Needs};
use crate::model::rules::{PerScope, Rules, Scope};
use crate::model::value::Value;
use crate::model::window::Window;

/// What a KPI's values are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A quotient, 1 being the whole.
    Ratio,
    /// Seconds.
    Seconds,
    /// Major units of the reporting currency, which the label `currency` names.
    Money,
    /// Points of a survey.
    Points,
    /// What the label `measure` is measured in: money, or a number of things.
    OfMeasure,
}

/// Which way a KPI is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The greater value.
    More,
    /// The smaller value.
    Less,
    /// Neither: it describes. Where it is ranked all the same, the greater value comes first.
    Neither,
}

/// A short name for people, as the KPI pages have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Title {
    /// In English.
    pub en: &'static str,
    /// In Chinese.
    pub zh: &'static str,
}

/// One family of KPIs; its name is `sales_<scope>_<name>` for each of its scopes.
#[derive(Debug)]
pub struct Kpi {
    /// The name without its scope.
    pub name: &'static str,
    /// One sentence on what it measures.
    pub help: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// What people call it.
    pub title: Title,
    /// Which way it is better.
    pub better: Better,
    /// Whether the values of reps, teams or channels may be added up: counts and exact sums.
    pub additive: bool,
    /// Who it is computed for.
    pub scopes: &'static [Scope],
    /// What its formula reads.
    pub needs: Needs,
    /// Its labels and how it is computed.
    pub formula: Formula,
}

/// A stage of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageOf {
    /// The pipeline, by its place among all.
    pub pipeline: u8,
    /// The stage's index in it.
    pub index: u8,
}

/// A KPI's labels, beside those of its subject and `currency`, and its formula over them. Labels that name stages have the
/// pipeline beside them where there are more than one.
#[derive(Clone, Copy, Debug)]
pub enum Formula {
    /// `window`.
    Windowed(fn(&Scorecard<'_>, Window) -> Option<Value>),
    /// `window`; an estimate, by which nobody is ranked.
    Quantile(fn(&Scorecard<'_>, Window) -> Option<Value>),
    /// `window`: those with year-ago values.
    YearAgo(fn(&Scorecard<'_>, Window) -> Option<Value>),
    /// `stage`, `window`: the stages after `lead`, `won` included.
    Staged(fn(&Scorecard<'_>, Window, StageOf) -> Option<Value>),
    /// `from`, `to`, `window`: each stage and the next one, and `lead` and `won`.
    Funnel(fn(&Scorecard<'_>, Window, StageOf, StageOf) -> Option<Value>),
    /// `stage`, `window`: the open stages.
    Left(fn(&Scorecard<'_>, Window, StageOf) -> Option<Value>),
    /// `pipeline`, `window`: all pipelines, where there are more than one.
    Piped(fn(&Scorecard<'_>, Window, u8) -> Option<Value>),
    /// `reason`, `window`: the reasons of a reading, by the places of their names.
    Reasoned(fn(&Scorecard<'_>, Window, usize) -> Option<Value>),
    /// `survey`, `window`.
    Surveyed(fn(&Scorecard<'_>, Window, Survey) -> Option<Value>),
    /// `period`: the month, quarter and year that hold now, and where there is a target the week and the half.
    Periodic(fn(&Scorecard<'_>, PeriodKind) -> Option<Value>),
    /// `period`: the month and the quarter that hold now.
    Closing(fn(&Scorecard<'_>, PeriodKind) -> Option<Value>),
    /// `measure`, `period`: those beside revenue, and the periods for which there is a target of it.
    Measured(fn(&Scorecard<'_>, Measure, PeriodKind) -> Option<Value>),
    /// `period`: the present customer period and the two before it.
    Active(fn(&Scorecard<'_>, CustomerPeriod) -> Option<Value>),
    /// `stage`: the open stages.
    Open(fn(&Scorecard<'_>, StageOf) -> Option<Value>),
    /// `stage`: the open stages that have a limit.
    Stalled(fn(&Scorecard<'_>, StageOf) -> Option<Value>),
    /// No label.
    Plain(fn(&Scorecard<'_>) -> Option<Value>),
    /// No label; only where a market size is configured.
    Market(fn(&Scorecard<'_>) -> Option<Value>),
    /// `by`, `window`: the place among all reps.
    Rank,
    /// `name`: one for each rep of the roster.
    Roster,
}

const R: Scope = Scope::Rep;
const T: Scope = Scope::Team;
const O: Scope = Scope::Org;
const C: Scope = Scope::Channel;

/// The catalogue, in the order of the files.
fn all() -> impl Iterator<Item = &'static Kpi> {
    let files = [
        activity::KPIS,
        money::KPIS,
        satisfaction::KPIS,
        targets::KPIS,
        pipeline::KPIS,
        customers::KPIS,
        leaderboard::KPIS,
    ];
    files.into_iter().flatten()
}

/// The families that the configuration exposes, in the order of their names.
#[derive(Debug)]
pub struct Catalogue {
    families: Vec<Family>,
}

impl Catalogue {
    /// The catalogue under these rules.
    ///
    /// # Errors
    /// A sentence that names the key (`expose.rep`, `leaderboard.by`) and the entry that matches nothing.
    pub fn new(rules: &Rules) -> Result<Catalogue, String> {
        Catalogue::of(rules, exposure::retain_exposed)
    }

    /// Every family of the catalogue under these rules, whatever is exposed.
    ///
    /// # Errors
    /// A sentence that names the entry of `leaderboard.by` that matches nothing.
    pub fn whole(rules: &Rules) -> Result<Catalogue, String> {
        Catalogue::of(rules, |_, _, _| Ok(()))
    }

    /// The families of which `retain` leaves those that are wanted of a scope.
    fn of(
        rules: &Rules,
        retain: impl Fn(&mut Vec<(String, &'static Kpi)>, Scope, &Rules) -> Result<(), String>,
    ) -> Result<Catalogue, String> {
        let ranked = leaderboard::ranked_by(rules)?;
        let mut families = Vec::new();
        for scope in Scope::ALL {
            let of_scope = all().filter(|kpi| is_of(kpi, scope, rules));
            let mut named: Vec<(String, &Kpi)> = of_scope.map(|kpi| (full_name(scope, kpi), kpi)).collect();
            retain(&mut named, scope, rules)?;
            families.extend(named.into_iter().map(|(name, kpi)| Family::new(name, scope, kpi, rules, &ranked)));
        }
        families.sort_unstable_by(|left, right| left.name().cmp(right.name()));
        Ok(Catalogue { families })
    }

    /// The family of a scope, by its name without the scope.
    #[must_use]
    pub fn find(&self, scope: Scope, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.scope() == scope && family.kpi().name == name)
    }

    /// The families, in the order of their names.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// What its families are computed from.
    #[must_use]
    pub fn needs(&self) -> Counted {
        let of = |is_of: fn(Scope) -> bool| {
            let families = self.families.iter().filter(|family| is_of(family.scope()));
            families.fold(Needs::NONE, |needs, family| needs.and(family.needs()))
        };
        Counted { reps: of(|scope| scope != Scope::Channel), channels: of(|scope| scope == Scope::Channel) }
    }

    /// How many series one subject of each scope can have at most: it has them all when nothing of it is undefined.
    #[must_use]
    pub fn most_series(&self) -> PerScope<u64> {
        let of_scope = |scope| {
            let families = self.families.iter().filter(|family| family.scope() == scope);
            families.map(Family::most_series).sum()
        };
        PerScope {
            rep: of_scope(Scope::Rep),
            team: of_scope(Scope::Team),
            region: of_scope(Scope::Region),
            org: of_scope(Scope::Org),
            channel: of_scope(Scope::Channel),
        }
    }
}

/// Whether a scope has a KPI: regions, where there are any, have what teams have.
fn is_of(kpi: &Kpi, scope: Scope, rules: &Rules) -> bool {
    match scope {
        Scope::Region => !rules.regions.is_empty() && kpi.scopes.contains(&Scope::Team),
        _ => kpi.scopes.contains(&scope),
    }
}

fn full_name(scope: Scope, kpi: &Kpi) -> String {
    format!("sales_{}_{}", scope.name(), kpi.name)
}

/// Every family that there is, whatever is exposed: full name, scope and entry. Those of regions, which are those of teams,
/// are not named again.
#[must_use]
pub fn every_family() -> Vec<(String, Scope, &'static Kpi)> {
    all().flat_map(|kpi| kpi.scopes.iter().map(move |scope| (full_name(*scope, kpi), *scope, kpi))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_units_are_in_them() {
        let mut names: Vec<String> = every_family().into_iter().map(|(name, ..)| name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for kpi in all() {
            assert_eq!(kpi.name.ends_with("_seconds"), kpi.unit == Unit::Seconds, "{}", kpi.name);
            assert!(!kpi.name.ends_with("_ratio") || kpi.unit == Unit::Ratio, "{}", kpi.name);
            assert!(kpi.help.ends_with('.') && !kpi.help.contains('\n'), "{}", kpi.name);
        }
    }
}
