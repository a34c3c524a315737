//! A family of the catalogue under one configuration: its label values, and its samples of a reading.

use super::leaderboard::RankedBy;
use super::query::Query;
use super::scorecard::{Scorecard, Survey};
use super::{Formula, Kpi, Unit};
use crate::engine::board::{CustomerPeriod, Reading};
use crate::model::calendar::PeriodKind;
use crate::model::rules::{Pipeline, Rules, Scope};
use crate::model::value::Value;
use crate::model::window::Window;

/// One family of one scope.
#[derive(Debug)]
pub struct Family {
    name: String,
    scope: Scope,
    kpi: &'static Kpi,
    instances: Vec<Instance>,
    ranked: Vec<RankedBy>,
}

/// One combination of label values, beside those of the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// A window.
    Window(Window),
    /// A window and a stage.
    Stage(Window, u8),
    /// A window and two stages.
    Funnel(Window, u8, u8),
    /// A window and a survey.
    Survey(Window, Survey),
    /// A calendar period.
    Period(PeriodKind),
    /// A customer period.
    Active(CustomerPeriod),
    /// An open stage.
    Open(u8),
    /// None.
    Plain,
    /// What reps are ranked by, by its place in the configuration.
    Rank(usize),
}

impl Family {
    pub(super) fn new(name: String, scope: Scope, kpi: &'static Kpi, rules: &Rules, ranked: &[RankedBy]) -> Family {
        let ranked = if matches!(kpi.formula, Formula::Rank) { ranked.to_vec() } else { Vec::new() };
        Family { name, scope, kpi, instances: instances(kpi.formula, scope, rules, ranked.len()), ranked }
    }

    /// The full name, `sales_<scope>_<name>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its entry in the catalogue.
    #[must_use]
    pub fn kpi(&self) -> &'static Kpi {
        self.kpi
    }

    /// Who it is told about.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// One sentence on what it tells.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.kpi.help
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.kpi.unit
    }

    /// Its combinations of label values, beside those of the subject.
    #[must_use]
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// How many series one subject can have at most. A rep has one line in the roster.
    #[must_use]
    pub fn most_series(&self) -> u64 {
        if self.is_roster() { 1 } else { self.instances.len() as u64 }
    }

    /// Whether its series are the lines of the roster rather than subjects.
    #[must_use]
    pub fn is_roster(&self) -> bool {
        matches!(self.kpi.formula, Formula::Roster)
    }

    /// The labels of an instance and their values, `currency` included.
    #[must_use]
    pub fn labels<'a>(&'a self, instance: Instance, rules: &'a Rules) -> Vec<(&'static str, &'a str)> {
        let stage = |index: u8| rules.pipeline.name(usize::from(index));
        let mut labels = match instance {
            Instance::Window(window) => vec![("window", window.name())],
            Instance::Stage(window, index) => vec![("stage", stage(index)), ("window", window.name())],
            Instance::Funnel(window, from, to) => {
                vec![("from", stage(from)), ("to", stage(to)), ("window", window.name())]
            }
            Instance::Survey(window, survey) => vec![("survey", survey.name()), ("window", window.name())],
            Instance::Period(period) => vec![("period", period.name())],
            Instance::Active(period) => vec![("period", period.name())],
            Instance::Open(index) => vec![("stage", stage(index))],
            Instance::Plain => Vec::new(),
            Instance::Rank(place) => self
                .ranked
                .get(place)
                .map(|by| vec![("by", by.by.as_str()), ("window", by.window.name())])
                .unwrap_or_default(),
        };
        if self.kpi.unit == Unit::Money {
            labels.insert(0, ("currency", rules.reporting_currency().code()));
        }
        labels
    }

    /// Calls `tell` with each value: the place of its subject, the place of its instance, and the value. Subject by
    /// subject, in the order of both.
    pub fn samples(&self, reading: &Reading, mut tell: impl FnMut(usize, usize, Value)) {
        let queries: Vec<Query<'_>> =
            self.instances.iter().map(|instance| Query::new(self, *instance, reading)).collect();
        let table = reading.tables.get(self.scope);
        for (place, subject) in reading.subjects.get(self.scope).iter().enumerate() {
            let of = Scorecard::new(reading, table, subject);
            for (number, query) in queries.iter().enumerate() {
                if let Some(value) = query.value_of(&of, place) {
                    tell(place, number, value);
                }
            }
        }
    }

    /// By what an instance ranks reps; `None` if it is no rank.
    pub(super) fn ranked_by(&self, instance: Instance) -> Option<&RankedBy> {
        if let Instance::Rank(place) = instance { self.ranked.get(place) } else { None }
    }

    pub(super) fn value(&self, of: &Scorecard<'_>, instance: Instance) -> Option<Value> {
        match (self.kpi.formula, instance) {
            (Formula::Windowed(formula) | Formula::Quantile(formula), Instance::Window(window)) => formula(of, window),
            (Formula::Staged(formula), Instance::Stage(window, stage)) => formula(of, window, stage),
            (Formula::Funnel(formula), Instance::Funnel(window, from, to)) => formula(of, window, from, to),
            (Formula::Surveyed(formula), Instance::Survey(window, survey)) => formula(of, window, survey),
            (Formula::Periodic(formula), Instance::Period(period)) => formula(of, period),
            (Formula::Active(formula), Instance::Active(period)) => formula(of, period),
            (Formula::Open(formula) | Formula::Stalled(formula), Instance::Open(stage)) => formula(of, stage),
            (Formula::Plain(formula) | Formula::Market(formula), Instance::Plain) => formula(of),
            _ => None,
        }
    }
}

/// All combinations of label values of a formula.
fn instances(formula: Formula, scope: Scope, rules: &Rules, ranked: usize) -> Vec<Instance> {
    let pipeline = &rules.pipeline;
    let windows = rules.windows.get(scope).iter().copied();
    match formula {
        Formula::Windowed(_) | Formula::Quantile(_) => windows.map(Instance::Window).collect(),
        Formula::Staged(_) => {
            windows.flat_map(|window| (1..=pipeline.won()).map(move |stage| Instance::Stage(window, stage))).collect()
        }
        Formula::Funnel(_) => windows
            .flat_map(|window| steps(pipeline).map(move |(from, to)| Instance::Funnel(window, from, to)))
            .collect(),
        Formula::Surveyed(_) => windows
            .flat_map(|window| Survey::ALL.into_iter().map(move |survey| Instance::Survey(window, survey)))
            .collect(),
        Formula::Periodic(_) => PeriodKind::OF_CUSTOMERS.into_iter().map(Instance::Period).collect(),
        Formula::Active(_) => CustomerPeriod::ALL.into_iter().map(Instance::Active).collect(),
        Formula::Open(_) => (0..pipeline.won()).map(Instance::Open).collect(),
        Formula::Stalled(_) => {
            let limited = (0..pipeline.won()).filter(|stage| pipeline.stalled_after(*stage).is_some());
            limited.map(Instance::Open).collect()
        }
        Formula::Plain(_) => vec![Instance::Plain],
        Formula::Market(_) => {
            if has_market(scope, rules) {
                vec![Instance::Plain]
            } else {
                Vec::new()
            }
        }
        Formula::Rank => (0..ranked).map(Instance::Rank).collect(),
        Formula::Roster => Vec::new(),
    }
}

/// Whether any subject of a scope has a market size.
fn has_market(scope: Scope, rules: &Rules) -> bool {
    match scope {
        Scope::Org => rules.market_size.is_some(),
        Scope::Team => !rules.team_market_size.is_empty(),
        Scope::Rep | Scope::Region | Scope::Channel => false,
    }
}

/// Each stage and the next one, and `lead` and `won` where that is not the same.
fn steps(pipeline: &Pipeline) -> impl Iterator<Item = (u8, u8)> {
    let won = pipeline.won();
    (0..won).map(|from| (from, from + 1)).chain((won > 1).then_some((0, won)))
}
