//! Fields that an event has and nobody reads: a tolerant reader ignores them, and with them a name that is mistyped.

use super::fields::{Fields, Key};
use super::{Record, envelope};
use crate::model::event::EventType;

/// The fields of every type.
const COMMON: [Key; 5] = [Key::Type, Key::EventId, Key::Version, Key::Retracted, Key::OccurredAt];

/// The fields of a type beside the common ones.
const fn own(kind: EventType) -> &'static [Key] {
    match kind {
        EventType::Lead => {
            &[Key::LeadId, Key::Sequence, Key::Pipeline, Key::CustomerId, Key::RepId, Key::TeamId, Key::Channel]
        }
        EventType::StageChange => &[
            Key::LeadId,
            Key::Stage,
            Key::Sequence,
            Key::Pipeline,
            Key::CustomerId,
            Key::RepId,
            Key::TeamId,
            Key::Amount,
            Key::Currency,
            Key::Margin,
            Key::Splits,
            Key::ExpectedCloseAt,
            Key::LostReason,
            Key::Channel,
            Key::StartedAt,
        ],
        EventType::Spend => &[Key::Amount, Key::Currency, Key::Channel, Key::Campaign, Key::RepId, Key::TeamId],
        EventType::Feedback => {
            &[Key::Survey, Key::Score, Key::ScaleMax, Key::CustomerId, Key::RepId, Key::TeamId, Key::LeadId]
        }
        EventType::Payment => {
            &[Key::Amount, Key::Currency, Key::Kind, Key::LeadId, Key::CustomerId, Key::RepId, Key::TeamId]
        }
        EventType::Target => {
            &[Key::Scope, Key::RepId, Key::TeamId, Key::RegionId, Key::Period, Key::Measure, Key::Amount, Key::Currency]
        }
        EventType::Rep => &[Key::RepId, Key::TeamId, Key::Name, Key::Active],
    }
}

/// The names of the fields of a usable record that its type does not have. The attributes of an envelope are none of them.
#[must_use]
pub fn unread_fields(record: &Record<'_>, kind: EventType) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(record.json().unwrap_or_default()) else { return Vec::new() };
    let body = Fields::scanned(text).as_ref().and_then(envelope::data_of).unwrap_or(text);
    let is_read = |key: &Option<Key>| key.is_some_and(|key| COMMON.contains(&key) || own(kind).contains(&key));
    let unread = Fields::names(body).into_iter().filter(|(_, key)| !is_read(key));
    unread.map(|(name, _)| name.into_owned()).collect()
}
