//! Writes a round of snapshots, and audits the shards by the same images.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use tracing::{debug, warn};

use super::format;
use super::header::{Header, Offsets, Provenance, total};
use super::restore::Restored;
use super::rounds::{ObjectName, RoundName};
use super::store::{Store, StoreError};
use crate::engine::directory::Directory;
use crate::engine::shard::Image;
use crate::health::{Audited, LogThrottle, Metrics, SnapshotFailed, SnapshotWritten};
use crate::model::rules::Rules;
use crate::model::time::Clock;

/// Writes snapshots.
pub struct Writer {
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
    /// Failures that come again and again are logged rarely.
    pub throttle: LogThrottle,
}

/// All shards at one point of the stream.
pub struct Cut {
    /// Where reading goes on after what the images hold and what is in the dead-letter topic.
    pub offsets: Offsets,
    /// The shards; each image comes when its shard has applied what was handed to it before.
    pub images: Vec<Receiver<Image>>,
    /// What was restored at the start, with what has been refused and read since.
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

impl Writer {
    /// Writes a round, one shard after another, so that only one is in memory twice.
    pub fn write(&self, cut: Cut) -> Report {
        let metrics = &self.metrics;
        let offsets = cut.offsets.clone();
        let mut created = Vec::new();
        match self.attempt(cut, &mut created) {
            Ok(()) => Report::Durable(offsets),
            Err(error) => {
                SnapshotFailed { place: self.store.place(), error: &error }.report(metrics, &self.throttle);
                // A part of a round is of no use, and would take the room that the next one needs.
                if let Err(error) = self.store.delete(&created) {
                    debug!(%error, "the part that was written could not be deleted");
                }
                Report::Failed
            }
        }
    }

    /// Writes all objects, and notes those that were not there before.
    fn attempt(&self, cut: Cut, created: &mut Vec<ObjectName>) -> Result<(), WriteError> {
        let started = Instant::now();
        let Writer { store, metrics, rules, directory, .. } = self;
        // Another instance may have begun anew meanwhile. What we have is valid there too, and would be overlooked here.
        let home = self.provenance.home();
        let newest = store.rounds()?.iter().find(|round| round.name.home == home).map_or(0, |round| round.name.lineage);
        let lineage = cut.origin.lineage.max(newest);
        let round = RoundName { lineage, position: total(&cut.offsets), home };
        debug!(%round, "writing a snapshot");
        let shards = cut.images.len();
        let (mut bytes, mut items, mut copied) = (0, 0, 0);
        let mut audited = Vec::new();
        for (shard, image) in cut.images.into_iter().enumerate() {
            let image = image.recv().map_err(|_| WriteError::ShardGone)?;
            let header = self.header(&cut.offsets, &cut.origin, &image, shards);
            let (contents, payload) = format::encode(&header, &directory.listing(), &image)?;
            items += contents.total();
            bytes += payload.content_length() as u64;
            let begun = Instant::now();
            audited.extend(image.has_counted().then(|| (image.audit(rules, directory), begun.elapsed())));
            copied += image.copied_bytes();
            drop(image);
            let name = ObjectName { round, shard, shards };
            if store.put(name, payload)? {
                created.push(name);
            }
        }
        store.note_whole(round);
        SnapshotWritten { round: &round, bytes, items, copied, took: started.elapsed() }.report(metrics);
        for (shard, (mismatches, took)) in audited.iter().enumerate() {
            Audited { shard, mismatches, took: *took }.report(metrics);
        }
        if let Err(error) = store.prune(home) {
            // The snapshot is durable all the same; what is left lying is deleted after the next.
            if let Some(suppressed) = self.throttle.pass() {
                warn!(%error, suppressed, "older snapshots could not be deleted");
            }
        }
        Ok(())
    }

    fn header(&self, offsets: &Offsets, origin: &Restored, image: &Image, shards: usize) -> Header {
        Header {
            written_by: concat!("salespulse ", env!("CARGO_PKG_VERSION")).to_owned(),
            written_at: self.clock.now().to_string(),
            shard: image.shard,
            shards,
            offsets: offsets.clone(),
            began: origin.began.clone(),
            provenance: self.provenance.clone(),
            refused: origin.refused,
            forgotten: image.forgotten_millis(),
            degraded: origin.degraded,
            journeys: image.journeys(),
            fingerprints: origin.fingerprints.clone(),
            contract: origin.contract,
        }
    }
}

#[cfg(test)]
mod tests;
