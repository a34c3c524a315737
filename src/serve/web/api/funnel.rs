//! `/funnel`: how many journeys reached each stage, beside the window before, and where conversion has dropped.

use serde::Serialize;
use utoipa::ToSchema;

use super::choice::scope_word;
use super::head::{Head, Span};
use super::kpis::{Asked, SubjectAnswer, subject_answer, window};
use super::parameters::Parameters;
use super::problem::{Code, Problem};
use super::{Context, Known};
use crate::kpi::{Query, has_dropped};
use crate::model::rules::{DEFAULT_PIPELINE, Scope};
use crate::model::value::{Value, ratio};

pub(super) const PARAMETERS: [&str; 6] = ["scope", "team", "region", "channel", "pipeline", "window"];

/// A funnel as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    subject: Asked,
    window: &'static str,
    /// One of the configuration's.
    pipeline: String,
}

/// What is asked for, as it is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FunnelView {
    scope: &'static str,
    window: &'static str,
    /// Where several are configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline: Option<String>,
}

/// A stage and the step to it from the one before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Step {
    /// The stage.
    stage: String,
    /// Journeys that reached it in the window; of the first one those created.
    entries: i64,
    /// The same in the previous window; null of the first stage where several pipelines are configured.
    previous: Option<i64>,
    /// Entries divided by those of the stage before; it may exceed 1. None of the first stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<Option<f64>>,
    /// The same in the previous window.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_ratio: Option<Option<f64>>,
    /// Whether conversion has dropped more than chance explains: the test of the shipped alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    drop: Option<bool>,
}

/// From the first stage to the last.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Whole {
    ratio: Option<f64>,
    previous_ratio: Option<f64>,
}

/// A funnel.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FunnelAnswer {
    #[serde(flatten)]
    head: Head,
    view: FunnelView,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    subject: SubjectAnswer,
    /// The stages in their order.
    steps: Vec<Step>,
    /// Won divided by leads.
    lead_to_won: Whole,
}

impl Funnel {
    pub(super) fn parse(parameters: &Parameters, known: Known<'_>) -> Result<Funnel, Problem> {
        let scopes =
            [("org", Scope::Org), ("team", Scope::Team), ("region", Scope::Region), ("channel", Scope::Channel)];
        let scope = parameters.word("scope", &scopes)?.unwrap_or(Scope::Org);
        let (subject, window) = (Asked::parse(parameters, scope)?, window(parameters, scope, known)?);
        let pipeline = parameters.get("pipeline").unwrap_or(DEFAULT_PIPELINE).to_owned();
        if known.rules.pipeline_named(Some(&pipeline)).is_none() {
            let detail = format!("There is no pipeline {pipeline:?}.");
            let allowed = known.rules.all_pipelines().map(|(name, _)| name);
            return Err(Problem::new(Code::BadParameter, detail).of("pipeline", allowed));
        }
        Ok(Funnel { subject, window, pipeline })
    }

    pub(super) fn answer(&self, context: &Context<'_>) -> Result<FunnelAnswer, Problem> {
        let reading = &context.published.reading;
        let (scope, place) = (self.subject.scope(), self.subject.find(context)?);
        let subject = reading.subjects.get(scope).get(place).map(|subject| &subject.name);
        let has_pipelines = !reading.rules.pipelines.is_empty();
        let entries = |suffix: &str, stage: Option<&str>| -> Result<Option<i128>, Problem> {
            let name = match stage {
                Some(_) => "stage_entries",
                // Of leads the previous window is known of all pipelines together.
                None if has_pipelines && !suffix.is_empty() => return Ok(None),
                None if has_pipelines => "pipeline_leads",
                None => "leads",
            };
            let family = context.catalogue.find(scope, &format!("{name}{suffix}"));
            let mut labels = vec![("window", self.window)];
            labels.extend(has_pipelines.then_some(("pipeline", self.pipeline.as_str())));
            labels.extend(stage.map(|stage| ("stage", stage)));
            let missing = || Problem::new(Code::Bug, format!("The catalogue has no {name}{suffix} with {labels:?}."));
            let family = family.ok_or_else(missing)?;
            let instance = family.instance(&labels, &reading.rules).map_err(|_| missing())?;
            match Query::new(family, instance, reading).value(place) {
                Some(Value::Count(count)) => Ok(Some(count)),
                _ => Ok(Some(0)),
            }
        };
        let mut stages = Vec::new();
        let pipeline = reading.rules.pipeline_named(Some(&self.pipeline)).unwrap_or(&reading.rules.pipeline);
        for (number, stage) in pipeline.stages().iter().enumerate() {
            let of = (number > 0).then_some(stage.as_str());
            let now = entries("", of)?.unwrap_or(0);
            stages.push((stage.as_str(), Pair { now, before: entries("_previous", of)? }));
        }
        let whole = match (stages.first(), stages.last()) {
            (Some((_, lead)), Some((_, won))) => {
                Whole { ratio: ratio(won.now, lead.now), previous_ratio: previous_ratio(*won, *lead) }
            }
            _ => Whole { ratio: None, previous_ratio: None },
        };
        Ok(FunnelAnswer {
            head: Head::new(context.published, context.readiness),
            view: FunnelView {
                scope: scope_word(scope),
                window: self.window,
                pipeline: has_pipelines.then(|| self.pipeline.clone()),
            },
            span: Span::of_window(self.window, reading.now, &reading.rules),
            subject: subject_answer(subject, context),
            steps: steps(&stages),
            lead_to_won: whole,
        })
    }
}

/// Entries of a stage.
#[derive(Clone, Copy)]
struct Pair {
    now: i128,
    /// `None`: it is not known.
    before: Option<i128>,
}

/// Entries of one stage divided by those of another, in the previous window.
fn previous_ratio(to: Pair, from: Pair) -> Option<f64> {
    ratio(to.before?, from.before?)
}

impl Pair {
    /// Those of now, and those before; `None`: the latter are not known.
    fn counts(self) -> Option<[i128; 2]> {
        Some([self.now, self.before?])
    }
}

/// Whether a conversion has dropped; one that was not known before has not.
fn dropped(from: Pair, to: Pair) -> bool {
    from.counts().zip(to.counts()).is_some_and(|(from, to)| has_dropped(from, to))
}

fn steps(stages: &[(&str, Pair)]) -> Vec<Step> {
    let whole = |count: i128| i64::try_from(count).unwrap_or(i64::MAX);
    let mut before: Option<Pair> = None;
    let mut steps = Vec::with_capacity(stages.len());
    for (stage, entries) in stages {
        let from = before.replace(*entries);
        steps.push(Step {
            stage: (*stage).to_owned(),
            entries: whole(entries.now),
            previous: entries.before.map(whole),
            ratio: from.map(|from| ratio(entries.now, from.now)),
            previous_ratio: from.map(|from| previous_ratio(*entries, from)),
            drop: from.map(|from| dropped(from, *entries)),
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stage_is_no_step() {
        let lead = Pair { now: 4, before: Some(0) };
        let steps = steps(&[("lead", lead), ("won", Pair { now: 1, before: Some(2) })]);
        assert_eq!((steps[0].ratio, steps[0].drop), (None, None));
        assert_eq!((steps[1].ratio, steps[1].previous_ratio), (Some(Some(0.25)), Some(None)));
        assert_eq!(serde_json::to_value(&steps[1]).unwrap()["previous_ratio"], serde_json::Value::Null);
    }
}
