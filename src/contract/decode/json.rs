//! One pass over a JSON object: full validation, and where its values lie.
//!
//! Nothing is allocated and no number is converted here. A general parser would build values that nobody reads, or
//! buffer them to find the type first.

use std::borrow::Cow;

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
    let _ = Scanner { text, bytes: text.as_bytes(), at: 0 }.array(1, |element| elements.push(element));
    elements
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Reads a text that may be one JSON object; `each` gets the names and what they hold. `None` if it is no such text;
    /// `each` may have got a part of it.
    pub(super) fn read(text: &'a str, each: impl FnMut(RawString<'a>, Option<Raw<'a>>)) -> Option<()> {
        let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0 };
        scanner.skip_space();
        scanner.object(1, each)?;
        scanner.skip_space();
        (scanner.at == text.len()).then_some(())
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

    fn word(&mut self, word: &str) -> Option<()> {
        let end = self.at + word.len();
        (self.bytes.get(self.at..end)? == word.as_bytes()).then(|| self.at = end)
    }

    /// An object at the scanner's place; `each` gets the names and what they hold.
    fn object(&mut self, depth: usize, mut each: impl FnMut(RawString<'a>, Option<Raw<'a>>)) -> Option<()> {
        self.eat(b'{')?;
        self.skip_space();
        if self.eat(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.skip_space();
            self.eat(b':')?;
            self.skip_space();
            let value = self.value(depth)?;
            each(name, value);
            self.skip_space();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
            self.skip_space();
        }
        self.at += 1;
        Some(())
    }

    /// An array at the scanner's place; `each` gets what it holds.
    fn array(&mut self, depth: usize, mut each: impl FnMut(Option<Raw<'a>>)) -> Option<()> {
        self.eat(b'[')?;
        self.skip_space();
        if self.eat(b']').is_some() {
            return Some(());
        }
        loop {
            each(self.value(depth)?);
            self.skip_space();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
            self.skip_space();
        }
        self.at += 1;
        Some(())
    }

    /// A value inside an object or array of this depth; the inner `None` is `null`.
    fn value(&mut self, depth: usize) -> Option<Option<Raw<'a>>> {
        let start = self.at;
        let value = match self.peek()? {
            b'"' => Raw::String(self.string()?),
            b'-' | b'0'..=b'9' => Raw::Number(self.number()?),
            b't' => self.word("true").map(|()| Raw::Bool(true))?,
            b'f' => self.word("false").map(|()| Raw::Bool(false))?,
            b'n' => return self.word("null").map(|()| None),
            b'{' | b'[' if depth >= DEEPEST => return None,
            b'{' => {
                self.object(depth + 1, |_, _| ())?;
                Raw::Object(self.text.get(start..self.at)?)
            }
            b'[' => {
                self.array(depth + 1, |_| ())?;
                Raw::Array(self.text.get(start..self.at)?)
            }
            _ => return None,
        };
        Some(Some(value))
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
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
        self.text.get(start..self.at)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<RawString<'a>> {
        self.eat(b'"')?;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at += plain_length(self.bytes.get(self.at..)?);
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
        let text = self.text.get(start..self.at)?;
        self.at += 1;
        Some(RawString { text, has_escapes })
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

/// How many bytes come before the first quote, backslash or control character, eight at a time.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut length = 0;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        // A byte's high bit is set where it is zero; above the lowest such byte there may be false ones.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let quote = zero(word ^ (ONES * 0x22));
        let backslash = zero(word ^ (ONES * 0x5C));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special = quote | backslash | control;
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1F)).count()
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

    fn text<'a>(fields: &Fields<'a>, key: Key) -> Option<Cow<'a, str>> {
        match fields.get(key)? {
            Raw::String(string) => Some(string.text()),
            _ => None,
        }
    }

    #[test]
    fn escapes_in_keys_and_values_are_resolved() {
        let json = r#"{"\u0074ype":"\u4f60\ud83d\ude00\n\/","event_id":"a"}"#;
        let fields = Fields::scan(json).unwrap();
        assert_eq!(text(&fields, Key::Type).unwrap(), "你😀\n/");
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        let fields = Fields::scan(r#"{"type":"a","type":null,"stage":null,"stage":"b"}"#).unwrap();
        assert_eq!(fields.get(Key::Type), None);
        assert_eq!(text(&fields, Key::Stage).unwrap(), "b");
    }

    #[test]
    fn depth_32_is_the_deepest() {
        let nested = |depth: usize| format!("{{\"x\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(Fields::scan(&nested(32)).is_some());
        assert!(Fields::scan(&nested(33)).is_none());
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
            assert!(Fields::scan(json).is_none(), "{json}");
        }
        assert!(Fields::scan(" \r\n\t{ \"a\" : [ 1 , -0.0e+5 , { } , [ ] , true ] } ").is_some());
    }

    proptest! {
        /// On any text the scanner and a general parser agree on what is a JSON object. The exponent is negative, for what
        /// parts may make of another is more than a float holds, which the general parser refuses and the scanner leaves to
        /// whoever reads the number.
        #[test]
        fn agrees_with_a_general_parser(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"a\"", "\"type\"", "1", "-0", "1.5e-3", "true", "null", " ", "\"\\u00e9\"",
                "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"long enough for a word\\n\"", "\"é\"", "\\", "\"", "\u{1}", "0",
            ]), 0..12),
        ) {
            let json = format!("{{\"x\":{}}}", parts.concat());
            let general = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json).is_ok();
            prop_assert_eq!(Fields::scan(&json).is_some(), general, "{}", json);
        }

        #[test]
        fn plain_length_stops_at_the_first_special_byte(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1F);
            prop_assert_eq!(plain_length(&bytes), bytes.iter().take_while(|byte| plain(byte)).count());
        }
    }
}
