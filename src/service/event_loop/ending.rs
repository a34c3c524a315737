//! The end in good order.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::{Pipeline, PipelineFailure};
use crate::health::Phase;

/// How long the end waits for the last snapshot, and for the one that is being written before it.
const LAST_SNAPSHOT: Duration = Duration::from_secs(60);
/// How long the end waits for dead letters to be acknowledged.
const LAST_DEAD_LETTERS: Duration = Duration::from_secs(10);

impl Pipeline {
    /// Stops fetching, finishes the batch, waits for the dead letters, commits, and leaves the group.
    pub(super) fn wind_down(mut self) -> Result<(), PipelineFailure> {
        // An owner whose survey is not finished has read nothing and does not know what is committed.
        let has_work = self.standing.is_owner() && self.hold.survey.is_none() && !self.hold.restoring;
        self.standing.enter(Phase::Stopping);
        if has_work {
            if self.is_assigned {
                self.consumer.hold()?;
            }
            self.intake.settle()?;
            if !self.dead_letters.drain(LAST_DEAD_LETTERS)? {
                let missing = self.metrics.dead_letters_outstanding.get();
                warn!(missing, "dead letters are not acknowledged; their records are read again at the next start");
            }
            self.last_snapshot()?;
            self.last_commit()?;
        }
        self.consumer.leave();
        info!("left the group");
        Ok(())
    }

    /// A last snapshot, so that the next start, here or elsewhere, has nothing to read again.
    fn last_snapshot(&mut self) -> Result<(), PipelineFailure> {
        if !self.recovery.keeps_snapshots() {
            return Ok(());
        }
        let deadline = Instant::now() + LAST_SNAPSHOT;
        self.recovery.wait(&self.consumer.layout(), deadline);
        if !self.recovery.is_writing() {
            self.write_snapshot()?;
            self.recovery.wait(&self.consumer.layout(), deadline);
        }
        if self.recovery.is_writing() {
            warn!(
                "the last snapshot is not durable after {LAST_SNAPSHOT:?}; the next start reads again what came since the one before"
            );
        }
        Ok(())
    }

    fn last_commit(&mut self) -> Result<(), PipelineFailure> {
        // Everything once more: an earlier commit may have failed.
        self.checkpoints.forget();
        let offsets = self.checkpoints.take(&self.consumer.positions()?);
        if !offsets.is_empty()
            && let Err(failure) = self.consumer.commit_and_wait(&offsets)
        {
            warn!(%failure, "the last commit failed; some dead letters may come twice");
        }
        Ok(())
    }
}
