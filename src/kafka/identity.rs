//! Whether the logs that are read still are those that were read.

use std::sync::Arc;

use super::commit::Committed;
use super::partition::Partition;
use crate::snapshot::{Comparison, Log, Place, Seen, compare};

/// What the cluster says of a partition at an assignment.
#[derive(Debug)]
pub struct Found<'a> {
    /// The partition.
    pub partition: &'a Arc<Partition>,
    /// What the group has committed.
    pub committed: Option<Committed>,
    /// Where its log begins and ends.
    pub ends: (i64, i64),
}

/// Whether the logs of these partitions, which begin and end there, still are those that were read.
///
/// # Errors
/// Why the logs cannot be read now.
pub fn compare_logs(log: &dyn Log, partitions: &[(&Arc<Partition>, (i64, i64))]) -> Result<Comparison, String> {
    let remembered: Vec<_> = partitions.iter().map(|(partition, ends)| partition.remembered(*ends)).collect();
    let comparison = compare(log, &remembered)?;
    if comparison.changed.is_none() {
        // What had been read before the comparison began was read from the logs that it has found.
        for (((partition, _), remembered), found) in partitions.iter().zip(&remembered).zip(&comparison.found) {
            if !comparison.unverified.iter().any(|place| partition.is_at(place)) {
                partition.trust(&remembered.read, found);
            }
        }
    }
    Ok(comparison)
}

/// Compares the logs with what was read of them, and lets the partitions know what was found if they are the same. A commit is
/// believed only if its log is the one that is there.
///
/// # Errors
/// Why the logs cannot be read now.
pub fn take_survey(log: &dyn Log, mut found: Vec<Found<'_>>) -> Result<Comparison, String> {
    // What lies there now may be the log of another topic than the one that memory is full of. What is known of the log of the
    // commit before is compared too: dead letters were left out because of it, and what is found now says nothing of that.
    let ends: Vec<_> = found.iter().map(|found| (found.partition, found.ends)).collect();
    let comparison = compare_logs(log, &ends)?;
    if comparison.changed.is_none() {
        judge_commits(log, &mut found)?;
        for Found { partition, committed, ends: (low, high) } in found {
            partition.set_survey(committed, low, high);
        }
    }
    Ok(comparison)
}

/// Forgets commits of other logs than those that are there. Of what cannot be compared any more dead letters may come twice,
/// and none is lost.
fn judge_commits(log: &dyn Log, found: &mut [Found<'_>]) -> Result<(), String> {
    let records = |found: &Found<'_>| found.committed.as_ref().map_or(0, |committed| committed.log.len());
    // A log is asked for one record of each partition at a time.
    for turn in 0..found.iter().map(records).max().unwrap_or(0) {
        let (mut asked, mut places) = (Vec::new(), Vec::new());
        for each in found.iter_mut() {
            let Some(expected) = each.committed.as_ref().and_then(|committed| committed.log.get(turn)).copied() else {
                continue;
            };
            let (low, high) = each.ends;
            if expected.offset >= high {
                each.committed = None;
            } else if expected.offset < low {
                each.committed = each.committed.take().map(|committed| Committed::of(committed.offset));
            } else {
                let topic = each.partition.topic().to_owned();
                let number = usize::try_from(each.partition.number()).map_err(|error| error.to_string())?;
                places.push(Place { topic, number, offset: expected.offset });
                asked.push((each, expected));
            }
        }
        if places.is_empty() {
            continue;
        }
        for ((each, expected), there) in asked.into_iter().zip(log.records(&places)?) {
            match there {
                Seen::Record(there) if there == expected => {}
                Seen::Record(there) if there.offset == expected.offset => each.committed = None,
                // Compaction has taken it away, or its batch cannot be read any more.
                Seen::Record(_) | Seen::Nothing | Seen::Unreadable => {
                    each.committed = each.committed.take().map(|committed| Committed::of(committed.offset))
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Fingerprint;

    /// One partition that holds these records.
    struct Memory(Vec<Fingerprint>);

    impl Log for Memory {
        fn end(&self, _topic: &str, _number: usize) -> Result<i64, String> {
            Ok(self.0.last().map_or(0, |last| last.offset + 1))
        }

        fn records(&self, places: &[Place]) -> Result<Vec<Seen>, String> {
            let first = |place: &Place| self.0.iter().find(|record| record.offset >= place.offset).copied().into();
            Ok(places.iter().map(first).collect())
        }
    }

    fn record(offset: i64, value: &str) -> Fingerprint {
        Fingerprint::of(offset, Some(7), None, Some(value.as_bytes()))
    }

    /// What a partition takes for settled, whose log holds these from an offset on, by a commit of a log that held those.
    fn settled(there: Vec<Fingerprint>, low: i64, known: Vec<Fingerprint>) -> Option<(i64, i64)> {
        let partition = Arc::new(Partition::new("sales.leads".into(), 0));
        let high = there.last().map_or(0, |last| last.offset + 1);
        let committed = Some(Committed { offset: 2, settled: 4, log: known });
        let found = vec![Found { partition: &partition, committed, ends: (low, high) }];
        assert_eq!(take_survey(&Memory(there), found).unwrap().changed, None);
        Some((partition.committed()?, partition.settled()?))
    }

    /// Dead letters were left out because of a commit, then the log was cut: that must not be forgotten over another commit.
    #[test]
    fn the_log_of_the_commit_before_is_compared_before_another_is_believed() {
        let partition = Arc::new(Partition::new("sales.leads".into(), 0));
        let found = |committed, high| vec![Found { partition: &partition, committed, ends: (0, high) }];
        let log = |values: &[&str]| (0..).zip(values).map(|(offset, value)| record(offset, value)).collect::<Vec<_>>();
        let committed = Committed { offset: 0, settled: 4, log: vec![record(3, "a")] };
        let before = Memory(log(&["a", "a", "a", "a"]));
        assert_eq!(take_survey(&before, found(Some(committed), 4)).unwrap().changed, None);
        assert!(partition.was_settled(2));
        let cut = Memory(log(&["a", "a", "b"]));
        assert!(take_survey(&cut, found(None, 3)).is_ok_and(|comparison| comparison.changed.is_some()));
    }

    #[test]
    fn a_commit_counts_for_the_log_that_it_was_written_for() {
        let log = || (0..6).map(|offset| record(offset, "a")).collect::<Vec<_>>();
        assert_eq!(settled(log(), 0, vec![record(1, "a"), record(3, "a")]), Some((2, 4)));
        assert_eq!(settled(log(), 0, vec![record(3, "b")]), None, "the topic was created anew");
        assert_eq!(settled(log(), 0, vec![record(1, "b"), record(3, "a")]), None, "and then read on");
        assert_eq!(settled(log(), 0, vec![record(6, "a")]), None, "the log was cut");
        assert_eq!(settled(log(), 4, vec![record(3, "a")]), Some((2, 0)), "retention has deleted it");
        let compacted = log().into_iter().filter(|record| record.offset != 3).collect();
        assert_eq!(settled(compacted, 0, vec![record(3, "a")]), Some((2, 0)));
    }
}
