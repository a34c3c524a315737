//! A second, independent opinion on every record: the JSON Schema plus a short table of rules, written
//! from the event contract alone. It shares nothing with the decoder but the types of its input.

mod amount;
mod envelope;
mod instant;
mod json;
mod parts;
mod rules;
mod shape;
mod tell;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use salespulse::contract::decode::Record;
use salespulse::model::event::EventType;
use salespulse::model::time::Time;

use crate::contract::schemas;
use crate::contract::told::Told;

pub(crate) use json::{Json, read_object};

/// The codes, in the order in which faults count.
pub(crate) const CODES: [&str; 11] = [
    "too_large",
    "not_json",
    "unknown_type",
    "type_mismatch",
    "missing_field",
    "invalid_field",
    "unknown_stage",
    "invalid_amount",
    "unknown_currency",
    "invalid_time",
    "in_future",
];

/// The most bytes that a value may have.
const LARGEST_VALUE: usize = 64 * 1024;

/// A record's members, or those of the body that it wraps.
type Members = BTreeMap<String, Json>;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    code: &'static str,
    field: String,
}

impl Fault {
    fn new(code: &'static str, field: &str) -> Fault {
        Fault { code, field: field.to_owned() }
    }
}

/// Why a record is refused: the first of its codes, and every field that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) fields: BTreeSet<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}", self.code, self.fields)
    }
}

/// Knows the schemas and the rules.
pub(crate) struct Judge {
    shapes: shape::Shapes,
    currencies: BTreeMap<String, u32>,
}

/// What is known about the arrival of a record beside its value.
struct Arrival {
    now: i64,
    timestamp: Option<i64>,
}

impl Judge {
    pub(crate) fn new() -> Judge {
        Judge { shapes: shape::Shapes::load(), currencies: schemas::currencies() }
    }

    /// What the record says, `None` for a tombstone, or why it is refused.
    pub(crate) fn judge(&self, record: &Record<'_>, now: Time) -> Result<Option<Told>, Refusal> {
        let Some(value) = record.value else { return Ok(None) };
        let at_once = |code, field| Err(first([Fault::new(code, field)]));
        if value.len() > LARGEST_VALUE {
            return at_once("too_large", "");
        }
        let bytes = envelope::json_bytes(record, value);
        let Some(object) = read_object(bytes) else { return at_once("not_json", "") };
        let body = envelope::body(object, &record.headers.cloud_event());
        let kind = match (body.get("type"), record.topic_type.map(EventType::name)) {
            (None | Some(Json::Null), None) => return at_once("missing_field", "type"),
            (None | Some(Json::Null), Some(of_topic)) => of_topic,
            (Some(said), of_topic) => {
                let known = said.text().and_then(|said| self.shapes.types().find(|kind| *kind == said));
                let Some(kind) = known else { return at_once("unknown_type", "type") };
                if of_topic.is_some_and(|of_topic| of_topic != kind) {
                    return at_once("type_mismatch", "type");
                }
                kind
            }
        };
        let arrival = Arrival { now: now.millis(), timestamp: record.timestamp.map(Time::millis) };
        self.judge_body(kind, body, bytes, &arrival).map(Some)
    }

    fn judge_body(&self, kind: &'static str, body: Members, json: &[u8], arrival: &Arrival) -> Result<Told, Refusal> {
        let mut faults = self.shapes.faults(kind, &body);
        let read = self.shapes.read_fields(kind, body);
        let case = rules::Case { kind, body: &read, currencies: &self.currencies, arrival, found: &faults };
        let beyond = rules::faults(&case);
        faults.extend(beyond);
        if faults.is_empty() {
            Ok(tell::tell(kind, &read, &self.currencies, json, arrival))
        } else {
            Err(first(faults))
        }
    }

    /// Whether the schema alone takes the record's body.
    pub(crate) fn schema_takes(&self, kind: EventType, record: &Record<'_>) -> bool {
        let bytes = envelope::json_bytes(record, record.value.unwrap_or_default());
        read_object(bytes).is_some_and(|object| {
            self.shapes.takes(kind.name(), &envelope::body(object, &record.headers.cloud_event()))
        })
    }
}

fn rank(code: &str) -> usize {
    CODES.iter().position(|known| *known == code).unwrap()
}

fn first(faults: impl IntoIterator<Item = Fault>) -> Refusal {
    let faults: Vec<Fault> = faults.into_iter().collect();
    let code = faults.iter().map(|fault| fault.code).min_by_key(|code| rank(code)).unwrap();
    let fields = faults.into_iter().filter(|fault| fault.code == code).map(|fault| fault.field).collect();
    Refusal { code, fields }
}
