//! The rules of the seven types, field by field.

use super::RejectionCode;
use super::json::Key;
use super::reader::{CurrencyField, LONGEST_SHOWN, Reader, Sign};
use crate::model::event::{
    Body, EventType, Feedback, Lead, Payment, PaymentKind, Period, Rep, Retraction, Score, Spend, StageChange, Target,
    TargetScope,
};
use crate::model::rules::Pipeline;
use crate::model::time::Time;

const SURVEYS: &str = "\"csat\", \"nps\" or \"ces\"";
const SCOPES: &str = "\"rep\", \"team\" or \"org\"";

/// Reads what a record of this type says. `None` only if a fault was noted.
pub(super) fn read<'a>(
    reader: &mut Reader<'a, '_>,
    kind: EventType,
    at: Option<Time>,
    pipeline: &Pipeline,
) -> Option<Body<'a>> {
    match kind {
        EventType::Lead => lead(reader).map(Body::Lead),
        EventType::StageChange => stage_change(reader, at, pipeline).map(Body::StageChange),
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

fn lead<'a>(reader: &mut Reader<'a, '_>) -> Option<Lead<'a>> {
    let lead_id = reader.required_id(Key::LeadId);
    let customer_id = reader.id(Key::CustomerId);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    let channel = reader.id(Key::Channel);
    Some(Lead { lead_id: lead_id?, customer_id, rep_id, team_id, channel })
}

fn stage_change<'a>(reader: &mut Reader<'a, '_>, at: Option<Time>, pipeline: &Pipeline) -> Option<StageChange<'a>> {
    let lead_id = reader.required_id(Key::LeadId);
    let name = reader.required_string(Key::Stage);
    let stage = name.as_ref().and_then(|name| pipeline.stage(name));
    if let (Some(name), None) = (name, stage) {
        reader.note(RejectionCode::UnknownStage, Key::Stage, || unknown_stage(&name, pipeline));
    }
    let customer_id = reader.id(Key::CustomerId);
    let rep_id = reader.id(Key::RepId);
    let team_id = reader.id(Key::TeamId);
    let currency = reader.currency();
    let amount = reader.money(Key::Amount, Sign::NotNegative, currency, at);
    let margin = reader.money(Key::Margin, Sign::Any, currency, at);
    let expected_close_at = reader.time(Key::ExpectedCloseAt);
    let (lead_id, stage) = (lead_id?, stage?);
    Some(StageChange { lead_id, stage, customer_id, rep_id, team_id, amount, margin, expected_close_at })
}

fn unknown_stage(name: &str, pipeline: &Pipeline) -> String {
    let steps = pipeline.stages().iter().skip(1).map(String::as_str).collect::<Vec<_>>().join(", ");
    let name: String = name.chars().take(LONGEST_SHOWN).collect();
    format!("\"stage\" {name:?} is not in the pipeline; allowed are {steps}, lost and void")
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
    Org,
}

fn target<'a>(reader: &mut Reader<'a, '_>, at: Option<Time>) -> Option<Target<'a>> {
    let scope = reader.required_word(Key::Scope, SCOPES, |word| match word {
        "rep" => Some(ScopeWord::Rep),
        "team" => Some(ScopeWord::Team),
        "org" => Some(ScopeWord::Org),
        _ => None,
    });
    let rep_id = match scope {
        Some(ScopeWord::Rep) => reader.required_id(Key::RepId),
        _ => reader.id(Key::RepId),
    };
    let team_id = match scope {
        Some(ScopeWord::Rep | ScopeWord::Team) => reader.required_id(Key::TeamId),
        _ => reader.id(Key::TeamId),
    };
    let period =
        reader.required_word(Key::Period, "a month as 2026-11, a quarter as 2026-Q4 or a year as 2026", Period::parse);
    let currency: CurrencyField = reader.required_currency();
    let amount = reader.required_money(Key::Amount, Sign::NotNegative, currency, at);
    let scope = match scope? {
        ScopeWord::Rep => TargetScope::Rep { rep_id: rep_id?, team_id: team_id? },
        ScopeWord::Team => TargetScope::Team { team_id: team_id? },
        ScopeWord::Org => TargetScope::Org,
    };
    Some(Target { scope, period: period?, amount: amount? })
}

fn rep<'a>(reader: &mut Reader<'a, '_>) -> Option<Rep<'a>> {
    let rep_id = reader.required_id(Key::RepId);
    let team_id = reader.required_id(Key::TeamId);
    let name = reader.string(Key::Name);
    let active = reader.bool(Key::Active).unwrap_or(true);
    Some(Rep { rep_id: rep_id?, team_id: team_id?, name, active })
}
