//! Keeps batches in Kafka: events, dead letters and what is remembered of them in one transaction.
//!
//! So memory never says what the topics do not, whatever ends us and when; and an instance that has been followed by another
//! one, and does not know it yet, keeps nothing any more: the broker refuses its transactions. What a source has read of
//! topics is part of the same transaction.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};

use super::delivery::{Producer, Topics, deliver, refused};
use super::desk::{Batch, Sink};
use super::status::Status;
use crate::config::KafkaConfig;
use crate::health::Stop;
use crate::kafka::{KafkaFailure, ProducerLimits, producer_settings};

/// How long a transaction may take.
const TRANSACTION: Duration = Duration::from_secs(60);

/// Keeps the batches of one source.
pub struct Keeper {
    producer: Producer,
    topics: Topics,
    source: String,
    /// The group whose offsets say what has been read of topics.
    group: Option<ConsumerGroupMetadata>,
    status: Arc<Status>,
    stop: Stop,
}

impl Keeper {
    /// A keeper for a source, which gives up when it is asked to stop. From now on no keeper before it keeps anything.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration, or the cluster does not let us begin transactions.
    pub fn new(
        config: &KafkaConfig,
        topics: Topics,
        source: &str,
        status: Arc<Status>,
        stop: Stop,
    ) -> Result<Keeper, KafkaFailure> {
        let mut settings = producer_settings(config, ProducerLimits::default());
        settings.set("transactional.id", format!("{}-{source}", config.group));
        // What is not taken in time is tried again with all that was remembered read anew.
        settings.set("message.timeout.ms", TRANSACTION.as_millis().to_string());
        settings.set("transaction.timeout.ms", TRANSACTION.as_millis().to_string());
        let producer: Producer = settings
            .create_with_context(super::delivery::Acknowledgements)
            .map_err(|error| KafkaFailure::Configuration(refused(&error)))?;
        producer
            .init_transactions(TRANSACTION)
            .map_err(|error| KafkaFailure::Ended(format!("the cluster lets us begin no transactions: {error}")))?;
        Ok(Keeper { producer, topics, source: source.to_owned(), group: None, status, stop })
    }

    /// The same, which keeps what has been read of topics as offsets of this group.
    #[must_use]
    pub fn with_group(self, group: ConsumerGroupMetadata) -> Keeper {
        Keeper { group: Some(group), ..self }
    }

    fn send_all(&self, batch: &Batch) -> Result<(), String> {
        let look = || if self.stop.requested() { Err("stopped meanwhile".to_owned()) } else { Ok(()) };
        deliver(&self.producer, batch, &self.topics, &self.source, &look)?;
        let Some(group) = self.group.as_ref().filter(|_| !batch.offsets.is_empty()) else { return Ok(()) };
        let cannot = |error: KafkaError| format!("Kafka does not take the offsets: {error}");
        let mut offsets = TopicPartitionList::new();
        for ((topic, partition), next) in &batch.offsets {
            offsets.add_partition_offset(topic, *partition, Offset::Offset(*next)).map_err(cannot)?;
        }
        self.producer.send_offsets_to_transaction(&offsets, group, TRANSACTION).map_err(cannot)
    }
}

impl Sink for Keeper {
    fn commit(&mut self, batch: Batch) -> Result<(), String> {
        let refused = |error: KafkaError| format!("Kafka does not take what was read: {error}");
        self.producer.begin_transaction().map_err(refused)?;
        if let Err(reason) = self.send_all(&batch) {
            // Whoever comes next ends it, should this not.
            let _ = self.producer.abort_transaction(TRANSACTION);
            return Err(reason);
        }
        self.producer.commit_transaction(TRANSACTION).map_err(refused)?;
        self.status.kept(&self.source, &batch, &self.topics);
        Ok(())
    }
}
