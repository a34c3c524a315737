//! When to find out how far everything is done, and what of it is new to Kafka.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::kafka::{Committed, Partition, Position};

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
#[derive(Debug)]
pub(super) struct Checkpoints {
    keeps_snapshots: bool,
    looked: Option<Instant>,
    committed: Option<Instant>,
    /// By topic and partition: what the broker has, or is being sent.
    commits: HashMap<(String, i32), Committed>,
}

impl Checkpoints {
    /// Nothing committed yet. Where snapshots are kept, offsets are committed as they become durable.
    pub(super) fn new(keeps_snapshots: bool) -> Checkpoints {
        Checkpoints { keeps_snapshots, looked: None, committed: None, commits: HashMap::new() }
    }

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

    /// What is to be committed now that everything before these positions is applied: all that is new to the broker.
    pub(super) fn take(&mut self, positions: &[Position]) -> Vec<(Arc<Partition>, Committed)> {
        let mut new = Vec::new();
        for (partition, position) in positions {
            let Some(position) = *position else { continue };
            let progress = partition.progress(position, self.keeps_snapshots);
            let known = match self.commits.entry((partition.topic().to_owned(), partition.number())) {
                Entry::Occupied(known) => known.into_mut(),
                // Where nothing was committed and nothing is done there is nothing to say.
                Entry::Vacant(place) => place.insert(partition.known_commit().unwrap_or_default()),
            };
            if !progress.reaches_as_far_as(known) {
                known.clone_from(&progress);
                new.push((Arc::clone(partition), progress));
            }
        }
        new
    }

    /// Forgets what was committed: it may have failed, or another member may have committed.
    pub(super) fn forget(&mut self) {
        self.commits.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Arc<Partition> {
        Arc::new(Partition::new("sales.leads".into(), 0))
    }

    fn taken(checkpoints: &mut Checkpoints, partition: &Arc<Partition>, position: Option<i64>) -> Option<(i64, i64)> {
        let taken = checkpoints.take(&[(Arc::clone(partition), position)]);
        taken.first().map(|(_, commit)| (commit.offset, commit.settled))
    }

    #[test]
    fn only_news_are_committed() {
        let (mut checkpoints, partition) = (Checkpoints::new(false), partition());
        assert_eq!(taken(&mut checkpoints, &partition, None), None);
        assert_eq!(taken(&mut checkpoints, &partition, Some(0)), None);
        assert_eq!(taken(&mut checkpoints, &partition, Some(5)), Some((5, 5)));
        assert_eq!(taken(&mut checkpoints, &partition, Some(5)), None);
        partition.await_acknowledgement(7);
        assert_eq!(taken(&mut checkpoints, &partition, Some(9)), Some((7, 7)));
        partition.acknowledge(7);
        assert_eq!(taken(&mut checkpoints, &partition, Some(9)), Some((9, 9)));
        checkpoints.forget();
        assert_eq!(taken(&mut checkpoints, &partition, Some(9)), Some((9, 9)));
    }

    #[test]
    fn a_start_from_the_beginning_never_takes_a_commit_back() {
        let (mut checkpoints, partition) = (Checkpoints::new(false), partition());
        partition.set_survey(Some(Committed { settled: 100, ..Committed::of(100) }), 0, 200);
        assert_eq!(taken(&mut checkpoints, &partition, Some(50)), None);
        assert_eq!(taken(&mut checkpoints, &partition, Some(150)), Some((150, 150)));
    }

    #[test]
    fn with_snapshots_an_offset_is_committed_once_it_is_durable() {
        let (mut checkpoints, partition) = (Checkpoints::new(true), partition());
        partition.set_survey(None, 0, 200);
        assert_eq!(taken(&mut checkpoints, &partition, Some(50)), Some((0, 50)), "only dead letters are done");
        partition.set_durable(40);
        assert_eq!(taken(&mut checkpoints, &partition, Some(60)), Some((40, 60)));
        assert_eq!(taken(&mut checkpoints, &partition, Some(60)), None);
        // Another start, from an older snapshot: what was committed stays.
        let again = Arc::new(Partition::new("sales.leads".into(), 0));
        again.set_survey(Some(Committed { settled: 60, ..Committed::of(40) }), 0, 200);
        again.begin_at(30);
        checkpoints.forget();
        assert_eq!(taken(&mut checkpoints, &again, Some(30)), None);
        again.set_durable(70);
        assert_eq!(taken(&mut checkpoints, &again, Some(80)), Some((70, 80)));
    }

    #[test]
    fn the_rhythm() {
        let mut checkpoints = Checkpoints::new(false);
        let start = Instant::now();
        let later = |millis| start + Duration::from_millis(millis);
        assert_eq!(checkpoints.due(start, true), Due { look: true, commit: true });
        assert_eq!(checkpoints.due(later(50), true), Due { look: false, commit: false });
        assert_eq!(checkpoints.due(later(100), true), Due { look: true, commit: false });
        assert_eq!(checkpoints.due(later(4_999), false), Due { look: false, commit: false });
        assert_eq!(checkpoints.due(later(5_000), false), Due { look: false, commit: true });
    }
}
