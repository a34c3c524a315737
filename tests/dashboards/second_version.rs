//! What the simulated organisation need not have just now: closes that pass and slip, reasons, targets of other measures; and
//! windows that are not exposed by default.

use serde_json::Value;

use crate::dashboards::board::text;
use crate::harness::{Broker, Producer, Sent, Topics};

/// More rules, after those of the simulation.
pub(crate) const RULES: &str = r#"
[windows]
rep = ["24h", "7d", "30d", "wtd", "mtd", "last_month", "qtd"]
team = ["1h", "24h", "7d", "30d", "90d", "today", "wtd", "last_week", "mtd", "last_month", "qtd", "ytd"]
org = ["1h", "24h", "7d", "30d", "90d", "today", "wtd", "last_week", "mtd", "last_month", "qtd", "ytd"]
"#;

const EVENTS: &str = include_str!("second.jsonl");

/// Sends the events, and answers how many they are.
pub(crate) fn send(broker: &Broker, topics: &Topics) -> f64 {
    let record = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        Sent::new(&topics.name(text(&event["type"])), text(&event["lead_id"]), line)
    };
    let records: Vec<Sent> = EVENTS.lines().map(record).collect();
    Producer::new(&broker.client(), &[]).send_all(&records);
    f64::from(u32::try_from(records.len()).expect("few"))
}
