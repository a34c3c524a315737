//! Partitions of which the client cannot read what comes next, so that they stand still.
//!
//! librdkafka does not say of which partition an error is. But a partition that cannot be read has records waiting and keeps its
//! position from one such error to the next, while the others go on.

use std::collections::BTreeMap;

use crate::kafka::Position;

/// A partition and the offset at which it stands.
type Places = BTreeMap<String, i64>;

/// Where partitions stand that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    /// Where partitions with records waiting stood at the last error.
    suspects: Places,
    /// Those that stood there at the error before, too.
    found: Places,
}

impl Unreadable {
    /// Notes where the partitions stand at an error; answers the partitions that have been found to stand still by it.
    pub(super) fn note(&mut self, positions: &[Position]) -> Vec<(String, i64)> {
        let now = places(positions);
        let still = |(place, offset): &(&String, &i64)| self.suspects.get(*place) == Some(*offset);
        let found: Places = now.iter().filter(still).map(|(place, offset)| (place.clone(), *offset)).collect();
        let is_new = |(place, offset): &(&String, &i64)| self.found.get(*place) != Some(*offset);
        let new = found.iter().filter(is_new).map(|(place, offset)| (place.clone(), *offset)).collect();
        (self.suspects, self.found) = (now, found);
        new
    }

    /// Whether anything stands still, now that the partitions stand here.
    pub(super) fn holds(&mut self, positions: &[Position]) -> bool {
        if !self.found.is_empty() {
            let now = places(positions);
            self.found.retain(|place, offset| now.get(place) == Some(offset));
        }
        !self.found.is_empty()
    }

    /// Forgets everything: the partitions are somebody else's.
    pub(super) fn forget(&mut self) {
        *self = Unreadable::default();
    }
}

/// Where partitions stand that have records waiting.
fn places(positions: &[Position]) -> Places {
    let waiting = positions.iter().filter(|(partition, position)| partition.waiting(*position) > 0);
    waiting
        .map(|(partition, position)| (partition.to_string(), position.unwrap_or_else(|| partition.resumes_at())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Partition;
    use std::sync::Arc;

    #[test]
    fn what_keeps_its_position_from_one_error_to_the_next_stands_still() {
        let [damaged, other] = [0, 1].map(|number| Arc::new(Partition::new("sales.leads".into(), number)));
        [&damaged, &other].iter().for_each(|partition| partition.set_survey(None, 0, 100));
        let at = |here: i64, there: i64| vec![(Arc::clone(&damaged), Some(here)), (Arc::clone(&other), Some(there))];
        let mut unreadable = Unreadable::default();
        assert_eq!(unreadable.note(&at(7, 10)), []);
        assert!(!unreadable.holds(&at(7, 20)));
        assert_eq!(unreadable.note(&at(7, 30)), [("sales.leads/0".to_owned(), 7)]);
        assert!(unreadable.holds(&at(7, 40)));
        assert_eq!(unreadable.note(&at(7, 50)), [], "it is known");
        assert!(unreadable.holds(&at(7, 100)));
        assert!(!unreadable.holds(&at(8, 100)), "it is read again");
    }

    #[test]
    fn a_partition_without_records_waiting_does_not_stand_still() {
        let partition = Arc::new(Partition::new("sales.leads".into(), 0));
        partition.set_survey(None, 0, 7);
        let mut unreadable = Unreadable::default();
        assert_eq!(unreadable.note(&[(Arc::clone(&partition), Some(7))]), []);
        assert_eq!(unreadable.note(&[(partition, Some(7))]), []);
    }
}
