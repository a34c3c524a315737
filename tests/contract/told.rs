//! What a decoded event says, field by field, in the words of the schemas.
//!
//! Every struct is taken apart without `..`, so that a field which is added to a type must be told
//! here, and then be in the schema.

use std::collections::BTreeMap;

use salespulse::model::event::{
    Body, Event, EventType, Feedback, Goal, Lead, Payment, PaymentKind, Rep, Retraction, Score, Spend, Split,
    StageChange, Target, TargetScope, Text,
};
use salespulse::model::event::{Period, PeriodPart};
use salespulse::model::money::Money;

/// The fields of an event and their values as text; absent fields are absent.
pub(crate) type Told = BTreeMap<&'static str, String>;

/// The names in [`Told`] that are no fields of the record.
pub(crate) const BESIDE_THE_FIELDS: [&str; 2] = ["hash", "recorded_at"];

/// Tells an event.
pub(crate) fn tell(event: &Event<'_>) -> Told {
    let Event { event_id, version, hash, occurred_at, recorded_at, body } = event;
    let mut told = Told::from([
        ("type", body.kind().name().to_owned()),
        ("event_id", event_id.to_string()),
        ("version", version.to_string()),
        ("hash", format!("{hash:016x}")),
        ("occurred_at", occurred_at.millis().to_string()),
        ("recorded_at", recorded_at.millis().to_string()),
        ("retracted", matches!(body, Body::Retraction(_)).to_string()),
    ]);
    match body {
        Body::Lead(lead) => tell_lead(&mut told, lead),
        Body::StageChange(change) => tell_stage_change(&mut told, change),
        Body::Spend(spend) => tell_spend(&mut told, spend),
        Body::Feedback(feedback) => tell_feedback(&mut told, feedback),
        Body::Payment(payment) => tell_payment(&mut told, payment),
        Body::Target(target) => tell_target(&mut told, target),
        Body::Rep(rep) => tell_rep(&mut told, rep),
        Body::Retraction(Retraction { kind, lead_id }) => {
            assert!(EventType::ALL.contains(kind));
            optional(&mut told, "lead_id", lead_id.as_ref());
        }
    }
    told
}

fn optional(told: &mut Told, name: &'static str, text: Option<&Text<'_>>) {
    if let Some(text) = text {
        told.insert(name, text.to_string());
    }
}

fn tell_money(told: &mut Told, name: &'static str, money: &Money) {
    let Money { minor, currency, reporting_minor } = money;
    told.insert(name, format!("{minor} = {reporting_minor}"));
    told.insert("currency", currency.code().to_owned());
}

fn tell_lead(told: &mut Told, lead: &Lead<'_>) {
    let Lead { lead_id, sequence, pipeline, customer_id, rep_id, team_id, channel } = lead;
    told.insert("lead_id", lead_id.to_string());
    told.insert("sequence", sequence.to_string());
    optional(told, "pipeline", pipeline.as_ref());
    optional(told, "customer_id", customer_id.as_ref());
    optional(told, "rep_id", rep_id.as_ref());
    optional(told, "team_id", team_id.as_ref());
    optional(told, "channel", channel.as_ref());
}

fn tell_stage_change(told: &mut Told, change: &StageChange<'_>) {
    let StageChange { lead_id, stage, sequence, pipeline, customer_id, rep_id, team_id, .. } = change;
    told.insert("lead_id", lead_id.to_string());
    told.insert("stage", stage.to_string());
    told.insert("sequence", sequence.to_string());
    optional(told, "pipeline", pipeline.as_ref());
    optional(told, "customer_id", customer_id.as_ref());
    optional(told, "rep_id", rep_id.as_ref());
    optional(told, "team_id", team_id.as_ref());
    tell_deal(told, change);
}

fn tell_deal(told: &mut Told, change: &StageChange<'_>) {
    #[rustfmt::skip]
    let StageChange {
        lead_id: _, stage: _, sequence: _, pipeline: _, customer_id: _, rep_id: _, team_id: _,
        amount, margin, splits, expected_close_at, lost_reason, channel, started_at,
    } = change;
    if let Some(amount) = amount {
        tell_money(told, "amount", amount);
    }
    if let Some(margin) = margin {
        tell_money(told, "margin", margin);
    }
    for (field, time) in [("expected_close_at", expected_close_at), ("started_at", started_at)] {
        if let Some(time) = time {
            told.insert(field, time.millis().to_string());
        }
    }
    optional(told, "lost_reason", lost_reason.as_ref());
    optional(told, "channel", channel.as_ref());
    if !splits.is_empty() {
        told.insert("splits", splits.iter().map(part).collect());
    }
}

/// `rep/team: billionths; `.
fn part(split: &Split<'_>) -> String {
    let Split { rep_id, team_id, share } = split;
    let id = |id: &Option<Text<'_>>| id.as_deref().unwrap_or("").to_owned();
    format!("{}/{}: {share}; ", id(rep_id), id(team_id))
}

fn tell_spend(told: &mut Told, spend: &Spend<'_>) {
    let Spend { amount, channel, campaign, rep_id, team_id } = spend;
    tell_money(told, "amount", amount);
    optional(told, "channel", channel.as_ref());
    optional(told, "campaign", campaign.as_ref());
    optional(told, "rep_id", rep_id.as_ref());
    optional(told, "team_id", team_id.as_ref());
}

fn tell_feedback(told: &mut Told, feedback: &Feedback<'_>) {
    let Feedback { score, customer_id, rep_id, team_id, lead_id } = feedback;
    let (survey, score, scale_max) = match score {
        Score::Csat { score, scale_max } => ("csat", score, Some(scale_max)),
        Score::Nps(score) => ("nps", score, None),
        Score::Ces(score) => ("ces", score, None),
    };
    told.insert("survey", survey.to_owned());
    told.insert("score", score.to_string());
    if let Some(scale_max) = scale_max {
        told.insert("scale_max", scale_max.to_string());
    }
    optional(told, "customer_id", customer_id.as_ref());
    optional(told, "rep_id", rep_id.as_ref());
    optional(told, "team_id", team_id.as_ref());
    optional(told, "lead_id", lead_id.as_ref());
}

fn tell_payment(told: &mut Told, payment: &Payment<'_>) {
    let Payment { kind, amount, lead_id, customer_id, rep_id, team_id } = payment;
    let kind = match kind {
        PaymentKind::Payment => "payment",
        PaymentKind::Refund => "refund",
    };
    told.insert("kind", kind.to_owned());
    tell_money(told, "amount", amount);
    optional(told, "lead_id", lead_id.as_ref());
    optional(told, "customer_id", customer_id.as_ref());
    optional(told, "rep_id", rep_id.as_ref());
    optional(told, "team_id", team_id.as_ref());
}

fn tell_target(told: &mut Told, target: &Target<'_>) {
    let Target { scope, period, measure, amount } = target;
    match scope {
        TargetScope::Rep { rep_id, team_id } => {
            told.insert("scope", "rep".to_owned());
            told.insert("rep_id", rep_id.to_string());
            told.insert("team_id", team_id.to_string());
        }
        TargetScope::Team { team_id } => {
            told.insert("scope", "team".to_owned());
            told.insert("team_id", team_id.to_string());
        }
        TargetScope::Region { region_id } => {
            told.insert("scope", "region".to_owned());
            told.insert("region_id", region_id.to_string());
        }
        TargetScope::Org => {
            told.insert("scope", "org".to_owned());
        }
    }
    let Period { year, part } = period;
    let part = match part {
        PeriodPart::Month(month) => format!("-{month:02}"),
        PeriodPart::Quarter(quarter) => format!("-Q{quarter}"),
        PeriodPart::Half(half) => format!("-H{half}"),
        PeriodPart::Week(week) => format!("-W{week:02}"),
        PeriodPart::Year => String::new(),
    };
    told.insert("period", format!("{year:04}{part}"));
    told.insert("measure", measure.name().to_owned());
    match amount {
        Goal::Money(money) => tell_money(told, "amount", money),
        Goal::Count(number) => {
            told.insert("amount", number.to_string());
        }
    }
}

fn tell_rep(told: &mut Told, rep: &Rep<'_>) {
    let Rep { rep_id, team_id, name, active } = rep;
    told.insert("rep_id", rep_id.to_string());
    told.insert("team_id", team_id.to_string());
    optional(told, "name", name.as_ref());
    told.insert("active", active.to_string());
}
