//! What is known of one partition. The poll thread writes; others look.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Stands for an offset or a timestamp that is not known.
const UNKNOWN: i64 = -1;

/// One partition of one topic.
#[derive(Debug)]
pub struct Partition {
    topic: Arc<str>,
    number: i32,
    /// The offset after the last record read: part of the state in memory, kept over rebalances.
    next: AtomicI64,
    /// The Kafka timestamp of the last record read.
    last_timestamp: AtomicI64,
    /// What was committed when the partitions were last assigned.
    committed: AtomicI64,
    /// The first offset and the end of the log at the last assignment.
    low: AtomicI64,
    high: AtomicI64,
    /// Offsets of records whose dead letter is not acknowledged yet.
    unacknowledged: Mutex<BTreeSet<i64>>,
}

/// Where a record came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its partition.
    pub partition: Arc<Partition>,
    /// Its offset there.
    pub offset: i64,
}

impl Partition {
    /// A partition of which nothing is known.
    #[must_use]
    pub fn new(topic: Arc<str>, number: i32) -> Partition {
        let unknown = || AtomicI64::new(UNKNOWN);
        Partition {
            topic,
            number,
            next: unknown(),
            last_timestamp: unknown(),
            committed: unknown(),
            low: unknown(),
            high: unknown(),
            unacknowledged: Mutex::default(),
        }
    }

    /// The topic's name.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The number within the topic.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.number
    }

    /// Notes that the record at this offset has been read.
    pub fn advance(&self, offset: i64, timestamp: Option<i64>) {
        self.next.store(offset + 1, Ordering::Relaxed);
        self.last_timestamp.store(timestamp.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// The offset at which to go on; `None` if nothing has been read.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        known(&self.next)
    }

    /// The Kafka timestamp of the last record read.
    #[must_use]
    pub fn last_timestamp(&self) -> Option<i64> {
        known(&self.last_timestamp)
    }

    /// Notes what the cluster said at an assignment.
    pub fn set_survey(&self, committed: Option<i64>, low: i64, high: i64) {
        // Beyond the end only if the topic was created anew: then nothing of this log was ever done.
        let committed = committed.filter(|committed| *committed <= high);
        self.committed.store(committed.unwrap_or(UNKNOWN), Ordering::Relaxed);
        self.low.store(low, Ordering::Relaxed);
        self.high.store(high, Ordering::Relaxed);
    }

    /// The offset that was committed at the last assignment.
    #[must_use]
    pub fn committed(&self) -> Option<i64> {
        known(&self.committed)
    }

    /// Whether a rejected record at this offset is in the dead-letter topic already.
    #[must_use]
    pub fn was_committed(&self, offset: i64) -> bool {
        self.committed().is_some_and(|committed| offset < committed)
    }

    /// How many offsets lie between a position and the end of the log at the assignment. A consumer without a record
    /// has no position yet; it then stands where it was told to begin.
    #[must_use]
    pub fn behind(&self, position: Option<i64>) -> u64 {
        let low = self.low.load(Ordering::Relaxed);
        let begin = self.next().map_or(low, |next| next.max(low));
        let missing = self.high.load(Ordering::Relaxed) - position.unwrap_or(begin);
        u64::try_from(missing).unwrap_or(0)
    }

    /// Begins to wait for the acknowledgement of a dead letter; false if it is awaited already.
    pub fn await_acknowledgement(&self, offset: i64) -> bool {
        self.unacknowledged().insert(offset)
    }

    /// Notes that a dead letter is acknowledged.
    pub fn acknowledge(&self, offset: i64) {
        self.unacknowledged().remove(&offset);
    }

    /// The offset that may be committed when everything before `position` has been read: not beyond the first dead
    /// letter that is not acknowledged.
    #[must_use]
    pub fn committable(&self, position: i64) -> i64 {
        self.unacknowledged().first().map_or(position, |first| position.min(*first))
    }

    fn unacknowledged(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        // The set is changed by single calls that do not panic half way.
        self.unacknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

fn known(value: &AtomicI64) -> Option<i64> {
    Some(value.load(Ordering::Relaxed)).filter(|value| *value >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::new("sales.leads".into(), 0)
    }

    #[test]
    fn commits_stop_at_the_first_unacknowledged_dead_letter() {
        let partition = partition();
        assert_eq!(partition.committable(10), 10);
        assert!(partition.await_acknowledgement(3));
        assert!(partition.await_acknowledgement(7));
        assert!(!partition.await_acknowledgement(7), "awaited already");
        assert_eq!(partition.committable(10), 3);
        // Acknowledgements may come in any order.
        partition.acknowledge(7);
        assert_eq!(partition.committable(10), 3);
        partition.acknowledge(3);
        assert_eq!(partition.committable(10), 10);
        partition.await_acknowledgement(12);
        assert_eq!(partition.committable(10), 10, "a later one does not hold back");
    }

    #[test]
    fn records_below_the_committed_offset_are_dead_lettered_already() {
        let partition = partition();
        assert!(!partition.was_committed(0));
        partition.set_survey(Some(5), 0, 9);
        assert!(partition.was_committed(4));
        assert!(!partition.was_committed(5));
        partition.set_survey(None, 0, 9);
        assert!(!partition.was_committed(0));
        partition.set_survey(Some(50), 0, 9);
        assert!(!partition.was_committed(0), "of a log that is gone");
    }

    #[test]
    fn how_far_behind() {
        let partition = partition();
        partition.set_survey(None, 2, 6);
        assert_eq!(partition.behind(None), 4);
        partition.advance(2, Some(77));
        assert_eq!(partition.behind(Some(3)), 3);
        // A transaction's last record is 2 and its end 6: the position gets there, the last record never does.
        assert_eq!(partition.behind(Some(6)), 0);
        assert_eq!(partition.behind(Some(9)), 0);
        // Assigned again: no position yet, but we know where we go on.
        assert_eq!((partition.next(), partition.behind(None)), (Some(3), 3));
        assert_eq!(partition.last_timestamp(), Some(77));
    }

    #[test]
    fn an_empty_partition_is_never_behind() {
        let partition = partition();
        partition.set_survey(None, 0, 0);
        assert_eq!(partition.behind(None), 0);
        // Everything was deleted by retention.
        partition.set_survey(None, 500, 500);
        assert_eq!(partition.behind(None), 0);
    }
}
