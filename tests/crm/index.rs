//! What a CRM's index shows of its records, which is not what they are just now.

use salespulse::connect::json::Json;

/// A record as the index shows it, from an instant on.
pub(super) type Shown = Vec<(i64, Option<Json>)>;

/// What is shown of a record at an instant.
pub(super) fn shown(all: &Shown, now: i64) -> Option<&Json> {
    all.iter().rev().find(|(from, _)| *from <= now).and_then(|(_, json)| json.as_ref())
}

/// What is shown of all records at an instant.
pub(super) fn all_shown(all: &[Shown], now: i64) -> impl Iterator<Item = &Json> {
    all.iter().filter_map(move |all| shown(all, now))
}

/// A record as it is, whatever the index shows.
pub(super) fn newest(all: &Shown) -> Option<&Json> {
    all.last()?.1.as_ref()
}
