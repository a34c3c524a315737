//! The thread in which snapshots are written, one round at a time.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::writer::{Cut, Report, Writer};

/// The thread, seen by whoever cuts. It ends, after the round that it is writing, when this is dropped.
pub struct Keeper {
    cuts: SyncSender<Cut>,
    reports: Receiver<Report>,
    is_writing: bool,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(writer: Writer) -> io::Result<Keeper> {
        let (cuts, asked) = sync_channel(1);
        let (told, reports) = sync_channel(1);
        thread::Builder::new().name("snapshots".to_owned()).spawn(move || {
            // Whoever cuts may have gone meanwhile; what is durable is durable.
            asked.into_iter().for_each(|cut| drop(told.send(writer.write(cut))));
        })?;
        Ok(Keeper { cuts, reports, is_writing: false })
    }

    /// Whether a round is being written; then none can be begun.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// Begins to write a round.
    pub fn begin(&mut self, cut: Cut) {
        // There is room, since no other is being written; the thread ends only after us.
        self.is_writing = self.cuts.try_send(cut).is_ok();
    }

    /// How the last round ended, once it has.
    pub fn report(&mut self) -> Option<Report> {
        let report = self.reports.try_recv().ok()?;
        self.is_writing = false;
        Some(report)
    }

    /// Waits for the round that is being written, for so long at most.
    pub fn wait(&mut self, patience: Duration) -> Option<Report> {
        if !self.is_writing {
            return None;
        }
        match self.reports.recv_timeout(patience) {
            Ok(report) => {
                self.is_writing = false;
                Some(report)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }
}
