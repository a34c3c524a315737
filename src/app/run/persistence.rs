//! The parts that keep the state, as the configuration wants them.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tracing::{info, warn};

use super::RunError;
use crate::config::{KafkaConfig, SnapshotConfig};
use crate::engine::directory::Directory;
use crate::health::LogThrottle;
use crate::model::rules::Rules;
use crate::model::time::Clock;
use crate::service::event_loop::{IntakeParts, RecoveryParts};
use crate::snapshot::{Keeper, Kept, Provenance, Restorer, Store, Writer};
use crate::threads::Background;

/// What the parts have in common.
pub(super) struct Persistence<'a> {
    pub(super) snapshot: &'a SnapshotConfig,
    pub(super) rules: Arc<Rules>,
    pub(super) directory: Arc<Directory>,
    pub(super) clock: Clock,
}

impl Persistence<'_> {
    /// Opens the store, so that a wrong one is reported before anything else happens; `None` if nothing is to be kept.
    pub(super) fn open(&self, kafka: &KafkaConfig, runtime: &Runtime) -> Result<Option<Store>, RunError> {
        let Some(place) = &self.snapshot.store else {
            warn!("snapshot.store is \"\": every start reads the topics from their beginning");
            return Ok(None);
        };
        let store = Store::open(place, &self.snapshot.options, &kafka.group, runtime.handle().clone());
        let kept = Kept { hourly: self.snapshot.keep_hourly, daily: self.snapshot.keep_daily };
        let store = store.map_err(|error| RunError::Configuration(error.to_string()))?.keeping(kept);
        info!(store = place, group = kafka.group, "keeping snapshots");
        Ok(Some(store))
    }

    pub(super) fn recovery(
        &self,
        store: Store,
        kafka: &KafkaConfig,
        cluster: Option<String>,
        parts: &IntakeParts,
    ) -> RecoveryParts {
        let topics = kafka.topics.iter().map(|(kind, topic)| (kind.name().to_owned(), topic.clone())).collect();
        let provenance = Provenance::new(&self.rules, cluster, topics);
        let (rules, directory) = (Arc::clone(&self.rules), Arc::clone(&self.directory));
        let restorer = Restorer {
            store: store.clone(),
            provenance: provenance.clone(),
            rules: Arc::clone(&rules),
            directory: Arc::clone(&directory),
            loader: parts.shards.loader(),
            clock: self.clock,
            on_gap: self.snapshot.on_gap,
            metrics: Arc::clone(&parts.metrics),
        };
        let metrics = Arc::clone(&parts.metrics);
        let (clock, throttle) = (self.clock, LogThrottle::default());
        let writer = Writer { store, provenance, rules, directory, clock, metrics, throttle };
        RecoveryParts {
            restorer,
            present: Arc::clone(&parts.present),
            keeper: Keeper::new(writer, Background::Threads),
            interval: self.snapshot.interval,
            audit_interval: self.snapshot.audit_interval,
            background: Background::Threads,
        }
    }
}
