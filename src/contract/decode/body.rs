//! The rules of the seven types, field by field.

use super::RejectionCode;
use super::fields::Key;
use super::reader::{CurrencyField, LONGEST_SHOWN, Reader, Sign};
use crate::model::event::{
    Body, EventType, Feedback, Goal, Lead, MOST_SPLITS, Measure, Payment, PaymentKind, Period, Rep, Retraction, Score,
    Spend, Split, Stage, StageChange, Target, TargetScope, Text, WHOLE_SHARE,
};
use crate::model::id::UNASSIGNED;
use crate::model::rules::Pipeline;
use crate::model::time::Time;

const SURVEYS: &str = "\"csat\", \"nps\" or \"ces\"";
const SCOPES: &str = "\"rep\", \"team\", \"region\" or \"org\"";
const MEASURES: &str = "\"revenue\", \"payments\", \"won\", \"leads\" or \"new_customers\"";
const PERIODS: &str =
    "a month as 2026-11, a quarter as 2026-Q4, a half as 2026-H1, a year as 2026 or a week of that year as 2026-W07";
const SEQUENCE: &str = "an integer from 0 to 4294967295";
const SPLITS: &str = "a list of 1 to 10 objects with rep_id, team_id and share";

/// Reads what a record of this type says. `None` only if a fault was noted.
#[inline(always)]
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, kind: EventType, at: Option<Time>) -> Option<Body<'a>> {
    match kind {
        EventType::Lead => lead(reader).map(Body::Lead),
        EventType::StageChange => stage_change(reader, at).map(Body::StageChange),
        EventType::Spend => spend(reader, at).map(Body::Spend),
        EventType::Feedback => feedback(reader).map(Body::Feedback),
        EventType::Payment => payment(reader, at).map(Body::Payment),
        EventType::Target => target(reader, at).map(Body::Target),
        EventType::Rep => rep(reader).map(Body::Rep),
    }
}

/// Reads the little that a retraction says.
pub(super) fn retraction<'a>(reader: &mut Reader<'a, '_>, kind: EventType) -> Option<Body<'a>> {
    let lead_id = if kind.is_of_journey() { Some(reader.required_id(Key::LeadId)?) } else { None };
    Some(Body::Retraction(Retraction { kind, lead_id }))
}

// In each of these every field is read before any is missed, so that all faults are noted.

#[inline(always)]
fn lead<'a>(reader: &mut Reader<'a, '_>) -> Option<Lead<'a>> {
    let lead_id = reader.required_id(Key::LeadId);
    let sequence = sequence(reader);
    let (pipeline, _) = pipeline(reader);
    let customer_id = reader.id(Key::CustomerId);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    let channel = reader.id(Key::Channel);
    Some(Lead { lead_id: lead_id?, sequence: sequence?, pipeline, customer_id, rep_id, team_id, channel })
}

#[inline(always)]
fn stage_change<'a>(reader: &mut Reader<'a, '_>, at: Option<Time>) -> Option<StageChange<'a>> {
    let lead_id = reader.required_id(Key::LeadId);
    let sequence = sequence(reader);
    let (pipeline, stages) = pipeline(reader);
    let name = reader.required_string(Key::Stage);
    let stage = name.as_ref().zip(stages).and_then(|(name, stages)| {
        let stage = stages.stage(name);
        if stage.is_none() {
            reader.note(RejectionCode::UnknownStage, Key::Stage, || unknown_stage(name, stages));
        }
        stage
    });
    let customer_id = reader.id(Key::CustomerId);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    let currency = reader.currency();
    let amount = reader.money(Key::Amount, Sign::NotNegative, currency, at);
    let margin = reader.money(Key::Margin, Sign::Any, currency, at);
    let splits = splits(reader);
    let expected_close_at = reader.time(Key::ExpectedCloseAt);
    let lost_reason = if stage == Some(Stage::Lost) { reader.id(Key::LostReason) } else { None };
    let channel = reader.id(Key::Channel);
    let started_at = reader.time(Key::StartedAt);
    stage?;
    Some(StageChange {
        lead_id: lead_id?,
        stage: name?,
        sequence: sequence?,
        pipeline,
        customer_id,
        rep_id,
        team_id,
        amount,
        margin,
        splits,
        expected_close_at,
        lost_reason,
        channel,
        started_at,
    })
}

fn sequence(reader: &mut Reader<'_, '_>) -> Option<u32> {
    if reader.has(Key::Sequence) {
        reader.integer(Key::Sequence, SEQUENCE, |digits| digits.parse().ok())
    } else {
        Some(0)
    }
}

/// The pipeline that a record names, and the one whose stages it speaks of; `None` only if a fault was noted. Where no
/// pipelines are configured, many a record has a field of that name which says something else.
fn pipeline<'a, 'r>(reader: &mut Reader<'a, 'r>) -> (Option<Text<'a>>, Option<&'r Pipeline>) {
    let rules = reader.rules();
    if rules.pipelines.is_empty() || !reader.has(Key::Pipeline) {
        return (None, Some(&rules.pipeline));
    }
    let Some(name) = reader.id(Key::Pipeline) else { return (None, None) };
    let pipeline = rules.pipeline_named(Some(&name));
    if pipeline.is_none() {
        reader.note(RejectionCode::UnknownStage, Key::Pipeline, || {
            let known: Vec<&str> = rules.all_pipelines().map(|(name, _)| name).collect();
            let name: String = name.chars().take(LONGEST_SHOWN).collect();
            format!("\"pipeline\" {name:?} is not configured; allowed are {}", known.join(", "))
        });
    }
    (Some(name), pipeline)
}

fn unknown_stage(name: &str, pipeline: &Pipeline) -> String {
    let stages = pipeline.stages().join(", ");
    let name: String = name.chars().take(LONGEST_SHOWN).collect();
    format!("\"stage\" {name:?} is not in the pipeline; allowed are {stages}, lost and void")
}

/// An entry of `splits`: the rep, the team, and the share where it is good.
type Entry<'a> = (Option<Text<'a>>, Option<Text<'a>>, Option<u32>);

fn share(reader: &mut Reader<'_, '_>) -> Option<u32> {
    let share = reader.required_decimal(Key::Share, Sign::Positive)?.to_share();
    if share.is_none() {
        reader.note(RejectionCode::InvalidAmount, Key::Share, || {
            "\"share\" must be more than 0 and at most 1, with at most 9 fraction digits".to_owned()
        });
    }
    share
}

/// Who shares the deal's money; nobody where that is absent or a fault was noted.
fn splits<'a>(reader: &mut Reader<'a, '_>) -> Vec<Split<'a>> {
    let Some(entries) = reader.objects(Key::Splits, MOST_SPLITS, SPLITS) else { return Vec::new() };
    let mut splits: Vec<Entry<'_>> = Vec::with_capacity(entries.len());
    for entry in entries {
        splits.push(reader.within(&entry, |reader| (reader.id(Key::RepId), reader.id(Key::TeamId), share(reader))));
    }
    judge_together(reader, &splits);
    splits.into_iter().filter_map(|(rep_id, team_id, share)| Some(Split { rep_id, team_id, share: share? })).collect()
}

/// Nobody is named twice, and the shares, if all of them are good, add up to 1.
fn judge_together(reader: &mut Reader<'_, '_>, splits: &[Entry<'_>]) {
    let pair = |(rep, team, _): &Entry<'_>| {
        let named = |id: &Option<Text<'_>>| id.as_deref().unwrap_or(UNASSIGNED).to_owned();
        (named(rep), named(team))
    };
    if splits.iter().enumerate().any(|(place, entry)| splits.iter().take(place).any(|other| pair(other) == pair(entry)))
    {
        reader.invalid(Key::Splits, "a list that names each rep in a team once");
    }
    let shares: Option<Vec<u64>> = splits.iter().map(|(.., share)| share.map(u64::from)).collect();
    if shares.is_some_and(|shares| shares.iter().sum::<u64>() != u64::from(WHOLE_SHARE)) {
        reader.note(RejectionCode::InvalidAmount, Key::Splits, || {
            "the shares of \"splits\" must add up to exactly 1".to_owned()
        });
    }
}

fn spend<'a>(reader: &mut Reader<'a, '_>, at: Option<Time>) -> Option<Spend<'a>> {
    let currency = reader.required_currency();
    let amount = reader.required_money(Key::Amount, Sign::Any, currency, at);
    let channel = reader.id(Key::Channel);
    let campaign = reader.id(Key::Campaign);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    Some(Spend { amount: amount?, channel, campaign, rep_id, team_id })
}

fn feedback<'a>(reader: &mut Reader<'a, '_>) -> Option<Feedback<'a>> {
    let survey = reader.required_word(Key::Survey, SURVEYS, Survey::from_name);
    let scale_max = match survey {
        Some(Survey::Csat) if reader.has(Key::ScaleMax) => {
            reader.integer(Key::ScaleMax, "an integer from 2 to 100", |digits| within(digits, 2, 100))
        }
        _ => Some(5),
    };
    let score = match (survey, scale_max) {
        (Some(Survey::Csat), Some(scale_max)) => {
            let allowed = format!("an integer from 1 to {scale_max}, the best answer of this survey");
            let score = reader.required_integer(Key::Score, &allowed, |digits| within(digits, 1, scale_max));
            score.map(|score| Score::Csat { score, scale_max })
        }
        (Some(Survey::Nps), _) => reader
            .required_integer(Key::Score, "an integer from 0 to 10 for nps", |digits| within(digits, 0, 10))
            .map(Score::Nps),
        (Some(Survey::Ces), _) => reader
            .required_integer(Key::Score, "an integer from 1 to 7 for ces", |digits| within(digits, 1, 7))
            .map(Score::Ces),
        // The range is unknown, and a fault is noted already: only absence could count before it.
        _ => reader.required_integer(Key::Score, "an integer", |_| Some(())).and(None),
    };
    let customer_id = reader.id(Key::CustomerId);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    let lead_id = reader.id(Key::LeadId);
    Some(Feedback { score: score?, customer_id, rep_id, team_id, lead_id })
}

#[derive(Clone, Copy)]
enum Survey {
    Csat,
    Nps,
    Ces,
}

impl Survey {
    fn from_name(name: &str) -> Option<Survey> {
        match name {
            "csat" => Some(Survey::Csat),
            "nps" => Some(Survey::Nps),
            "ces" => Some(Survey::Ces),
            _ => None,
        }
    }
}

fn within(digits: &str, least: u8, most: u8) -> Option<u8> {
    digits.parse().ok().filter(|value| (least..=most).contains(value))
}

fn payment<'a>(reader: &mut Reader<'a, '_>, at: Option<Time>) -> Option<Payment<'a>> {
    let kind = reader.word(Key::Kind, "\"payment\" or \"refund\"", |word| match word {
        "payment" => Some(PaymentKind::Payment),
        "refund" => Some(PaymentKind::Refund),
        _ => None,
    });
    let currency = reader.required_currency();
    let amount = reader.required_money(Key::Amount, Sign::Positive, currency, at);
    let lead_id = reader.id(Key::LeadId);
    let customer_id = reader.id(Key::CustomerId);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    let kind = kind.unwrap_or(PaymentKind::Payment);
    Some(Payment { kind, amount: amount?, lead_id, customer_id, rep_id, team_id })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ScopeWord {
    Rep,
    Team,
    Region,
    Org,
}

fn target<'a>(reader: &mut Reader<'a, '_>, at: Option<Time>) -> Option<Target<'a>> {
    let scope = reader.required_word(Key::Scope, SCOPES, |word| match word {
        "rep" => Some(ScopeWord::Rep),
        "team" => Some(ScopeWord::Team),
        "region" => Some(ScopeWord::Region),
        "org" => Some(ScopeWord::Org),
        _ => None,
    });
    let mut id = |key, is_required| if is_required { reader.required_id(key) } else { reader.id(key) };
    let rep_id = id(Key::RepId, scope == Some(ScopeWord::Rep));
    let team_id = id(Key::TeamId, matches!(scope, Some(ScopeWord::Rep | ScopeWord::Team)));
    let region_id = id(Key::RegionId, scope == Some(ScopeWord::Region));
    let calendar = reader.rules().calendar;
    let period =
        reader.required_word(Key::Period, PERIODS, |word| Period::parse(word).filter(|period| calendar.has(*period)));
    let (measure, amount) = goal(reader, at);
    let scope = match scope? {
        ScopeWord::Rep => TargetScope::Rep { rep_id: rep_id?, team_id: team_id? },
        ScopeWord::Team => TargetScope::Team { team_id: team_id? },
        ScopeWord::Region => TargetScope::Region { region_id: region_id? },
        ScopeWord::Org => TargetScope::Org,
    };
    Some(Target { scope, period: period?, measure: measure?, amount: amount? })
}

/// What is to be reached, and how much of it. `None` only if a fault was noted.
fn goal(reader: &mut Reader<'_, '_>, at: Option<Time>) -> (Option<Measure>, Option<Goal>) {
    let measure = if reader.has(Key::Measure) {
        reader.word(Key::Measure, MEASURES, Measure::from_name)
    } else {
        Some(Measure::Revenue)
    };
    let amount = match measure {
        Some(measure) if measure.is_money() => {
            let currency: CurrencyField = reader.required_currency();
            reader.required_money(Key::Amount, Sign::NotNegative, currency, at).map(Goal::Money)
        }
        Some(_) => reader.required_count(Key::Amount).map(Goal::Count),
        // Nobody knows of what it is.
        None => reader.required_decimal(Key::Amount, Sign::NotNegative).and(None),
    };
    (measure, amount)
}

fn rep<'a>(reader: &mut Reader<'a, '_>) -> Option<Rep<'a>> {
    let rep_id = reader.required_id(Key::RepId);
    let team_id = reader.required_id(Key::TeamId);
    let name = reader.string(Key::Name);
    let active = reader.bool(Key::Active).unwrap_or(true);
    Some(Rep { rep_id: rep_id?, team_id: team_id?, name, active })
}
