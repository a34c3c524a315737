//! The first stage: a set of events becomes facts, summed in windows.
use crate::entry::Entry;
use crate::rules::Rules;
use crate::time::Time;
use std::sync::Arc;
/// How an accepted record met what was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Its identity is known, and its version and hash are the present truth's.
    pub duplicate: bool,
    /// It loses to the present truth.
    pub superseded: bool,
    /// It lies before the horizon.
    pub expired: bool,
}
/// One share of all journeys and facts.
#[derive(Debug)]
pub struct Shard;
/// What a shard tells the board: plain values.
#[derive(Clone, Debug)]
pub struct ShardReading;
impl Shard {
    /// An empty shard.
    #[must_use]
    pub fn new(_rules: Arc<Rules>, _now: Time) -> Shard {
        Shard
    }
    /// Applies an entry that arrived at `now`.
    pub fn apply(&mut self, _entry: Entry, _now: Time) -> Arrival {
        Arrival::default()
    }
    /// Moves the windows to `now` and tells the board.
    pub fn read(&mut self, _now: Time) -> ShardReading {
        ShardReading
    }
}
