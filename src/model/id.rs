//! Identifiers: opaque UTF-8 of 1–128 bytes, stored in place where they are UUIDs or short.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest identifier of an event, in bytes.
pub const LONGEST_ID: usize = 128;

/// The id that stands for an absent `rep_id`, `team_id` or `channel`.
pub const UNASSIGNED: &str = "unassigned";

/// An identifier that is kept: ordered and compared as its text.
///
/// CRMs name nearly everything by UUIDs, whose canonical lower-case text packs into 16 bytes, or by short numbers. Neither
/// needs memory of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Id(Form);

/// The longest text that lies in the id itself.
const LONGEST_SHORT: usize = 22;

#[derive(Clone, PartialEq, Eq)]
enum Form {
    /// The canonical lower-case text of these 16 bytes.
    Uuid([u8; 16]),
    /// The first bytes are the text, the others 0.
    Short { length: u8, bytes: [u8; LONGEST_SHORT] },
    /// Any other text.
    Long(Box<str>),
}

const UUID_LENGTH: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// Where the two digits of each byte begin.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

impl Id {
    /// Packs a text. Every text has exactly one form, so equal texts are equal ids.
    #[must_use]
    pub fn new(text: &str) -> Id {
        if let Some(short) = Form::short(text.as_bytes()) {
            return Id(short);
        }
        Id(pack_uuid(text.as_bytes()).map_or_else(|| Form::Long(text.into()), Form::Uuid))
    }

    /// Packs a text that may not be UTF-8; `None` if it is not.
    pub(crate) fn of_bytes(text: &[u8]) -> Option<Id> {
        match Form::short(text) {
            // All of it lies in the id itself, where a look at three words tells.
            Some(short @ Form::Short { bytes, .. }) if bytes.is_ascii() => Some(Id(short)),
            _ => std::str::from_utf8(text).ok().map(Id::new),
        }
    }

    /// The id of these 16 bytes of a UUID.
    pub(crate) const fn from_uuid(bytes: [u8; 16]) -> Id {
        Id(Form::Uuid(bytes))
    }

    /// The 16 bytes, if the id is a UUID in canonical form.
    pub(crate) const fn uuid(&self) -> Option<[u8; 16]> {
        match &self.0 {
            Form::Uuid(bytes) => Some(*bytes),
            Form::Short { .. } | Form::Long(_) => None,
        }
    }

    /// Whether this is its text.
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        self.with_bytes(|own| {
            own.len() == text.len()
                && match text.len() {
                    33.. => own == text,
                    16.. => same_ends::<16>(own, text),
                    8.. => same_ends::<8>(own, text),
                    4.. => same_ends::<4>(own, text),
                    _ => own.iter().eq(text),
                }
        })
    }

    /// Calls `read` with the text of this id.
    pub fn with_text<R>(&self, read: impl FnOnce(&str) -> R) -> R {
        self.with_bytes(|bytes| read(std::str::from_utf8(bytes).unwrap_or_default()))
    }

    /// Calls `read` with the bytes of this id's text.
    pub(crate) fn with_bytes<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        match &self.0 {
            Form::Uuid(bytes) => read(&unpack_uuid(*bytes)),
            Form::Short { length, bytes } => read(bytes.get(..usize::from(*length)).unwrap_or_default()),
            Form::Long(text) => read(text.as_bytes()),
        }
    }
}

impl Form {
    fn short(text: &[u8]) -> Option<Form> {
        let mut bytes = [0; LONGEST_SHORT];
        match text.len() {
            16.. => copy_ends::<16>(text, &mut bytes)?,
            8.. => copy_ends::<8>(text, &mut bytes)?,
            4.. => copy_ends::<4>(text, &mut bytes)?,
            _ => bytes.iter_mut().zip(text).for_each(|(byte, of)| *byte = *of),
        }
        Some(Form::Short { length: u8::try_from(text.len()).ok()?, bytes })
    }
}

/// Copies a text of N to 2 N bytes: its first and its last N, which may overlap. A copy of any length would be a call.
fn copy_ends<const N: usize>(text: &[u8], bytes: &mut [u8]) -> Option<()> {
    let bytes = bytes.get_mut(..text.len())?;
    *bytes.first_chunk_mut::<N>()? = *text.first_chunk()?;
    *bytes.last_chunk_mut::<N>()? = *text.last_chunk()?;
    Some(())
}

/// Whether two texts of N to 2 N bytes are the same. A comparison of any length would be a call.
fn same_ends<const N: usize>(left: &[u8], right: &[u8]) -> bool {
    left.first_chunk::<N>() == right.first_chunk() && left.last_chunk::<N>() == right.last_chunk()
}

impl Default for Id {
    /// The empty text, which no event has.
    fn default() -> Id {
        Id(Form::Short { length: 0, bytes: [0; LONGEST_SHORT] })
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Id) -> Ordering {
        match (&self.0, &other.0) {
            // Hexadecimal digits sort as their values, and the hyphens stand in the same places.
            (Form::Uuid(left), Form::Uuid(right)) => left.cmp(right),
            _ => self.with_bytes(|left| other.with_bytes(|right| left.cmp(right))),
        }
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Id) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Form::Uuid(bytes) => state.write_u128(u128::from_le_bytes(*bytes)),
            // The zeros behind a short text are hashed sooner than its end is found.
            Form::Short { length, bytes } => {
                let (first, last) = (bytes.first_chunk(), bytes.last_chunk());
                state.write_u128(first.map_or(0, |first| u128::from_le_bytes(*first)));
                state.write_u64(last.map_or(0, |last| u64::from_le_bytes(*last)).wrapping_add((*length).into()));
            }
            Form::Long(text) => state.write(text.as_bytes()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| fmt::Debug::fmt(text, f))
    }
}

/// Stands for a byte that is no lower-case hexadecimal digit.
const NO_DIGIT: u8 = 0xFF;

/// The value of each lower-case hexadecimal digit.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it and would say what is out of bounds")]
static DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};

fn pack_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; UUID_LENGTH] = text.try_into().ok()?;
    if HYPHENS.iter().any(|place| text.get(*place) != Some(&b'-')) {
        return None;
    }
    let digit =
        |place: usize| text.get(place).and_then(|byte| DIGITS.get(usize::from(*byte))).copied().unwrap_or(NO_DIGIT);
    let mut packed = [0_u8; 16];
    let mut all = 0;
    for (byte, place) in packed.iter_mut().zip(PAIRS) {
        let (high, low) = (digit(place), digit(place + 1));
        all |= high | low;
        *byte = high << 4 | (low & 15);
    }
    // A digit's value has its high bits clear.
    (all < 16).then_some(packed)
}

fn unpack_uuid(packed: [u8; 16]) -> [u8; UUID_LENGTH] {
    let mut text = [b'-'; UUID_LENGTH];
    let places = text.iter_mut().enumerate().filter(|(place, _)| !HYPHENS.contains(place)).map(|(_, byte)| byte);
    let digits = packed.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (place, digit) in places.zip(digits) {
        *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "0191b2c3-d4e5-76f7-8899-aabbccddeeff";

    #[test]
    fn every_text_comes_back() {
        for text in [
            UUID,
            "",
            "lead:1",
            "a",
            "abc",
            "abcd",
            "abcdefg",
            "abcdefgh",
            "abcdefghijklmno",
            "abcdefghijklmnop",
            "abcdefghijklmnopqrstuv",
            &"x".repeat(22),
            &"x".repeat(23),
            "0191B2C3-D4E5-76F7-8899-AABBCCDDEEFF",
            "王芳",
            &"-".repeat(36),
        ] {
            assert_eq!(Id::new(text).to_string(), text);
        }
        assert!(matches!(Id::new(UUID).0, Form::Uuid(_)));
        // 36 characters with the hyphens one place off are text, not a UUID.
        assert!(matches!(Id::new("0191b2c-3d4e5-76f7-8899-aabbccddeeff").0, Form::Long(_)));
        assert!(matches!(Id::new("0191b2c3ad4e5-76f7-8899-aabbccddeeff").0, Form::Long(_)));
        assert!(matches!(Id::new(&"x".repeat(LONGEST_SHORT)).0, Form::Short { .. }));
        assert!(matches!(Id::new(&"x".repeat(LONGEST_SHORT + 1)).0, Form::Long(_)));
        assert_eq!(size_of::<Id>(), 24);
    }

    #[test]
    fn bytes_make_the_id_of_their_text_or_none() {
        for text in [UUID, "", "a", "王芳", &"x".repeat(22), &"王".repeat(9)] {
            assert_eq!(Id::of_bytes(text.as_bytes()), Some(Id::new(text)), "{text}");
        }
        for broken in [b"\xFF".as_slice(), b"ab\xE7\x8E", &[0x80; 40]] {
            assert_eq!(Id::of_bytes(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn an_id_is_its_text_and_no_other() {
        for length in 0..40 {
            let text = "x".repeat(length);
            let id = Id::new(&text);
            assert!(id.is(text.as_bytes()), "{length}");
            assert!(!id.is("x".repeat(length + 1).as_bytes()), "{length}");
            for place in 0..length {
                let mut other = text.clone().into_bytes();
                other[place] = b'y';
                assert!(!id.is(&other), "{length} {place}");
            }
        }
        assert!(Id::new(UUID).is(UUID.as_bytes()));
    }

    #[test]
    fn ids_sort_as_their_texts() {
        let mut texts = [
            UUID,
            "0191b2c3",
            "zebra",
            "zebra\0",
            "a name of more than 22 bytes",
            "0191b2c3-d4e5-76f7-8899-aabbccddeefe",
            "A",
            "1",
        ];
        let mut ids = texts.map(Id::new);
        texts.sort_unstable();
        ids.sort_unstable();
        assert_eq!(ids.map(|id| id.to_string()), texts.map(str::to_owned));
    }
}
