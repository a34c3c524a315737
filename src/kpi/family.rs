//! A family of the catalogue under one configuration: its label values, and its samples of a reading.

use std::ops::Range;

use super::leaderboard::RankedBy;
use super::scorecard::{Scorecard, Survey};
use super::{Formula, Kpi, StageOf, Unit};
use crate::engine::board::{CustomerPeriod, Reading};
use crate::model::calendar::PeriodKind;
use crate::model::event::Measure;
use crate::model::needs::Needs;
use crate::model::rules::{Pipeline, Rules, Scope};
use crate::model::value::Value;
use crate::model::window::Window;

/// Of so many reasons a reading has names at most: those that keep theirs, and all others together.
const MOST_REASONS: usize = 51;

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
    Stage(Window, StageOf),
    /// A window and two stages of one pipeline.
    Funnel(Window, StageOf, StageOf),
    /// A window and a pipeline.
    Pipeline(Window, u8),
    /// A window and a reason, by the place of its name in the reading.
    Reason(Window, usize),
    /// A window and a survey.
    Survey(Window, Survey),
    /// A period.
    Period(PeriodKind),
    /// A measure and a period.
    Measure(Measure, PeriodKind),
    /// A customer period.
    Active(CustomerPeriod),
    /// An open stage.
    Open(StageOf),
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

    /// Who it is computed for.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// One sentence on what it measures.
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

    /// What its values are computed from.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.ranked.iter().fold(self.kpi.needs, |needs, by| needs.and(by.needs))
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

    /// The labels of an instance and their values, `currency` included; of a reason the value is not known before there is
    /// a reading.
    #[must_use]
    pub fn labels<'a>(&'a self, instance: Instance, rules: &'a Rules) -> Vec<(&'static str, &'a str)> {
        let pipeline = |place: u8| rules.all_pipelines().nth(usize::from(place)).unwrap_or(("", &rules.pipeline));
        let stage = |stage: StageOf| pipeline(stage.pipeline).1.name(usize::from(stage.index));
        let mut labels = match instance {
            Instance::Window(window) => vec![("window", window.name())],
            Instance::Stage(window, of) => vec![("stage", stage(of)), ("window", window.name())],
            Instance::Funnel(window, from, to) => {
                vec![("from", stage(from)), ("to", stage(to)), ("window", window.name())]
            }
            Instance::Pipeline(window, place) => vec![("pipeline", pipeline(place).0), ("window", window.name())],
            Instance::Reason(window, _) => vec![("reason", ""), ("window", window.name())],
            Instance::Survey(window, survey) => vec![("survey", survey.name()), ("window", window.name())],
            Instance::Period(period) => vec![("period", period.name())],
            Instance::Measure(measure, period) => vec![("measure", measure.name()), ("period", period.name())],
            Instance::Active(period) => vec![("period", period.name())],
            Instance::Open(of) => vec![("stage", stage(of))],
            Instance::Plain => Vec::new(),
            Instance::Rank(place) => self
                .ranked
                .get(place)
                .map(|by| vec![("by", by.by.as_str()), ("window", by.window.name())])
                .unwrap_or_default(),
        };
        if let (Instance::Stage(_, of) | Instance::Funnel(_, of, _) | Instance::Open(of), false) =
            (instance, rules.pipelines.is_empty())
        {
            labels.insert(0, ("pipeline", pipeline(of.pipeline).0));
        }
        let is_money = match (self.kpi.unit, instance) {
            (Unit::OfMeasure, Instance::Measure(measure, _)) => measure.is_money(),
            (unit, _) => unit == Unit::Money,
        };
        if is_money {
            labels.insert(0, ("currency", rules.reporting_currency().code()));
        }
        labels
    }

    /// The labels of an instance and their values in a reading.
    #[must_use]
    pub fn labels_in<'a>(&'a self, instance: Instance, reading: &'a Reading) -> Vec<(&'static str, &'a str)> {
        let mut labels = self.labels(instance, &reading.rules);
        if let Instance::Reason(_, place) = instance {
            let name = reading.reasons.names().get(place).map_or("", |name| name);
            labels.iter_mut().filter(|(label, _)| *label == "reason").for_each(|label| label.1 = name);
        }
        labels
    }

    /// By what an instance ranks reps; `None` if it is no rank.
    pub(super) fn ranked_by(&self, instance: Instance) -> Option<&RankedBy> {
        if let Instance::Rank(place) = instance { self.ranked.get(place) } else { None }
    }

    pub(super) fn value(&self, of: &Scorecard<'_>, instance: Instance) -> Option<Value> {
        match (self.kpi.formula, instance) {
            (
                Formula::Windowed(formula) | Formula::Quantile(formula) | Formula::YearAgo(formula),
                Instance::Window(window),
            ) => formula(of, window),
            (Formula::Staged(formula) | Formula::Left(formula), Instance::Stage(window, stage)) => {
                formula(of, window, stage)
            }
            (Formula::Funnel(formula), Instance::Funnel(window, from, to)) => formula(of, window, from, to),
            (Formula::Piped(formula), Instance::Pipeline(window, pipeline)) => formula(of, window, pipeline),
            (Formula::Reasoned(formula), Instance::Reason(window, reason)) => formula(of, window, reason),
            (Formula::Surveyed(formula), Instance::Survey(window, survey)) => formula(of, window, survey),
            (Formula::Periodic(formula), Instance::Period(period)) => {
                let is_always_told = !matches!(period, PeriodKind::Week | PeriodKind::Half);
                (is_always_told || of.goal(Measure::Revenue, period).is_some()).then(|| formula(of, period)).flatten()
            }
            (Formula::Closing(formula), Instance::Period(period)) => formula(of, period),
            (Formula::Measured(formula), Instance::Measure(measure, period)) => {
                of.goal(measure, period).and_then(|_| formula(of, measure, period))
            }
            (Formula::Active(formula), Instance::Active(period)) => formula(of, period),
            (Formula::Open(formula) | Formula::Stalled(formula), Instance::Open(stage)) => formula(of, stage),
            (Formula::Plain(formula) | Formula::Market(formula), Instance::Plain) => formula(of),
            _ => None,
        }
    }
}

/// All combinations of label values of a formula.
fn instances(formula: Formula, scope: Scope, rules: &Rules, ranked: usize) -> Vec<Instance> {
    let windows = rules.windows.get(scope).iter().copied();
    let stages = |which: fn(&Pipeline) -> Range<u8>| stages(rules, which);
    match formula {
        Formula::Windowed(_) | Formula::Quantile(_) => windows.map(Instance::Window).collect(),
        Formula::YearAgo(_) => windows.filter(|window| rules.has_year_ago(*window)).map(Instance::Window).collect(),
        Formula::Staged(_) => {
            let after_lead = stages(|pipeline| 1..pipeline.won() + 1);
            windows.flat_map(|window| after_lead.iter().map(move |of| Instance::Stage(window, *of))).collect()
        }
        Formula::Left(_) => {
            let open = stages(|pipeline| 0..pipeline.won());
            windows.flat_map(|window| open.iter().map(move |of| Instance::Stage(window, *of))).collect()
        }
        Formula::Funnel(_) => windows
            .flat_map(|window| steps(rules).into_iter().map(move |(from, to)| Instance::Funnel(window, from, to)))
            .collect(),
        Formula::Piped(_) if rules.pipelines.is_empty() => Vec::new(),
        Formula::Piped(_) => {
            let pipelines = || (0..=u8::MAX).zip(rules.all_pipelines()).map(|(place, _)| place);
            windows.flat_map(|window| pipelines().map(move |place| Instance::Pipeline(window, place))).collect()
        }
        Formula::Reasoned(_) => {
            windows.flat_map(|window| (0..MOST_REASONS).map(move |place| Instance::Reason(window, place))).collect()
        }
        Formula::Surveyed(_) => windows
            .flat_map(|window| Survey::ALL.into_iter().map(move |survey| Instance::Survey(window, survey)))
            .collect(),
        Formula::Periodic(_) => PeriodKind::OF_TARGETS.into_iter().map(Instance::Period).collect(),
        Formula::Closing(_) => [PeriodKind::Month, PeriodKind::Quarter].map(Instance::Period).into(),
        Formula::Measured(_) => Measure::BESIDE_REVENUE
            .into_iter()
            .flat_map(|measure| PeriodKind::OF_TARGETS.map(|period| Instance::Measure(measure, period)))
            .collect(),
        Formula::Active(_) => CustomerPeriod::ALL.into_iter().map(Instance::Active).collect(),
        Formula::Open(_) => stages(|pipeline| 0..pipeline.won()).into_iter().map(Instance::Open).collect(),
        Formula::Stalled(_) => {
            let limit = |of: &StageOf| {
                let pipeline = rules.all_pipelines().nth(usize::from(of.pipeline));
                pipeline.and_then(|(_, pipeline)| pipeline.stalled_after(of.index))
            };
            let open = stages(|pipeline| 0..pipeline.won()).into_iter();
            open.filter(|of| limit(of).is_some()).map(Instance::Open).collect()
        }
        Formula::Plain(_) => vec![Instance::Plain],
        Formula::Market(_) if has_market(scope, rules) => vec![Instance::Plain],
        Formula::Market(_) => Vec::new(),
        Formula::Rank => (0..ranked).map(Instance::Rank).collect(),
        Formula::Roster => Vec::new(),
    }
}

/// The stages of all pipelines that `which` chooses by their indices.
fn stages(rules: &Rules, which: fn(&Pipeline) -> Range<u8>) -> Vec<StageOf> {
    let of = |(pipeline, (_, stages)): (u8, (&str, &Pipeline))| {
        which(stages).map(move |index| StageOf { pipeline, index }).collect::<Vec<_>>()
    };
    (0..=u8::MAX).zip(rules.all_pipelines()).flat_map(of).collect()
}

/// Whether any subject of a scope has a market size.
fn has_market(scope: Scope, rules: &Rules) -> bool {
    match scope {
        Scope::Org => rules.market_size.is_some(),
        Scope::Team | Scope::Region => !rules.team_market_size.is_empty(),
        Scope::Rep | Scope::Channel => false,
    }
}

/// Of each pipeline each stage and the next one, and `lead` and `won` where that is not the same.
fn steps(rules: &Rules) -> Vec<(StageOf, StageOf)> {
    let of = |(pipeline, (_, stages)): (u8, (&str, &Pipeline))| {
        let won = stages.won();
        let steps = (0..won).map(|from| (from, from + 1)).chain((won > 1).then_some((0, won)));
        let at = move |index| StageOf { pipeline, index };
        steps.map(move |(from, to)| (at(from), at(to))).collect::<Vec<_>>()
    };
    (0..=u8::MAX).zip(rules.all_pipelines()).flat_map(of).collect()
}
