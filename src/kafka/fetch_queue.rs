//! Records from librdkafka many at a time. A poll of the consumer hands out one: an event is allocated for it, and the clock
//! is read three times. The call that hands out many is not part of rdkafka, so that this file speaks to librdkafka itself;
//! it is the only one that does.
//!
//! What partitions fetch is led into a queue of its own. Rebalances, statistics and errors of the client stay in the queue
//! of the consumer, which rdkafka's poll serves.
#![expect(unsafe_code, reason = "librdkafka's call for many records is not part of rdkafka")]

use std::ffi::{CStr, CString};
use std::ptr;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedHeaders;
use rdkafka::types::RDKafkaRespErr;

use super::context::MemberContext;
use super::record::{HasHeaders, SourceRecord};

/// What the assigned partitions have fetched.
pub(super) struct FetchQueue {
    queue: Queue,
    /// The queues of the partitions whose records come here.
    partitions: Vec<Queue>,
    /// Messages that were taken out and not handed on yet, the next one last.
    messages: Vec<Message>,
    /// The partitions of which an error was taken out.
    misplaced: Vec<(String, i32)>,
    /// Queues and messages are the client's, which must end after them: fields are dropped in their order.
    client: Arc<BaseConsumer<MemberContext>>,
}

/// A queue of librdkafka; never null.
struct Queue(*mut native::rd_kafka_queue_t);

/// A message of librdkafka, or an error in its place; never null.
#[repr(transparent)]
pub(super) struct Message(*mut native::rd_kafka_message_t);

// SAFETY: librdkafka lets any thread use its queues and messages, one at a time, and nothing here shares them.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Send for Message {}

impl FetchQueue {
    /// An empty queue of this client.
    pub(super) fn new(client: Arc<BaseConsumer<MemberContext>>) -> FetchQueue {
        // SAFETY: the client lives. Without memory librdkafka ends the process.
        let queue = Queue(unsafe { native::rd_kafka_queue_new(client.client().native_ptr()) });
        FetchQueue { queue, partitions: Vec::new(), messages: Vec::new(), misplaced: Vec::new(), client }
    }

    /// Takes what these partitions fetch from now on, and throws away what was fetched before.
    pub(super) fn lead<'a>(&mut self, partitions: impl Iterator<Item = (&'a str, i32)>) {
        self.messages.clear();
        self.misplaced.clear();
        let client = self.client.client().native_ptr();
        let queue = |(topic, number): (&str, i32)| {
            let topic = CString::new(topic).ok()?;
            // SAFETY: the client lives, and the name is copied.
            let queue = unsafe { native::rd_kafka_queue_get_partition(client, topic.as_ptr(), number) };
            (!queue.is_null()).then_some(Queue(queue))
        };
        self.partitions = partitions.filter_map(queue).collect();
        self.forward();
    }

    /// librdkafka ends the forwarding of a partition when it stops to fetch it, in a thread of its own, maybe after it was
    /// assigned anew: so it is said again at each fetch.
    fn forward(&self) {
        for partition in &self.partitions {
            // SAFETY: both queues live.
            unsafe { native::rd_kafka_queue_forward(partition.0, self.queue.0) };
        }
    }

    /// Fetches at most so many records, waiting so long for the first, if none is left of the fetch before.
    pub(super) fn fetch(&mut self, most: usize, wait: Duration) {
        if !self.is_empty() {
            return;
        }
        self.forward();
        self.add(most, Duration::ZERO);
        if self.messages.is_empty() {
            // librdkafka waits for as many as it may hand out, while the first is to be seen at once.
            self.add(1, wait);
            self.add(most.saturating_sub(self.messages.len()), Duration::ZERO);
        }
        self.messages.reverse();
    }

    /// Takes at most so many more out of the queue; waits so long until it has them all.
    fn add(&mut self, most: usize, wait: Duration) {
        self.messages.reserve(most);
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        let room = self.messages.spare_capacity_mut().as_mut_ptr().cast();
        // SAFETY: behind the list is room for so many pointers, which is what a message is.
        let added = unsafe { native::rd_kafka_consume_batch_queue(self.queue.0, wait, room, most) };
        // It is -1 if it failed, which it cannot for a queue of a consumer.
        let (before, added) = (self.messages.len(), usize::try_from(added).unwrap_or(0));
        // SAFETY: so many have been written, and are handed over.
        unsafe { self.messages.set_len(before + added) };
        self.misplaced.extend(self.messages.iter().skip(before).filter_map(Message::place_of_error));
    }

    /// The partitions of which an error was taken out since the last call. librdkafka takes the offset that an error names for
    /// one of a record that was read, though nothing was: that at which it could not fetch, or what stands in a damaged batch
    /// where an offset would. So its position is beyond what was read until it reads that far, or the partition is assigned.
    pub(super) fn take_misplaced(&mut self) -> Vec<(String, i32)> {
        std::mem::take(&mut self.misplaced)
    }

    /// The offset of the next record of a partition that was taken out and not handed on.
    pub(super) fn next_of(&self, topic: &str, partition: i32) -> Option<i64> {
        let is_its = |record: &SourceRecord<'_>| record.partition == partition && record.topic == topic;
        let mut records = self.messages.iter().rev().filter_map(|message| message.record().ok());
        records.find(is_its).map(|record| record.offset)
    }

    /// Whether all of what was fetched has been handed on.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Hands on the next of what was fetched.
    pub(super) fn take(&mut self) -> Option<Message> {
        self.messages.pop()
    }
}

impl Message {
    /// The partition of an error; `None` for a record, and where the error is of none.
    fn place_of_error(&self) -> Option<(String, i32)> {
        // SAFETY: the message lives as long as `self`, and nobody writes to it.
        let message = unsafe { &*self.0 };
        if message.err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR || message.rkt.is_null() {
            return None;
        }
        // SAFETY: a topic's name lives as long as the message that is of it.
        let topic = unsafe { CStr::from_ptr(native::rd_kafka_topic_name(message.rkt)) };
        Some((topic.to_string_lossy().into_owned(), message.partition))
    }

    /// The record, or the error of the client in its place.
    pub(super) fn record(&self) -> Result<SourceRecord<'_>, KafkaError> {
        let raw = self.0;
        // SAFETY: the message lives as long as `self`, and nobody writes to it.
        let message = unsafe { &*raw };
        match message.err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {}
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__FATAL => {
                return Err(KafkaError::MessageConsumptionFatal(message.err.into()));
            }
            error => return Err(KafkaError::MessageConsumption(error.into())),
        }
        let mut kind = native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: as above; a topic's name lives as long as the message that is of it.
        let (topic, timestamp) = unsafe {
            (
                CStr::from_ptr(native::rd_kafka_topic_name(message.rkt)),
                native::rd_kafka_message_timestamp(raw, &mut kind),
            )
        };
        Ok(SourceRecord {
            topic: topic.to_str().unwrap_or_default(),
            partition: message.partition,
            offset: message.offset,
            timestamp: (timestamp != -1 && kind != native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
                .then_some(timestamp),
            // SAFETY: librdkafka says where the bytes are and how many.
            key: unsafe { bytes(message.key, message.key_len) },
            // SAFETY: as above.
            value: unsafe { bytes(message.payload, message.len) },
            headers: self,
        })
    }
}

impl HasHeaders for Message {
    fn headers(&self) -> Option<&BorrowedHeaders> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message lives as long as `self`, which no other thread has meanwhile, and the headers are the message's.
        let found = unsafe { native::rd_kafka_message_headers(self.0, &mut headers) };
        // SAFETY: rdkafka's headers are librdkafka's behind another type, as rdkafka itself makes them.
        (found == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR)
            .then(|| unsafe { &*headers.cast_const().cast::<BorrowedHeaders>() })
    }
}

/// Bytes at a place; none if the place is null, which is something else than no bytes.
unsafe fn bytes<'a>(at: *const std::ffi::c_void, count: usize) -> Option<&'a [u8]> {
    // SAFETY: the caller vouches for it.
    (!at.is_null()).then(|| unsafe { slice::from_raw_parts(at.cast(), count) })
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it was made here, and nobody else has it.
        unsafe { native::rd_kafka_queue_destroy(self.0) };
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: it was handed out once, and nobody else has it.
        unsafe { native::rd_kafka_message_destroy(self.0) };
    }
}

#[cfg(test)]
mod tests;
