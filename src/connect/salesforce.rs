//! Following Salesforce: change events (CDC) in a topic, which name only what has changed.
//!
//! So what each opportunity's events have said is remembered, and its stages are told of all of it. An opportunity of
//! which something is missing, because it is older than the topic or the CRM has left a gap, waits for its whole record.

mod changes;

use changes::{Change, Changes, Extent};

use super::desk::Desk;
use super::dialect::salesforce::body_of;
use super::json::Json;
use super::mapping::{Document, Fault, FaultCode, millis};

/// What became of a message.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether it said something that events have.
    pub is_fact: bool,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Outcome {
    fn miss(&mut self, field: &str, message: impl Into<String>) {
        self.faults.push(Fault { code: FaultCode::Missing, field: field.to_owned(), message: message.into() });
    }
}

/// The header of a change event.
struct Header<'a> {
    entity: &'a str,
    kind: &'a str,
    ids: Vec<&'a str>,
    at: i64,
    number: i64,
}

/// Tells what a message says: a change event, or records as they are.
pub fn follow(payload: &Json, desk: &mut Desk<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    if let Some(body) = body_of(payload) {
        match header(body) {
            Some(header) => follow_change(body, &header, desk, &mut outcome),
            None => outcome.miss("ChangeEventHeader", "needs entityName, changeType, recordIds and commitTimestamp"),
        }
        return outcome;
    }
    let records = match payload.items("/records") {
        [] => std::slice::from_ref(payload),
        records => records,
    };
    for record in records {
        follow_record(record, desk, &mut outcome);
    }
    outcome
}

fn header(body: &Json) -> Option<Header<'_>> {
    let header = body.at("/ChangeEventHeader")?;
    let number = |pointer: &str| header.word(pointer).and_then(|digits| digits.parse::<i64>().ok());
    let ids: Vec<&str> = header.items("/recordIds").iter().filter_map(|id| id.word("")).collect();
    Some(Header {
        entity: header.word("/entityName")?,
        kind: header.word("/changeType")?,
        at: number("/commitTimestamp")?,
        number: number("/commitNumber").unwrap_or(0),
        ids,
    })
    .filter(|header| !header.ids.is_empty())
}

fn follow_change(body: &Json, header: &Header<'_>, desk: &mut Desk<'_>, outcome: &mut Outcome) {
    if !matches!(header.entity, "Lead" | "Opportunity") {
        return;
    }
    outcome.is_fact = true;
    if header.kind == "GAP_OVERFLOW" || header.ids.iter().any(|id| id.ends_with('*')) {
        // Whose they are nobody knows, so none can wait.
        let message =
            format!("is a {}, which names no records: put those that have changed into the topic", header.kind);
        return outcome.miss(header.entity, message);
    }
    let (at, number) = (header.at, header.number);
    for id in &header.ids {
        match (header.entity, header.kind) {
            ("Lead", "DELETE" | "GAP_DELETE") => desk.tell_gone_lead(id, at, Json::number_of(at)),
            ("Lead", kind) if kind.starts_with("GAP_") => {
                outcome.miss(id, format!("is a {kind}, which names no fields: put the lead into the topic as it is"));
            }
            ("Lead", kind) => follow_lead(id, at, kind != "UPDATE", body, desk, outcome),
            (_, "DELETE" | "GAP_DELETE") => {
                if is_newest(id, at, desk) {
                    desk.tell_gone_deal(id, at, Json::number_of(at));
                }
            }
            (_, kind) => {
                let extent = match kind {
                    "CREATE" | "UNDELETE" => Extent::Whole,
                    kind if kind.starts_with("GAP_") => Extent::Gap,
                    _ => Extent::Part,
                };
                tell_deal(id, at, number, Change::of(body, extent), desk, outcome);
            }
        }
    }
}

/// A record as it is: of an export, or of whoever mends a gap.
fn follow_record(record: &Json, desk: &mut Desk<'_>, outcome: &mut Outcome) {
    let time = |pointers: &[&str]| pointers.iter().find_map(|pointer| record.at(pointer).and_then(millis));
    let modified = time(&["/SystemModstamp", "/LastModifiedDate"]);
    outcome.is_fact = true;
    match (record.word("/attributes/type"), record.word("/Id"), modified) {
        (Some("Lead"), Some(id), Some(at)) => follow_lead(id, at, true, record, desk, outcome),
        (Some("Opportunity"), Some(id), Some(at)) => {
            let since = time(&["/LastStageChangeDate", "/CreatedDate"]);
            tell_deal(id, at, 0, Change { since, ..Change::of(record, Extent::Whole) }, desk, outcome);
        }
        (Some("OpportunityHistory"), ..) => outcome.miss(
            "attributes",
            "is a row of OpportunityHistory, which has another clock than change events: connect map reads an export",
        ),
        _ => {
            let message = "is neither a change event nor a record with its type, Id and SystemModstamp";
            outcome.miss("attributes", message);
        }
    }
}

/// A lead that begins, and the deal with which it goes on.
fn follow_lead(id: &str, at: i64, begins: bool, body: &Json, desk: &mut Desk<'_>, outcome: &mut Outcome) {
    if begins {
        let mut record = body.clone();
        record.put("Id", Json::text_of(id));
        if record.at("/ChangeEventHeader/commitTimestamp").is_none() {
            record.put("ChangeEventHeader", Json::object([("commitTimestamp", Json::number_of(at))]));
        }
        desk.tell_lead(id, at, record);
    }
    let Some(deal) = body.filled("/ConvertedOpportunityId") else { return };
    desk.link(id, deal);
    let key = format!("deal/{deal}");
    if let Some(account) = body.filled("/ConvertedAccountId") {
        let mut known = desk.memory.object(&key).and_then(|object| object.current).unwrap_or_else(|| Json::object([]));
        known.put("account", Json::text_of(account));
        desk.memory.object_mut(&key).current = Some(known);
        desk.remember(&key);
    }
    match desk.memory.object(&key).is_some_and(|object| object.deleted.is_some()) {
        true => desk.move_void(deal),
        false => tell_stages(deal, desk, outcome),
    }
}

/// Whether nothing newer of the deal was read than what happened at this instant.
fn is_newest(id: &str, at: i64, desk: &Desk<'_>) -> bool {
    desk.memory.object(&format!("deal/{id}")).is_none_or(|object| object.modified <= at)
}

/// Notes what a change of a deal says and tells it, unless something of it is missing.
fn tell_deal(id: &str, at: i64, number: i64, change: Change, desk: &mut Desk<'_>, outcome: &mut Outcome) {
    let key = format!("deal/{id}");
    let is_gap = change.extent == Extent::Gap;
    let object = desk.memory.object_mut(&key);
    let mut known = object.current.clone().unwrap_or_else(|| Json::object([]));
    let mut changes = known.at("/changes").map(Changes::from_json).unwrap_or_default();
    if !changes.add(at, number, change) {
        return;
    }
    known.put("changes", changes.to_json());
    object.current = Some(known);
    object.modified = object.modified.max(at);
    if object.deleted.is_some_and(|deleted| deleted < at) && !is_gap {
        desk.restore(&key);
    }
    desk.remember(&key);
    tell_stages(id, desk, outcome);
}

fn tell_stages(id: &str, desk: &mut Desk<'_>, outcome: &mut Outcome) {
    let key = format!("deal/{id}");
    let Some(object) = desk.memory.object(&key) else { return };
    let known = object.current.unwrap_or(Json::Null);
    // Without changes it is only known as that of its lead.
    let Some(changes) = known.at("/changes").map(Changes::from_json) else { return };
    if object.deleted.is_some() {
        return;
    }
    if !changes.are_whole() {
        return outcome.miss(
            id,
            "is an opportunity of which something is missing: it waits until its whole record is in the topic",
        );
    }
    let stages = changes.stages(id, object.lead.as_deref(), known.word("/account"));
    let documents: Vec<Document> = stages.into_iter().map(|stage| Document::new("stages", stage)).collect();
    let told = desk.tell_history(&key, &documents);
    // Of a stage that a record had said before its change event came, the event says it under its own number.
    if told.len() == documents.len() {
        desk.take_back(&key, &format!("{}deal:{id}:", desk.source.setting.id_prefix), &told);
    }
}
