//! Keeps batches in Kafka: events, dead letters and what is remembered of them in one transaction.
//!
//! So memory never says what the topics do not, whatever ends us and when; and an instance that has been followed by another
//! one, and does not know it yet, keeps nothing any more: the broker refuses its transactions.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tracing::debug;

use super::desk::{Batch, Letter, Sink};
use super::json::Json;
use super::status::Status;
use crate::config::KafkaConfig;
use crate::contract::encode::Draft;
use crate::health::Stop;
use crate::kafka::{KafkaFailure, ProducerLimits, producer_settings};
use crate::model::event::EventType;

/// How soon a request to stop is heard while the broker does not answer.
const GLANCE: Duration = Duration::from_millis(100);
/// How long a transaction may take.
const TRANSACTION: Duration = Duration::from_secs(60);
/// The longest text in a header.
const LONGEST_MESSAGE: usize = 1_000;

/// Where everything of a source goes.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Events, by type; those of other types are left out.
    pub events: BTreeMap<EventType, String>,
    /// What is remembered.
    pub state: String,
    /// Records that are no events.
    pub letters: String,
    /// Whether dead letters hold the record; without it they say only what is wrong.
    pub letter_bodies: bool,
}

/// Keeps the batches of one source.
pub struct Keeper {
    producer: ThreadedProducer<Acknowledgements>,
    topics: Topics,
    source: String,
    status: Arc<Status>,
    stop: Stop,
}

/// What the broker has not answered yet, and what it refused.
#[derive(Debug, Default)]
struct Pending {
    records: usize,
    refused: Option<String>,
}

#[derive(Default)]
struct Acknowledgements {
    pending: Mutex<Pending>,
    answered: Condvar,
}

impl Acknowledgements {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        // A count and a text cannot be left half written.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Acknowledgements {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The member of the group meets the same troubles and reports them.
        debug!(target: "librdkafka", facility, "{message}");
    }
}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut pending = self.lock();
        pending.records = pending.records.saturating_sub(1);
        if let Err((error, _)) = result {
            pending.refused.get_or_insert(error.to_string());
        }
        self.answered.notify_all();
    }
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
        let producer: ThreadedProducer<Acknowledgements> = settings
            .create_with_context(Acknowledgements::default())
            .map_err(|error: KafkaError| KafkaFailure::Configuration(format!("kafka.properties: {error}")))?;
        producer
            .init_transactions(TRANSACTION)
            .map_err(|error| KafkaFailure::Ended(format!("the cluster lets us begin no transactions: {error}")))?;
        Ok(Keeper { producer, topics, source: source.to_owned(), status, stop })
    }

    /// Hands a record to librdkafka; waits while its queue is full.
    fn send(&self, mut record: BaseRecord<'_, str, [u8]>) -> Result<(), String> {
        loop {
            self.producer.context().lock().records += 1;
            let Err((error, again)) = self.producer.send(record) else { return Ok(()) };
            self.producer.context().lock().records -= 1;
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(format!("Kafka does not take a record: {error}"));
            }
            self.look()?;
            std::thread::sleep(GLANCE);
            record = again;
        }
    }

    /// Whether to go on.
    fn look(&self) -> Result<(), String> {
        if let Some(reason) = &self.producer.context().lock().refused {
            return Err(format!("Kafka does not take a record: {reason}"));
        }
        if let Some((_, reason)) = self.producer.client().fatal_error() {
            return Err(format!("the producer cannot go on: {reason}"));
        }
        if self.stop.requested() { Err("stopped meanwhile".to_owned()) } else { Ok(()) }
    }

    /// Waits until everything is acknowledged.
    fn wait(&self) -> Result<(), String> {
        let acknowledgements = self.producer.context();
        loop {
            {
                let pending = acknowledgements.lock();
                if pending.records == 0 && pending.refused.is_none() {
                    return Ok(());
                }
                // Whether the time ran out does not matter: both ways we look again.
                drop(acknowledgements.answered.wait_timeout(pending, GLANCE));
            }
            self.look()?;
        }
    }

    fn send_event(&self, event: &Draft) -> Result<(), String> {
        let Some(topic) = self.topics.events.get(&event.kind()) else { return Ok(()) };
        self.send(BaseRecord::to(topic).key(event.key()).payload(event.encode().as_slice()))
    }

    fn send_letter(&self, letter: &Letter) -> Result<(), String> {
        let message: String = letter.message.chars().take(LONGEST_MESSAGE).collect();
        let mut headers = OwnedHeaders::new();
        for (key, value) in [
            ("salespulse.connect.source", self.source.as_str()),
            ("salespulse.connect.stream", letter.stream.as_str()),
            ("salespulse.connect.code", letter.code),
            // What is wrong may repeat what the record says.
            ("salespulse.connect.message", if self.topics.letter_bodies { message.as_str() } else { "" }),
        ] {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let body: &[u8] = if self.topics.letter_bodies { &letter.body } else { &[] };
        self.send(BaseRecord::to(&self.topics.letters).key(self.source.as_str()).payload(body).headers(headers))
    }

    fn send_state(&self, key: &str, value: Option<&Json>) -> Result<(), String> {
        let key = format!("{}/{key}", self.source);
        let body = value.map(Json::encode);
        let mut record = BaseRecord::to(&self.topics.state).key(key.as_str());
        // Without a body the key is forgotten.
        record.payload = body.as_deref();
        self.send(record)
    }
}

impl Keeper {
    fn send_all(&self, batch: &Batch) -> Result<(), String> {
        batch.events.iter().try_for_each(|event| self.send_event(event))?;
        batch.letters.iter().try_for_each(|letter| self.send_letter(letter))?;
        batch.state.iter().try_for_each(|(key, value)| self.send_state(key, value.as_ref()))?;
        self.wait()
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
        for event in batch.events.iter().filter(|event| self.topics.events.contains_key(&event.kind())) {
            self.status.count_event(&self.source, event.kind(), event.text("retracted") == "true");
        }
        for letter in &batch.letters {
            self.status.count_letter(&self.source, letter.code);
        }
        Ok(())
    }
}
