//! Where the state comes from at a start, and how it becomes durable.
//!
//! The shards are restored once, in a thread of its own so that the poll thread goes on polling; from then on the state in
//! memory is fresher than any snapshot. When that is, the member of the group decides.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use crate::config::OnGap;
use crate::health::{Condition, LogThrottle, Met, Readiness};
use crate::kafka::{Layout, Trace};
use crate::model::CONTRACT;
use crate::model::time::Clock;
use crate::service::horizon_clock::HorizonClock;
use crate::snapshot::{Cut, Ends, Keeper, Log, Offsets, Refused, Report, RestoreError, Restored, Restorer};
use crate::threads::{Background, ShardGone};

/// How long a store that does not answer at the start is tried.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// A snapshot that takes less is not slow, however short the interval is.
const LEAST_SLOW: Duration = Duration::from_secs(5);

/// What recovery is made of.
pub struct RecoveryParts {
    /// Restores the shards.
    pub restorer: Restorer,
    /// What "now" is: each try is as of one instant.
    pub present: Arc<HorizonClock>,
    /// Writes snapshots.
    pub keeper: Keeper,
    /// Between two snapshots.
    pub interval: Duration,
    /// Between two audits; `None`: never.
    pub audit_interval: Option<Duration>,
    /// Where the shards are restored.
    pub background: Background,
}

/// Restores and keeps the state.
pub(super) struct Recovery {
    /// `None`: nothing is kept.
    parts: Option<RecoveryParts>,
    stage: Stage,
    begun: Instant,
    audited: Instant,
    /// What the newest snapshot reaches to.
    durable: Offsets,
    readiness: Arc<Readiness>,
}

enum Stage {
    /// Nothing has been read.
    Untouched,
    /// The shards are being restored.
    Restoring(Receiver<Result<Restored, RestoreError>>),
    /// What the state in memory began with.
    Reading(Restored),
}

impl Recovery {
    pub(super) fn new(parts: Option<RecoveryParts>, readiness: Arc<Readiness>, now: Instant) -> Recovery {
        Recovery { parts, stage: Stage::Untouched, begun: now, audited: now, durable: Offsets::new(), readiness }
    }

    pub(super) fn keeps_snapshots(&self) -> bool {
        self.parts.is_some()
    }

    /// Begins to restore; answers whether that is under way, or else there is nothing to restore.
    pub(super) fn begin(&mut self, layout: &Layout, log: Arc<dyn Log>) -> bool {
        let ends = ends(layout);
        self.stage = match &self.parts {
            None => Stage::Reading(Restored { began: ends.lows, ..Restored::default() }),
            Some(parts) => {
                let present = Arc::clone(&parts.present);
                Stage::Restoring(restore(parts.background, parts.restorer.clone(), present, (ends, log)))
            }
        };
        matches!(self.stage, Stage::Restoring(_))
    }

    /// Whether the shards have been restored since the last look: then reading goes on where the partitions say now.
    pub(super) fn take_restored(&mut self, layout: &Layout, now: Instant) -> Result<bool, RestoreError> {
        let Stage::Restoring(restoring) = &self.stage else { return Ok(false) };
        let restored = match restoring.try_recv() {
            Ok(restored) => restored?,
            Err(TryRecvError::Empty) => return Ok(false),
            Err(TryRecvError::Disconnected) => return Err(ShardGone.into()),
        };
        begin_at(layout, &restored);
        self.meet(Condition::RecordsMissing, restored.degraded);
        self.meet(Condition::OlderContract, restored.contract < CONTRACT);
        self.durable.clone_from(&restored.offsets);
        self.stage = Stage::Reading(restored);
        self.begun = now;
        Ok(true)
    }

    /// Whether the state began anew because a log is another than before.
    pub(super) fn begins_anew(&self) -> bool {
        matches!(&self.stage, Stage::Reading(restored) if restored.begins_anew)
    }

    /// Whether a state may go on that may be wrong, if that is said.
    pub(super) fn may_degrade(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.restorer.on_gap == OnGap::Degrade)
    }

    /// Notes that records are missing from what is in memory, and so from all snapshots of it.
    pub(super) fn lacks_records(&mut self) {
        if let Stage::Reading(restored) = &mut self.stage {
            restored.degraded = true;
        }
        self.meet(Condition::RecordsMissing, true);
    }

    /// Whether it is time for a snapshot, and none is being written.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let Some(parts) = &self.parts else { return false };
        matches!(self.stage, Stage::Reading(_))
            && !self.is_writing()
            && now.saturating_duration_since(self.begun) >= parts.interval
    }

    /// Whether a snapshot is being written.
    pub(super) fn is_writing(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.keeper.is_writing())
    }

    /// Whether a snapshot of these offsets would say anything new; the time until the next begins either way.
    pub(super) fn is_new(&mut self, offsets: &Offsets, now: Instant) -> bool {
        self.begun = now;
        let is_new = self.durable != *offsets;
        if !is_new {
            self.meet(Condition::SnapshotSlow, false);
        }
        is_new
    }

    /// Whether the next snapshot is to be audited.
    pub(super) fn audit_is_due(&self, now: Instant) -> bool {
        let interval = self.parts.as_ref().and_then(|parts| parts.audit_interval);
        interval.is_some_and(|interval| now.saturating_duration_since(self.audited) >= interval)
    }

    /// Begins to write a snapshot of what was read, which may be audited as of an instant.
    pub(super) fn write(&mut self, mut cut: Cut, layout: &Layout, refused: Refused, audited: Option<Instant>) {
        let (Some(parts), Stage::Reading(origin)) = (&mut self.parts, &self.stage) else { return };
        cut.origin = Restored { fingerprints: layout.fingerprints(), ..origin.clone() };
        cut.origin.refused.by_stages += refused.by_stages;
        cut.origin.refused.by_rates += refused.by_rates;
        self.audited = audited.unwrap_or(self.audited);
        parts.keeper.begin(cut);
    }

    /// Whether a snapshot has become durable since the last look; the partitions know how far.
    pub(super) fn take_report(&mut self, layout: &Layout, now: Instant) -> bool {
        let report = self.parts.as_mut().and_then(|parts| parts.keeper.report());
        if self.is_writing() && self.is_slow(now) {
            self.meet(Condition::SnapshotSlow, true);
        }
        self.on_report(report, layout, now)
    }

    /// Waits until a deadline for the snapshot that is being written.
    pub(super) fn wait(&mut self, layout: &Layout, deadline: Instant) -> bool {
        let patience = deadline.saturating_duration_since(Instant::now());
        let report = self.parts.as_mut().and_then(|parts| parts.keeper.wait(patience));
        self.on_report(report, layout, Instant::now())
    }

    fn on_report(&mut self, report: Option<Report>, layout: &Layout, now: Instant) -> bool {
        let Some(report) = report else { return false };
        self.meet(Condition::SnapshotsFailing, report == Report::Failed);
        let Report::Durable(offsets) = report else { return false };
        self.meet(Condition::SnapshotSlow, self.is_slow(now));
        for topic in layout.topics() {
            let durable = offsets.get(&*topic.name).into_iter().flatten();
            topic.partitions.iter().zip(durable).for_each(|(partition, offset)| partition.set_durable(*offset));
        }
        self.durable = offsets;
        true
    }

    /// Whether the snapshot that was begun last has taken longer than it should.
    fn is_slow(&self, now: Instant) -> bool {
        let took = now.saturating_duration_since(self.begun);
        self.parts.as_ref().is_some_and(|parts| took > parts.interval.max(LEAST_SLOW))
    }

    fn meet(&self, condition: Condition, holds: bool) {
        Met { condition, holds }.report(&self.readiness);
    }
}

/// Restores in the background, trying for a while if the store does not answer.
fn restore(
    background: Background,
    mut restorer: Restorer,
    present: Arc<HorizonClock>,
    (ends, log): (Ends, Arc<dyn Log>),
) -> Receiver<Result<Restored, RestoreError>> {
    let (sender, restored) = sync_channel(1);
    let work = move || {
        let (started, throttle) = (Instant::now(), LogThrottle::default());
        let result = loop {
            restorer.clock = Clock::Fixed(present.now());
            match restorer.restore(&ends, Some(&*log)) {
                Err(error @ (RestoreError::Store(_) | RestoreError::Log(_))) if started.elapsed() < PATIENCE => {
                    if throttle.pass().is_some() {
                        warn!(%error, "nothing can be restored; trying again for {PATIENCE:?}");
                    }
                    if let Err(gone) = restorer.loader.reset(restorer.clock.now()) {
                        break Err(gone.into());
                    }
                    thread::sleep(PAUSE);
                }
                result => break result,
            }
        };
        // Who asked has gone only while everything ends.
        let _ = sender.send(result);
    };
    // Without a thread the channel is closed, which is reported as a bug.
    drop(background.run("restorer", work));
    restored
}

fn ends(layout: &Layout) -> Ends {
    let mut ends = Ends::default();
    for topic in layout.topics() {
        let (lows, highs) = topic.partitions.iter().map(|partition| partition.ends()).unzip();
        ends.lows.insert(topic.name.to_string(), lows);
        ends.highs.insert(topic.name.to_string(), highs);
    }
    ends
}

fn begin_at(layout: &Layout, restored: &Restored) {
    for topic in layout.topics() {
        let offsets = restored.offsets.get(&*topic.name).into_iter().flatten();
        topic.partitions.iter().zip(offsets).for_each(|(partition, offset)| partition.begin_at(*offset));
        let read = restored.fingerprints.get(&*topic.name).into_iter().flatten();
        topic.partitions.iter().zip(read).for_each(|(partition, read)| *partition.trace() = Trace::restored(read));
    }
}
