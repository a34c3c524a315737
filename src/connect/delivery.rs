//! Batches on their way to Kafka: the records that they are, and what has come of each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tracing::debug;

use super::desk::{Batch, Letter};
use crate::contract::encode::Draft;
use crate::model::event::EventType;

/// How soon a request to stop is heard while the broker does not answer.
const GLANCE: Duration = Duration::from_millis(100);
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

/// A producer whose records each know the batch that they belong to.
pub(super) type Producer = ThreadedProducer<Acknowledgements>;

/// Takes the broker's answers.
#[derive(Default)]
pub(super) struct Acknowledgements;

impl ClientContext for Acknowledgements {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The member of the group meets the same troubles and reports them.
        debug!(target: "librdkafka", facility, "{message}");
    }
}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = Arc<Delivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Arc<Delivery>) {
        let mut pending = delivery.lock();
        pending.records = pending.records.saturating_sub(1);
        if let Err((error, _)) = result {
            pending.refused.get_or_insert(error.to_string());
        }
        delivery.answered.notify_all();
    }
}

/// What the broker has not answered yet of a batch, and what it refused.
#[derive(Default)]
pub(super) struct Delivery {
    pending: Mutex<Pending>,
    answered: Condvar,
}

#[derive(Default)]
struct Pending {
    records: usize,
    refused: Option<String>,
}

impl Delivery {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        // A count and a text cannot be left half written.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A record before it is sent.
struct Outgoing<'a> {
    topic: &'a str,
    key: Cow<'a, [u8]>,
    /// Without one the key is forgotten.
    value: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
}

fn event<'a>(event: &'a Draft, topics: &'a Topics) -> Option<Outgoing<'a>> {
    let topic = topics.events.get(&event.kind())?;
    Some(Outgoing { topic, key: event.key().as_bytes().into(), value: Some(event.encode()), headers: None })
}

fn letter<'a>(letter: &'a Letter, topics: &'a Topics, source: &'a str) -> Outgoing<'a> {
    let message: String = letter.message.chars().take(LONGEST_MESSAGE).collect();
    let with_body = topics.letter_bodies;
    let mut headers = OwnedHeaders::new();
    for (key, value) in letter.beside.iter().filter(|_| with_body) {
        headers = headers.insert(Header { key, value: value.as_deref() });
    }
    for (key, value) in [
        ("salespulse.connect.source", source),
        ("salespulse.connect.stream", letter.stream.as_str()),
        ("salespulse.connect.code", letter.code),
        // What is wrong may repeat what the record says.
        ("salespulse.connect.message", if with_body { message.as_str() } else { "" }),
    ] {
        headers = headers.insert(Header { key, value: Some(value) });
    }
    let key = letter.key.as_deref().filter(|_| with_body).unwrap_or(source.as_bytes());
    let value = if with_body { letter.body.clone() } else { Vec::new() };
    Outgoing { topic: &topics.letters, key: key.into(), value: Some(value), headers: Some(headers) }
}

fn entry<'a>(key: &str, value: Option<Vec<u8>>, topics: &'a Topics, source: &str) -> Outgoing<'a> {
    let key = format!("{source}/{key}").into_bytes();
    Outgoing { topic: &topics.state, key: key.into(), value, headers: None }
}

/// Sends everything of a batch of a source and waits until all of it is acknowledged, as long as `look` wants to.
pub(super) fn deliver(
    producer: &Producer,
    batch: &Batch,
    topics: &Topics,
    source: &str,
    look: &dyn Fn() -> Result<(), String>,
) -> Result<(), String> {
    let delivery = Arc::<Delivery>::default();
    let events = batch.events.iter().filter_map(|draft| event(draft, topics));
    let letters = batch.letters.iter().map(|sent| letter(sent, topics, source));
    let state = batch.state.iter().map(|(key, value)| entry(key, value.clone(), topics, source));
    for record in events.chain(letters).chain(state) {
        send(producer, &record, &delivery, look)?;
    }
    wait(producer, &delivery, look)
}

/// Hands a record to librdkafka; waits while its queue is full.
fn send(
    producer: &Producer,
    outgoing: &Outgoing<'_>,
    delivery: &Arc<Delivery>,
    look: &dyn Fn() -> Result<(), String>,
) -> Result<(), String> {
    let mut record: BaseRecord<'_, [u8], [u8], _> = BaseRecord::with_opaque_to(outgoing.topic, Arc::clone(delivery));
    record.key = Some(&outgoing.key);
    record.payload = outgoing.value.as_deref();
    record.headers.clone_from(&outgoing.headers);
    loop {
        delivery.lock().records += 1;
        let Err((error, again)) = producer.send(record) else { return Ok(()) };
        delivery.lock().records -= 1;
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
            return Err(format!("Kafka does not take a record: {error}"));
        }
        may_go_on(producer, delivery, look)?;
        std::thread::sleep(GLANCE);
        record = again;
    }
}

/// Whether to go on.
fn may_go_on(producer: &Producer, delivery: &Delivery, look: &dyn Fn() -> Result<(), String>) -> Result<(), String> {
    if let Some(reason) = &delivery.lock().refused {
        return Err(format!("Kafka does not take a record: {reason}"));
    }
    if let Some((_, reason)) = producer.client().fatal_error() {
        return Err(format!("the producer cannot go on: {reason}"));
    }
    look()
}

/// Waits until everything is acknowledged.
fn wait(producer: &Producer, delivery: &Delivery, look: &dyn Fn() -> Result<(), String>) -> Result<(), String> {
    loop {
        {
            let pending = delivery.lock();
            if pending.records == 0 && pending.refused.is_none() {
                return Ok(());
            }
            // Whether the time ran out does not matter: both ways we look again.
            drop(delivery.answered.wait_timeout(pending, GLANCE));
        }
        may_go_on(producer, delivery, look)?;
    }
}

/// What librdkafka does not take of the configuration.
pub(super) fn refused(error: &KafkaError) -> String {
    format!("kafka.properties: {error}")
}
