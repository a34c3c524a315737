//! The second stage: the sum of all shards at one instant.
use crate::directory::Directory;
use crate::rules::Rules;
use crate::shard::ShardReading;
use crate::time::Time;
/// The sum of all shards at one instant, from which KPIs are computed.
#[derive(Debug)]
pub struct Board {
    /// Journeys held.
    pub journeys: u64,
}
impl Board {
    /// Sums the shards.
    #[must_use]
    pub fn new(_rules: &Rules, _directory: &Directory, _now: Time, _readings: Vec<ShardReading>) -> Board {
        Board { journeys: 0 }
    }
}
