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

    /// Appends a text that `write` appends, and that needs no escapes.
    pub fn text_by(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.name(name);
        self.buffer.push(b'"');
        write(self.buffer);
        self.buffer.push(b'"');
    }

    /// Appends the text of a UUID.
    pub fn uuid(&mut self, name: &str, uuid: &Uuid) {
        self.text_by(name, |buffer| buffer.extend_from_slice(uuid));
    }

    /// Appends a whole number.
    pub fn integer(&mut self, name: &str, number: impl itoa::Integer) {
        self.name(name);
        self.buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Appends an amount of hundredths with two fraction digits, as a text or as a number.
    pub fn cents(&mut self, name: &str, cents: i64, is_text: bool) {
        self.name(name);
        let quote: &[u8] = if is_text { b"\"" } else { b"" };
        self.buffer.extend_from_slice(quote);
        if cents < 0 {
            self.buffer.push(b'-');
        }
        let cents = cents.unsigned_abs();
        self.buffer.extend_from_slice(itoa::Buffer::new().format(cents / 100).as_bytes());
        let digit = |number: u64| b'0' + u8::try_from(number % 10).unwrap_or(0);
        self.buffer.extend_from_slice(&[b'.', digit(cents / 10), digit(cents)]);
        self.buffer.extend_from_slice(quote);
    }

    /// Appends an array with an object for each item.
    pub fn objects<T>(&mut self, name: &str, items: impl Iterator<Item = T>, write: impl Fn(&mut Object<'_>, T)) {
        self.name(name);
        self.buffer.push(b'[');
        for (place, item) in items.enumerate() {
            if place > 0 {
                self.buffer.push(b',');
            }
            let mut object = Object::begin(self.buffer);
            write(&mut object, item);
            object.end();
        }
        self.buffer.push(b']');
    }

    /// Ends the object.
    pub fn end(self) {
        self.buffer.push(b'}');
    }
}

/// The canonical text of a UUID.
pub type Uuid = [u8; 36];

/// The text of a UUID of version 4 with these bits.
#[must_use]
pub fn uuid(bits: u128) -> Uuid {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let bits = (bits & !VERSION & !VARIANT) | (4 << 76) | (0b10 << 62);
    let word = |shift: u32| hexadecimal(u32::try_from((bits >> shift) & u128::from(u32::MAX)).unwrap_or(0));
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (word(96), word(64));
    let ([q, r, s, t, u, v, w, x], [y, z, aa, ab, ac, ad, ae, af]) = (word(32), word(0));
    let dash = b'-';
    [
        a, b, c, d, e, f, g, h, dash, i, j, k, l, dash, m, n, o, p, dash, q, r, s, t, dash, u, v, w, x, y, z, aa, ab,
        ac, ad, ae, af,
    ]
}

/// The eight lower-case digits of a word, all at once: each nibble gets a byte of its own, and those above nine
/// are moved on to the letters.
fn hexadecimal(word: u32) -> [u8; 8] {
    let mut nibbles = u64::from(word);
    nibbles = ((nibbles << 16) | nibbles) & 0x0000_ffff_0000_ffff;
    nibbles = ((nibbles << 8) | nibbles) & 0x00ff_00ff_00ff_00ff;
    nibbles = ((nibbles << 4) | nibbles) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + letters * 0x27).to_be_bytes()
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
    fn uuids_are_of_version_4() {
        let text = |bits| String::from_utf8(uuid(bits).to_vec()).unwrap();
        assert_eq!(text(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(text(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(text(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef), "01234567-89ab-4def-8123-456789abcdef");
    }

    #[test]
    fn an_object_takes_amounts_times_and_lists() {
        let mut bytes = Vec::new();
        let mut object = Object::begin(&mut bytes);
        object.cents("amount", -105, true);
        object.cents("margin", 7, false);
        object.integer("sequence", 3_u8);
        object.text_by("occurred_at", |buffer| buffer.extend_from_slice(b"now"));
        object.objects("splits", [1, 2].into_iter(), |entry, share| entry.integer("share", share));
        object.objects("none", std::iter::empty::<u8>(), |_, _| {});
        object.end();
        let expected = r#"{"amount":"-1.05","margin":0.07,"sequence":3,"occurred_at":"now","splits":[{"share":1},{"share":2}],"none":[]}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
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
