//! Produces dead letters and follows them until the broker has acknowledged them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tracing::debug;

use super::headers::headers;
use super::held::HeldRecord;
use super::in_flight::{Backpressure, InFlight};
use crate::config::KafkaConfig;
use crate::contract::decode::Rejection;
use crate::health::{DeadLetterDelivered, DeadLetterRefused, DeadLetterSent, KafkaTrouble, LogThrottle, Metrics};
use crate::kafka::broker::DeadLetterSink;
use crate::kafka::failure::KafkaFailure;
use crate::kafka::partition::Origin;
use crate::kafka::record::SourceRecord;
use crate::kafka::settings::{ProducerLimits, producer_settings};

/// How long to wait before a dead letter that the broker refused is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// The producer of dead letters.
pub struct DeadLetterProducer {
    producer: ThreadedProducer<Delivery>,
    topic: String,
    metrics: Arc<Metrics>,
    in_flight: Arc<InFlight>,
    backpressure: Backpressure,
    /// Those for which librdkafka's queue had no room, in order; the bound of [`Backpressure`] counts them too.
    waiting: VecDeque<HeldRecord>,
}

impl DeadLetterProducer {
    /// A producer to the configured topic.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn new(
        config: &KafkaConfig,
        limits: ProducerLimits,
        metrics: Arc<Metrics>,
    ) -> Result<DeadLetterProducer, KafkaFailure> {
        let (topic, in_flight) = (config.dead_letter_topic.clone(), Arc::<InFlight>::default());
        let context = Delivery {
            metrics: Arc::clone(&metrics),
            in_flight: Arc::clone(&in_flight),
            topic: topic.clone(),
            refused: Mutex::default(),
            throttle: LogThrottle::default(),
        };
        let producer = producer_settings(config, limits)
            .create_with_context(context)
            .map_err(|error| KafkaFailure::of_creation(&error))?;
        let (backpressure, waiting) = (Backpressure::default(), VecDeque::new());
        Ok(DeadLetterProducer { producer, topic, metrics, in_flight, backpressure, waiting })
    }
}

impl DeadLetterSink for DeadLetterProducer {
    fn send(&mut self, record: &SourceRecord<'_>, origin: Origin, rejection: &Rejection) {
        let bytes = origin.bytes;
        self.in_flight.begin(bytes);
        DeadLetterSent { bytes }.report(&self.metrics);
        self.backpressure.measure(&self.in_flight);
        let headers = headers(record, rejection);
        let origin = Box::new(origin);
        if !self.waiting.is_empty() {
            self.waiting.push_back(HeldRecord::of(record, headers, origin));
            return;
        }
        let mut letter = BaseRecord::with_opaque_to(&self.topic, origin).headers(headers);
        letter.key = record.key;
        letter.payload = record.value;
        if let Err((error, letter)) = self.producer.send(letter) {
            let headers = letter.headers.unwrap_or_default();
            let held = HeldRecord::of(record, headers, letter.delivery_opaque);
            self.not_taken(&error, held);
        }
    }

    fn is_full(&self) -> bool {
        self.backpressure.is_full() || !self.waiting.is_empty()
    }

    fn pump(&mut self) -> Result<(), KafkaFailure> {
        if let Some((_, reason)) = self.producer.client().fatal_error() {
            return Err(KafkaFailure::Ended(format!("the producer of dead letters cannot go on: {reason}")));
        }
        self.waiting.extend(self.delivery().take_refused(Instant::now()));
        while let Some(held) = self.waiting.pop_front() {
            if !self.send_held(held) {
                break;
            }
        }
        self.backpressure.measure(&self.in_flight);
        Ok(())
    }

    fn drain(&mut self, patience: Duration) -> Result<u64, KafkaFailure> {
        const GLANCE: Duration = Duration::from_millis(50);
        let started = Instant::now();
        loop {
            self.pump()?;
            let missing = self.in_flight.records();
            if missing == 0 || started.elapsed() >= patience {
                return Ok(missing);
            }
            // Ends at once when librdkafka has nothing left; what was refused waits for its time.
            if self.producer.flush(GLANCE).is_ok() && self.in_flight.records() > 0 {
                std::thread::sleep(GLANCE);
            }
        }
    }
}

impl DeadLetterProducer {
    /// Hands a dead letter to librdkafka; false if its queue has no room.
    fn send_held(&mut self, held: HeldRecord) -> bool {
        let HeldRecord { key, value, headers, origin } = held;
        let mut record = BaseRecord::with_opaque_to(&self.topic, origin).headers(headers);
        record.key = key.as_deref();
        record.payload = value.as_deref();
        let Err((error, record)) = self.producer.send(record) else { return true };
        let (headers, origin) = (record.headers.unwrap_or_default(), record.delivery_opaque);
        self.not_taken(&error, HeldRecord { key, value, headers, origin })
    }

    /// librdkafka did not take a dead letter: it waits for room, or for another try. False if it waits for room.
    fn not_taken(&mut self, error: &KafkaError, held: HeldRecord) -> bool {
        let has_room = error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull);
        if has_room {
            self.delivery().refuse(error, held);
        } else {
            self.waiting.push_front(held);
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
    in_flight: Arc<InFlight>,
    topic: String,
    refused: Mutex<Refused>,
    throttle: LogThrottle,
}

/// Dead letters that the broker refused.
#[derive(Default)]
struct Refused {
    records: Vec<HeldRecord>,
    /// When the last one was refused.
    at: Option<Instant>,
}

impl Delivery {
    fn refuse(&self, error: &KafkaError, held: HeldRecord) {
        DeadLetterRefused { topic: &self.topic, bytes: held.origin.bytes, error }.report(&self.throttle);
        let mut refused = self.refused();
        refused.records.push(held);
        refused.at = Some(Instant::now());
    }

    /// All refused dead letters, if their time has come.
    fn take_refused(&self, now: Instant) -> Vec<HeldRecord> {
        let mut refused = self.refused();
        if refused.at.is_some_and(|at| now.duration_since(at) >= RETRY) {
            return std::mem::take(&mut *refused).records;
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
        // The group's member meets the same troubles and reports them.
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn stats(&self, _statistics: rdkafka::Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        KafkaTrouble { error: &error, reason }.report();
    }
}

impl ProducerContext for Delivery {
    type DeliveryOpaque = Box<Origin>;

    fn delivery(&self, result: &DeliveryResult<'_>, origin: Box<Origin>) {
        match result {
            Ok(_) => {
                origin.partition.acknowledge(origin.offset);
                self.in_flight.end(origin.bytes);
                DeadLetterDelivered { bytes: origin.bytes }.report(&self.metrics);
            }
            // Dropped with the producer at the end: nobody tries again, and the offset stays uncommitted.
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight), _)) => {
            }
            Err((error, message)) => self.refuse(error, HeldRecord::returned(message, origin)),
        }
    }
}
