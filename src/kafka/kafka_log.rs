//! Reads records again that were read before, to see whether a log still is the one it was.
//!
//! A client of its own: the group's member must not lose its place for it. It fetches one batch of each partition at a time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use super::failure::KafkaFailure;
use super::fault::Fault;
use super::metadata_client::{MetadataClient, client_of};
use super::record::SourceRecord;
use super::settings::read_back_settings;
use crate::config::KafkaConfig;
use crate::snapshot::{Log, Place, Seen};

/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(3);
/// How long the records of one topic may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one poll waits.
const POLL: Duration = Duration::from_millis(50);

/// The logs of the cluster.
pub(super) struct KafkaLog {
    /// Asked by one at a time, since it is assigned what is looked for.
    client: Mutex<MetadataClient>,
}

impl KafkaLog {
    /// Makes the client, which connects when it is first asked.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub(super) fn new(config: &KafkaConfig) -> Result<KafkaLog, KafkaFailure> {
        Ok(KafkaLog { client: Mutex::new(client_of(&read_back_settings(config))?) })
    }

    /// Where a partition begins and ends.
    pub(super) fn ends(&self, topic: &str, number: i32) -> Result<(i64, i64), String> {
        self.client().fetch_watermarks(topic, number, QUESTION).map_err(|error| format!("{topic}/{number}: {error}"))
    }

    /// The first offset at or after this one from which a partition can be read; its end, if there is none. Within a batch that
    /// cannot be read no offset can, so that its end is found by halves.
    pub(super) fn next_readable(&self, topic: &str, number: i32, from: i64) -> Result<i64, String> {
        let (low, end) = self.ends(topic, number)?;
        let client = self.client();
        let is_readable = |offset| is_readable(&client, topic, number, offset);
        if from < low || from >= end || is_readable(from)? {
            return Ok(from);
        }
        let (mut unreadable, mut step) = (from, 1);
        let mut readable = loop {
            let next = unreadable + step;
            if next >= end {
                break end;
            }
            if is_readable(next)? {
                break next;
            }
            (unreadable, step) = (next, step * 2);
        };
        while readable - unreadable > 1 {
            let middle = unreadable + (readable - unreadable) / 2;
            if is_readable(middle)? { readable = middle } else { unreadable = middle }
        }
        Ok(readable)
    }

    fn client(&self) -> MutexGuard<'_, MetadataClient> {
        // Whatever it was assigned, it is assigned anew.
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for KafkaLog {
    fn end(&self, topic: &str, number: usize) -> Result<i64, String> {
        let number = i32::try_from(number).map_err(|error| error.to_string())?;
        self.ends(topic, number).map(|(_, high)| high)
    }

    fn records(&self, places: &[Place]) -> Result<Vec<Seen>, String> {
        let client = self.client();
        let mut found = Vec::with_capacity(places.len());
        // That a partition has no more is reported without its topic.
        for places in places.chunk_by(|one, next| one.topic == next.topic) {
            found.extend(seen_of_topic(&client, places)?);
        }
        Ok(found)
    }
}

/// Whether a partition that has records at and after an offset gives one.
fn is_readable(client: &MetadataClient, topic: &str, number: i32, offset: i64) -> Result<bool, String> {
    Ok(seen_at(client, topic, number, offset)? != Seen::Unreadable)
}

/// What lies at one place. Where the log has the offset and the client does not get it, what lies there is damaged.
fn seen_at(client: &MetadataClient, topic: &str, number: i32, offset: i64) -> Result<Seen, String> {
    assign(client, topic, &[(number, offset)])?;
    let started = Instant::now();
    let seen = loop {
        match client.poll(POLL) {
            Some(Ok(message)) => break Ok(Seen::Record(SourceRecord::of(&message).fingerprint())),
            Some(Err(KafkaError::PartitionEOF(_))) => break Ok(Seen::Nothing),
            Some(Err(error)) => match Fault::of(&error) {
                Fault::Passing => {}
                Fault::Unreadable | Fault::Reset => break Ok(Seen::Unreadable),
                Fault::Fatal(reason) => break Err(reason),
            },
            None if started.elapsed() > PATIENCE => break Err(format!("Kafka gave nothing within {PATIENCE:?}")),
            None => {}
        }
    };
    client.unassign().map_err(|error| error.to_string())?;
    seen
}

fn assign(client: &MetadataClient, topic: &str, places: &[(i32, i64)]) -> Result<(), String> {
    let mut list = TopicPartitionList::new();
    for (number, offset) in places {
        let added = list.add_partition_offset(topic, *number, Offset::Offset(*offset));
        added.map_err(|error| error.to_string())?;
    }
    client.assign(&list).map_err(|error| error.to_string())
}

/// What lies at these places of one topic.
fn seen_of_topic(client: &MetadataClient, places: &[Place]) -> Result<Vec<Seen>, String> {
    let topic = places.first().map_or("", |place| place.topic.as_str());
    let of_topic = |reason: String| format!("{topic}: {reason}");
    let at = |place: &Place| Ok((i32::try_from(place.number).map_err(|error| error.to_string())?, place.offset));
    let at: Vec<(i32, i64)> = places.iter().map(at).collect::<Result<_, String>>()?;
    assign(client, topic, &at)?;
    let found = first_of_each(client, at.len());
    client.unassign().map_err(|error| error.to_string())?;
    let found = found.map_err(of_topic)?;
    let seen = |(number, offset): &(i32, i64)| match found.get(number) {
        Some(seen) => Ok(*seen),
        None => look_again(client, topic, *number, *offset).map_err(of_topic),
    };
    at.iter().map(seen).collect()
}

/// What lies at a place that did not answer among others, one of which cannot be read: the client does not say which.
fn look_again(client: &MetadataClient, topic: &str, number: i32, offset: i64) -> Result<Seen, String> {
    let seen = seen_at(client, topic, number, offset)?;
    if seen != Seen::Unreadable {
        return Ok(seen);
    }
    let (low, end) = client.fetch_watermarks(topic, number, QUESTION).map_err(|error| error.to_string())?;
    match offset {
        // Retention has deleted it by now.
        offset if offset < low => Ok(Seen::Nothing),
        offset if offset >= end => Err(format!("partition {number} ends at offset {end} by now")),
        _ => Ok(Seen::Unreadable),
    }
}

/// What lies first in each assigned partition, until something cannot be read: that is not said of any partition, and may lie
/// behind a record that is there already.
fn first_of_each(client: &MetadataClient, count: usize) -> Result<BTreeMap<i32, Seen>, String> {
    let (mut found, started) = (BTreeMap::new(), Instant::now());
    while found.len() < count {
        match client.poll(POLL) {
            _ if started.elapsed() > PATIENCE => {
                return Err(format!("Kafka did not give the records that were read last within {PATIENCE:?}"));
            }
            Some(Ok(message)) => {
                let record = || Seen::Record(SourceRecord::of(&message).fingerprint());
                found.entry(message.partition()).or_insert_with(record);
            }
            Some(Err(KafkaError::PartitionEOF(number))) => {
                found.entry(number).or_insert(Seen::Nothing);
            }
            Some(Err(error)) => match Fault::of(&error) {
                Fault::Passing => {}
                Fault::Unreadable | Fault::Reset => break,
                Fault::Fatal(reason) => return Err(reason),
            },
            None => {}
        }
    }
    Ok(found)
}
