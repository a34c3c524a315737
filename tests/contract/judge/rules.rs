//! What the contract asks for and a JSON Schema cannot say.

use std::collections::BTreeMap;

use jiff::civil::{Weekday, date};

use super::amount::{self, Worthless};
use super::json::Json;
use super::{Arrival, Fault, Members, instant, parts};
use crate::contract::setting::PIPELINES;

/// The most bytes of an id.
const LONGEST_ID: usize = 128;

/// How much later than its arrival an event may lie: 24 h.
const ALLOWED_SKEW: i64 = 24 * 60 * 60 * 1000;

/// The members to judge, and what else is known.
pub(super) struct Case<'a> {
    pub(super) kind: &'a str,
    pub(super) body: &'a Members,
    pub(super) currencies: &'a BTreeMap<String, u32>,
    pub(super) arrival: &'a Arrival,
    /// What the schema found: the value of a field with a fault is not judged further.
    pub(super) found: &'a [Fault],
}

/// The faults of a record's present members beyond those that the schema found.
pub(super) fn faults(case: &Case<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    long_ids(case, &mut faults);
    written_integers(case, &mut faults);
    score_within_its_scale(case, &mut faults);
    stage_of_the_pipeline(case, &mut faults);
    reason_of_a_loss(case, &mut faults);
    week_of_its_year(case, &mut faults);
    parts::faults(case, &mut faults);
    times(case, &mut faults);
    money(case, &mut faults);
    faults
}

impl Case<'_> {
    pub(super) fn sound(&self, field: &str) -> Option<&Json> {
        self.body.get(field).filter(|_| self.found.iter().all(|fault| fault.field != field))
    }

    fn occurred_at(&self) -> Option<i64> {
        self.sound("occurred_at").and_then(instant::millis)
    }
}

fn long_ids(case: &Case<'_>, faults: &mut Vec<Fault>) {
    for (field, value) in case.body {
        let is_id = field.ends_with("_id") || matches!(field.as_str(), "channel" | "campaign" | "pipeline");
        if is_id && value.text().is_some_and(|id| id.len() > LONGEST_ID) {
            faults.push(Fault::new("invalid_field", field));
        }
    }
}

fn written_integers(case: &Case<'_>, faults: &mut Vec<Fault>) {
    for field in ["version", "sequence", "score", "scale_max"] {
        if case.body.get(field).is_some_and(|value| value.integer().is_none()) {
            faults.push(Fault::new("invalid_field", field));
        }
    }
}

fn score_within_its_scale(case: &Case<'_>, faults: &mut Vec<Fault>) {
    let number = |field| case.sound(field).and_then(Json::integer).and_then(|digits| digits.parse::<i64>().ok());
    let csat = case.kind == "feedback" && case.body.get("survey").and_then(Json::text) == Some("csat");
    if csat && number("score") > number("scale_max").or(Some(5)) {
        faults.push(Fault::new("invalid_field", "score"));
    }
}

/// The stages of the pipeline that a record names, and their aliases; `None` if there is no such pipeline.
#[expect(clippy::type_complexity, reason = "the stages of a pipeline and its aliases, as the setting lists them")]
fn pipeline_of(body: &Members) -> Option<(&'static [&'static str], &'static [(&'static str, &'static str)])> {
    let named = body.get("pipeline").filter(|named| **named != Json::Null).map_or(Some("default"), Json::text)?;
    PIPELINES.iter().find(|(name, ..)| *name == named).map(|(_, stages, aliases)| (*stages, *aliases))
}

/// The stage that a record's stage is read as.
fn stage_of(body: &Members) -> Option<&str> {
    let said = body.get("stage").and_then(Json::text)?;
    let alias = pipeline_of(body).and_then(|(_, aliases)| aliases.iter().find(|(alias, _)| *alias == said));
    Some(alias.map_or(said, |(_, stage)| stage))
}

/// Whether a stage change moves to `lost`, by that name or by an alias.
pub(super) fn is_loss(body: &Members) -> bool {
    stage_of(body) == Some("lost")
}

fn stage_of_the_pipeline(case: &Case<'_>, faults: &mut Vec<Fault>) {
    let pipeline = pipeline_of(case.body);
    if case.sound("pipeline").is_some() && pipeline.is_none() {
        faults.push(Fault::new("unknown_stage", "pipeline"));
    }
    let Some((stages, _)) = pipeline else { return };
    let known = |stage| stages.contains(&stage) || ["lost", "void"].contains(&stage);
    if case.sound("stage").is_some() && stage_of(case.body).is_some_and(|stage| !known(stage)) {
        faults.push(Fault::new("unknown_stage", "stage"));
    }
}

/// The schema knows `lost` itself; an alias of it is the configuration's.
fn reason_of_a_loss(case: &Case<'_>, faults: &mut Vec<Fault>) {
    let Some(reason) = case.body.get("lost_reason").filter(|_| is_loss(case.body)) else { return };
    if reason.text().is_none_or(|reason| reason.is_empty() || reason.len() > LONGEST_ID) {
        faults.push(Fault::new("invalid_field", "lost_reason"));
    }
}

/// `W53` of a year that has 52 weeks from Monday: those that neither begin nor end with a Thursday.
fn week_of_its_year(case: &Case<'_>, faults: &mut Vec<Fault>) {
    let Some(year) = case.sound("period").and_then(Json::text).and_then(|period| period.strip_suffix("-W53")) else {
        return;
    };
    let year: i16 = year.parse().unwrap();
    let is_thursday = |month, day| date(year, month, day).weekday() == Weekday::Thursday;
    if !is_thursday(1, 1) && !is_thursday(12, 31) {
        faults.push(Fault::new("invalid_field", "period"));
    }
}

fn times(case: &Case<'_>, faults: &mut Vec<Fault>) {
    for field in ["occurred_at", "expected_close_at", "started_at"] {
        if case.sound(field).is_some_and(|time| instant::millis(time).is_none()) {
            faults.push(Fault::new("invalid_time", field));
        }
    }
    // A target's period says when it holds.
    if case.kind != "target" && case.occurred_at().is_some_and(|time| time > case.arrival.earlier() + ALLOWED_SKEW) {
        faults.push(Fault::new("in_future", "occurred_at"));
    }
}

/// Whether a record is a target of a number of things.
pub(super) fn counts(kind: &str, body: &Members) -> bool {
    let measure = body.get("measure").and_then(Json::text);
    kind == "target" && matches!(measure, Some("won" | "leads" | "new_customers"))
}

fn money(case: &Case<'_>, faults: &mut Vec<Fault>) {
    if counts(case.kind, case.body) {
        if case.sound("amount").is_some_and(|number| amount::minor_units(number, 0).is_err()) {
            faults.push(Fault::new("invalid_amount", "amount"));
        }
        return;
    }
    // With an unknown currency an amount's digits and size are not judged; of an unknown measure none is read.
    let is_known_measure = case.body.contains_key("measure") == case.sound("measure").is_some();
    let Some(currency) = case.sound("currency").and_then(Json::text).filter(|_| is_known_measure) else { return };
    let digits = case.currencies[currency];
    for field in ["amount", "margin"] {
        let Some(money) = case.sound(field) else { continue };
        if !amount::has_rates(currency) {
            faults.push(Fault::new("unknown_currency", "currency"));
        }
        let converted = amount::minor_units(money, digits).and_then(|minor| match case.occurred_at() {
            Some(at) => amount::in_fen(minor, currency, digits, instant::local_date(at)),
            // Without a time there is no date and so no rate, which is the time's fault.
            None => Ok(minor),
        });
        match converted {
            Ok(_) => {}
            Err(Worthless::Amount) => faults.push(Fault::new("invalid_amount", field)),
            Err(Worthless::Rate) => faults.push(Fault::new("unknown_currency", "currency")),
        }
    }
}

impl Arrival {
    /// The earlier of the clock and the record's timestamp.
    fn earlier(&self) -> i64 {
        self.timestamp.map_or(self.now, |timestamp| timestamp.min(self.now))
    }
}
