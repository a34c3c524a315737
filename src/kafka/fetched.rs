//! Records that librdkafka has fetched, many with one call: the only place that calls it without rdkafka between.
//!
//! rdkafka hands out one record a call. Each costs readings of the clock, an event and an allocation beside what librdkafka
//! does for the record. Here the queues of the assigned partitions lead into one queue, of which a call
//! takes as many records as there are. The client's own queue then holds only what is no record, such as rebalances.
//!
//! What makes it safe: every pointer is owned by one value that gives it back once, and the client, which must outlive them
//! all, is dropped last. A record borrows from its message, which lives until `take` has returned.
#![expect(unsafe_code, reason = "rdkafka has no call that takes many records")]

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::ops::ControlFlow;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedHeaders;

use super::context::MemberContext;
use super::partition::Partition;
use super::record::SourceRecord;

/// The records that are fetched and not read yet.
pub(super) struct FetchedRecords {
    /// Taken from the queue and not yet handed on: `take` broke off.
    waiting: VecDeque<Message>,
    /// The queues of the assigned partitions.
    partitions: Vec<Queue>,
    /// Where they lead.
    queue: Queue,
    /// Where a call puts what it takes.
    taken: Vec<*mut native::rd_kafka_message_t>,
    /// After all that belongs to it.
    client: Arc<BaseConsumer<MemberContext>>,
}

impl FetchedRecords {
    /// Of this client, from which nothing is assigned yet.
    pub(super) fn new(client: &Arc<BaseConsumer<MemberContext>>) -> Option<FetchedRecords> {
        // SAFETY: the client lives.
        let queue = Queue::own(unsafe { native::rd_kafka_queue_new(client.client().native_ptr()) })?;
        let (waiting, partitions, taken) = (VecDeque::new(), Vec::new(), Vec::new());
        Some(FetchedRecords { waiting, partitions, queue, taken, client: Arc::clone(client) })
    }

    /// From now on the records of these partitions come here, and of no others. To be called before they are assigned.
    pub(super) fn expect<'a>(&mut self, partitions: impl Iterator<Item = &'a Partition>) {
        self.waiting.clear();
        self.partitions.clear();
        for partition in partitions {
            // A topic's name has no zero byte.
            let Ok(topic) = CString::new(partition.topic()) else { continue };
            let client = self.client.client().native_ptr();
            // SAFETY: the client lives, and the name is copied.
            let queue = unsafe { native::rd_kafka_queue_get_partition(client, topic.as_ptr(), partition.number()) };
            self.partitions.extend(Queue::own(queue));
        }
        self.lead_here();
    }

    /// Whether records can come.
    pub(super) fn expects_any(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// A partition whose fetching ends forgets where its queue leads, at some time after the call that ended it.
    fn lead_here(&self) {
        for partition in &self.partitions {
            // SAFETY: both queues live, and librdkafka counts that one refers to the other.
            unsafe { native::rd_kafka_queue_forward(partition.0.as_ptr(), self.queue.0.as_ptr()) };
        }
    }

    /// Takes records from the queue, at most so many, unless some wait already; waits so long for the first.
    pub(super) fn fetch(&mut self, most: usize, wait: Duration) {
        if self.waiting.is_empty() {
            self.lead_here();
            self.take(1, wait);
            self.take(most.saturating_sub(1), Duration::ZERO);
        }
    }

    /// Hands what waits to `take`, until it says to end.
    pub(super) fn hand_on(&mut self, mut take: impl FnMut(Result<SourceRecord<'_>, KafkaError>) -> ControlFlow<()>) {
        while let Some(message) = self.waiting.pop_front() {
            if take(message.record()).is_break() {
                return;
            }
        }
    }

    /// Takes records from the queue, at most so many; waits until there are as many, or so long.
    fn take(&mut self, most: usize, wait: Duration) {
        self.taken.clear();
        self.taken.resize(most, ptr::null_mut());
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        let (queue, places) = (self.queue.0.as_ptr(), self.taken.as_mut_ptr());
        // SAFETY: the queue lives, and there are as many places as the call may fill.
        let count = unsafe { native::rd_kafka_consume_batch_queue(queue, wait, places, most) };
        let taken = self.taken.iter().take(usize::try_from(count).unwrap_or(0));
        self.waiting.extend(taken.filter_map(|message| NonNull::new(*message).map(Message)));
    }

    /// The offset of the next record of a partition that was taken from the queue and not handed on.
    pub(super) fn first_waiting(&self, partition: &Partition) -> Option<i64> {
        let records = self.waiting.iter().filter_map(|message| message.record().ok());
        let mut own = records.filter(|it| it.partition == partition.number() && it.topic == partition.topic());
        own.next().map(|record| record.offset)
    }
}

/// A queue of librdkafka.
struct Queue(NonNull<native::rd_kafka_queue_t>);

impl Queue {
    /// Owns what a call of librdkafka has answered.
    fn own(queue: *mut native::rd_kafka_queue_t) -> Option<Queue> {
        NonNull::new(queue).map(Queue)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nobody uses it afterwards.
        unsafe { native::rd_kafka_queue_destroy(self.0.as_ptr()) };
    }
}

/// A record, or a fault of a partition, in librdkafka's memory.
struct Message(NonNull<native::rd_kafka_message_t>);

impl Message {
    fn record(&self) -> Result<SourceRecord<'_>, KafkaError> {
        // SAFETY: the message is ours until it is dropped, and nobody changes it.
        let message = unsafe { self.0.as_ref() };
        match RDKafkaErrorCode::from(message.err) {
            RDKafkaErrorCode::NoError => {}
            RDKafkaErrorCode::PartitionEOF => return Err(KafkaError::PartitionEOF(message.partition)),
            code => return Err(KafkaError::MessageConsumption(code)),
        }
        Ok(SourceRecord {
            topic: self.topic(message.rkt),
            partition: message.partition,
            offset: message.offset,
            timestamp: self.timestamp(),
            key: self.bytes(message.key, message.key_len),
            value: self.bytes(message.payload, message.len),
            headers: self.headers(),
        })
    }

    fn topic(&self, topic: *mut native::rd_kafka_topic_t) -> &str {
        if topic.is_null() {
            return "";
        }
        // SAFETY: the message refers to its topic, whose name ends with a zero byte and stays.
        let name = unsafe { CStr::from_ptr(native::rd_kafka_topic_name(topic)) };
        // Kafka allows only letters, digits, dots, hyphens and underscores.
        name.to_str().unwrap_or_default()
    }

    fn timestamp(&self) -> Option<i64> {
        use native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE as NOT_AVAILABLE;
        let mut kind = NOT_AVAILABLE;
        // SAFETY: the message lives.
        let millis = unsafe { native::rd_kafka_message_timestamp(self.0.as_ptr(), &mut kind) };
        (millis != -1 && kind != NOT_AVAILABLE).then_some(millis)
    }

    /// Bytes of the message; absent is something else than empty.
    fn bytes(&self, start: *mut std::ffi::c_void, length: usize) -> Option<&[u8]> {
        // SAFETY: librdkafka says where they are and how many, and they live as long as the message.
        NonNull::new(start).map(|start| unsafe { std::slice::from_raw_parts(start.as_ptr().cast(), length) })
    }

    fn headers(&self) -> Option<&BorrowedHeaders> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message lives. Headers are read here for the first time, by the only thread that has the message.
        let code = unsafe { native::rd_kafka_message_headers(self.0.as_ptr(), &mut headers) };
        let headers = NonNull::new(headers).filter(|_| RDKafkaErrorCode::from(code) == RDKafkaErrorCode::NoError)?;
        // SAFETY: rdkafka's type has no fields and stands for librdkafka's headers wherever it is referred to; they live as
        // long as the message.
        Some(unsafe { headers.cast::<BorrowedHeaders>().as_ref() })
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nothing that borrows from it is left.
        unsafe { native::rd_kafka_message_destroy(self.0.as_ptr()) };
    }
}
