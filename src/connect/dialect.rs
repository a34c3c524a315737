//! The dialects: how each CRM writes its records, and which documents the mapping gets of them.
//!
//! A document joins what belongs together: a row of a stage history, its deal as it is now, and the journey. Whatever makes
//! us look at a record (a poll, a notification, a back-fill, a file) leads to the same documents, so a fact has one
//! identity and one version however often it is read.

pub mod debezium;
pub mod hubspot;
pub mod pipedrive;
pub mod salesforce;
pub mod sharecrm;
pub mod table;
pub mod zoho;

use std::sync::Arc;

use super::json::Json;
use super::mapping::{Document, Fault, FaultCode, Setting};

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Zoho CRM.
    Zoho,
    /// 纷享销客 ShareCRM.
    ShareCrm,
    /// HubSpot.
    HubSpot,
    /// Pipedrive.
    Pipedrive,
    /// Salesforce, from a topic of change events.
    Salesforce,
    /// Change events of a database.
    Debezium,
    /// A table in a file.
    Csv,
    /// Any JSON in a topic.
    Kafka,
    /// Any JSON over HTTP.
    Webhook,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::Zoho,
        Kind::ShareCrm,
        Kind::HubSpot,
        Kind::Pipedrive,
        Kind::Salesforce,
        Kind::Debezium,
        Kind::Csv,
        Kind::Kafka,
        Kind::Webhook,
    ];

    /// The word in the file of sources.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Zoho => "zoho",
            Kind::ShareCrm => "sharecrm",
            Kind::HubSpot => "hubspot",
            Kind::Pipedrive => "pipedrive",
            Kind::Salesforce => "salesforce",
            Kind::Debezium => "debezium",
            Kind::Csv => "csv",
            Kind::Kafka => "kafka",
            Kind::Webhook => "webhook",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A payload as it came, and what it is called: a file, an endpoint, or a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The name, for errors and for what the payload itself does not say.
    pub name: String,
    /// What it holds.
    pub json: Json,
    /// A pointer to the data within its envelope; empty where it has none.
    pub data: &'static str,
}

impl Payload {
    /// A payload without an envelope.
    #[must_use]
    pub fn new(name: &str, json: Json) -> Payload {
        Payload { name: name.to_owned(), json, data: "" }
    }

    /// What it holds, without its envelope.
    #[must_use]
    pub fn body(&self) -> &Json {
        self.json.at(self.data).unwrap_or(&Json::Null)
    }
}

/// What a dialect makes of payloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the mapping gets.
    pub documents: Vec<Document>,
    /// Payloads and records without a fact in them, and why that is so.
    pub skipped: Vec<Skipped>,
    /// Records that should hold a fact and cannot be read.
    pub faults: Vec<Fault>,
}

/// Something without a fact in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The payload.
    pub name: String,
    /// Why, to follow its name.
    pub reason: String,
}

impl Reading {
    pub(super) fn add(&mut self, from: &'static str, record: Json) {
        self.documents.push(Document::new(from, record));
    }

    pub(super) fn skip(&mut self, name: &str, reason: impl Into<String>) {
        self.skipped.push(Skipped { name: name.to_owned(), reason: reason.into() });
    }

    pub(super) fn fault(&mut self, code: FaultCode, field: impl Into<String>, message: impl Into<String>) {
        self.faults.push(Fault { code, field: field.into(), message: message.into() });
    }
}

/// How a source reads its payloads, beside its kind.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Where the records of a generic payload lie, if not at its top.
    pub each: Option<String>,
    /// Whether deals without a lead say their channel and first contact.
    pub deals_start_journeys: bool,
}

/// The documents of payloads that are read together.
#[must_use]
pub fn read(kind: Kind, payloads: &[Payload], reader: &Reader, setting: &Setting) -> Reading {
    match kind {
        Kind::Zoho => zoho::read(payloads, reader, setting),
        Kind::ShareCrm => sharecrm::read(payloads, reader),
        Kind::HubSpot => hubspot::read(payloads, reader),
        Kind::Pipedrive => pipedrive::read(payloads, reader),
        Kind::Salesforce => salesforce::read(payloads),
        Kind::Debezium => debezium::read(payloads),
        Kind::Csv | Kind::Kafka | Kind::Webhook => generic(payloads, reader),
    }
}

/// Any JSON: the payload is the record, or holds records in an array.
fn generic(payloads: &[Payload], reader: &Reader) -> Reading {
    let mut reading = Reading::default();
    for payload in payloads {
        let root = match reader.each.as_deref() {
            Some(pointer) => payload.body().at(pointer),
            None => payload.body().at(""),
        };
        let whole = Arc::new(payload.json.clone());
        let mut add = |record: &Json| {
            let document = Document { payload: Some(Arc::clone(&whole)), ..Document::new("", record.clone()) };
            reading.documents.push(document);
        };
        match root {
            Some(Json::Array(items)) => items.iter().for_each(add),
            Some(record) => add(record),
            None => reading.skip(&payload.name, "has nothing at \"each\""),
        }
    }
    reading
}

/// A deleted or voided record of a CRM.
pub(super) fn void_document(object: &str, id: &str, at: Json, journey: &str) -> Json {
    Json::object([
        ("object", Json::text_of(object)),
        ("id", Json::text_of(id)),
        ("at", at),
        ("journey", Json::text_of(journey)),
    ])
}
