//! Records into topics, each known to have arrived.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

/// How long the broker may take to acknowledge.
const FLUSH: Duration = Duration::from_secs(60);

/// A producer that spreads keys as Java's does.
pub(crate) struct Producer {
    inner: ThreadedProducer<Receipts>,
}

/// A record before it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// The topic's name.
    pub(crate) topic: String,
    /// The partition; `None` leaves it to the key.
    pub(crate) partition: Option<i32>,
    /// The key.
    pub(crate) key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub(crate) value: Option<Vec<u8>>,
    /// The headers in order.
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
    /// The timestamp in Unix milliseconds; `None`: now.
    pub(crate) timestamp: Option<i64>,
}

impl Sent {
    /// A record with a key and a value.
    pub(crate) fn new(topic: &str, key: &str, value: impl Into<Vec<u8>>) -> Sent {
        Sent { topic: topic.to_owned(), key: Some(key.into()), value: Some(value.into()), ..Sent::default() }
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: &str, value: Option<&[u8]>) -> Sent {
        self.headers.push((name.to_owned(), value.map(<[u8]>::to_vec)));
        self
    }

    /// The same for one partition.
    pub(crate) fn in_partition(mut self, partition: i32) -> Sent {
        self.partition = Some(partition);
        self
    }
}

/// What went wrong on the way, if anything did.
#[derive(Debug, Default)]
struct Receipts {
    failures: Arc<Mutex<Vec<String>>>,
}

impl ClientContext for Receipts {}

impl ProducerContext for Receipts {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            self.failures.lock().expect("not poisoned").push(format!("{error} at {:?}", message.topic()));
        }
    }
}

impl Producer {
    /// A producer with these properties beside the client's.
    pub(crate) fn new(client: &ClientConfig, properties: &[(&str, &str)]) -> Producer {
        let mut config = client.clone();
        config.set("partitioner", "murmur2_random").set("linger.ms", "2").set("message.max.bytes", "2000000");
        for (key, value) in properties {
            config.set(*key, *value);
        }
        Producer { inner: config.create_with_context(Receipts::default()).expect("a producer") }
    }

    /// Hands over a record; [`Producer::flush`] tells whether it arrived.
    pub(crate) fn send(&self, sent: &Sent) {
        let headers = sent
            .headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: value.as_deref() }));
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&sent.topic).headers(headers);
        record.partition = sent.partition;
        record.key = sent.key.as_deref();
        record.payload = sent.value.as_deref();
        record.timestamp = sent.timestamp;
        let mut waiting = Some(record);
        while let Some(record) = waiting.take() {
            match self.inner.send(record) {
                Ok(()) => {}
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), record)) => {
                    self.inner.flush(FLUSH).expect("the broker takes what is queued");
                    waiting = Some(record);
                }
                Err((error, _)) => panic!("cannot send to {}: {error}", sent.topic),
            }
        }
    }

    /// Waits until the broker has acknowledged everything.
    pub(crate) fn flush(&self) {
        self.inner.flush(FLUSH).expect("the broker acknowledges");
        let failures = self.inner.context().failures.lock().expect("not poisoned");
        assert!(failures.is_empty(), "records did not arrive: {failures:?}");
    }

    /// Sends one record and tells whether the broker took it.
    pub(crate) fn offer(&self, sent: &Sent) -> bool {
        self.send(sent);
        self.inner.flush(FLUSH).expect("the broker answers");
        let mut failures = self.inner.context().failures.lock().expect("not poisoned");
        std::mem::take(&mut *failures).is_empty()
    }

    /// Sends and waits for the acknowledgement of all.
    pub(crate) fn send_all<'a>(&self, records: impl IntoIterator<Item = &'a Sent>) {
        records.into_iter().for_each(|record| self.send(record));
        self.flush();
    }

    /// Sends inside one transaction that is then committed or aborted.
    pub(crate) fn send_in_transaction(&self, records: &[Sent], commit: bool) {
        self.inner.begin_transaction().expect("a transaction begins");
        // An abort purges what is still queued; a flush first puts the records really into the log.
        self.send_all(records);
        if commit {
            self.inner.commit_transaction(FLUSH).expect("the transaction commits");
        } else {
            self.inner.abort_transaction(FLUSH).expect("the transaction aborts");
        }
    }

    /// Makes a producer with a `transactional.id` ready.
    pub(crate) fn init_transactions(&self) {
        self.inner.init_transactions(FLUSH).expect("transactions can be used");
    }
}
