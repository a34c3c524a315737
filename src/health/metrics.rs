//! The metrics of our own health, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::http::HttpMetrics;
use super::memory;
use super::register::Maker;
use super::snapshots::SnapshotMetrics;
use crate::contract::decode::RejectionCode;
use crate::health::{Condition, Readiness};
use crate::model::rules::Rules;

/// The commit this was built from, as `build.rs` found it.
const COMMIT: &str = env!("SALESPULSE_COMMIT");

/// What is counted for each topic. Handles are looked up once, not for each record.
#[derive(Clone, Debug)]
pub struct TopicMetrics {
    /// Records read.
    pub consumed: IntCounter,
    /// Records that are events.
    pub decoded: IntCounter,
    /// Records without a value.
    pub tombstones: IntCounter,
    /// Records whose key is not their `lead_id`.
    pub misrouted: IntCounter,
    /// Records without a key.
    pub keyless: IntCounter,
    name: String,
    last_event: GaugeVec,
}

impl TopicMetrics {
    /// Sets the latest `occurred_at` of an accepted event; until then there is none.
    pub fn set_last_event(&self, seconds: f64) {
        self.last_event.with_label_values(&[&self.name]).set(seconds);
    }
}

/// All metrics of our own health.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    topics: BTreeMap<String, TopicMetrics>,
    rejected: IntCounterVec,
    /// Accepted events that the shards have applied.
    pub applied: IntCounter,
    /// Applied events that were already known.
    pub duplicate: IntCounter,
    /// Applied events that lost to a known version.
    pub superseded: IntCounter,
    /// Applied events that lay before the horizon.
    pub expired: IntCounter,
    /// Dead letters that the broker has acknowledged.
    pub dead_letters: IntCounter,
    /// Dead letters that the broker has not yet acknowledged.
    pub dead_letters_outstanding: IntGauge,
    /// Bytes of their keys and values.
    pub dead_letters_outstanding_bytes: IntGauge,
    /// How often the group gave or took partitions.
    pub rebalances: IntCounter,
    /// Records between the position and the end of a partition.
    pub lag_records: IntGaugeVec,
    /// The age of the last record read, where there are more to read.
    pub lag_seconds: GaugeVec,
    stage_position: IntGaugeVec,
    /// How often the client could not read a batch.
    pub unreadable: IntCounter,
    /// Offsets that could not be read and were passed over.
    pub skipped_offsets: IntCounter,
    /// How often a log was not the one that was read.
    pub log_changes: IntCounter,
    /// How often the machine slept, or its clock was set forward.
    pub sleeps: IntCounter,
    /// Journeys held, at the last reading.
    pub journeys: IntGauge,
    /// Journeys of very many steps.
    pub long_journeys: IntGauge,
    /// Bytes held for them.
    pub journey_bytes: IntGauge,
    /// Identities of what stands alone, at the last reading.
    pub identities: IntGauge,
    /// Instants at which the shards have something to look at again, at the last reading.
    pub instants: IntGauge,
    /// Wins held, at the last reading.
    pub wins: IntGauge,
    /// Names, rows and channels known, at the last reading.
    pub names: IntGauge,
    /// Sums held.
    pub cells: IntGauge,
    /// Messages waiting for shards.
    pub shard_messages: IntGauge,
    /// Bytes of records that were fetched and not read yet.
    pub fetched_bytes: IntGauge,
    /// What is measured of the HTTP listeners.
    pub http: HttpMetrics,
    /// Series of the last reading.
    pub series: IntGauge,
    /// The instant of the last reading.
    pub reading_timestamp_seconds: Gauge,
    /// How far the machine's clock is behind the instant of the numbers.
    pub clock_behind_seconds: Gauge,
    /// What is measured of snapshots.
    pub snapshots: SnapshotMetrics,
    resident_bytes: IntGauge,
    owner: IntGauge,
    ready: IntGauge,
    conditions: IntGaugeVec,
}

impl Metrics {
    /// All metrics at zero, for these topics.
    ///
    /// # Errors
    /// If two metrics have the same name or a name is malformed: a bug.
    pub fn new<'a>(topics: impl Iterator<Item = &'a str>) -> Result<Arc<Metrics>, prometheus::Error> {
        let make = Maker(Registry::new());
        let topics = make.topics(topics)?;
        let (dead_letters, dead_letters_outstanding, dead_letters_outstanding_bytes) = make.dead_letters()?;
        let (lag_records, lag_seconds) = make.lag()?;
        let metrics = Metrics {
            topics,
            rejected: make.rejected()?,
            applied: make.counter("applied_records_total", "Accepted events that the shards have applied.")?,
            duplicate: make.counter("duplicate_records_total", "Applied events whose truth was already known.")?,
            superseded: make.counter("superseded_records_total", "Applied events that lost to a known version.")?,
            expired: make.counter("expired_records_total", "Applied events that lay before the horizon on arrival.")?,
            dead_letters,
            dead_letters_outstanding,
            dead_letters_outstanding_bytes,
            rebalances: make.counter("rebalances_total", "How often the consumer group gave or took partitions.")?,
            lag_records,
            lag_seconds,
            unreadable: make.counter(
                "unreadable_batches_total",
                "How often the Kafka client could not read a batch of records, each try of the same one included.",
            )?,
            skipped_offsets: make.counter("skipped_offsets_total", "Offsets passed over because nothing could read them.")?,
            log_changes: make.counter("log_changes_total", "How often a log was not the one that had been read.")?,
            sleeps: make.counter(
                "sleeps_total",
                "How often the machine slept for more than 5 seconds, or its clock was set forward by as much.",
            )?,
            journeys: make.gauge("journeys", "Sales journeys held in memory, at the last reading.")?,
            long_journeys: make.gauge(
                "long_journeys",
                "Sales journeys of more than 8 KiB, some 200 steps, at the last reading: several leads under one id.",
            )?,
            journey_bytes: make
                .gauge("journey_bytes", "Bytes held for journeys and their index, at the last reading.")?,
            identities: make.gauge(
                "identities",
                "Spends, answers, payments, targets and entries of the roster held, at the last reading.",
            )?,
            instants: make.gauge(
                "timeline_instants",
                "Instants at which the shards have something to look at again, at the last reading.",
            )?,
            wins: make.gauge("wins", "Wins held, at the last reading.")?,
            names: make.gauge(
                "directory_names",
                "Names, rows and channels in the directory, which only grows, at the last reading.",
            )?,
            stage_position: make.stages()?,
            shard_messages: make.gauge("shard_messages", "Messages that wait for shards.")?,
            fetched_bytes: make.gauge("fetched_bytes", "Records that were fetched and not read yet.")?,
            http: HttpMetrics::new(&make)?,
            cells: make.gauge("cells", "Sums held, each in all windows, at the last reading.")?,
            series: make.gauge("series", "Series of KPI families in the last reading.")?,
            reading_timestamp_seconds: make.float_gauge(
                "reading_timestamp_seconds",
                "The instant of the last reading, at which replay --as-of computes the same from the same events.",
            )?,
            clock_behind_seconds: make.float_gauge(
                "clock_behind_seconds",
                "How far the clock is behind the instant of the numbers, which never go back over a move of the horizon.",
            )?,
            snapshots: SnapshotMetrics::new(&make)?,
            resident_bytes: make.gauge("resident_memory_bytes", "Memory that this process holds.")?,
            owner: make.gauge("owner", "1 if this instance owns the partitions of its group, else 0.")?,
            ready: make.gauge("ready", "1 if the KPI families are readable here, else 0.")?,
            conditions: make.gauges("condition", "1 while a condition holds, else 0.", &["condition"])?,
            registry: make.0.clone(),
        };
        make.build_info()?;
        Ok(Arc::new(metrics))
    }

    /// The metrics of a topic; `None` if it is not one of ours.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&TopicMetrics> {
        self.topics.get(name)
    }

    /// Shows the order of the stages, which Prometheus can't know from the KPIs.
    pub fn show_stages(&self, rules: &Rules) {
        let default = std::iter::once(("default", &rules.pipeline));
        for (name, pipeline) in default.chain(rules.pipelines.iter().map(|(name, pipeline)| (name.as_str(), pipeline)))
        {
            for (place, stage) in (0..).zip(pipeline.stages()) {
                self.stage_position.with_label_values(&[name, stage]).set(place);
            }
        }
    }

    /// Counts a rejected record.
    pub fn count_rejected(&self, code: RejectionCode) {
        self.rejected.with_label_values(&[code.name()]).inc();
    }

    /// Everything at this moment, sorted by name.
    #[must_use]
    pub fn gather(&self, readiness: &Readiness) -> Vec<MetricFamily> {
        if let Some(bytes) = memory::resident_bytes() {
            self.resident_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        self.snapshots.update();
        self.owner.set(i64::from(readiness.is_owner()));
        self.ready.set(i64::from(readiness.status().ready));
        for condition in Condition::ALL {
            self.conditions.with_label_values(&[condition.name()]).set(readiness.holds(condition).into());
        }
        self.registry.gather()
    }
}

impl Maker {
    fn topics<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, TopicMetrics>, prometheus::Error> {
        let label = &["topic"];
        let consumed = self.counters("consumed_records_total", "Records read.", label)?;
        let decoded = self.counters("decoded_records_total", "Records that were accepted as events.", label)?;
        let tombstones = self.counters("tombstone_records_total", "Records without a value, ignored.", label)?;
        let misrouted =
            self.counters("misrouted_records_total", "Journey records whose key is not their lead_id.", label)?;
        let keyless = self.counters("keyless_records_total", "Records without a key.", label)?;
        let last_event =
            self.float_gauges("last_event_timestamp_seconds", "Latest occurred_at of an accepted event.", label)?;
        let of = |name: &str| TopicMetrics {
            consumed: consumed.with_label_values(&[name]),
            decoded: decoded.with_label_values(&[name]),
            tombstones: tombstones.with_label_values(&[name]),
            misrouted: misrouted.with_label_values(&[name]),
            keyless: keyless.with_label_values(&[name]),
            name: name.to_owned(),
            last_event: last_event.clone(),
        };
        Ok(names.map(|name| (name.to_owned(), of(name))).collect())
    }

    fn dead_letters(&self) -> Result<(IntCounter, IntGauge, IntGauge), prometheus::Error> {
        let acknowledged = self.counter("dead_letters_total", "Dead letters that the broker has acknowledged.")?;
        let outstanding =
            self.gauge("dead_letters_outstanding", "Dead letters that the broker has not acknowledged yet.")?;
        let bytes = self.gauge(
            "dead_letters_outstanding_bytes",
            "Keys and values of dead letters that the broker has not acknowledged yet.",
        )?;
        Ok((acknowledged, outstanding, bytes))
    }

    fn lag(&self) -> Result<(IntGaugeVec, GaugeVec), prometheus::Error> {
        let labels = &["topic", "partition"];
        let records = self.gauges("consumer_lag_records", "Records not read yet, by partition.", labels)?;
        let seconds = self.float_gauges(
            "consumer_lag_seconds",
            "Age of the last record read where there are more to read, or how long they have been waiting if none was, by \
             partition.",
            labels,
        )?;
        Ok((records, seconds))
    }

    fn rejected(&self) -> Result<IntCounterVec, prometheus::Error> {
        let rejected = self.counters("rejected_records_total", "Records that cannot be used, by code.", &["code"])?;
        for code in RejectionCode::ALL {
            // A rate over a counter that first appears at 1 would miss the first rejection.
            rejected.with_label_values(&[code.name()]);
        }
        Ok(rejected)
    }

    fn stages(&self) -> Result<IntGaugeVec, prometheus::Error> {
        let help = "Place of a stage in its pipeline, from 0 for lead.";
        self.gauges("stage_position", help, &["pipeline", "stage"])
    }

    fn build_info(&self) -> Result<(), prometheus::Error> {
        let opts = Self::opts("build_info", "Always 1; the labels say what this was built from.")
            .const_label("version", env!("CARGO_PKG_VERSION"))
            .const_label("commit", COMMIT);
        self.register(Gauge::with_opts(opts)?)?.set(1.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_before_it_happens() {
        let metrics = Metrics::new(["sales.leads"].into_iter()).unwrap();
        metrics.count_rejected(RejectionCode::NotJson);
        let families = metrics.gather(&Readiness::default());
        let rejected = families.iter().find(|family| family.name() == "salespulse_rejected_records_total").unwrap();
        let mut values: Vec<(&str, f64)> = rejected
            .get_metric()
            .iter()
            .map(|metric| (metric.get_label()[0].value(), metric.get_counter().get_value()))
            .collect();
        values.sort_by(|left, right| left.0.cmp(right.0));
        assert_eq!(values.len(), RejectionCode::ALL.len());
        assert!(values.iter().all(|(code, value)| *value == f64::from(u8::from(*code == "not_json"))));
    }

    #[test]
    fn every_condition_is_shown_whether_it_holds_or_not() {
        let (metrics, readiness) = (Metrics::new(["sales.leads"].into_iter()).unwrap(), Readiness::default());
        let shown = |readiness: &Readiness| {
            let families = metrics.gather(readiness);
            let conditions = families.iter().find(|family| family.name() == "salespulse_condition").unwrap();
            let metrics = conditions.get_metric().iter();
            let mut values: Vec<(String, f64)> = metrics
                .map(|metric| (metric.get_label()[0].value().to_owned(), metric.get_gauge().get_value()))
                .collect();
            values.sort_by(|left, right| left.0.cmp(&right.0));
            values
        };
        let nothing = shown(&readiness);
        assert_eq!(nothing.len(), Condition::ALL.len());
        assert!(nothing.iter().all(|(_, value)| *value == 0.0));
        readiness.set(Condition::SnapshotSlow, true);
        assert!(shown(&readiness).contains(&("snapshot_slow".to_owned(), 1.0)));
        assert_eq!(shown(&readiness).iter().filter(|(_, value)| *value > 0.0).count(), 1);
    }

    #[test]
    fn names_follow_the_conventions() {
        let metrics = Metrics::new(["sales.leads"].into_iter()).unwrap();
        for family in metrics.gather(&Readiness::default()) {
            assert!(family.name().starts_with("salespulse_"), "{}", family.name());
            assert!(family.help().ends_with('.'), "{} has no help", family.name());
            let is_counter = family.get_field_type() == prometheus::proto::MetricType::COUNTER;
            assert_eq!(family.name().ends_with("_total"), is_counter, "{}", family.name());
        }
    }
}
