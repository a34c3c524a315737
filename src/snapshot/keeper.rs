//! Writes snapshots in the background, one round at a time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::Duration;

use tracing::warn;

use super::writer::{Cut, Report, Writer};
use crate::threads::Background;

/// Who writes, seen by whoever cuts. A round that is being written is written to its end when this is dropped.
pub struct Keeper {
    writer: Arc<Writer>,
    background: Background,
    /// How the round that is being written will have ended.
    report: Option<Receiver<Report>>,
}

impl Keeper {
    /// Writes by this writer.
    #[must_use]
    pub fn new(writer: Writer, background: Background) -> Keeper {
        Keeper { writer: Arc::new(writer), background, report: None }
    }

    /// Whether a round is being written; then none can be begun.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.report.is_some()
    }

    /// Begins to write a round.
    pub fn begin(&mut self, cut: Cut) {
        let (sender, report) = sync_channel(1);
        let writer = Arc::clone(&self.writer);
        // Whoever cuts may have gone meanwhile; what is durable is durable.
        match self.background.run("snapshots", move || drop(sender.send(writer.write(cut)))) {
            Ok(()) => self.report = Some(report),
            Err(error) => warn!(%error, "a snapshot cannot be written now: there is no thread"),
        }
    }

    /// How the last round ended, once it has.
    pub fn report(&mut self) -> Option<Report> {
        let ended = match self.report.as_ref()?.try_recv() {
            Ok(report) => report,
            Err(TryRecvError::Empty) => return None,
            // The thread has panicked, which the panic itself reports.
            Err(TryRecvError::Disconnected) => Report::Failed,
        };
        self.report = None;
        Some(ended)
    }

    /// Waits for the round that is being written, for so long at most.
    pub fn wait(&mut self, patience: Duration) -> Option<Report> {
        let ended = match self.report.as_ref()?.recv_timeout(patience) {
            Ok(report) => report,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => Report::Failed,
        };
        self.report = None;
        Some(ended)
    }
}
