//! Records into Kafka: keyed as the event contract asks, and laid where a Java producer would lay them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};

use crate::app::AppError;
use crate::app::run::RunError;
use crate::config::KafkaConfig;
use crate::kafka::{ProducerLimits, producer_settings};
use crate::simulate::Written;

/// How long all records may take to be acknowledged at the end.
const LAST_RECORDS: Duration = Duration::from_secs(60);
/// How long the cluster may take to say what a topic holds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait for room in the queue, or for a leader, before looking again.
const GLANCE: Duration = Duration::from_millis(20);

/// A producer of events.
pub(in crate::app) struct Broker {
    producer: ThreadedProducer<Outcome>,
    kafka: KafkaConfig,
}

/// Why a record was not taken, once one was not.
#[derive(Clone, Default)]
struct Outcome(Arc<Mutex<Option<String>>>);

impl Outcome {
    fn failure(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Outcome {}

impl ProducerContext for Outcome {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }
    }
}

impl Broker {
    /// A producer to a cluster and its topics.
    pub(in crate::app) fn connect(kafka: KafkaConfig) -> Result<Broker, AppError> {
        let mut settings = producer_settings(&kafka, ProducerLimits::default());
        // Unlike a dead letter, a simulated record may be given up: then the command ends with the reason.
        settings.set("message.timeout.ms", "30000");
        settings.set("queue.buffering.max.messages", "200000");
        let producer = settings
            .create_with_context(Outcome::default())
            .map_err(|error| RunError::Configuration(format!("kafka.properties: {error}")))?;
        Ok(Broker { producer, kafka })
    }

    /// Refuses topics that hold records: two pasts in one topic are the numbers of neither.
    pub(in crate::app) fn refuse_records(&self) -> Result<(), AppError> {
        let mut held = Vec::new();
        for topic in self.kafka.topics.values() {
            let records = self.records(topic).map_err(|error| refused(&self.kafka, &error.to_string()))?;
            if records > 0 {
                held.push(format!("{topic} holds {records}"));
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        Err(AppError::Usage(format!(
            "the topics are not empty, and the numbers would be those of two organisations: {} records; give the simulation \
             topics of its own by --config, delete these, or say --force",
            held.join(", ")
        )))
    }

    /// How many records a topic holds, those of transactions' marks included; 0 if there is no such topic.
    fn records(&self, topic: &str) -> KafkaResult<i64> {
        let client = self.producer.client();
        let metadata = client.fetch_metadata(Some(topic), PATIENCE)?;
        let mut records = 0;
        for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
            let (low, high) = self.watermarks(topic, partition.id())?;
            records += high - low;
        }
        Ok(records)
    }

    /// The first and the next offset of a partition. One that was created a moment ago gets its leader meanwhile.
    fn watermarks(&self, topic: &str, partition: i32) -> KafkaResult<(i64, i64)> {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.producer.client().fetch_watermarks(topic, partition, PATIENCE);
            let has_no_leader = |error: &KafkaError| {
                use RDKafkaErrorCode::{LeaderNotAvailable, NotLeaderForPartition, UnknownTopicOrPartition};
                let passing = [LeaderNotAvailable, NotLeaderForPartition, UnknownTopicOrPartition];
                error.rdkafka_error_code().is_some_and(|code| passing.contains(&code))
            };
            match found {
                Err(error) if has_no_leader(&error) && Instant::now() < until => std::thread::sleep(GLANCE),
                found => return found,
            }
        }
    }

    /// Sends a record; waits while the queue is full. A type whose topic is off is left out.
    pub(in crate::app) fn send(&mut self, record: &Written, value: &[u8]) -> Result<(), AppError> {
        let Some(topic) = self.kafka.topics.get(&record.kind) else { return Ok(()) };
        let mut sent = BaseRecord::to(topic).key(&record.key).payload(value);
        loop {
            match self.producer.send(sent) {
                Ok(()) => return Ok(()),
                Err((error, again)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                    self.check()?;
                    std::thread::sleep(GLANCE);
                    sent = again;
                }
                Err((error, _)) => return Err(refused(&self.kafka, &error.to_string())),
            }
        }
    }

    /// Waits until all records are acknowledged.
    pub(in crate::app) fn flush(&mut self) -> Result<(), AppError> {
        let flushed = self.producer.flush(LAST_RECORDS);
        self.check()?;
        flushed.map_err(|error| refused(&self.kafka, &error.to_string()))
    }

    fn check(&self) -> Result<(), AppError> {
        self.producer.context().failure().map_or(Ok(()), |reason| Err(refused(&self.kafka, &reason)))
    }
}

fn refused(kafka: &KafkaConfig, reason: &str) -> AppError {
    RunError::Kafka(format!("Kafka at {} does not take the events: {reason}", kafka.brokers)).into()
}
