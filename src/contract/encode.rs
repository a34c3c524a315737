//! From an event's fields to the bytes of its record: the counterpart of [`decode`](super::decode).
//!
//! Two kinds of writers need it. The simulation knows its fields and writes millions of them, so it appends them to a
//! buffer one by one ([`Object`]). The connectors have fields in whatever order a mapping gives them ([`Draft`]) and
//! write them in the order of the type, so that the same facts are the same bytes.

use std::borrow::Cow;

use crate::model::event::EventType;

/// A JSON object that is being appended to a buffer.
#[derive(Debug)]
pub struct Object<'a> {
    buffer: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    /// Begins an object at the end of a buffer.
    pub fn begin(buffer: &'a mut Vec<u8>) -> Object<'a> {
        buffer.push(b'{');
        Object { buffer, is_empty: true }
    }

    /// Goes on with an object that has at least one field.
    pub const fn resume(buffer: &'a mut Vec<u8>) -> Object<'a> {
        Object { buffer, is_empty: false }
    }

    /// Appends a field's name, up to its colon.
    fn name(&mut self, name: &str) {
        let separator: &[u8] = if self.is_empty { b"\"" } else { b",\"" };
        self.is_empty = false;
        self.buffer.extend_from_slice(separator);
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b"\":");
    }

    /// Appends a text that needs no escapes.
    pub fn plain(&mut self, name: &str, text: &str) {
        self.name(name);
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.push(b'"');
    }

    /// Appends a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        quote(text, self.buffer);
    }

    /// Appends a number by its digits, or `true` or `false`.
    pub fn literal(&mut self, name: &str, literal: &str) {
        self.name(name);
        self.buffer.extend_from_slice(literal.as_bytes());
    }

    /// Ends the object.
    pub fn end(self) {
        self.buffer.push(b'}');
    }
}

/// Appends a text as a JSON string, quotes included.
pub fn quote(text: &str, buffer: &mut Vec<u8>) {
    const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";
    buffer.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => buffer.extend_from_slice(&[b'\\', byte]),
            b'\n' => buffer.extend_from_slice(b"\\n"),
            b'\r' => buffer.extend_from_slice(b"\\r"),
            b'\t' => buffer.extend_from_slice(b"\\t"),
            0..=0x1f => {
                let digit = |nibble: u8| HEXADECIMAL.get(usize::from(nibble)).copied().unwrap_or(b'0');
                buffer.extend_from_slice(b"\\u00");
                buffer.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            }
            _ => buffer.push(byte),
        }
    }
    buffer.push(b'"');
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An identifier or a word. A number gives its digits.
    Id,
    /// A text.
    Text,
    /// An amount or a share, by its digits.
    Decimal,
    /// RFC 3339 with an offset, or Unix milliseconds.
    Time,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
}

/// A field of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the record.
    pub name: &'static str,
    /// What it holds.
    pub form: Form,
}

const fn field(name: &'static str, form: Form) -> Field {
    Field { name, form }
}

/// The fields that every type has, `type` apart.
const COMMON: [Field; 4] = [
    field("event_id", Form::Id),
    field("version", Form::Integer),
    field("retracted", Form::Bool),
    field("occurred_at", Form::Time),
];

const LEAD_ID: Field = field("lead_id", Form::Id);
const SEQUENCE: Field = field("sequence", Form::Integer);
const PIPELINE: Field = field("pipeline", Form::Id);
const CUSTOMER_ID: Field = field("customer_id", Form::Id);
const REP_ID: Field = field("rep_id", Form::Id);
const TEAM_ID: Field = field("team_id", Form::Id);
const CHANNEL: Field = field("channel", Form::Id);
const AMOUNT: Field = field("amount", Form::Decimal);
const CURRENCY: Field = field("currency", Form::Id);

/// The fields of a type beside the common ones, in the order in which they are written.
#[must_use]
pub const fn fields(kind: EventType) -> &'static [Field] {
    match kind {
        EventType::Lead => const { &[LEAD_ID, SEQUENCE, PIPELINE, CUSTOMER_ID, REP_ID, TEAM_ID, CHANNEL] },
        EventType::StageChange => {
            const {
                &[
                    LEAD_ID,
                    SEQUENCE,
                    PIPELINE,
                    CUSTOMER_ID,
                    field("stage", Form::Id),
                    AMOUNT,
                    CURRENCY,
                    field("margin", Form::Decimal),
                    field("expected_close_at", Form::Time),
                    field("lost_reason", Form::Text),
                    REP_ID,
                    TEAM_ID,
                    CHANNEL,
                    field("started_at", Form::Time),
                ]
            }
        }
        EventType::Spend => const { &[AMOUNT, CURRENCY, CHANNEL, field("campaign", Form::Id), REP_ID, TEAM_ID] },
        EventType::Feedback => {
            const {
                &[
                    field("survey", Form::Id),
                    field("score", Form::Integer),
                    field("scale_max", Form::Integer),
                    LEAD_ID,
                    CUSTOMER_ID,
                    REP_ID,
                    TEAM_ID,
                ]
            }
        }
        EventType::Payment => {
            const { &[field("kind", Form::Id), AMOUNT, CURRENCY, LEAD_ID, CUSTOMER_ID, REP_ID, TEAM_ID] }
        }
        EventType::Target => {
            const {
                &[
                    field("scope", Form::Id),
                    REP_ID,
                    TEAM_ID,
                    field("region_id", Form::Id),
                    field("period", Form::Id),
                    field("measure", Form::Id),
                    AMOUNT,
                    CURRENCY,
                ]
            }
        }
        EventType::Rep => const { &[REP_ID, TEAM_ID, field("name", Form::Text), field("active", Form::Bool)] },
    }
}

/// The field of this name that events of a type have.
#[must_use]
pub fn find_field(kind: EventType, name: &str) -> Option<Field> {
    COMMON.iter().chain(fields(kind)).find(|field| field.name == name).copied()
}

/// The value of a field, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldValue {
    /// A JSON string.
    Text(String),
    /// A number by its digits, or `true` or `false`.
    Literal(String),
}

impl FieldValue {
    /// The text or the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            FieldValue::Text(text) | FieldValue::Literal(text) => text,
        }
    }
}

/// An event that is to be written: fields of one type, each at most once, not yet judged by the contract.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draft {
    kind: EventType,
    /// In the order of the type.
    fields: Vec<(&'static str, FieldValue)>,
}

impl Draft {
    /// An event of a type without fields.
    #[must_use]
    pub const fn new(kind: EventType) -> Draft {
        Draft { kind, fields: Vec::new() }
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> EventType {
        self.kind
    }

    /// Gives a field of this type a value; a name that the type does not have is left out.
    pub fn set(&mut self, name: &str, value: FieldValue) {
        let Some(field) = find_field(self.kind, name) else { return };
        self.remove(name);
        let place = self.place(field.name);
        let before = self.fields.iter().take_while(|(known, _)| self.place(known) < place).count();
        self.fields.insert(before, (field.name, value));
    }

    /// Takes a field away.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(known, _)| *known != name);
    }

    fn place(&self, name: &str) -> usize {
        COMMON.iter().chain(fields(self.kind)).position(|field| field.name == name).unwrap_or(usize::MAX)
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The text or the digits of a field; empty where it is absent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).map_or("", FieldValue::as_str)
    }

    /// The version: 0 where there is none.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.text("version").parse().unwrap_or(0)
    }

    /// Puts another version in place of the one that is there.
    pub fn set_version(&mut self, version: u64) {
        self.set("version", FieldValue::Literal(version.to_string()));
    }

    /// The event that this fact never happened, with this version.
    #[must_use]
    pub fn retraction(&self, version: u64) -> Draft {
        let mut draft = Draft::new(self.kind);
        for name in ["event_id", "lead_id"] {
            let of_journey = name == "event_id" || self.kind.is_of_journey();
            if let Some(value) = self.get(name).filter(|_| of_journey) {
                draft.set(name, value.clone());
            }
        }
        draft.set_version(version);
        draft.set("retracted", FieldValue::Literal("true".to_owned()));
        draft
    }

    /// What Kafka's key of the record is: the journey, or the fact.
    #[must_use]
    pub fn key(&self) -> &str {
        if self.kind.is_of_journey() { self.text("lead_id") } else { self.text("event_id") }
    }

    /// The record's JSON.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        let mut object = Object::begin(&mut bytes);
        object.plain("type", self.kind.name());
        for (name, value) in &self.fields {
            match value {
                FieldValue::Text(text) => object.text(name, text),
                FieldValue::Literal(literal) => object.literal(name, literal),
            }
        }
        object.end();
        bytes
    }

    /// The record's JSON as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        match String::from_utf8_lossy(&self.encode()) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    #[test]
    fn fields_are_written_in_the_order_of_the_type() {
        let mut draft = Draft::new(EventType::Lead);
        draft.set("channel", text("expo"));
        draft.set("lead_id", text("L\"1\u{1}\n"));
        draft.set("event_id", text("e"));
        draft.set("stage", text("not of a lead"));
        draft.set_version(7);
        draft.set_version(8);
        let expected = r#"{"type":"lead","event_id":"e","version":8,"lead_id":"L\"1\u0001\n","channel":"expo"}"#;
        assert_eq!(draft.to_json(), expected);
        assert_eq!(draft.key(), "L\"1\u{1}\n");
    }

    #[test]
    fn a_retraction_names_the_fact_and_nothing_else() {
        let mut draft = Draft::new(EventType::Payment);
        for name in ["event_id", "lead_id", "customer_id"] {
            draft.set(name, text(name));
        }
        let expected = r#"{"type":"payment","event_id":"event_id","version":3,"retracted":true}"#;
        assert_eq!(draft.retraction(3).to_json(), expected);
        assert_eq!(draft.key(), "event_id");
    }
}
