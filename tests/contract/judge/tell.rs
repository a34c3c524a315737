//! What an accepted record says, told from its JSON in the same words as the decoded event.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::json::Json;
use super::{Arrival, Members, amount, instant, parts, rules};
use crate::contract::told::Told;

/// Tells a record that has no fault; `body` holds only what is read.
pub(super) fn tell(
    kind: &'static str,
    body: &Members,
    currencies: &BTreeMap<String, u32>,
    json: &[u8],
    arrival: &Arrival,
) -> Told {
    let recorded_at = arrival.timestamp.unwrap_or(arrival.now);
    let occurred_at = body.get("occurred_at").map_or(recorded_at, |time| instant::millis(time).unwrap());
    let mut told = Told::from([
        ("type", kind.to_owned()),
        ("version", body.get("version").map_or("0".to_owned(), integer)),
        ("retracted", body.get("retracted").map_or("false".to_owned(), bool)),
        ("occurred_at", occurred_at.to_string()),
        ("recorded_at", recorded_at.to_string()),
        ("hash", format!("{:016x}", xxh3_64(json))),
    ]);
    let texts = ["event_id", "lead_id", "customer_id", "rep_id", "team_id", "channel", "campaign", "pipeline"];
    let words = ["stage", "survey", "kind", "scope", "region_id", "period", "measure", "lost_reason", "name"];
    for field in texts.into_iter().chain(words) {
        if let Some(text) = body.get(field).and_then(Json::text) {
            told.insert(field, text.to_owned());
        }
    }
    for field in ["score", "scale_max"] {
        if let Some(value) = body.get(field) {
            told.insert(field, integer(value));
        }
    }
    for field in ["expected_close_at", "started_at"] {
        if let Some(time) = body.get(field) {
            told.insert(field, instant::millis(time).unwrap().to_string());
        }
    }
    if let Some(splits) = body.get("splits") {
        told.insert("splits", parts::entries(splits).unwrap().into_iter().map(part).collect());
    }
    if rules::counts(kind, body) {
        told.insert("amount", amount::minor_units(&body["amount"], 0).unwrap().to_string());
    }
    for field in ["amount", "margin"] {
        let currency = body.get("currency").and_then(Json::text);
        if let (Some(money), Some(currency)) = (body.get(field), currency) {
            let digits = currencies[currency];
            let minor = amount::minor_units(money, digits).unwrap();
            let fen = amount::in_fen(minor, currency, digits, instant::local_date(occurred_at)).unwrap();
            told.insert(field, format!("{minor} = {fen}"));
            told.insert("currency", currency.to_owned());
        }
    }
    if !body.contains_key("retracted") || told["retracted"] == "false" {
        tell_defaults(kind, body, &mut told);
    }
    told
}

fn tell_defaults(kind: &str, body: &Members, told: &mut Told) {
    match kind {
        "lead" | "stage_change" => {
            told.insert("sequence", body.get("sequence").map_or("0".to_owned(), integer));
        }
        "payment" => {
            told.entry("kind").or_insert_with(|| "payment".to_owned());
        }
        "feedback" if told["survey"] == "csat" => {
            told.entry("scale_max").or_insert_with(|| "5".to_owned());
        }
        "rep" => {
            told.insert("active", body.get("active").map_or("true".to_owned(), bool));
        }
        "target" => {
            told.entry("measure").or_insert_with(|| "revenue".to_owned());
            // An id beside a scope that it does not belong to says nothing.
            let unsaid: &[&str] = match told["scope"].as_str() {
                "rep" => &["region_id"],
                "team" => &["rep_id", "region_id"],
                "region" => &["rep_id", "team_id"],
                _ => &["rep_id", "team_id", "region_id"],
            };
            told.retain(|field, _| !unsaid.contains(field));
        }
        _ => {}
    }
}

/// `rep/team: billionths; `.
fn part(entry: &Members) -> String {
    let id = |field: &str| entry.get(field).and_then(Json::text).unwrap_or("");
    format!("{}/{}: {}; ", id("rep_id"), id("team_id"), amount::minor_units(&entry["share"], 9).unwrap())
}

fn integer(value: &Json) -> String {
    value.integer().unwrap().parse::<i128>().unwrap().to_string()
}

fn bool(value: &Json) -> String {
    (*value == Json::Bool(true)).to_string()
}
