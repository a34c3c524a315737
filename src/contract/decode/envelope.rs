//! What may lie around an event: Confluent framing and CloudEvents.

use super::fields::{Fields, Key};
use super::headers::Headers;
use super::json::{Raw, RawString};
use crate::model::event::EventType;

/// What some programs write before a text in UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Takes a Confluent prefix off: `0x00` and a 4-byte schema id, or `0x01` and a 16-byte GUID.
pub(super) fn without_frame(value: &[u8]) -> &[u8] {
    let length = match value.first() {
        Some(0) => 5,
        Some(1) => 17,
        _ => 0,
    };
    // A prefix that is cut short leaves a byte that no JSON begins with.
    value.get(length..).unwrap_or(value)
}

/// Takes a UTF-8 byte order mark off.
pub(super) fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}

/// Leaves the fields of the event itself, with those of its envelope and headers standing in for absent ones.
pub(super) fn open<'a>(fields: &mut Fields<'a>, headers: Headers<'a>) {
    if let Some(data) = data_of(fields) {
        structured(fields, data);
    }
    if [Key::EventId, Key::OccurredAt, Key::Type].iter().all(|key| fields.get(*key).is_some()) {
        return;
    }
    let headers = headers.cloud_event();
    fields.stand_in(Key::EventId, headers.id.map(header_text));
    fields.stand_in(Key::OccurredAt, headers.time.map(header_text));
    fields.stand_in(Key::Type, headers.kind.map(header_text).filter(is_known_type));
}

/// The text of the body, if the object is an envelope.
pub(super) fn data_of<'a>(outer: &Fields<'a>) -> Option<&'a str> {
    match (outer.get(Key::SpecVersion), outer.get(Key::Data)) {
        (Some(Raw::String(_)), Some(Raw::Object(data))) => Some(data),
        _ => None,
    }
}

/// Structured mode: `data` is the body.
fn structured<'a>(fields: &mut Fields<'a>, data: &'a str) {
    // The object was scanned as part of the envelope, so it is valid.
    let Some(inner) = Fields::scanned(data) else { return };
    let outer = std::mem::replace(fields, inner);
    fields.stand_in(Key::EventId, outer.get(Key::Id));
    fields.stand_in(Key::OccurredAt, outer.get(Key::Time));
    fields.stand_in(Key::Type, outer.get(Key::Type).filter(is_known_type));
}

/// A header that is not UTF-8 is a value of the wrong kind, like an array.
fn header_text(bytes: &[u8]) -> Raw<'_> {
    std::str::from_utf8(bytes).map_or(Raw::Array(""), |text| Raw::String(RawString::plain(text)))
}

fn is_known_type(value: &Raw<'_>) -> bool {
    matches!(value, Raw::String(string) if EventType::from_name(&string.text()).is_some())
}
