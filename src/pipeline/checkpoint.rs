//! When to find out how far everything is done, and what of it is new to Kafka.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::source::kafka::{Partition, Position};

/// Between commits.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);
/// Between looks while catching up: so long at most the numbers are there and not shown.
const CATCH_UP_INTERVAL: Duration = Duration::from_millis(100);

/// What a checkpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// To see how far behind we are.
    pub(super) look: bool,
    /// To commit what is done.
    pub(super) commit: bool,
}

/// The rhythm of checkpoints, and what was committed.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    looked: Option<Instant>,
    committed: Option<Instant>,
    /// By topic and partition: what the broker has, or is being sent.
    offsets: HashMap<(String, i32), i64>,
}

impl Checkpoints {
    /// What it is time for, while catching up or later.
    pub(super) fn due(&mut self, now: Instant, catching_up: bool) -> Due {
        let is_due = |last: &mut Option<Instant>, interval| {
            let due = last.is_none_or(|last| now.duration_since(last) >= interval);
            if due {
                *last = Some(now);
            }
            due
        };
        let look = catching_up && is_due(&mut self.looked, CATCH_UP_INTERVAL);
        Due { look, commit: is_due(&mut self.committed, COMMIT_INTERVAL) }
    }

    /// What is to be committed now that everything before these positions is applied: all that is done and not committed
    /// yet. Never less than was committed when the partitions were assigned: a start reads everything again, but its dead
    /// letters stay done.
    pub(super) fn take(&mut self, positions: &[Position]) -> Vec<(Arc<Partition>, i64)> {
        let mut new = Vec::new();
        for (partition, position) in positions {
            let Some(done) = position.map(|position| partition.committable(position)) else { continue };
            let key = (partition.topic().to_owned(), partition.number());
            let known = self.offsets.entry(key).or_insert_with(|| partition.committed().unwrap_or(0));
            if done > *known {
                *known = done;
                new.push((Arc::clone(partition), done));
            }
        }
        new
    }

    /// Forgets what was committed: it may have failed, or another member may have committed.
    pub(super) fn forget(&mut self) {
        self.offsets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Arc<Partition> {
        Arc::new(Partition::new("sales.leads".into(), 0))
    }

    fn taken(checkpoints: &mut Checkpoints, partition: &Arc<Partition>, position: Option<i64>) -> Option<i64> {
        checkpoints.take(&[(Arc::clone(partition), position)]).first().map(|(_, offset)| *offset)
    }

    #[test]
    fn only_news_are_committed() {
        let (mut checkpoints, partition) = (Checkpoints::default(), partition());
        assert_eq!(taken(&mut checkpoints, &partition, None), None);
        assert_eq!(taken(&mut checkpoints, &partition, Some(0)), None);
        assert_eq!(taken(&mut checkpoints, &partition, Some(5)), Some(5));
        assert_eq!(taken(&mut checkpoints, &partition, Some(5)), None);
        partition.await_acknowledgement(7);
        assert_eq!(taken(&mut checkpoints, &partition, Some(9)), Some(7));
        partition.acknowledge(7);
        assert_eq!(taken(&mut checkpoints, &partition, Some(9)), Some(9));
        checkpoints.forget();
        assert_eq!(taken(&mut checkpoints, &partition, Some(9)), Some(9));
    }

    #[test]
    fn a_start_from_the_beginning_never_takes_a_commit_back() {
        let (mut checkpoints, partition) = (Checkpoints::default(), partition());
        partition.set_survey(Some(100), 0, 200);
        assert_eq!(taken(&mut checkpoints, &partition, Some(50)), None);
        assert_eq!(taken(&mut checkpoints, &partition, Some(150)), Some(150));
    }

    #[test]
    fn the_rhythm() {
        let mut checkpoints = Checkpoints::default();
        let start = Instant::now();
        let later = |millis| start + Duration::from_millis(millis);
        assert_eq!(checkpoints.due(start, true), Due { look: true, commit: true });
        assert_eq!(checkpoints.due(later(50), true), Due { look: false, commit: false });
        assert_eq!(checkpoints.due(later(100), true), Due { look: true, commit: false });
        assert_eq!(checkpoints.due(later(4_999), false), Due { look: false, commit: false });
        assert_eq!(checkpoints.due(later(5_000), false), Due { look: false, commit: true });
    }
}
