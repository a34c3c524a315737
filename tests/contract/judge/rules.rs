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

/// The faults of a record's present members beyond those that the schema found.
pub(super) fn faults(
    kind: &str,
    body: &Members,
    currencies: &BTreeMap<String, u32>,
    arrival: &Arrival,
    found: &[Fault],
) -> Vec<Fault> {
    let sound = |field: &str| body.get(field).filter(|_| found.iter().all(|fault| fault.field != field));
    let mut faults = Vec::new();
    let mut fault = |code, field: &str| faults.push(Fault::new(code, field));

    for (field, value) in body {
        let is_id = field.ends_with("_id") || matches!(field.as_str(), "channel" | "campaign");
        if is_id && value.text().is_some_and(|id| id.len() > LONGEST_ID) {
            fault("invalid_field", field);
        }
    }
    for field in ["version", "score", "scale_max"] {
        if body.get(field).is_some_and(|value| value.integer().is_none()) {
            fault("invalid_field", field);
        }
    }
    if kind == "feedback" && body.get("survey").and_then(Json::text) == Some("csat") {
        let number = |field| sound(field).and_then(Json::integer).and_then(|digits| digits.parse::<i64>().ok());
        if number("score") > number("scale_max").or(Some(5)) {
            fault("invalid_field", "score");
        }
    }
    if let Some(stage) = sound("stage").and_then(Json::text)
        && !STAGES.contains(&stage)
        && !["lost", "void"].contains(&stage)
    {
        fault("unknown_stage", "stage");
    }
    for field in ["occurred_at", "expected_close_at"] {
        if sound(field).is_some_and(|time| instant::millis(time).is_none()) {
            fault("invalid_time", field);
        }
    }
    let occurred_at = sound("occurred_at").and_then(instant::millis);
    if occurred_at.is_some_and(|time| time > arrival.earlier() + ALLOWED_SKEW) {
        fault("in_future", "occurred_at");
    }
    if let Some(currency) = sound("currency").and_then(Json::text) {
        for field in ["amount", "margin"] {
            let Some(money) = sound(field) else { continue };
            if !amount::has_rates(currency) {
                fault("unknown_currency", "currency");
            }
            match amount::minor_units(money, currencies[currency]) {
                Ok(minor) => {
                    let Some(occurred_at) = occurred_at else { continue };
                    let on = instant::local_date(occurred_at);
                    match amount::in_fen(minor, currency, currencies[currency], on) {
                        Ok(_) => {}
                        Err(Worthless::Amount) => fault("invalid_amount", field),
                        Err(Worthless::Rate) => fault("unknown_currency", "currency"),
                    }
                }
                Err(_) => fault("invalid_amount", field),
            }
        }
    }
    faults
}

impl Arrival {
    /// The earlier of the clock and the record's timestamp.
    fn earlier(&self) -> i64 {
        self.timestamp.map_or(self.now, |timestamp| timestamp.min(self.now))
    }
}
