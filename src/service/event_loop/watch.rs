//! What the loop watches beside the records: its own pulse, the clock, dead letters that wait.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::{Pipeline, PipelineFailure};
use crate::health::Condition;
use crate::health::Met;
use crate::model::time::seconds;
use crate::service::horizon_clock::PATIENCE;

/// How long a dead letter may take to be acknowledged before that is worth a word.
const DEAD_LETTER_PATIENCE: Duration = Duration::from_secs(10);

impl Pipeline {
    /// A process that stood still does not know whether its session has ended meanwhile and another member shows the
    /// numbers, and librdkafka finds out only by and by. So it hides them, and asks the group by a commit, which only a
    /// member may make.
    pub(super) fn feel_pulse(&mut self) -> Result<(), PipelineFailure> {
        if self.standing.beat() {
            warn!(
                "the process stood still for longer than its place in the group is sure; the numbers are hidden until it is"
            );
            self.is_unsure = true;
        }
        if self.is_unsure && self.standing.is_owner() {
            self.ask_group()?;
        }
        Ok(())
    }

    fn ask_group(&mut self) -> Result<(), PipelineFailure> {
        let positions = self.consumer.positions()?;
        let progress = positions.first().map(|(partition, position)| {
            let next = partition.goes_on_at(*position);
            (Arc::clone(partition), partition.progress(next, self.recovery.keeps_snapshots()))
        });
        match self.consumer.commit_and_wait(progress.as_slice()) {
            Ok(()) => {
                info!("this is still a member of the group");
                self.is_unsure = false;
            }
            // Either the next poll tells that the partitions are somebody else's, or the broker is away and will answer.
            Err(failure) => warn!(%failure, "the group does not say that this is still its member"),
        }
        Ok(())
    }

    /// Tells when dead letters have waited for long, and when nothing is read because of them.
    pub(super) fn watch_dead_letters(&self) {
        let layout = self.consumer.layout();
        let since = layout.partitions().filter_map(|partition| partition.awaits_since()).min();
        let are_waiting = since.is_some_and(|since| since.elapsed() >= DEAD_LETTER_PATIENCE);
        let has_stopped = are_waiting && self.hold.dead_letters && self.standing.is_owner();
        Met { condition: Condition::DeadLettersWaiting, holds: are_waiting }.tell(&self.standing);
        Met { condition: Condition::ReadingStopped, holds: has_stopped }.tell(&self.standing);
    }

    /// Tells when the numbers are ahead of the clock, and ends when they would stand still for long.
    pub(super) fn watch_clock(&self) -> Result<(), PipelineFailure> {
        let present = &self.intake.present;
        let ahead = present.ahead_millis();
        self.metrics.clock_behind_seconds.set(seconds(ahead));
        Met { condition: Condition::ClockBehind, holds: ahead > 0 }.tell(&self.standing);
        if ahead <= PATIENCE {
            return Ok(());
        }
        let told = present.now();
        Err(PipelineFailure::Clock { clock: told.plus(-ahead), told })
    }
}
