//! The end in good order.

use std::time::{Duration, Instant};

use tracing::warn;

use super::{EventLoop, LoopFailure};
use crate::kafka::{Broker, DeadLetterSink};

/// How long the end waits for the last snapshot, and for the one that is being written before it.
const LAST_SNAPSHOT: Duration = Duration::from_secs(60);
/// How long the end waits for dead letters to be acknowledged.
const LAST_DEAD_LETTERS: Duration = Duration::from_secs(10);

impl<B: Broker, D: DeadLetterSink> EventLoop<B, D> {
    /// Finishes what was read: nothing of it needs to be read again, here or elsewhere.
    pub(super) fn finish(&mut self) -> Result<(), LoopFailure> {
        self.intake.settle()?;
        let missing = self.dead_letters.drain(LAST_DEAD_LETTERS)?;
        if missing > 0 {
            warn!(missing, "dead letters are not acknowledged; their records are read again at the next start");
        }
        self.last_snapshot()?;
        self.last_commit()
    }

    /// A last snapshot, so that the next start, here or elsewhere, has nothing to read again.
    fn last_snapshot(&mut self) -> Result<(), LoopFailure> {
        if !self.recovery.keeps_snapshots() {
            return Ok(());
        }
        let begun = Instant::now();
        let deadline = begun + LAST_SNAPSHOT;
        self.recovery.wait(&self.layout, deadline);
        if !self.recovery.is_writing() {
            self.write_snapshot(begun)?;
            self.recovery.wait(&self.layout, deadline);
        }
        if self.recovery.is_writing() {
            warn!(
                "the last snapshot is not durable after {LAST_SNAPSHOT:?}; the next start reads again what came since the one before"
            );
        }
        Ok(())
    }

    fn last_commit(&mut self) -> Result<(), LoopFailure> {
        // Everything once more: an earlier commit may have failed.
        self.checkpoints.forget();
        let offsets = self.checkpoints.take(&self.broker.positions(&self.layout)?);
        if !offsets.is_empty()
            && let Err(failure) = self.broker.commit_and_wait(&offsets)
        {
            warn!(%failure, "the last commit failed; some dead letters may come twice");
        }
        Ok(())
    }
}
