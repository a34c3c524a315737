//! Numbers and ids as few bytes.

use crate::model::id::Id;

/// Marks a UUID where the length of a text would stand.
const UUID: u8 = u8::MAX;

/// Appends values to bytes.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number, seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7F) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push((number & 0x7F) as u8);
    }

    /// A number of either sign; small ones either way are short.
    pub(super) fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63).cast_unsigned());
    }

    /// A number of which all bits matter.
    pub(super) fn word(&mut self, word: u64) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn id(&mut self, id: &Id) {
        if let Some(uuid) = id.uuid() {
            self.0.push(UUID);
            self.0.extend_from_slice(&uuid);
            return;
        }
        id.with_text(|text| {
            // An id of an event has at most 128 bytes.
            let text = text.as_bytes();
            self.0.push(u8::try_from(text.len()).unwrap_or(UUID - 1));
            self.0.extend_from_slice(text);
        });
    }
}

/// Takes values from bytes that a [`Writer`] wrote. `None`: they are cut short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    pub(super) fn id(&mut self) -> Option<Id> {
        let length = self.byte()?;
        if length == UUID {
            return self.uuid();
        }
        std::str::from_utf8(self.take(usize::from(length))?).ok().map(Id::new)
    }

    /// A UUID of which nothing says that it is one.
    pub(super) fn uuid(&mut self) -> Option<Id> {
        let (uuid, rest) = self.0.split_first_chunk::<16>()?;
        self.0 = rest;
        Some(Id::from_uuid(*uuid))
    }

    /// Whether the next value is this id.
    pub(super) fn is_id(&mut self, id: &Id) -> bool {
        let Some(length) = self.byte() else { return false };
        match id.uuid() {
            Some(uuid) => length == UUID && self.0.starts_with(&uuid),
            None => length != UUID && id.with_text(|text| self.take(usize::from(length)) == Some(text.as_bytes())),
        }
    }
}
