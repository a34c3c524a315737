//! What `connect check` has found.

use super::sources::Source;
use crate::model::time::{MINUTE, SECOND, Time};

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something is as it must be.
    Right(String),
    /// Something that need not be wrong.
    Note(String),
    /// Something is not as it must be.
    Wrong(String),
}

/// A clock may be so far off.
const MOST_SKEW: i64 = MINUTE;

/// What a vendor's clock says of ours.
#[must_use]
pub fn clock_of(vendor: &str, now: Time, server: Time) -> Finding {
    let skew = now.since(server);
    if skew.abs() <= MOST_SKEW {
        return Finding::Right(format!("this machine's clock agrees with {vendor}'s"));
    }
    Finding::Note(format!(
        "this machine's clock is {} s away from {vendor}'s; events that seem to lie in the future are refused by \
         allowed_skew",
        skew / SECOND
    ))
}

/// Whether a table has all of these, each with its label.
#[must_use]
pub fn entries_of(table: &str, what: &str, values: &[(String, String)], source: &Source) -> Finding {
    let is_unmapped = |(value, _): &&(String, String)| source.mapping.tables.find(table, value).is_none();
    let unmapped: Vec<String> =
        values.iter().filter(is_unmapped).map(|(value, label)| format!("{value:?} ({label})")).collect();
    if unmapped.is_empty() {
        return Finding::Right(format!("all {} {what} are in [tables.{table}]", values.len()));
    }
    Finding::Wrong(format!(
        "[tables.{table}] has no entry for {}: deals with them would become dead letters",
        unmapped.join(", ")
    ))
}
