//! How much may be held of dead letters that the broker has not acknowledged.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many dead letters may be in flight before reading stops.
const MOST: u64 = 20_000;
/// How many bytes of keys and values they may have together.
const MOST_BYTES: u64 = 64 << 20;

/// What is in flight; the poll thread adds, the producer's thread takes away.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    records: AtomicU64,
    bytes: AtomicU64,
}

impl InFlight {
    /// Counts a dead letter that is sent.
    pub(super) fn begin(&self, bytes: usize) {
        self.records.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts one that is acknowledged.
    pub(super) fn end(&self, bytes: usize) {
        self.records.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
    }

    /// How many there are.
    pub(super) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }
}

/// Whether reading must stop. Between "no more" and "again" lies half of the room, so that reading does not stop and go on
/// for each dead letter.
#[derive(Debug, Default)]
pub(super) struct Backpressure {
    is_full: bool,
}

impl Backpressure {
    /// Compares what is in flight with what may be.
    pub(super) fn measure(&mut self, in_flight: &InFlight) {
        self.compare(in_flight.records(), in_flight.bytes.load(Ordering::Relaxed));
    }

    /// Whether there is no room.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    fn compare(&mut self, records: u64, bytes: u64) {
        let share = if self.is_full { 2 } else { 1 };
        self.is_full = records >= MOST / share || bytes >= MOST_BYTES / share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_by_either_until_half_of_both_is_free() {
        let mut backpressure = Backpressure::default();
        let mut is_full_at = |records, bytes| {
            backpressure.compare(records, bytes);
            backpressure.is_full()
        };
        assert!(!is_full_at(0, 0));
        assert!(!is_full_at(MOST - 1, MOST_BYTES - 1));
        assert!(is_full_at(MOST, 0));
        assert!(is_full_at(MOST / 2, 0));
        assert!(!is_full_at(MOST / 2 - 1, 0));
        assert!(!is_full_at(MOST - 1, 0));
        assert!(is_full_at(1, MOST_BYTES));
        assert!(is_full_at(1, MOST_BYTES / 2));
        assert!(!is_full_at(1, MOST_BYTES / 2 - 1));
    }

    #[test]
    fn what_is_acknowledged_is_in_flight_no_more() {
        let (in_flight, mut backpressure) = (InFlight::default(), Backpressure::default());
        in_flight.begin(70 << 20);
        in_flight.begin(1);
        backpressure.measure(&in_flight);
        assert!(backpressure.is_full());
        in_flight.end(70 << 20);
        backpressure.measure(&in_flight);
        assert_eq!((backpressure.is_full(), in_flight.records()), (false, 1));
    }
}
