//! How far behind we are, by librdkafka's statistics.

use rdkafka::Statistics;
use rdkafka::statistics::Partition as PartitionStatistics;

use crate::health::Metrics;
use crate::kafka::{Layout, Partition};
use crate::model::time::{Clock, seconds};

/// Reports what was fetched and not read yet, and the lag of each partition. Only the owner has one.
pub(super) fn report(statistics: &Statistics, layout: &Layout, metrics: &Metrics, is_owner: bool) {
    let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
    let fetched: u64 = partitions.map(|partition| partition.fetchq_size).sum();
    metrics.fetched_bytes.set(i64::try_from(fetched).unwrap_or(i64::MAX));
    if !is_owner {
        return;
    }
    // Kafka's timestamps come from clocks of the real world, whatever instant the numbers are read at.
    let now = Clock::System.now().millis();
    for partition in layout.partitions() {
        let topic = statistics.topics.get(partition.topic());
        let Some(found) = topic.and_then(|topic| topic.partitions.get(&partition.number())) else { continue };
        let Some(records) = records(found, partition) else { continue };
        partition.note_end(end(found));
        let labels = &[partition.topic(), &partition.number().to_string()];
        metrics.lag_records.with_label_values(labels).set(records);
        metrics.lag_seconds.with_label_values(labels).set(seconds(age(records, partition, now)));
    }
}

/// Forgets all lags: they are somebody else's now.
pub(super) fn clear(metrics: &Metrics) {
    metrics.lag_records.reset();
    metrics.lag_seconds.reset();
}

/// The end that we may read to; negative while it is not known.
fn end(found: &PartitionStatistics) -> i64 {
    if found.ls_offset >= 0 { found.ls_offset } else { found.hi_offset }
}

/// Offsets between the position and the end that we may read to; `None` while the end is not known.
fn records(found: &PartitionStatistics, partition: &Partition) -> Option<i64> {
    let end = end(found);
    // Before the first record of an assignment there is no position: we then stand where we stood, or at the beginning.
    let position = partition.position((found.app_offset >= 0).then_some(found.app_offset));
    let position = position.or(partition.next()).unwrap_or(found.lo_offset);
    (end >= 0).then(|| (end - position.max(0)).max(0))
}

/// How old the last record read is, if there are more to read; if none was read, how long they have been waiting.
fn age(records: i64, partition: &Partition, now: i64) -> i64 {
    match partition.last_timestamp() {
        _ if records == 0 => 0,
        Some(timestamp) => (now - timestamp).max(0),
        None => (now - partition.waits_since(now)).max(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(low: i64, position: i64, stable: i64, high: i64) -> PartitionStatistics {
        PartitionStatistics {
            lo_offset: low,
            app_offset: position,
            ls_offset: stable,
            hi_offset: high,
            ..PartitionStatistics::default()
        }
    }

    #[test]
    fn records_behind() {
        for (low, position, stable, high, lag) in [
            (0, 40, 100, 120, Some(60)),
            (0, 100, 100, 100, Some(0)),
            (0, 40, -1, 120, Some(80)),
            // Nothing read yet, and retention has deleted the first records.
            (30, -1001, 100, 100, Some(70)),
            (-1001, -1001, 0, 0, Some(0)),
            (-1001, -1001, -1001, -1001, None),
        ] {
            assert_eq!(records(&statistics(low, position, stable, high), &Partition::new("t".into(), 0)), lag);
        }
        let kept = Partition::new("t".into(), 0);
        kept.advance(89, None);
        assert_eq!(records(&statistics(30, -1001, 100, 100), &kept), Some(10), "read before the last assignment");
        kept.set_misplaced(true);
        assert_eq!(records(&statistics(30, 95, 100, 100), &kept), Some(10), "the client took an error for a record");
    }

    #[test]
    fn the_age_counts_only_where_there_is_more_to_read() {
        let partition = Partition::new("t".into(), 0);
        assert_eq!(age(0, &partition, 1_000), 0);
        assert_eq!(age(5, &partition, 8_000), 0, "from now on they wait");
        assert_eq!(age(5, &partition, 10_000), 2_000, "nothing was read");
        partition.advance(1, Some(4_000));
        assert_eq!(age(5, &partition, 10_000), 6_000);
        assert_eq!(age(0, &partition, 10_000), 0);
        assert_eq!(age(5, &partition, 3_000), 0, "another machine's clock");
    }
}
