//! Writes snapshots in a thread of its own, one round at a time, and audits the shards by the same images.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::format;
use super::header::{Header, Offsets, Provenance, total};
use super::restore::Restored;
use super::rounds::{ObjectName, RoundName};
use super::store::{Store, StoreError};
use crate::directory::Directory;
use crate::rules::Rules;
use crate::shard::Image;
use crate::telemetry::{Audited, Metrics, Rarely, SnapshotFailed, SnapshotWritten};
use crate::time::Clock;

/// What a keeper works with.
pub struct KeeperParts {
    /// Where snapshots go.
    pub store: Store,
    /// What is read here and now.
    pub provenance: Provenance,
    /// The rules of now.
    pub rules: Arc<Rules>,
    /// What the numbers of names mean.
    pub directory: Arc<Directory>,
    /// What "now" is, for people.
    pub clock: Clock,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

/// All shards at one point of the stream.
pub struct Cut {
    /// Where reading goes on after what the images hold and what is in the dead-letter topic.
    pub offsets: Offsets,
    /// The shards; each image comes when its shard has applied what was handed to it before.
    pub images: Vec<Receiver<Image>>,
    /// What was restored at the start, with what has been refused since.
    pub origin: Restored,
}

/// How a round ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Everything before these offsets is durable.
    Durable(Offsets),
    /// It could not be written.
    Failed,
}

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
    pub fn start(parts: KeeperParts) -> io::Result<Keeper> {
        let (cuts, asked) = sync_channel(1);
        let (told, reports) = sync_channel(1);
        let work = Work { parts, rarely: Rarely::default() };
        thread::Builder::new().name("snapshots".to_owned()).spawn(move || {
            // Whoever cuts may have gone meanwhile; what is durable is durable.
            asked.into_iter().for_each(|cut| drop(told.send(work.write(cut))));
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

struct Work {
    parts: KeeperParts,
    rarely: Rarely,
}

/// Why a round was not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Encoding(#[from] io::Error),
    #[error("a shard has ended")]
    ShardGone,
}

impl Work {
    fn write(&self, cut: Cut) -> Report {
        let metrics = &self.parts.metrics;
        let offsets = cut.offsets.clone();
        match self.attempt(cut) {
            Ok(()) => Report::Durable(offsets),
            Err(error) => {
                SnapshotFailed { place: self.parts.store.place(), error: &error }.tell(metrics, &self.rarely);
                Report::Failed
            }
        }
    }

    fn attempt(&self, cut: Cut) -> Result<(), WriteError> {
        let started = Instant::now();
        let KeeperParts { store, metrics, .. } = &self.parts;
        // Another instance may have begun anew meanwhile. What we have is valid there too, and would be overlooked here.
        let newest = store.rounds()?.first().map_or(0, |round| round.name.lineage);
        let lineage = cut.origin.lineage.max(newest);
        let round = RoundName { lineage, position: total(&cut.offsets) };
        tracing::debug!(%round, "writing a snapshot");
        let shards = cut.images.len();
        let (mut bytes, mut items) = (0, 0);
        let mut audited = Vec::new();
        // One shard after another, so that only one is in memory twice.
        for (shard, image) in cut.images.into_iter().enumerate() {
            let image = image.recv().map_err(|_| WriteError::ShardGone)?;
            let header = self.header(&cut.offsets, &cut.origin, &image, shards);
            let (contents, payload) = format::encode(&header, &self.parts.directory.listing(), &image)?;
            items += contents.total();
            bytes += payload.content_length() as u64;
            audited.extend(image.has_counted().then(|| image.audit(&self.parts.rules, &self.parts.directory)));
            drop(image);
            store.put(ObjectName { round, shard, shards }, payload)?;
        }
        SnapshotWritten { round: &round, bytes, items, took: started.elapsed() }.tell(metrics);
        for (shard, mismatches) in audited.iter().enumerate() {
            Audited { shard, mismatches }.tell(metrics);
        }
        if let Err(error) = store.prune() {
            // The snapshot is durable all the same; what is left lying is deleted after the next.
            tracing::warn!(%error, "older snapshots could not be deleted");
        }
        Ok(())
    }

    fn header(&self, offsets: &Offsets, origin: &Restored, image: &Image, shards: usize) -> Header {
        Header {
            written_by: concat!("salespulse ", env!("CARGO_PKG_VERSION")).to_owned(),
            written_at: self.parts.clock.now().to_string(),
            shard: image.shard,
            shards,
            offsets: offsets.clone(),
            began: origin.began.clone(),
            provenance: self.parts.provenance.clone(),
            refused: origin.refused,
            forgotten: image.forgotten_millis(),
            degraded: origin.degraded,
        }
    }
}
