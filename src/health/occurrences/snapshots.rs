//! What happens to snapshots.

use std::fmt::Display;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use crate::engine::shard::Mismatch;
use crate::health::{LogThrottle, Metrics};

/// A round is durable.
pub struct SnapshotWritten<'a> {
    /// Its name.
    pub round: &'a dyn Display,
    /// Its length.
    pub bytes: u64,
    /// What it holds.
    pub items: u64,
    /// What shards had copied when it was encoded, because they changed it meanwhile.
    pub copied: usize,
    /// How long it took.
    pub took: Duration,
}

impl SnapshotWritten<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        let SnapshotWritten { round, bytes, items, copied, took } = self;
        metrics.snapshots.copied_bytes.set(i64::try_from(*copied).unwrap_or(i64::MAX));
        metrics.snapshots.written.inc();
        metrics.snapshots.bytes.set(i64::try_from(*bytes).unwrap_or(i64::MAX));
        metrics.snapshots.write_seconds.observe(took.as_secs_f64());
        info!(%round, bytes, items, ?took, "a snapshot is durable");
    }
}

/// A round could not be written.
pub struct SnapshotFailed<'a> {
    /// Where.
    pub place: &'a str,
    /// Why.
    pub error: &'a dyn Display,
}

impl SnapshotFailed<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics, throttle: &LogThrottle) {
        metrics.snapshots.failed.inc();
        if let Some(suppressed) = throttle.pass() {
            let SnapshotFailed { place, error } = self;
            error!(
                place, suppressed, %error,
                "a snapshot could not be written; the numbers are right, but a start would read everything since the last \
                 one again; it is tried again, and salespulse_snapshot_age_seconds grows until it succeeds"
            );
        }
    }
}

/// A start found a round and cannot use it.
pub struct SnapshotUnusable<'a> {
    /// Its name.
    pub round: &'a dyn Display,
    /// Why.
    pub reason: &'a str,
}

impl SnapshotUnusable<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        let SnapshotUnusable { round, reason } = self;
        metrics.snapshots.unusable.inc();
        warn!(%round, "a snapshot cannot be used: {reason}; trying the one before");
    }
}

/// A log is not the one that was read.
pub struct LogChanged<'a> {
    /// Which, and how that shows.
    pub changed: &'a dyn Display,
}

impl LogChanged<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        metrics.log_changes.inc();
        error!("{}; snapshot.on_gap decides what a start does", self.changed);
    }
}

/// Nobody knows whether a log is the one that was read.
pub struct LogUnverified<'a> {
    /// Which, and why.
    pub reason: &'a str,
}

impl LogUnverified<'_> {
    /// Logs it; who meets it says what follows.
    pub fn report(&self) {
        error!("{}", self.reason);
    }
}

/// A start found a round that an earlier version of the event contract read, and reads all of it again.
pub struct SnapshotOfOlderContract<'a> {
    /// Its name.
    pub round: &'a dyn Display,
    /// The version.
    pub contract: u32,
}

impl SnapshotOfOlderContract<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        let SnapshotOfOlderContract { round, contract } = self;
        metrics.snapshots.unusable.inc();
        warn!(
            %round,
            contract,
            "a snapshot was read by an earlier version of the event contract, and the topics still hold everything that it has \
             read; all of that is read again"
        );
    }
}

/// A start continues from a round.
pub struct SnapshotRestored<'a> {
    /// Its name.
    pub round: &'a dyn Display,
    /// What it holds.
    pub items: u64,
    /// How long it took.
    pub took: Duration,
}

impl SnapshotRestored<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        let SnapshotRestored { round, items, took } = self;
        metrics.snapshots.restored.inc();
        metrics.snapshots.restore_seconds.observe(took.as_secs_f64());
        info!(%round, items, ?took, "restored from a snapshot");
    }
}

/// An audit has compared the cells of a shard with what they follow from.
pub struct Audited<'a> {
    /// The shard.
    pub shard: usize,
    /// The cells that are wrong.
    pub mismatches: &'a [Mismatch],
    /// How long it took.
    pub took: Duration,
}

impl Audited<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        /// More say nothing new.
        const MOST_TOLD: usize = 10;
        let Audited { shard, mismatches, took } = self;
        metrics.snapshots.audits.inc();
        metrics.snapshots.audit_seconds.observe(took.as_secs_f64());
        metrics.snapshots.mismatches.inc_by(mismatches.len() as u64);
        if mismatches.is_empty() {
            debug!(shard, ?took, "an audit found every cell right");
        }
        for Mismatch { table, row, metric, window, counted, derived } in mismatches.iter().take(MOST_TOLD) {
            error!(
                shard,
                table,
                row,
                metric,
                window,
                %counted,
                %derived,
                "an audit found a cell that does not follow from the events: a bug of salespulse; a restart mends it"
            );
        }
    }
}
