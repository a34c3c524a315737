//! What the contract asks for and a JSON Schema cannot say.

use std::collections::BTreeMap;

use super::amount::{self, Worthless};
use super::json::Json;
use super::{Arrival, Fault, Members, instant};
use crate::setting::STAGES;

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
    times(case, &mut faults);
    money(case, &mut faults);
    faults
}

impl Case<'_> {
    fn sound(&self, field: &str) -> Option<&Json> {
        self.body.get(field).filter(|_| self.found.iter().all(|fault| fault.field != field))
    }

    fn occurred_at(&self) -> Option<i64> {
        self.sound("occurred_at").and_then(instant::millis)
    }
}

fn long_ids(case: &Case<'_>, faults: &mut Vec<Fault>) {
    for (field, value) in case.body {
        let is_id = field.ends_with("_id") || matches!(field.as_str(), "channel" | "campaign");
        if is_id && value.text().is_some_and(|id| id.len() > LONGEST_ID) {
            faults.push(Fault::new("invalid_field", field));
        }
    }
}

fn written_integers(case: &Case<'_>, faults: &mut Vec<Fault>) {
    for field in ["version", "score", "scale_max"] {
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

fn stage_of_the_pipeline(case: &Case<'_>, faults: &mut Vec<Fault>) {
    let known = |stage| STAGES.contains(&stage) || ["lost", "void"].contains(&stage);
    if case.sound("stage").and_then(Json::text).is_some_and(|stage| !known(stage)) {
        faults.push(Fault::new("unknown_stage", "stage"));
    }
}

fn times(case: &Case<'_>, faults: &mut Vec<Fault>) {
    for field in ["occurred_at", "expected_close_at"] {
        if case.sound(field).is_some_and(|time| instant::millis(time).is_none()) {
            faults.push(Fault::new("invalid_time", field));
        }
    }
    if case.occurred_at().is_some_and(|time| time > case.arrival.earlier() + ALLOWED_SKEW) {
        faults.push(Fault::new("in_future", "occurred_at"));
    }
}

fn money(case: &Case<'_>, faults: &mut Vec<Fault>) {
    // With an unknown currency an amount's digits and size are not judged.
    let Some(currency) = case.sound("currency").and_then(Json::text) else { return };
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
