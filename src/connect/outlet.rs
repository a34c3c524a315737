//! Keeps what is posted: at once, wherever it arrives, and acknowledged by Kafka before the sender hears so.
//!
//! No memory belongs to it, so there is no transaction: a sender that hears no answer posts again, and the same body gives
//! the same events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::delivery::{Acknowledgements, Producer, Topics, deliver, refused};
use super::desk::Batch;
use super::status::Status;
use crate::config::KafkaConfig;
use crate::kafka::{KafkaFailure, ProducerLimits, producer_settings};

/// How long Kafka may take: most senders give up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(8);

/// Keeps batches of any thread.
pub trait Keep: Send + Sync {
    /// Returns once all of the batch is kept.
    ///
    /// # Errors
    /// A sentence on why not all of it is known to be.
    fn keep(&self, source: &str, batch: &Batch) -> Result<(), String>;
}

/// Keeps batches in Kafka.
pub struct Outlet {
    producer: Producer,
    topics: Topics,
    status: Arc<Status>,
}

impl Outlet {
    /// An outlet to these topics.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn new(config: &KafkaConfig, topics: Topics, status: Arc<Status>) -> Result<Outlet, KafkaFailure> {
        let mut settings = producer_settings(config, ProducerLimits::default());
        settings.set("message.timeout.ms", PATIENCE.as_millis().to_string());
        let producer = settings
            .create_with_context(Acknowledgements)
            .map_err(|error| KafkaFailure::Configuration(refused(&error)))?;
        Ok(Outlet { producer, topics, status })
    }
}

impl Keep for Outlet {
    fn keep(&self, source: &str, batch: &Batch) -> Result<(), String> {
        let began = Instant::now();
        let look = || {
            if began.elapsed() > PATIENCE { Err("Kafka does not answer".to_owned()) } else { Ok(()) }
        };
        deliver(&self.producer, batch, &self.topics, source, &look)?;
        self.status.kept(source, batch, &self.topics);
        Ok(())
    }
}
