//! How much may be held of dead letters that the broker has not acknowledged.

use crate::health::Metrics;

/// How many dead letters may wait before reading stops.
const MOST: i64 = 20_000;
/// How many bytes of keys and values they may have together.
const MOST_BYTES: i64 = 64 << 20;

/// Whether there is room. Between "no more" and "again" lies half of it, so that reading does not stop and go on for each
/// dead letter.
#[derive(Debug, Default)]
pub(super) struct Room {
    is_full: bool,
}

impl Room {
    /// Compares what waits with what may.
    pub(super) fn measure(&mut self, metrics: &Metrics) {
        self.compare(metrics.dead_letters_outstanding.get(), metrics.dead_letters_outstanding_bytes.get());
    }

    /// Whether there is none.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    fn compare(&mut self, waiting: i64, bytes: i64) {
        let share = if self.is_full { 2 } else { 1 };
        self.is_full = waiting >= MOST / share || bytes >= MOST_BYTES / share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_by_either_until_half_of_both_is_free() {
        let mut room = Room::default();
        let mut is_full_at = |waiting, bytes| {
            room.compare(waiting, bytes);
            room.is_full()
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
}
