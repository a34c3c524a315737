//! One pass over a JSON object: full validation, and where its values lie.
//!
//! Nothing is allocated and no number is converted here. A general parser would build values that nobody reads, or
//! buffer them to find the type first.

mod specials;

use std::borrow::Cow;

use self::specials::Specials;

/// Objects and arrays may lie this deep in each other, the outermost one included.
const DEEPEST: usize = 32;

/// A value of a field, not yet converted. `null` is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// The text between the quotes, with its escapes.
    String(RawString<'a>),
    /// The digits as they are written.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// The text of an object, braces included.
    Object(&'a str),
    /// The text of an array, brackets included.
    Array(&'a str),
}

impl<'a> Raw<'a> {
    /// What a string says; `None` of what is no string.
    pub(super) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Raw::String(string) => Some(string.text()),
            _ => None,
        }
    }
}

/// A JSON string between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawString<'a> {
    pub(super) text: &'a str,
    pub(super) has_escapes: bool,
}

impl<'a> RawString<'a> {
    /// A text that was not written in JSON and has no escapes.
    pub(super) const fn plain(text: &'a str) -> RawString<'a> {
        RawString { text, has_escapes: false }
    }

    /// What the string says.
    pub(super) fn text(self) -> Cow<'a, str> {
        if self.has_escapes { Cow::Owned(unescape(self.text)) } else { Cow::Borrowed(self.text) }
    }
}

/// What an array holds that was scanned as part of a record; `None` is `null`.
pub(super) fn elements(text: &str) -> Vec<Option<Raw<'_>>> {
    let mut elements = Vec::new();
    // What is no array holds nothing.
    let _ = Scanner::of(text).array(1, |element| elements.push(element.value(text)));
    elements
}

/// Where a value lies in a text, and of what kind it is: three bits above the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

const KIND: u32 = 29;
/// A text of more bytes is not read: far more than any record may have.
pub(super) const LONGEST: usize = 1 << KIND;

// The bits of a span above its end.
const KINDS: u32 = 7 << KIND;
const PLAIN: u32 = 1 << KIND;
const ESCAPED: u32 = 2 << KIND;
const NUMBER: u32 = 3 << KIND;
const FALSE: u32 = 4 << KIND;
const TRUE: u32 = 5 << KIND;
const OBJECT: u32 = 6 << KIND;
const ARRAY: u32 = 7 << KIND;

impl Span {
    /// Of no value.
    pub(super) const NONE: Span = Span { start: 0, end: 0 };

    #[expect(clippy::cast_possible_truncation, reason = "texts of LONGEST bytes are not scanned")]
    const fn new(start: usize, end: usize, kind: u32) -> Span {
        Span { start: start as u32, end: end as u32 | kind }
    }

    /// Whether there is a value.
    pub(super) const fn is_some(self) -> bool {
        self.end != 0
    }

    const fn bounds(self) -> std::ops::Range<usize> {
        self.start as usize..(self.end & !KINDS) as usize
    }

    /// The bytes of a string without escapes.
    pub(super) fn plain(self, text: &str) -> Option<&[u8]> {
        (self.end & KINDS == PLAIN).then(|| text.as_bytes().get(self.bounds())).flatten()
    }

    /// The value in the text that was scanned.
    pub(super) fn value(self, text: &str) -> Option<Raw<'_>> {
        let part = text.get(self.bounds())?;
        Some(match self.end & KINDS {
            PLAIN => Raw::String(RawString { text: part, has_escapes: false }),
            ESCAPED => Raw::String(RawString { text: part, has_escapes: true }),
            NUMBER => Raw::Number(part),
            FALSE => Raw::Bool(false),
            TRUE => Raw::Bool(true),
            OBJECT => Raw::Object(part),
            ARRAY => Raw::Array(part),
            _ => return None,
        })
    }
}

/// Reads a text that may be one JSON object; `each` gets the names and what they hold. `None` if it is no such text;
/// `each` may have got a part of it.
pub(super) fn read(text: &str, each: impl FnMut(Span, Span)) -> Option<()> {
    if text.len() >= LONGEST {
        return None;
    }
    let mut scanner = Scanner::of(text);
    scanner.skip_space();
    scanner.object(1, each)?;
    scanner.skip_space();
    (scanner.at == text.len()).then_some(())
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    specials: Specials,
}

impl Scanner<'_> {
    fn of(text: &str) -> Scanner<'_> {
        Scanner { bytes: text.as_bytes(), at: 0, specials: Specials::default() }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The next byte that is no space, at which the scanner then stands.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        let next = self.peek()?;
        if next > b' ' {
            return Some(next);
        }
        self.skip_space();
        self.peek()
    }

    /// Whether these two bytes come next.
    #[inline]
    fn stands_at(&self, bytes: &[u8; 2]) -> bool {
        self.bytes.get(self.at..self.at + bytes.len()).is_some_and(|next| next == bytes)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let end = self.at + word.len();
        (self.bytes.get(self.at..end)? == word.as_bytes()).then(|| self.at = end)
    }

    /// An object at the scanner's place; `each` gets the names and what they hold.
    fn object(&mut self, depth: usize, mut each: impl FnMut(Span, Span)) -> Option<()> {
        self.eat(b'{')?;
        if self.token()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            // Most fields are written so, for which nothing is called.
            let (name, value) = self.plain_field().map_or_else(|| self.field(depth), Some)?;
            each(name, value);
            if self.stands_at(b",\"") {
                self.at += 1;
                continue;
            }
            if !self.goes_on(b'}')? {
                return Some(());
            }
            self.token()?;
        }
    }

    /// A field whose name and value are strings without escapes, and nothing else between them than a colon; the scanner
    /// stays where it is if there is no such field.
    #[inline(always)]
    fn plain_field(&mut self) -> Option<(Span, Span)> {
        const BETWEEN: &[u8; 3] = b"\":\"";
        let start = self.at + 1;
        let end = self.specials.next(self.bytes, start);
        let value = end + BETWEEN.len();
        if self.peek()? != b'"' || self.bytes.get(end..value)? != BETWEEN {
            return None;
        }
        let value_end = self.specials.next(self.bytes, value);
        if *self.bytes.get(value_end)? != b'"' {
            return None;
        }
        self.at = value_end + 1;
        Some((Span::new(start, end, PLAIN), Span::new(value, value_end, PLAIN)))
    }

    /// Any field at the scanner's place.
    fn field(&mut self, depth: usize) -> Option<(Span, Span)> {
        let name = self.string()?;
        if self.token()? != b':' {
            return None;
        }
        self.at += 1;
        Some((name, self.value(depth)?))
    }

    /// An array at the scanner's place; `each` gets what it holds.
    fn array(&mut self, depth: usize, mut each: impl FnMut(Span)) -> Option<()> {
        self.eat(b'[')?;
        if self.token()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            each(self.value(depth)?);
            if !self.goes_on(b']')? {
                return Some(());
            }
        }
    }

    /// Whether a comma follows, rather than this end.
    #[inline]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let next = self.token()?;
        self.at += 1;
        (next == b',' || next == end).then_some(next == b',')
    }

    /// A value inside an object or array of this depth, which space may precede.
    fn value(&mut self, depth: usize) -> Option<Span> {
        let first = self.token()?;
        let start = self.at;
        let kind = match first {
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' => self.number().map(|()| NUMBER)?,
            b't' => self.word("true").map(|()| TRUE)?,
            b'f' => self.word("false").map(|()| FALSE)?,
            b'n' => return self.word("null").map(|()| Span::NONE),
            b'{' | b'[' if depth >= DEEPEST => return None,
            b'{' => self.object(depth + 1, |_, _| ()).map(|()| OBJECT)?,
            b'[' => self.array(depth + 1, |_| ()).map(|()| ARRAY)?,
            _ => return None,
        };
        Some(Span::new(start, self.at, kind))
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.eat(b'-');
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// A string, whose span lies between its quotes.
    fn string(&mut self) -> Option<Span> {
        self.eat(b'"')?;
        let start = self.at;
        self.at = self.specials.next(self.bytes, start);
        if self.peek()? == b'"' {
            self.at += 1;
            return Some(Span::new(start, self.at - 1, PLAIN));
        }
        self.escaped(start)
    }

    /// The rest of a string from its first escape on.
    #[cold]
    fn escaped(&mut self, start: usize) -> Option<Span> {
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return None,
            }
            self.at = self.specials.next(self.bytes, self.at);
        }
        self.at += 1;
        Some(Span::new(start, self.at - 1, ESCAPED))
    }

    fn escape(&mut self) -> Option<()> {
        self.at += 1;
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.hex4()? {
                0xDC00..=0xDFFF => None,
                0xD800..=0xDBFF => {
                    self.word("\\u")?;
                    matches!(self.hex4()?, 0xDC00..=0xDFFF).then_some(())
                }
                _ => Some(()),
            },
            _ => None,
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |value, byte| Some(value << 4 | char::from(*byte).to_digit(16)?))
    }
}

/// Resolves the escapes of a string that the scanner has found valid.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('u') => {
                let mut unit = hex(&mut chars);
                if (0xD800..0xDC00).contains(&unit) {
                    chars.nth(1);
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (hex(&mut chars) - 0xDC00);
                }
                plain.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(same) => plain.push(same),
            None => {}
        }
    }
    plain
}

fn hex(chars: &mut std::str::Chars<'_>) -> u32 {
    chars.by_ref().take(4).fold(0, |value, char| value << 4 | char.to_digit(16).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::fields::{Fields, Key};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn text<'a>(fields: &Fields<'a>, key: Key) -> Option<Cow<'a, str>> {
        match fields.get(key)? {
            Raw::String(string) => Some(string.text()),
            _ => None,
        }
    }

    #[test]
    fn escapes_in_keys_and_values_are_resolved() {
        let json = r#"{"\u0074ype":"\u4f60\ud83d\ude00\n\/","event_id":"a"}"#;
        let fields = Fields::scanned(json).unwrap();
        assert_eq!(text(&fields, Key::Type).unwrap(), "你😀\n/");
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        let fields = Fields::scanned(r#"{"type":"a","type":null,"stage":null,"stage":"b"}"#).unwrap();
        assert_eq!(fields.get(Key::Type), None);
        assert_eq!(text(&fields, Key::Stage).unwrap(), "b");
    }

    #[test]
    fn depth_32_is_the_deepest() {
        let nested = |depth: usize| format!("{{\"x\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(Fields::scanned(&nested(32)).is_some());
        assert!(Fields::scanned(&nested(33)).is_none());
    }

    #[test]
    fn what_is_not_one_json_object() {
        for json in [
            "",
            " ",
            "1",
            "[]",
            "null",
            "\"a\"",
            "{",
            "{}{}",
            "{} x",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":-}",
            "{\"a\":1e}",
            "{\"a\":NaN}",
            "{\"a\":tru}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\ude00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":[1,]}",
            "{\"a\":[1}",
            "\u{feff}{}",
            "{\"a\":\"\\u00g0\"}",
        ] {
            assert!(Fields::scanned(json).is_none(), "{json}");
        }
        assert!(Fields::scanned(" \r\n\t{ \"a\" : [ 1 , -0.0e+5 , { } , [ ] , true ] } ").is_some());
    }

    proptest! {
        /// On any text the scanner and a general parser agree on what is a JSON object. The exponent is negative, for what
        /// parts may make of another is more than a float holds, which the general parser refuses and the scanner leaves to
        /// whoever reads the number.
        #[test]
        fn agrees_with_a_general_parser(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"a\"", "\"type\"", "1", "-0", "1.5e-3", "true", "null", " ", "\"\\u00e9\"",
                "1,\"b\":\"c\"", "\"c\",\"d\" : \"e\"", ",\"f\":", "\"as long as two of the blocks that are looked at, or more, and one more\"",
                "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"long enough for a word\\n\"", "\"é\"", "\\", "\"", "\u{1}", "0",
            ]), 0..12),
        ) {
            let json = format!("{{\"x\":{}}}", parts.concat());
            let general = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json).ok();
            prop_assert_eq!(Fields::scanned(&json).is_some(), general.is_some(), "{}", json);
            if let Some(general) = general {
                let names: BTreeSet<String> = Fields::names(&json).into_iter().map(|(name, _)| name.into()).collect();
                prop_assert_eq!(names, general.into_iter().map(|(name, _)| name).collect());
            }
        }
    }
}
