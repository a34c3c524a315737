//! JSON as the CRMs send it, with the text of every number kept.
//!
//! Money is read by its digits and ids are longer than a float is exact, so no number is converted here. Of a key that
//! comes twice the last counts, as in our own decoder.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::contract::encode::quote;

/// Objects and arrays may lie this deep in each other.
const DEEPEST: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// The digits as they are written.
    Number(String),
    /// A string without its escapes.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Fields),
}

/// The fields of an object in the order of its text, and that text itself where it is kept.
///
/// Two of the same fields are the same: where they come from does not count.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    fields: Vec<(String, Json)>,
    /// What came over the line, byte for byte, for a dead letter.
    text: Option<Arc<str>>,
}

impl PartialEq for Fields {
    fn eq(&self, other: &Fields) -> bool {
        self.fields == other.fields
    }
}

impl Eq for Fields {}

impl Fields {
    /// The fields, each with its name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Json)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The same with the text that they come from.
    #[must_use]
    pub fn with_text(self, text: &str) -> Fields {
        Fields { text: Some(Arc::from(text)), ..self }
    }
}

impl FromIterator<(String, Json)> for Fields {
    fn from_iter<T: IntoIterator<Item = (String, Json)>>(fields: T) -> Fields {
        Fields { fields: fields.into_iter().collect(), text: None }
    }
}

/// Why a text is no JSON: the byte at which that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON: what stands at byte {at} does not belong there")]
pub struct JsonFault {
    /// The byte, counted from 0.
    pub at: usize,
}

impl Json {
    /// Reads one value. A byte order mark before it is skipped.
    ///
    /// # Errors
    /// [`JsonFault`] if the bytes are not exactly one JSON value in UTF-8, at most 64 deep.
    pub fn parse(bytes: &[u8]) -> Result<Json, JsonFault> {
        Json::parse_records(bytes, &[])
    }

    /// The same, and every object at one of these pointers keeps its own text. A step `*` stands for every item.
    ///
    /// # Errors
    /// [`JsonFault`] as for [`Json::parse`].
    pub fn parse_records(bytes: &[u8], records: &[&str]) -> Result<Json, JsonFault> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| JsonFault { at: error.valid_up_to() })?;
        let records: Vec<Vec<&str>> = records.iter().map(|pointer| pointer.split('/').skip(1).collect()).collect();
        let mut parser = Parser { text, at: 0, records: &records, path: Vec::new() };
        let value = parser.value(0).ok_or(JsonFault { at: parser.at })?;
        parser.skip_space();
        if parser.at == text.len() { Ok(value) } else { Err(JsonFault { at: parser.at }) }
    }

    /// A text.
    #[must_use]
    pub fn text_of(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    /// A whole number.
    #[must_use]
    pub fn number_of(number: impl fmt::Display) -> Json {
        Json::Number(number.to_string())
    }

    /// An object of these fields.
    #[must_use]
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
        Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The text that came over the line, where it was kept: nothing that was put in later is in it.
    #[must_use]
    pub fn source_text(&self) -> Option<&str> {
        match self {
            Json::Object(fields) => fields.text.as_deref(),
            _ => None,
        }
    }

    /// A text, or null.
    #[must_use]
    pub fn optional(text: Option<&str>) -> Json {
        text.map_or(Json::Null, |text| Json::Text(text.to_owned()))
    }

    /// The value at a JSON Pointer (RFC 6901); `None` where there is none, or null.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Json> {
        let mut value = self;
        if !pointer.is_empty() {
            for step in pointer.strip_prefix('/')?.split('/') {
                value = value.child(step)?;
            }
        }
        (*value != Json::Null).then_some(value)
    }

    pub(super) fn child(&self, step: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => {
                let name: Cow<'_, str> =
                    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() };
                fields.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
            }
            Json::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The text or digits at a pointer; `None` if there is neither.
    #[must_use]
    pub fn word(&self, pointer: &str) -> Option<&str> {
        match self.at(pointer)? {
            Json::Text(text) | Json::Number(text) => Some(text),
            Json::Bool(true) => Some("true"),
            Json::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The text or digits at a pointer, if it is not empty.
    #[must_use]
    pub fn filled(&self, pointer: &str) -> Option<&str> {
        self.word(pointer).filter(|text| !text.is_empty())
    }

    /// The items of the array at a pointer; none if there is no array.
    #[must_use]
    pub fn items(&self, pointer: &str) -> &[Json] {
        match self.at(pointer) {
            Some(Json::Array(items)) => items,
            _ => &[],
        }
    }

    /// Gives the object a field, instead of one that it may have.
    pub fn put(&mut self, name: &str, value: Json) {
        if let Json::Object(object) = self {
            object.fields.retain(|(known, _)| known != name);
            object.fields.push((name.to_owned(), value));
        }
    }

    /// The value as JSON text.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Json::Null => bytes.extend_from_slice(b"null"),
            Json::Bool(value) => bytes.extend_from_slice(value.to_string().as_bytes()),
            Json::Number(digits) => bytes.extend_from_slice(digits.as_bytes()),
            Json::Text(text) => quote(text, bytes),
            Json::Array(items) => {
                bytes.push(b'[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        bytes.push(b',');
                    }
                    item.write(bytes);
                }
                bytes.push(b']');
            }
            Json::Object(fields) => {
                bytes.push(b'{');
                for (place, (name, value)) in fields.iter().enumerate() {
                    if place > 0 {
                        bytes.push(b',');
                    }
                    quote(name, bytes);
                    bytes.push(b':');
                    value.write(bytes);
                }
                bytes.push(b'}');
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Where objects are whose text is kept, step by step.
    records: &'a [Vec<&'a str>],
    /// Where the value is that is being read, as far as that may lead to a record.
    path: Vec<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    /// Reads a value one step further down.
    fn below(&mut self, step: &str, depth: usize) -> Option<Json> {
        // Beyond the deepest record nobody asks where a value is.
        let is_asked = self.records.iter().any(|record| record.len() > depth) && self.path.len() == depth;
        if !is_asked {
            return self.value(depth + 1);
        }
        self.path.push(step.to_owned());
        let value = self.value(depth + 1);
        self.path.pop();
        value
    }

    /// Whether the value at this depth is one of the records.
    fn is_record(&self, depth: usize) -> bool {
        let is_here = |record: &Vec<&str>| {
            record.len() == depth && record.iter().zip(&self.path).all(|(step, here)| step == here)
        };
        self.path.len() == depth && self.records.iter().any(is_here)
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let start = self.at;
        self.take(b'{')?;
        let mut object = Fields::default();
        self.skip_space();
        if self.take(b'}').is_none() {
            loop {
                self.skip_space();
                let name = self.string()?;
                self.skip_space();
                self.take(b':')?;
                let value = self.below(&name, depth)?;
                object.fields.push((name, value));
                self.skip_space();
                match self.peek()? {
                    b',' => self.at += 1,
                    b'}' => break,
                    _ => return None,
                }
            }
            self.at += 1;
        }
        if self.is_record(depth) {
            object.text = self.text.get(start..self.at).map(Arc::from);
        }
        Some(Json::Object(object))
    }

    fn array(&mut self, depth: usize) -> Option<Json> {
        self.take(b'[')?;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']').is_some() {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.below("*", depth)?);
            self.skip_space();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(Json::Array(items))
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.text.get(start..self.at).map(|digits| Json::Number(digits.to_owned()))
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut text = String::new();
        let mut start = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    text.push_str(self.text.get(start..self.at)?);
                    self.at += 1;
                    return Some(text);
                }
                b'\\' => {
                    text.push_str(self.text.get(start..self.at)?);
                    self.at += 1;
                    text.push(self.escape()?);
                    start = self.at;
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.code_unit()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                self.take(b'\\')?;
                self.take(b'u')?;
                let second = self.code_unit().filter(|unit| (0xdc00..0xe000).contains(unit))?;
                char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?
            }
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let unit = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        self.at += 4;
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let json = Json::parse(br#"{"id":9007199254740993,"a":1234567890123.450,"b":-0.1e+2,"a":2.50}"#).unwrap();
        assert_eq!(json.word("/id"), Some("9007199254740993"));
        assert_eq!(json.word("/a"), Some("2.50"));
        assert_eq!(json.word("/b"), Some("-0.1e+2"));
    }

    #[test]
    fn records_keep_the_text_that_came() {
        let text =
            r#"{"x":{"data":[{"a":0}]},"data":[ {"a" : 1.0, "b":{"data":[{}]}},{"a":"\u4f60"} ,7],"users":[{}]}"#;
        let json = Json::parse_records(text.as_bytes(), &["/data/*", "/users/*"]).unwrap();
        let kept = |pointer: &str| json.at(pointer).unwrap().source_text();
        assert_eq!(kept("/data/0"), Some(r#"{"a" : 1.0, "b":{"data":[{}]}}"#));
        assert_eq!(kept("/data/1"), Some(r#"{"a":"\u4f60"}"#));
        assert_eq!(kept("/users/0"), Some("{}"));
        assert_eq!([kept("/x/data/0"), kept("/data/0/b/data/0"), kept("")], [None; 3]);
        let mut record = json.at("/data/1").unwrap().clone();
        record.put("state", Json::Null);
        assert_eq!(record.source_text(), Some(r#"{"a":"\u4f60"}"#), "what we put in did not come");
        assert_eq!(Json::parse(text.as_bytes()).unwrap(), json, "where it comes from does not count");
        let whole = Json::parse_records(b" {} ", &[""]).unwrap();
        assert_eq!(whole.source_text(), Some("{}"));
    }

    #[test]
    fn pointers_find_what_rfc_6901_says() {
        let json = Json::parse(br#"{"a/b":[{"m~n":true}],"x":null,"":{"":"e"}}"#).unwrap();
        assert_eq!(json.word("/a~1b/0/m~0n"), Some("true"));
        assert_eq!(json.at("/x"), None);
        assert_eq!(json.word("//"), Some("e"));
        assert_eq!(json.at("a"), None);
        assert_eq!(json.at(""), Some(&json));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["", "{", "[1,]", "01", "1.", "\"\\ud800\"", "\"\\u+123\"", "nul", "{\"a\":1,}", "1 2", "+1", "\"\n\""]
        {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Json::parse(format!("{}1{}", "[".repeat(70), "]".repeat(70)).as_bytes()).is_err());
        assert_eq!(Json::parse(br#""\ud83d\ude00\u4f60""#).unwrap(), Json::text_of("\u{1f600}你"));
    }

    #[test]
    fn text_and_value_are_inverse() {
        let text = r#"{"a":[1.50,"x\"\u0001",null,true],"b":{}}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().encode(), text.as_bytes());
    }
}
