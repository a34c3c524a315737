//! What a record that cannot be used looks like, and what to do about it: a sentence behind the one that its code has. Only
//! rejected records come here, so nothing on the usual way is slower.

use serde_json::Value;

use super::rejection::{Rejection, RejectionCode};
use super::{BYTE_ORDER_MARK, Record};
use crate::model::time::Time;

/// A Kafka timestamp before 2000 is none that a clock gave.
const FIRST_BELIEVABLE: Time = Time::from_millis(946_684_800_000);

/// Adds to a rejection what its record looks like, where that is known.
pub(super) fn explained(mut rejection: Rejection, record: &Record<'_>, now: Time) -> Rejection {
    let (Some(value), Some(json)) = (record.value, record.json()) else { return rejection };
    let hint = match rejection.code {
        RejectionCode::NotJson => not_json(value, json, record.may_be_framed),
        RejectionCode::MissingField | RejectionCode::UnknownType | RejectionCode::TypeMismatch => envelope_of(json),
        RejectionCode::InFuture => record.timestamp.and_then(|timestamp| of_timestamp(timestamp, now)),
        _ => None,
    };
    if let Some(hint) = hint {
        rejection.message = format!("{}; {hint}", rejection.message);
    }
    rejection
}

/// What is no JSON object, by how it begins, and where it ceases to be one.
fn not_json(value: &[u8], json: &[u8], may_be_framed: bool) -> Option<String> {
    if let Some(binary) = binary(value, may_be_framed) {
        return Some(binary);
    }
    if json.starts_with(BYTE_ORDER_MARK) {
        return Some(
            "it begins with a byte order mark, which may only stand before the first line of a file".to_owned(),
        );
    }
    match std::str::from_utf8(json) {
        Ok(text) => text_that_is_no_object(text),
        Err(error) => {
            let at = error.valid_up_to() + 1;
            Some(format!("byte {at} is no UTF-8: write the text in UTF-8, not in GBK, Latin-1 or another encoding"))
        }
    }
}

/// What is no text at all, or not in UTF-8.
fn binary(value: &[u8], may_be_framed: bool) -> Option<String> {
    let begins = |bytes: &[u8]| value.starts_with(bytes);
    // In a text of two bytes a character every other byte is 0 where it is plain English.
    let zeros = |odd: usize| value.iter().skip(odd).step_by(2).take(8).filter(|byte| **byte == 0).count();
    let is_pairs = value.len() >= 8 && value.len().is_multiple_of(2);
    let said = if begins(b"\x1F\x8B") {
        "it looks like gzip: let the producer compress (compression.type) and not the program that writes the value"
    } else if begins(b"\x28\xB5\x2F\xFD") {
        "it looks like zstd: let the producer compress (compression.type) and not the program that writes the value"
    } else if begins(b"\xFF\xFE") || begins(b"\xFE\xFF") || (is_pairs && zeros(0).max(zeros(1)) >= 4) {
        "it looks like UTF-16: write it in UTF-8"
    } else if begins(b"Obj\x01") {
        "it looks like a file of Avro: write JSON"
    } else if let (true, [0, a, b, c, d, ..]) = (may_be_framed, value) {
        let schema = u32::from_be_bytes([*a, *b, *c, *d]);
        return Some(format!(
            "it looks like Avro or Protobuf by the schema {schema} of a registry: let the producer use a JSON serializer"
        ));
    } else {
        return None;
    };
    Some(said.to_owned())
}

/// What is UTF-8, and not one JSON object.
fn text_that_is_no_object(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let first_line = trimmed.lines().next().unwrap_or_default();
    let said = match trimmed.chars().next() {
        None => "it is empty: a record without a value is a tombstone, one of spaces is nothing",
        Some('[') => return Some(array(trimmed)),
        Some('"') if serde_json::from_str::<String>(trimmed).is_ok() => {
            "it is a JSON text: if the object stands in it, it was encoded twice"
        }
        Some('"') => PRETTY,
        Some('<') => "it looks like XML: write JSON",
        Some('{') => return Some(broken_object(trimmed)),
        Some('}' | ']') => PRETTY,
        Some(_) if [',', ';', '\t'].iter().any(|between| first_line.matches(*between).count() >= 2) => {
            "it looks like CSV: write one JSON object for each line of it"
        }
        Some(_) if first_line.ends_with(',') && first_line.contains(':') => PRETTY,
        Some(_) if serde_json::from_str::<Value>(trimmed).is_ok() => {
            "it is one JSON value and no object: put it into one"
        }
        Some(_) => "it does not begin with {",
    };
    Some(said.to_owned())
}

const PRETTY: &str =
    "it looks like a part of an object that was printed over several lines: write each object on one line";

const DEEP: &str = "it is nested deeper than 32";

fn array(text: &str) -> String {
    let is_event = |event: &Value| event.get("specversion").is_some();
    let events = serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
    match events.len() {
        0 => "it is a JSON array: write each of its objects as a record".to_owned(),
        count if events.iter().all(is_event) => {
            format!("it is a batch of {count} CloudEvents: write each of them as a record")
        }
        count => format!("it is a JSON array of {count}: write each of its objects as a record"),
    }
}

/// An object that is not read to its end, by what a general parser says of it. That never repeats what stands there.
fn broken_object(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => DEEP.to_owned(),
        Err(error) if error.is_eof() && !text.contains('\n') && (text == "{" || text.ends_with(',')) => {
            PRETTY.to_owned()
        }
        Err(error) => {
            let rest = text
                .lines()
                .nth(error.line().saturating_sub(1))
                .and_then(|line| line.get(error.column().saturating_sub(1)..));
            let begins = |words: &[&str]| rest.is_some_and(|rest| words.iter().any(|word| rest.starts_with(word)));
            let advice = if begins(&["NaN", "Infinity", "-I", "naN", "aN", "nfinity"]) {
                ": JSON has no such number, write null or leave the field out"
            } else if begins(&["'"]) {
                ": JSON's quotes are double ones"
            } else if error.to_string().starts_with("trailing characters") {
                ": write one object a record, and nothing behind it"
            } else if error.to_string().starts_with("recursion limit") {
                return DEEP.to_owned();
            } else {
                ""
            };
            format!("{error}{advice}")
        }
    }
}

/// What the object is, if it is a known envelope and not the event itself.
fn envelope_of(json: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let has = |key: &str| value.get(key).is_some();
    let payload = value.get("payload");
    let is_change =
        |value: &Value| value.get("op").is_some() && (value.get("after").is_some() || value.get("before").is_some());
    let said = if is_change(&value) || payload.is_some_and(is_change) {
        "it looks like a change by Debezium: unwrap it (transforms.unwrap.type=io.debezium.transforms.ExtractNewRecordState) and \
         set value.converter.schemas.enable=false"
    } else if has("schema") && has("payload") {
        "it looks like an envelope of Kafka Connect: set value.converter.schemas.enable=false"
    } else if has("specversion") && has("data_base64") {
        "it is a CloudEvent whose data is in data_base64: write it as an object in data, with datacontenttype application/json"
    } else if has("specversion") && value.get("data").is_some_and(Value::is_string) {
        "it is a CloudEvent whose data is a text: write it as an object"
    } else if has("specversion") && !has("data") {
        "it is a CloudEvent without data"
    } else {
        return None;
    };
    Some(said.to_owned())
}

/// A time is judged by the record's own timestamp too, which may be what is wrong.
fn of_timestamp(timestamp: Time, now: Time) -> Option<String> {
    if timestamp < FIRST_BELIEVABLE {
        let seconds = Time::from_millis(timestamp.millis().saturating_mul(1_000));
        let looks = if seconds > FIRST_BELIEVABLE { ", as if it were in seconds" } else { "" };
        return Some(format!(
            "the record's Kafka timestamp is {timestamp}{looks}: let the producer give it in milliseconds, or not at all"
        ));
    }
    (timestamp < now).then(|| {
        format!("the record's Kafka timestamp is {timestamp}; if that is not when it was written, the producer sets it wrongly")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &[u8], may_be_framed: bool) -> String {
        not_json(value, value, may_be_framed).unwrap_or_default()
    }

    #[test]
    fn what_is_not_json_is_named() {
        let utf16: Vec<u8> = r#"{"type":"lead"}"#.encode_utf16().chain([32]).flat_map(u16::to_le_bytes).collect();
        for (value, expected) in [
            (b"\x1F\x8B\x08\x00".as_slice(), "it looks like gzip"),
            (b"\x28\xB5\x2F\xFD\x00", "it looks like zstd"),
            (b"\xFF\xFE{\x00", "it looks like UTF-16"),
            (&utf16, "it looks like UTF-16"),
            (b"\xEF\xBB\xBF{}", "it begins with a byte order mark"),
            (b"Obj\x01\x04", "it looks like a file of Avro"),
            ("{\"name\":\"\u{738b}\"}".as_bytes(), "it is nested deeper than 32"),
            (b"{\"name\":\"\xCD\xF5\"}", "byte 10 is no UTF-8"),
            (b"[{\"type\":\"lead\"},{}]", "it is a JSON array of 2: write each"),
            (b"[{\"specversion\":\"1.0\"}]", "it is a batch of 1 CloudEvents"),
            (b"[1,", "it is a JSON array: write each"),
            (b" \t", "it is empty"),
            (b"\"{\\\"type\\\":\\\"lead\\\"}\"", "it is a JSON text: if the object"),
            (b"<lead/>", "it looks like XML"),
            (b"lead,L1,wang,east", "it looks like CSV"),
            (b"lead;L1;wang", "it looks like CSV"),
            (b"{", "it looks like a part of an object"),
            (b"  \"type\": \"lead\",", "it looks like a part of an object"),
            (b"}", "it looks like a part of an object"),
            (b"{\"type\":\"lead\",}", "trailing comma at line 1 column 16"),
            (b"{\"type\":\"lead\"} {}", "trailing characters at line 1 column 17: write one object a record"),
            (b"{\"amount\":NaN}", "expected value at line 1 column 11: JSON has no such number"),
            (b"{'type':'lead'}", "key must be a string at line 1 column 2: JSON's quotes are double ones"),
            (b"{\"type\":\"lead\"", "EOF while parsing an object at line 1 column 14"),
            (b"42", "it is one JSON value and no object"),
            (b"hello", "it does not begin with {"),
        ] {
            let told = told(value, false);
            assert!(told.starts_with(expected), "{}: {told}", String::from_utf8_lossy(value));
        }
        let avro = told(b"\x00\x00\x00\x00\x2A\x10lead", true);
        assert!(avro.starts_with("it looks like Avro or Protobuf by the schema 42 of a registry"), "{avro}");
    }

    #[test]
    fn envelopes_are_named() {
        for (value, expected) in [
            (r#"{"schema":{},"payload":{"op":"c","after":{}}}"#, Some("it looks like a change by Debezium")),
            (r#"{"before":null,"after":{},"op":"u"}"#, Some("it looks like a change by Debezium")),
            (
                r#"{"schema":{"type":"struct"},"payload":{"event_id":"e"}}"#,
                Some("it looks like an envelope of Kafka Connect"),
            ),
            (r#"{"specversion":"1.0","data_base64":"e30="}"#, Some("it is a CloudEvent whose data is in data_base64")),
            (r#"{"specversion":"1.0","data":"{}"}"#, Some("it is a CloudEvent whose data is a text")),
            (r#"{"specversion":"1.0"}"#, Some("it is a CloudEvent without data")),
            (r#"{"lead_id":"L1"}"#, None),
            ("[]", None),
        ] {
            let told = envelope_of(value.as_bytes());
            let fits = match (&told, expected) {
                (Some(told), Some(expected)) => told.starts_with(expected),
                (told, expected) => told.is_none() && expected.is_none(),
            };
            assert!(fits, "{value}: {told:?}");
        }
    }

    #[test]
    fn a_broken_timestamp_is_named() {
        let now = Time::from_millis(1_800_000_000_000);
        let told = |millis| of_timestamp(Time::from_millis(millis), now).unwrap_or_default();
        assert!(told(1_799_999_000).contains("1970-01-21T"), "{}", told(1_799_999_000));
        assert!(told(1_799_999_000).contains(", as if it were in seconds"));
        assert!(told(0).contains("1970-01-01T00:00:00") && !told(0).contains("seconds:"));
        assert!(told(1_700_000_000_000).contains("if that is not when it was written"));
        assert_eq!(told(1_900_000_000_000), "", "the clock judged");
    }
}
