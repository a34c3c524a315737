//! Numbers and ids as few bytes.

use crate::model::id::Id;

/// Why bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// They are cut short, or nobody wrote them.
    Damaged,
    /// They hold an additional field of this number, which only a later version knows.
    Field(u32),
    /// They hold an amount in a currency of this code, which this version does not know, or not with these digits.
    Currency([u8; 3]),
}

/// Marks a UUID where the length of a text would stand.
const UUID: u8 = u8::MAX;
/// How many bytes follow it.
pub(super) const UUID_BYTES: usize = 16;

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
        self.bytes(text.as_bytes());
    }

    /// Bytes, with their number before them.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn id(&mut self, id: &Id) {
        if let Some(uuid) = id.uuid() {
            self.0.push(UUID);
            self.0.extend_from_slice(&uuid);
            return;
        }
        id.with_bytes(|text| {
            // An id of an event has at most 128 bytes.
            self.0.push(u8::try_from(text.len()).unwrap_or(UUID - 1));
            self.0.extend_from_slice(text);
        });
    }
}

/// Takes values from bytes that a [`Writer`] wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, Broken> {
        let (byte, rest) = self.0.split_first().ok_or(Broken::Damaged)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Broken::Damaged)?;
        self.0 = rest;
        Ok(head)
    }

    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<u64, Broken> {
        match *self.0 {
            [low @ ..0x80, ref rest @ ..] => {
                self.0 = rest;
                Ok(low.into())
            }
            _ => self.longer_number(),
        }
    }

    fn longer_number(&mut self) -> Result<u64, Broken> {
        // Most of them take two or three bytes.
        match *self.0 {
            [low, high @ ..0x80, ref rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(high) << 7 | u64::from(low & 0x7F))
            }
            [low, mid, high @ ..0x80, ref rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(high) << 14 | u64::from(mid & 0x7F) << 7 | u64::from(low & 0x7F))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, Broken> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F).checked_shl(shift).ok_or(Broken::Damaged)?;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// A number of at most 32 bits.
    pub(super) fn small(&mut self) -> Result<u32, Broken> {
        u32::try_from(self.number()?).map_err(|_| Broken::Damaged)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Broken> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn word(&mut self) -> Result<u64, Broken> {
        let (word, rest) = self.0.split_first_chunk::<8>().ok_or(Broken::Damaged)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*word))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Broken::Damaged)
    }

    /// Bytes whose number stands before them.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let length = usize::try_from(self.number()?).map_err(|_| Broken::Damaged)?;
        self.take(length)
    }

    pub(super) fn id(&mut self) -> Result<Id, Broken> {
        let length = self.byte()?;
        if length == UUID {
            return self.uuid();
        }
        Id::of_bytes(self.take(usize::from(length))?).ok_or(Broken::Damaged)
    }

    /// Passes an id by.
    pub(super) fn skip_id(&mut self) -> Result<(), Broken> {
        let length = self.byte()?;
        self.take(if length == UUID { UUID_BYTES } else { usize::from(length) }).map(drop)
    }

    /// A UUID of which nothing says that it is one.
    pub(super) fn uuid(&mut self) -> Result<Id, Broken> {
        let (uuid, rest) = self.0.split_first_chunk::<16>().ok_or(Broken::Damaged)?;
        self.0 = rest;
        Ok(Id::from_uuid(*uuid))
    }

    /// Reads additional fields: bytes, with their number before them, in which each field is its number and bytes, with
    /// their number before them. `read` answers whether it knows the field; one that it does not know may change what all
    /// else means.
    pub(super) fn fields(
        &mut self,
        mut read: impl FnMut(u32, Reader<'a>) -> Result<bool, Broken>,
    ) -> Result<(), Broken> {
        let mut fields = Reader(self.bytes()?);
        while !fields.0.is_empty() {
            let (field, bytes) = (fields.small()?, fields.bytes()?);
            if !read(field, Reader(bytes))? {
                return Err(Broken::Field(field));
            }
        }
        Ok(())
    }

    /// Whether the next value is this id.
    pub(super) fn is_id(&mut self, id: &Id) -> bool {
        let Ok(length) = self.byte() else { return false };
        match id.uuid() {
            Some(uuid) => length == UUID && self.0.starts_with(&uuid),
            None => length != UUID && self.take(usize::from(length)).is_ok_and(|text| id.is(text)),
        }
    }
}
