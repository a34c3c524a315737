//! The fields that mean something, and where they lie in the text of a record.

use std::borrow::Cow;

use super::json::{Raw, Span, read};

macro_rules! keys {
    ($($key:ident = $name:literal,)*) => {
        /// The fields that mean something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(super) enum Key { $($key,)* }

        impl Key {
            const COUNT: usize = [$($name,)*].len();

            fn from_name(name: &[u8]) -> Option<Key> {
                let found = ends(name);
                $(if found == const { ends($name.as_bytes()) } {
                    return (name == $name.as_bytes()).then_some(Key::$key);
                })*
                None
            }

            /// All of them.
            #[cfg(test)]
            const ALL: [Key; Key::COUNT] = [$(Key::$key,)*];

            /// The name of the field.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Key::$key => $name,)* }
            }
        }
    };
}

/// The ends of a name in one word, by which the names that mean something differ.
const fn ends(name: &[u8]) -> u64 {
    if let Some(first) = name.first_chunk::<8>() {
        return u64::from_le_bytes(*first);
    }
    match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (Some(first), Some(last)) => (u32::from_le_bytes(*first) as u64) << 32 | u32::from_le_bytes(*last) as u64,
        _ => name.len() as u64,
    }
}

// Ordered by how often they come: they are compared one after the other. For the first three something may stand in.
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
    fn of(name: Span, text: &str) -> Option<Key> {
        match name.plain(text) {
            Some(name) => Key::from_name(name),
            None => match name.value(text)? {
                Raw::String(name) => Key::from_name(name.text().as_bytes()),
                _ => None,
            },
        }
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

impl<'a> Fields<'a> {
    /// Those of a text that is to be scanned.
    pub(super) fn of(text: &'a str) -> Fields<'a> {
        Fields { text, spans: [Span::NONE; Key::COUNT], stand_ins: [None; STAND_INS] }
    }

    /// Reads the text, which must be one JSON object; `None` if it is not.
    pub(super) fn scan(&mut self) -> Option<()> {
        let Fields { text, spans, .. } = self;
        read(text, |name, value| {
            if let Some(span) = Key::of(name, text).and_then(|key| spans.get_mut(key as usize)) {
                *span = value;
            }
        })
    }

    /// Those of a text that must be one JSON object; `None` if it is not.
    pub(super) fn scanned(text: &'a str) -> Option<Fields<'a>> {
        let mut fields = Fields::of(text);
        fields.scan().map(|()| fields)
    }

    /// The names in a text that is one JSON object, those of no meaning included.
    pub(super) fn names(text: &'a str) -> Vec<(Cow<'a, str>, Option<Key>)> {
        let mut names = Vec::new();
        // What is no object has no names.
        let _ = read(text, |name, _| {
            if let Some(Raw::String(string)) = name.value(text) {
                names.push((string.text(), Key::of(name, text)));
            }
        });
        names
    }

    /// The value of a field; `None` where it is absent or null.
    #[inline]
    pub(super) fn get(&self, key: Key) -> Option<Raw<'a>> {
        let span = self.spans.get(key as usize)?;
        if span.is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_alone() {
        for key in Key::ALL {
            assert_eq!(Key::from_name(key.name().as_bytes()), Some(key));
            // The ends of a name do not make it.
            let mut other = key.name().as_bytes().to_vec();
            other.insert(other.len() / 2, b'x');
            assert_eq!(Key::from_name(&other), None, "{key:?}");
            other.clear();
            assert_eq!(Key::from_name(&other), None);
        }
    }
}
