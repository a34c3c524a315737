//! The fields that mean something, and where they lie in the text of a record.

use std::borrow::Cow;

use super::json::{Raw, RawString, Scanner};

macro_rules! keys {
    ($($key:ident = $name:literal,)*) => {
        /// The fields that mean something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(super) enum Key { $($key,)* }

        impl Key {
            const COUNT: usize = [$($name,)*].len();

            fn from_name(name: &[u8]) -> Option<Key> {
                $(if name == $name.as_bytes() { return Some(Key::$key); })*
                None
            }

            /// The name of the field.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Key::$key => $name,)* }
            }
        }
    };
}

// Ordered by how often they come: they are compared one after the other, first by length. For the first three something may
// stand in.
keys! {
    Type = "type",
    EventId = "event_id",
    OccurredAt = "occurred_at",
    LeadId = "lead_id",
    Stage = "stage",
    RepId = "rep_id",
    TeamId = "team_id",
    CustomerId = "customer_id",
    Amount = "amount",
    Currency = "currency",
    Channel = "channel",
    Version = "version",
    Retracted = "retracted",
    Margin = "margin",
    ExpectedCloseAt = "expected_close_at",
    Campaign = "campaign",
    Survey = "survey",
    Score = "score",
    ScaleMax = "scale_max",
    Kind = "kind",
    Scope = "scope",
    Period = "period",
    Name = "name",
    Active = "active",
    SpecVersion = "specversion",
    Data = "data",
    Id = "id",
    Time = "time",
    Sequence = "sequence",
    Pipeline = "pipeline",
    LostReason = "lost_reason",
    StartedAt = "started_at",
    Splits = "splits",
    Share = "share",
    Measure = "measure",
    RegionId = "region_id",
}

impl Key {
    /// The field of this name.
    fn of(name: RawString<'_>) -> Option<Key> {
        if name.has_escapes { Key::from_name(name.text().as_bytes()) } else { Key::from_name(name.text.as_bytes()) }
    }
}

/// The fields of an object that mean something; of a key that comes twice the last counts.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    text: &'a str,
    spans: [Span; Key::COUNT],
    /// What stands in for the first fields where they are absent: for which what lies around an event may.
    stand_ins: [Option<Raw<'a>>; STAND_INS],
}

/// `type`, `event_id` and `occurred_at`.
const STAND_INS: usize = Key::OccurredAt as usize + 1;

/// Where a value lies in the text, and of what kind it is: three bits above the end.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
}

/// A text of more bytes is not read: far more than any record may have.
const LONGEST: usize = 1 << Span::KIND;

impl Span {
    /// Of no value.
    const NONE: Span = Span { start: 0, end: 0 };
    const KIND: u32 = 29;

    fn of(value: Raw<'_>, text: &str) -> Span {
        let (part, kind) = match value {
            Raw::String(RawString { text, has_escapes: false }) => (text, 1),
            Raw::String(RawString { text, has_escapes: true }) => (text, 2),
            Raw::Number(digits) => (digits, 3),
            Raw::Bool(false) => ("", 4),
            Raw::Bool(true) => ("", 5),
            Raw::Object(text) => (text, 6),
            Raw::Array(text) => (text, 7),
        };
        let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        let small = |place: usize| u32::try_from(place).unwrap_or(0);
        match value {
            Raw::Bool(_) => Span { start: 0, end: kind << Span::KIND },
            _ => Span { start: small(start), end: small(start + part.len()) | kind << Span::KIND },
        }
    }

    fn value(self, text: &str) -> Option<Raw<'_>> {
        let end = self.end & ((1 << Span::KIND) - 1);
        let part = || text.get(self.start as usize..end as usize);
        Some(match self.end >> Span::KIND {
            1 => Raw::String(RawString { text: part()?, has_escapes: false }),
            2 => Raw::String(RawString { text: part()?, has_escapes: true }),
            3 => Raw::Number(part()?),
            4 => Raw::Bool(false),
            5 => Raw::Bool(true),
            6 => Raw::Object(part()?),
            7 => Raw::Array(part()?),
            _ => return None,
        })
    }
}

impl<'a> Fields<'a> {
    /// Reads a text that must be one JSON object; `None` if it is not.
    pub(super) fn scan(text: &'a str) -> Option<Fields<'a>> {
        if text.len() >= LONGEST {
            return None;
        }
        let mut fields = Fields { text, spans: [Span::NONE; Key::COUNT], stand_ins: [None; STAND_INS] };
        Scanner::read(text, |name, value| {
            if let Some(span) = Key::of(name).and_then(|key| fields.spans.get_mut(key as usize)) {
                *span = value.map_or(Span::NONE, |value| Span::of(value, text));
            }
        })?;
        Some(fields)
    }

    /// The names in a text that is one JSON object, those of no meaning included.
    pub(super) fn names(text: &'a str) -> Vec<(Cow<'a, str>, Option<Key>)> {
        let mut names = Vec::new();
        // What is no object has no names.
        let _ = Scanner::read(text, |name, _| names.push((name.text(), Key::of(name))));
        names
    }

    /// The value of a field; `None` where it is absent or null.
    pub(super) fn get(&self, key: Key) -> Option<Raw<'a>> {
        let span = self.spans.get(key as usize)?;
        if span.end != 0 {
            return span.value(self.text);
        }
        self.stand_ins.get(key as usize).copied().flatten()
    }

    /// Lets a value stand in for one of the first fields, if it is absent.
    pub(super) fn stand_in(&mut self, key: Key, value: Option<Raw<'a>>) {
        if let Some(place) = self.stand_ins.get_mut(key as usize) {
            *place = place.or(value);
        }
    }
}
