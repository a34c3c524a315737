//! From payloads to events that our own decoder takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dialect::{self, Payload, Skipped};
use super::json::Json;
use super::mapping::{Fault, FaultCode};
use super::sources::Source;
use crate::contract::decode::{Decoder, Record, Rejection};
use crate::contract::encode::Draft;
use crate::model::event::EventType;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What payloads came to.
#[derive(Debug, Default)]
pub struct Mapped {
    /// The events, each once, in the order of their types, times, identities and versions.
    pub events: Vec<Draft>,
    /// Payloads and records that hold no fact.
    pub skipped: Vec<Skipped>,
    /// Records that are no events, and events that the contract does not take.
    pub refused: Vec<Refused>,
}

/// Why a record gives no event.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The mapping has no answer.
    #[error("{0}")]
    Unmapped(Fault),
    /// The contract does not take what the mapping made.
    #[error("{json}: {rejection}")]
    Rejected {
        /// The event.
        json: String,
        /// Why.
        rejection: Rejection,
    },
}

/// Judges drafts by the contract.
#[derive(Clone, Debug)]
pub struct Gate {
    decoder: Decoder,
}

impl Gate {
    /// A gate for this configuration.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Gate {
        Gate { decoder: Decoder::new(rules) }
    }

    /// Asks the decoder, as the service would.
    ///
    /// # Errors
    /// The rejection that the service would answer with.
    pub fn judge(&self, draft: &Draft, now: Time) -> Result<(), Rejection> {
        let json = draft.encode();
        let record = Record { value: Some(&json), topic_type: Some(draft.kind()), ..Record::default() };
        self.decoder.decode(&record, now).map(drop)
    }
}

/// Maps payloads that are read together.
#[must_use]
pub fn map(source: &Source, payloads: &[Payload], gate: &Gate, now: Time) -> Mapped {
    let reading = dialect::read(source.kind, payloads, &source.reader, &source.setting);
    let mut mapped = Mapped { skipped: reading.skipped, ..Mapped::default() };
    mapped.refused.extend(reading.faults.into_iter().map(Refused::Unmapped));
    let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
    for document in &reading.documents {
        let mapping = &source.mapping;
        if !mapping.is_for(document.from) {
            let reason = format!("is a record of the stream {:?}, for which there is no rule", document.from);
            mapped.skipped.push(Skipped { name: source.name.clone(), reason });
            continue;
        }
        let results = mapping.apply(document, &source.setting);
        if results.is_empty() {
            let reason = format!("has a record of the stream {:?} for which no rule holds", document.from);
            mapped.skipped.push(Skipped { name: source.name.clone(), reason });
        }
        for result in results {
            match result {
                Err(fault) => mapped.refused.push(Refused::Unmapped(named(fault, &document.record))),
                Ok(draft) => match gate.judge(&draft, now) {
                    Ok(()) if seen.insert(draft.encode()) => mapped.events.push(draft),
                    Ok(()) => {}
                    Err(rejection) => mapped.refused.push(Refused::Rejected { json: draft.to_json(), rejection }),
                },
            }
        }
    }
    mapped.events.sort_by_cached_key(order);
    mapped
}

/// The fault with the id of its record, so that it can be found.
fn named(mut fault: Fault, record: &Json) -> Fault {
    let id = ["/deal/id", "/_id", "/id", "/Id", "/campaign/id", "/row/OpportunityId", "/row/id", "/openUserId"]
        .iter()
        .find_map(|pointer| record.word(pointer));
    if let (Some(id), true) = (id, fault.code != FaultCode::NotJson) {
        fault.field = format!("record {id}, {}", fault.field);
    }
    fault
}

/// What people expect to read in a row, and the same for any order of the files.
fn order(draft: &Draft) -> (EventType, i64, String, u64) {
    let text = draft.text("occurred_at");
    let at = text.parse().ok().or_else(|| Time::parse(text).map(Time::millis)).unwrap_or(i64::MAX);
    (draft.kind(), at, draft.text("event_id").to_owned(), draft.version())
}
