//! Produces dead letters and follows them until the broker has acknowledged them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tracing::debug;

use super::headers::{Place, headers};
use super::letter::Letter;
use super::room::Room;
use crate::config::KafkaConfig;
use crate::contract::decode::Rejection;
use crate::health::{DeadLetterDelivered, DeadLetterRefused, DeadLetterSent, KafkaTrouble, Metrics, Rarely};
use crate::kafka::{KafkaFailure, Origin, Partition, ProducerLimits, producer_settings};

/// How long to wait before a dead letter that the broker refused is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// The producer of dead letters.
pub struct DeadLetters {
    producer: ThreadedProducer<Delivery>,
    topic: String,
    metrics: Arc<Metrics>,
    /// Those for which librdkafka's queue had no room, in order.
    waiting: VecDeque<Letter>,
    room: Room,
}

impl DeadLetters {
    /// A producer to the configured topic.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn new(
        config: &KafkaConfig,
        limits: ProducerLimits,
        metrics: Arc<Metrics>,
    ) -> Result<DeadLetters, KafkaFailure> {
        let topic = config.dead_letter_topic.clone();
        let context = Delivery {
            metrics: Arc::clone(&metrics),
            topic: topic.clone(),
            refused: Mutex::default(),
            rarely: Rarely::default(),
        };
        let producer = producer_settings(config, limits)
            .create_with_context(context)
            .map_err(|error| KafkaFailure::Configuration(format!("kafka.properties: {error}")))?;
        Ok(DeadLetters { producer, topic, metrics, waiting: VecDeque::new(), room: Room::default() })
    }

    /// Sends a rejected record. From here on its partition's committable offset stops at it until it is acknowledged.
    pub fn send(&mut self, message: &BorrowedMessage<'_>, partition: &Arc<Partition>, rejection: &Rejection) {
        let offset = message.offset();
        if !partition.await_acknowledgement(offset) {
            // The same record again, after a rebalance: its dead letter is under way.
            return;
        }
        let bytes = message.key_len() + message.payload_len();
        DeadLetterSent { bytes }.tell(&self.metrics);
        self.room.measure(&self.metrics);
        let timestamp = message.timestamp().to_millis();
        let place = Place { topic: partition.topic(), partition: partition.number(), offset, timestamp };
        let headers = headers(message.headers(), place, rejection);
        let origin = Box::new(Origin { partition: Arc::clone(partition), offset, bytes });
        if !self.waiting.is_empty() {
            self.waiting.push_back(Letter::of(message, headers, origin));
            return;
        }
        let mut record = BaseRecord::with_opaque_to(&self.topic, origin).headers(headers);
        record.key = message.key();
        record.payload = message.payload();
        if let Err((error, record)) = self.producer.send(record) {
            let headers = record.headers.unwrap_or_default();
            let letter = Letter::of(message, headers, record.delivery_opaque);
            self.not_taken(&error, letter);
        }
    }

    /// Whether reading must stop until there is room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.room.is_full() || !self.waiting.is_empty()
    }

    /// Sends what waits, as far as there is room, and what was refused, when its time has come.
    ///
    /// # Errors
    /// If the producer cannot go on.
    pub fn pump(&mut self) -> Result<(), KafkaFailure> {
        if let Some((_, reason)) = self.producer.client().fatal_error() {
            return Err(KafkaFailure::Ended(format!("the producer of dead letters cannot go on: {reason}")));
        }
        self.waiting.extend(self.delivery().take_refused(Instant::now()));
        while let Some(letter) = self.waiting.pop_front() {
            if !self.send_letter(letter) {
                break;
            }
        }
        self.room.measure(&self.metrics);
        Ok(())
    }

    /// Waits until all dead letters are acknowledged, for so long at most; answers whether they are.
    ///
    /// # Errors
    /// If the producer cannot go on.
    pub fn drain(&mut self, patience: Duration) -> Result<bool, KafkaFailure> {
        const GLANCE: Duration = Duration::from_millis(50);
        let started = Instant::now();
        loop {
            self.pump()?;
            if self.metrics.dead_letters_outstanding.get() == 0 {
                return Ok(true);
            }
            if started.elapsed() >= patience {
                return Ok(false);
            }
            // Ends at once when librdkafka has nothing left; what was refused waits for its time.
            let flushed = self.producer.flush(GLANCE);
            if flushed.is_ok() && self.metrics.dead_letters_outstanding.get() > 0 {
                std::thread::sleep(GLANCE);
            }
        }
    }

    /// Hands a letter to librdkafka; false if its queue has no room.
    fn send_letter(&mut self, letter: Letter) -> bool {
        let Letter { key, value, headers, origin } = letter;
        let mut record = BaseRecord::with_opaque_to(&self.topic, origin).headers(headers);
        record.key = key.as_deref();
        record.payload = value.as_deref();
        let Err((error, record)) = self.producer.send(record) else { return true };
        let (headers, origin) = (record.headers.unwrap_or_default(), record.delivery_opaque);
        self.not_taken(&error, Letter { key, value, headers, origin })
    }

    /// librdkafka did not take a letter: it waits for room, or for another try. False if it waits for room.
    fn not_taken(&mut self, error: &KafkaError, letter: Letter) -> bool {
        let has_room = error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull);
        if has_room {
            self.delivery().refuse(error, letter);
        } else {
            self.waiting.push_front(letter);
        }
        has_room
    }

    fn delivery(&self) -> &Delivery {
        self.producer.client().context()
    }
}

/// What becomes of dead letters; called in the producer's own thread.
struct Delivery {
    metrics: Arc<Metrics>,
    topic: String,
    refused: Mutex<Refused>,
    rarely: Rarely,
}

/// Dead letters that the broker refused.
#[derive(Default)]
struct Refused {
    letters: Vec<Letter>,
    /// When the last one was refused.
    at: Option<Instant>,
}

impl Delivery {
    fn refuse(&self, error: &KafkaError, letter: Letter) {
        DeadLetterRefused { topic: &self.topic, bytes: letter.origin.bytes, error }.tell(&self.rarely);
        let mut refused = self.refused();
        refused.letters.push(letter);
        refused.at = Some(Instant::now());
    }

    /// All refused letters, if their time has come.
    fn take_refused(&self, now: Instant) -> Vec<Letter> {
        let mut refused = self.refused();
        if refused.at.is_some_and(|at| now.duration_since(at) >= RETRY) {
            return std::mem::take(&mut *refused).letters;
        }
        Vec::new()
    }

    fn refused(&self) -> MutexGuard<'_, Refused> {
        // Changed by plain assignments that do not panic half way.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Delivery {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The group's member meets the same troubles and tells of them.
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn stats(&self, _statistics: rdkafka::Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        KafkaTrouble { error: &error, reason }.tell();
    }
}

impl ProducerContext for Delivery {
    type DeliveryOpaque = Box<Origin>;

    fn delivery(&self, result: &DeliveryResult<'_>, origin: Box<Origin>) {
        match result {
            Ok(_) => {
                origin.partition.acknowledge(origin.offset);
                DeadLetterDelivered { bytes: origin.bytes }.tell(&self.metrics);
            }
            // Dropped with the producer at the end: nobody tries again, and the offset stays uncommitted.
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight), _)) => {
            }
            Err((error, message)) => self.refuse(error, Letter::returned(message, origin)),
        }
    }
}
