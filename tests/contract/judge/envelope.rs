//! What may stand around the JSON or in for its fields: Confluent framing and CloudEvents.

use salespulse::contract::decode::{CloudEventHeaders, Record};

use super::Members;
use super::json::Json;

/// The bytes that must be JSON: of a Kafka value what follows a Confluent prefix and a byte order mark, of a
/// file's first line what follows the mark.
pub(super) fn json_bytes<'a>(record: &Record<'_>, value: &'a [u8]) -> &'a [u8] {
    let bytes = if record.may_be_framed { without_prefix(value) } else { value };
    let may_be_marked = record.may_be_framed || record.starts_file;
    bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| may_be_marked).unwrap_or(bytes)
}

/// The value after a Confluent prefix: `0x00` and a 4-byte id, or `0x01` and a 16-byte GUID. A prefix
/// that is cut short leaves bytes that are no JSON.
fn without_prefix(value: &[u8]) -> &[u8] {
    let length = match value.first() {
        Some(0) => 5,
        Some(1) => 17,
        _ => 0,
    };
    value.get(length..).unwrap_or(value)
}

/// The members that count: those of the object itself or of the body it wraps, and where one of three
/// is missing, what stands in for it.
pub(super) fn body(mut object: Members, headers: &CloudEventHeaders<'_>) -> Members {
    let is_envelope = object.get("specversion").is_some_and(|version| version.text().is_some());
    let mut envelope = Members::new();
    let mut body = match object.remove("data") {
        Some(Json::Object(data)) if is_envelope => {
            envelope = object;
            data
        }
        Some(data) => {
            object.insert("data".to_owned(), data);
            object
        }
        None => object,
    };
    let types = salespulse::model::event::EventType::ALL.map(salespulse::model::event::EventType::name);
    let one_of_the_seven = |said: &Json| said.text().is_some_and(|said| types.contains(&said));
    stand_in(&mut body, "type", [envelope.remove("type"), headers.kind.and_then(text)], one_of_the_seven);
    // A header that is no UTF-8 is no text, which both fields must be.
    let id = headers.id.map(|bytes| text(bytes).unwrap_or(Json::List(Vec::new())));
    stand_in(&mut body, "event_id", [envelope.remove("id"), id], present);
    let time = headers.time.map(|bytes| text(bytes).unwrap_or(Json::List(Vec::new())));
    stand_in(&mut body, "occurred_at", [envelope.remove("time"), time], present);
    body
}

fn stand_in(body: &mut Members, field: &str, candidates: [Option<Json>; 2], may: impl Fn(&Json) -> bool) {
    if body.get(field).is_some_and(present) {
        return;
    }
    if let Some(value) = candidates.into_iter().flatten().find(may) {
        body.insert(field.to_owned(), value);
    }
}

fn present(value: &Json) -> bool {
    *value != Json::Null
}

fn text(bytes: &[u8]) -> Option<Json> {
    std::str::from_utf8(bytes).ok().map(|text| Json::Text(text.to_owned()))
}
