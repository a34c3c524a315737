//! What a simulation came to, as one line of JSON: the records, and the truths they hold.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::contract::decode::RejectionCode;
use crate::model::time::Time;
use crate::simulate::Simulation;

/// The line, without its line feed. In one file of all types no topic says which type a record should have: what is refused
/// for that beside a topic lacks a field there.
pub(super) fn line(simulation: &Simulation, records: u64, (start, end): (Time, Time), is_one_file: bool) -> String {
    let deliveries = simulation.deliveries();
    let stories = simulation.ledger().stories;
    let total = simulation.ledger().total();
    let mut counts: BTreeMap<RejectionCode, u64> = BTreeMap::new();
    for (code, count) in RejectionCode::ALL.into_iter().zip(deliveries.rejected).filter(|(_, count)| *count > 0) {
        let is_seen_by_topic = code == RejectionCode::TypeMismatch && is_one_file;
        *counts.entry(if is_seen_by_topic { RejectionCode::MissingField } else { code }).or_default() += count;
    }
    let rejected: Map<String, Value> =
        counts.into_iter().map(|(code, count)| (code.name().to_owned(), json!(count))).collect();
    json!({
        "records": records,
        "start": start.to_string(),
        "end": end.to_string(),
        "late": deliveries.late,
        "repeated": deliveries.repeated,
        "corrected": deliveries.corrected,
        "retracted": deliveries.retracted + deliveries.restored,
        "rejected": rejected,
        "journeys": stories.journeys,
        "leads": total.leads,
        "won": total.won,
        "lost": total.lost,
        "reopened": stories.reopened,
        "revenue": money(total.revenue),
        "spend": money(total.spend),
        "payments": money(total.payments),
        "refunds": money(total.refunds),
        "customers": simulation.ledger().customers(),
    })
    .to_string()
}

/// Yuan and fen.
fn money(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}
