//! The mappings that come with the program: texts in the same language as a user's, so that a user can change a copy.

use super::dialect::Kind;

/// The text of a kind's mapping; `None` where only the user knows what the payloads hold.
#[must_use]
pub const fn text(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Zoho => include_str!("builtin/zoho.toml"),
        Kind::ShareCrm => include_str!("builtin/sharecrm.toml"),
        Kind::HubSpot => include_str!("builtin/hubspot.toml"),
        Kind::Pipedrive => include_str!("builtin/pipedrive.toml"),
        Kind::Salesforce => include_str!("builtin/salesforce.toml"),
        Kind::Debezium => include_str!("builtin/debezium.toml"),
        Kind::Csv => include_str!("builtin/csv.toml"),
        Kind::Kafka | Kind::Webhook => return None,
    })
}

/// The kinds that have a mapping.
pub fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| text(*kind).is_some())
}
