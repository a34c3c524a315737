//! Which KPI of which scope, with which labels, somebody asks for.

use super::head::Span;
use super::parameters::Parameters;
use super::problem::{Code, Problem};
use super::{Context, Known};
use crate::kpi::{Family, Instance, NoInstance};
use crate::model::calendar::PeriodKind;
use crate::model::rules::{DEFAULT_PIPELINE, Rules, Scope};
use crate::model::time::Time;
use crate::model::window::Window;

/// The word of `leaderboard.by` for the attainment of the target of a window's period.
const QUOTA_ATTAINMENT: &str = "quota_attainment";
/// Its family.
const ATTAINMENT_FAMILY: &str = "quota_attainment_ratio";
/// The window and the period of those who name none.
const WINDOW: &str = "mtd";
const PERIOD: &str = "month";
/// The labels that may be given.
const LABELS: [&str; 7] = ["window", "period", "pipeline", "stage", "survey", "from", "to"];

/// One KPI with its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Of whom.
    pub scope: Scope,
    /// The KPI as it was asked for.
    pub by: String,
    /// The labels as they are understood.
    pub labels: Vec<(String, String)>,
    /// The name of the family.
    family: String,
}

/// Whether the values of a KPI say what a target is: by themselves, or beside what is booked.
pub(in crate::serve::web) fn shows_targets(kpi: &str) -> bool {
    ["target", "measure_target", "pipeline_coverage_ratio"].contains(&kpi)
        || kpi.ends_with("_attainment_ratio")
        || kpi.ends_with("_pace_ratio")
}

impl Choice {
    /// What a board ranks by.
    pub(super) fn ranked(scope: Scope, parameters: &Parameters, known: Known<'_>) -> Result<Choice, Problem> {
        let rules = known.rules;
        let first = rules.leaderboard.first().map_or("revenue", String::as_str);
        let by = parameters.get("by").unwrap_or(first).to_owned();
        if by == QUOTA_ATTAINMENT {
            return Choice::attainment(scope, by, parameters, rules);
        }
        let family = known.catalogue.find(scope, &by).ok_or_else(|| unknown_kpi(scope, &by, known))?;
        if !family.is_rankable() {
            let detail = format!("Nobody is ranked by {by}: it is an estimate, or a rank or name itself.");
            return Err(Problem::new(Code::NotRankable, detail).of("by", rankable(scope, known)));
        }
        let labels = labels_of(family, scope, parameters, rules)?;
        Ok(Choice { scope, family: by.clone(), by, labels })
    }

    fn attainment(scope: Scope, by: String, parameters: &Parameters, rules: &Rules) -> Result<Choice, Problem> {
        let windows = rules.windows.get(scope).iter().filter(|window| window.period().is_some());
        let allowed: Vec<&str> = windows.map(|window| window.name()).collect();
        let window = parameters.get("window").unwrap_or(WINDOW);
        if scope == Scope::Channel || !allowed.contains(&window) {
            let detail = format!("{by} has no window {window:?} here: it needs a window to date that is shown.");
            return Err(Problem::new(Code::UnknownWindow, detail).of("window", allowed));
        }
        let labels = vec![("window".to_owned(), window.to_owned())];
        Ok(Choice { scope, by, labels, family: ATTAINMENT_FAMILY.to_owned() })
    }

    /// The family and its instance in the catalogue of the reading.
    pub(super) fn find<'a>(&self, context: &Context<'a>) -> Result<(&'a Family, Instance), Problem> {
        let unknown = || unknown_kpi(self.scope, &self.by, context.known());
        let family = context.catalogue.find(self.scope, &self.family).ok_or_else(unknown)?;
        let labels: Vec<(&str, &str)> = match self.window_period() {
            Some(period) if self.family == ATTAINMENT_FAMILY => vec![("period", period)],
            _ => self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        };
        let instance = family.instance(&labels, &context.published.reading.rules);
        Ok((family, instance.map_err(|fault| no_instance(&self.by, fault))?))
    }

    /// The value of a label.
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str())
    }

    /// The period of the targets that the window is, or the period itself.
    pub(super) fn window_period(&self) -> Option<&str> {
        let period = || Window::from_name(self.label("window")?)?.period().map(PeriodKind::name);
        self.label("period").or_else(period)
    }

    /// Whether its values say what the targets are.
    pub(super) fn shows_targets(&self) -> bool {
        shows_targets(&self.family)
    }

    /// From when to when it counts.
    pub(super) fn span(&self, now: Time, rules: &Rules) -> Option<Span> {
        match (self.label("window"), self.label("period")) {
            (Some(window), _) => Span::of_window(window, now, rules),
            (None, Some(period)) => Span::of_period(period, now, rules),
            (None, None) => None,
        }
    }
}

/// The labels of a family from the parameters, with the defaults of those that have one.
fn labels_of(
    family: &Family,
    scope: Scope,
    parameters: &Parameters,
    rules: &Rules,
) -> Result<Vec<(String, String)>, Problem> {
    let window = default_window(scope, rules);
    let given = LABELS.into_iter().filter_map(|label| {
        let default = match label {
            "window" => Some(window),
            "period" => Some(PERIOD),
            "pipeline" => Some(DEFAULT_PIPELINE),
            _ => None,
        };
        Some((label, parameters.get(label).or(default)?))
    });
    let labels: Vec<(&str, &str)> = given.collect();
    let instance = family.instance(&labels, rules).map_err(|fault| no_instance(family.kpi().name, fault))?;
    let own: Vec<&str> = family.labels(instance, rules).into_iter().map(|(name, _)| name).collect();
    let known = |label: &&(&str, &str)| own.contains(&label.0);
    let foreign = LABELS.into_iter().find(|label| parameters.get(label).is_some() && !own.contains(label));
    if let Some(label) = foreign {
        let detail = format!("{} has no label {label}. Leave it out.", family.kpi().name);
        return Err(Problem::new(Code::BadParameter, detail).of(label, own));
    }
    Ok(labels.iter().filter(known).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

/// The window of those who name none.
pub(super) fn default_window(scope: Scope, rules: &Rules) -> &'static str {
    let windows = rules.windows.get(scope);
    let own = windows.iter().find(|window| window.name() == WINDOW).or(windows.first());
    own.map_or(WINDOW, |window| window.name())
}

/// The word of a scope.
pub(super) const fn scope_word(scope: Scope) -> &'static str {
    scope.name()
}

fn rankable(scope: Scope, known: Known<'_>) -> Vec<String> {
    let families = known.catalogue.families().iter().filter(|family| family.scope() == scope && family.is_rankable());
    let mut names: Vec<String> = families.map(|family| family.kpi().name.to_owned()).collect();
    names.push(QUOTA_ATTAINMENT.to_owned());
    names
}

fn unknown_kpi(scope: Scope, by: &str, known: Known<'_>) -> Problem {
    let detail = format!("The scope {} has no KPI {by:?}; /api/v1/meta lists them.", scope.name());
    Problem::new(Code::UnknownKpi, detail).of("by", rankable(scope, known))
}

fn no_instance(name: &str, fault: NoInstance) -> Problem {
    match fault {
        NoInstance::Missing { label, allowed } => {
            Problem::new(Code::MissingParameter, format!("{name} needs {label}.")).of(label, allowed)
        }
        NoInstance::Unknown { label, allowed } => {
            let code = if matches!(label, "window" | "period") { Code::UnknownWindow } else { Code::BadParameter };
            Problem::new(code, format!("{name} has no such {label} here.")).of(label, allowed)
        }
        NoInstance::Nothing => {
            Problem::new(Code::UnknownKpi, format!("The configuration leaves {name} without any value."))
        }
    }
}
