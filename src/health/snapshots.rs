//! What is measured of snapshots.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use prometheus::{Gauge, Histogram, IntCounter, IntGauge};

use super::register::Maker;

/// The upper bounds of the buckets of pauses, in seconds.
const PAUSE_BUCKETS: [f64; 8] = [0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0];
/// The upper bounds of the buckets of writing and loading, in seconds.
const WORK_BUCKETS: [f64; 10] = [0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// The metrics of snapshots.
#[derive(Debug)]
pub struct SnapshotMetrics {
    /// Rounds that are durable.
    pub written: IntCounter,
    /// Rounds that could not be written.
    pub failed: IntCounter,
    /// Rounds that a start found and could not use.
    pub unusable: IntCounter,
    /// Rounds that a start used.
    pub restored: IntCounter,
    /// How long a shard stood still to be imaged.
    pub pause: Histogram,
    /// How long it took to write a round.
    pub write_seconds: Histogram,
    /// How long it took to load one.
    pub restore_seconds: Histogram,
    /// Bytes of the last round.
    pub bytes: IntGauge,
    /// Bytes that shards copied for the last round, because they changed meanwhile.
    pub copied_bytes: IntGauge,
    /// Audits done.
    pub audits: IntCounter,
    /// How long it took to audit a shard.
    pub audit_seconds: Histogram,
    /// Cells found wrong by audits.
    pub mismatches: IntCounter,
    age: Gauge,
    durable_at: Mutex<Option<Instant>>,
}

impl SnapshotMetrics {
    pub(super) fn new(make: &Maker) -> Result<SnapshotMetrics, prometheus::Error> {
        Ok(SnapshotMetrics {
            written: make.counter("snapshots_written_total", "Snapshots that are durable.")?,
            failed: make.counter("snapshots_failed_total", "Snapshots that could not be written.")?,
            unusable: make.counter("snapshots_unusable_total", "Snapshots that a start found and could not use.")?,
            restored: make.counter("snapshots_restored_total", "Snapshots that a start continued from.")?,
            pause: make.histogram(
                "snapshot_pause_seconds",
                "How long a shard stood still for a snapshot.",
                &PAUSE_BUCKETS,
            )?,
            write_seconds: make.histogram(
                "snapshot_write_seconds",
                "How long it took to write a snapshot.",
                &WORK_BUCKETS,
            )?,
            restore_seconds: make.histogram(
                "snapshot_restore_seconds",
                "How long it took to load a snapshot.",
                &WORK_BUCKETS,
            )?,
            bytes: make.gauge("snapshot_bytes", "Size of the last snapshot.")?,
            copied_bytes: make.gauge(
                "snapshot_copied_bytes",
                "What shards had to copy while the last snapshot was written, because it changed meanwhile.",
            )?,
            audits: make.counter("audits_total", "How often the cells were derived anew and compared.")?,
            audit_seconds: make.histogram(
                "audit_seconds",
                "How long it took to audit a shard, which went on meanwhile.",
                &WORK_BUCKETS,
            )?,
            mismatches: make.counter("audit_mismatches_total", "Cells that an audit found wrong.")?,
            age: make.float_gauge(
                "snapshot_age_seconds",
                "How long ago everything that was read was last durable; 0 where this instance owns nothing or keeps none.",
            )?,
            durable_at: Mutex::new(None),
        })
    }

    /// Notes whether everything that has been read is to be durable from now on, and is now.
    pub fn set_durable(&self, is_kept: bool) {
        *self.durable_at.lock().unwrap_or_else(PoisonError::into_inner) = is_kept.then(Instant::now);
    }

    /// How long ago everything was durable, in seconds; `None` where nothing is kept.
    #[must_use]
    pub fn age(&self) -> Option<f64> {
        let durable_at = *self.durable_at.lock().unwrap_or_else(PoisonError::into_inner);
        durable_at.map(|at| at.elapsed().as_secs_f64())
    }

    pub(super) fn update(&self) {
        self.age.set(self.age().unwrap_or(0.0));
    }
}
