//! Numbers and texts in few bytes: a text that was written before is a number, and so are digits, ids and times.
//!
//! Whatever is written is read back exactly: what has no shorter form is written as it is.

use std::borrow::Cow;

use crate::model::time::{MINUTE, SECOND, Time};

/// Texts that need not be written. Their places are part of the format: new ones need another format.
const KNOWN: [&str; 28] = [
    "deal",
    "lead",
    "void",
    "id",
    "Stage",
    "Modified_Time",
    "since",
    "status",
    "user",
    "campaign",
    "payment",
    "refund",
    "file",
    "account",
    "changes",
    "at",
    "number",
    "extent",
    "whole",
    "gap",
    "by",
    "StageName",
    "Amount",
    "CloseDate",
    "CurrencyIsoCode",
    "OwnerId",
    "AccountId",
    "",
];
/// So many texts can be named again by their numbers, so that a long history costs no long search.
const MOST_NAMED: usize = 256;

/// As they are.
const RAW: u64 = 0;
/// Digits, by their number.
const DIGITS: u64 = 1;
/// Digits, by how much their number is more than the one before.
const SINCE_LAST: u64 = 2;
/// Digits with zeros before them.
const PADDED: u64 = 3;
/// Hexadecimal digits.
const HEX: u64 = 4;
/// A UUID in its usual form.
const UUID: u64 = 5;
/// An instant of whole seconds with its offset from UTC.
const INSTANT: u64 = 6;
/// Digits, by how much their number is more than the time of the fact.
const SINCE_TIME: u64 = 7;

/// Appends a number: the smaller it is, the fewer bytes.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low_byte(number));
}

fn low_byte(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or(0)
}

/// Appends the difference of two numbers, of either sign.
pub(super) fn put_difference(bytes: &mut Vec<u8>, number: i64, before: i64) {
    let difference = number.wrapping_sub(before);
    put_number(bytes, ((difference << 1) ^ (difference >> 63)).cast_unsigned());
}

/// Takes a number off the front.
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(bytes)?;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        number |= part << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Takes a number off the front that was appended as the difference from another one.
pub(super) fn take_difference(bytes: &mut &[u8], before: i64) -> Option<i64> {
    let coded = take_number(bytes)?;
    let difference = (coded >> 1).cast_signed() ^ -((coded & 1).cast_signed());
    Some(before.wrapping_add(difference))
}

/// Takes a byte off the front.
pub(super) fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// Takes so many bytes off the front.
pub(super) fn take_bytes<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// The texts so far, and what numbers are compared with.
struct Texts<'a> {
    named: Vec<Cow<'a, str>>,
    /// The last number among them.
    last: u64,
    /// The time of the fact that is being written.
    time: i64,
}

impl<'a> Texts<'a> {
    fn of_key(key: &'a str) -> Texts<'a> {
        let mut texts = Texts { named: KNOWN.into_iter().map(Cow::Borrowed).collect(), last: 0, time: 0 };
        for part in key.split('/') {
            texts.last = digits(part).unwrap_or(texts.last);
            texts.name(Cow::Borrowed(part));
        }
        texts
    }

    fn name(&mut self, text: Cow<'a, str>) {
        if self.named.len() < MOST_NAMED {
            self.named.push(text);
        }
    }

    fn place(&self, text: &str) -> Option<u64> {
        self.named.iter().position(|known| *known == text).and_then(|place| u64::try_from(place).ok())
    }
}

/// The number that digits without needless zeros say.
fn digits(text: &str) -> Option<u64> {
    let is_plain = text == "0" || text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Writes the texts of an object of this key.
pub(super) struct Writer<'a> {
    pub(super) bytes: Vec<u8>,
    texts: Texts<'a>,
}

impl<'a> Writer<'a> {
    /// What the key says needs not be written.
    pub(super) fn of_key(key: &'a str) -> Writer<'a> {
        Writer { bytes: Vec::with_capacity(256), texts: Texts::of_key(key) }
    }

    /// Lets numbers be compared with the time of a fact too.
    pub(super) const fn set_time(&mut self, time: i64) {
        self.texts.time = time;
    }

    /// Lets a text that was appended in parts be named as a whole.
    pub(super) fn name(&mut self, text: &'a str) {
        self.texts.name(Cow::Borrowed(text));
    }

    /// Appends a text.
    pub(super) fn put(&mut self, text: &'a str) {
        if let Some(place) = self.texts.place(text) {
            return put_number(&mut self.bytes, place << 1);
        }
        self.put_new(text);
        self.texts.name(Cow::Borrowed(text));
    }

    fn head(&mut self, form: u64, length: usize) {
        let length = u64::try_from(length).unwrap_or(0);
        put_number(&mut self.bytes, (length << 3 | form) << 1 | 1);
    }

    fn put_new(&mut self, text: &str) {
        if let Some(number) = digits(text) {
            let mut plain = Vec::new();
            put_number(&mut plain, number);
            let mut shortest = (DIGITS, plain);
            for (form, before) in [(SINCE_LAST, self.texts.last.cast_signed()), (SINCE_TIME, self.texts.time)] {
                let mut difference = Vec::new();
                put_difference(&mut difference, number.cast_signed(), before);
                if difference.len() < shortest.1.len() {
                    shortest = (form, difference);
                }
            }
            self.head(shortest.0, 0);
            self.bytes.extend_from_slice(&shortest.1);
            self.texts.last = number;
        } else if let Some(number) = padded(text) {
            self.head(PADDED, text.len());
            put_number(&mut self.bytes, number);
        } else if let Some(bytes) = hexadecimal(text).filter(|bytes| bytes.len() >= 4) {
            self.head(HEX, bytes.len());
            self.bytes.extend_from_slice(&bytes);
        } else if let Some(bytes) = hexadecimal(&text.replace('-', "")).filter(|bytes| uuid(bytes) == text) {
            self.head(UUID, 0);
            self.bytes.extend_from_slice(&bytes);
        } else if let Some((seconds, minutes)) = instant_parts(text).filter(|parts| instant(*parts) == text) {
            self.head(INSTANT, 0);
            put_difference(&mut self.bytes, seconds, 0);
            put_difference(&mut self.bytes, minutes, 0);
        } else {
            self.head(RAW, text.len());
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// Reads the texts of an object of this key.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    texts: Texts<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn of_key(key: &'a str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, texts: Texts::of_key(key) }
    }

    /// The same as of the writer.
    pub(super) const fn set_time(&mut self, time: i64) {
        self.texts.time = time;
    }

    /// The same as of the writer.
    pub(super) fn name(&mut self, text: &str) {
        self.texts.name(Cow::Owned(text.to_owned()));
    }

    /// Takes a text off the front; `None` if there is none.
    pub(super) fn take(&mut self) -> Option<Cow<'a, str>> {
        let head = take_number(&mut self.bytes)?;
        if head & 1 == 0 {
            return self.texts.named.get(usize::try_from(head >> 1).ok()?).cloned();
        }
        let text = self.take_new(head >> 1 & 7, usize::try_from(head >> 4).ok()?)?;
        self.texts.name(text.clone());
        Some(text)
    }

    fn take_new(&mut self, form: u64, length: usize) -> Option<Cow<'a, str>> {
        let text = match form {
            RAW => return std::str::from_utf8(take_bytes(&mut self.bytes, length)?).ok().map(Cow::Borrowed),
            DIGITS | SINCE_LAST | SINCE_TIME => {
                self.texts.last = match form {
                    DIGITS => take_number(&mut self.bytes)?,
                    SINCE_LAST => take_difference(&mut self.bytes, self.texts.last.cast_signed())?.cast_unsigned(),
                    _ => take_difference(&mut self.bytes, self.texts.time)?.cast_unsigned(),
                };
                self.texts.last.to_string()
            }
            PADDED => format!("{:0length$}", take_number(&mut self.bytes)?, length = length.min(LONGEST_PADDED)),
            HEX => hex(take_bytes(&mut self.bytes, length)?),
            UUID => uuid(take_bytes(&mut self.bytes, 16)?),
            INSTANT => {
                let seconds = take_difference(&mut self.bytes, 0)?;
                instant((seconds, take_difference(&mut self.bytes, 0)?))
            }
            _ => return None,
        };
        Some(Cow::Owned(text))
    }
}

const LONGEST_PADDED: usize = 64;

fn padded(text: &str) -> Option<u64> {
    let is_padded = text.len() <= LONGEST_PADDED && text.bytes().all(|byte| byte.is_ascii_digit());
    is_padded.then(|| text.parse().ok()).flatten()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of lower-case hexadecimal digits.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| rest.is_empty())
}

fn uuid(bytes: &[u8]) -> String {
    let digits = hex(bytes);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// The seconds since 1970 of a text such as `2026-01-05T09:00:00+08:00`, and its minutes before UTC.
fn instant_parts(text: &str) -> Option<(i64, i64)> {
    let (local, offset) = text.split_at_checked(19)?;
    let at = Time::parse(text)?.millis();
    let wall = Time::parse(&format!("{local}Z"))?.millis();
    (offset.len() == 6).then_some((at / SECOND, (wall - at) / MINUTE))
}

fn instant((seconds, minutes): (i64, i64)) -> String {
    let wall = seconds.saturating_mul(SECOND).saturating_add(minutes.saturating_mul(MINUTE));
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    let local = Time::from_millis(wall).to_string().replace(".000Z", "");
    format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(texts: &[&str]) -> usize {
        let mut writer = Writer::of_key("deal/6756839000001000000");
        writer.set_time(1_767_571_200_000);
        texts.iter().for_each(|text| writer.put(text));
        let mut reader = Reader::of_key("deal/6756839000001000000", &writer.bytes);
        reader.set_time(1_767_571_200_000);
        for text in texts {
            assert_eq!(reader.take().as_deref(), Some(*text));
        }
        assert!(reader.bytes.is_empty() && reader.take().is_none());
        writer.bytes.len()
    }

    #[test]
    fn every_text_comes_back_and_most_of_them_are_short() {
        for (text, most) in [
            ("", 1),
            ("1767571200003", 2),
            ("deal", 1),
            ("6756839000001000000", 1),
            ("6756839000001000007", 2),
            ("9", 2),
            ("0", 2),
            ("00000000000000000417", 5),
            ("007", 2),
            ("18446744073709551615", 11),
            ("18446744073709551616", 22),
            ("99999999999999999999999999999999999", 38),
            ("5e8f8c3a9d0c4b0001a1b2c3", 14),
            ("5E8F8C3A9D0C4B0001A1B2C3", 26),
            ("abcdef1", 9),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", 17),
            ("0f8fad5b-d9cb-469fa165-70867728950e0", 39),
            ("2026-01-05T09:00:00+08:00", 8),
            ("2026-01-05T09:00:00-03:30", 8),
            ("1965-01-05T09:00:00+00:00", 8),
            ("2026-01-05T09:00:00-00:00", 28),
            ("2026-01-05t09:00:00+08:00", 28),
            ("2026-01-05T09:00:00Z", 22),
            ("2026-01-05T09:00:00.5+08:00", 29),
            ("谈判", 7),
            ("a:b/c", 6),
        ] {
            let length = round(&[text]);
            assert!(length <= most, "{text}: {length} bytes");
            round(&[text, "x", text, "17", text]);
        }
    }

    #[test]
    fn many_texts_come_back_too() {
        let texts: Vec<String> = (0..3 * MOST_NAMED).map(|number| format!("t{}", number % 300)).collect();
        round(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_come_back_and_no_others() {
        for number in [0, 1, 127, 128, u64::MAX >> 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(take_number(&mut bytes.as_slice()), Some(number));
        }
        for (number, before) in [(0, 0), (-1, 1), (i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (5, 7)] {
            let mut bytes = Vec::new();
            put_difference(&mut bytes, number, before);
            assert_eq!(take_difference(&mut bytes.as_slice(), before), Some(number));
        }
        assert_eq!(take_number(&mut [0x80_u8; 11].as_slice()), None, "it has no end");
        assert_eq!(take_number(&mut [0xff_u8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2].as_slice()), None);
    }
}
