//! The last records of every partition, read beside the group: nothing is joined and nothing committed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use crate::config::KafkaConfig;
use crate::kafka::{KafkaFailure, Layout, MetadataClient, SourceRecord, forbidden, metadata_client};
use crate::model::event::EventType;

/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(5);
/// How long one poll may wait.
const POLL: Duration = Duration::from_millis(100);
/// How long nothing may come before what is still missing is given up.
const QUIET: Duration = Duration::from_secs(10);

/// How much a sample holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sampled {
    /// How many records were read.
    pub(super) records: u64,
    /// Partitions, as `topic/number`, that could not be read to their end.
    pub(super) unread: Vec<String>,
}

/// What is still to be read, by topic and partition: the end of the log.
type Ends = BTreeMap<(String, i32), i64>;

/// Reads the last records of every partition, at most so many of each, and shows each with its type to `take`.
///
/// # Errors
/// If librdkafka does not take the configuration, no broker answers, or we may not read.
pub(super) fn sample(
    config: &KafkaConfig,
    layout: &Layout,
    most: u32,
    mut take: impl FnMut(EventType, &SourceRecord<'_>),
) -> Result<Sampled, KafkaFailure> {
    let client = metadata_client(config)?;
    let mut sampled = Sampled::default();
    let (start, mut ends) = tails(&client, layout, most).map_err(|error| failure(config, &error))?;
    client.assign(&start).map_err(|error| failure(config, &error))?;
    let mut last = Instant::now();
    while !ends.is_empty() && last.elapsed() < QUIET {
        match client.poll(POLL) {
            Some(Ok(message)) => {
                let place = (message.topic().to_owned(), message.partition());
                let Some(end) = ends.get(&place).copied() else { continue };
                let topic = layout.index(message.topic()).and_then(|index| layout.topics().get(index));
                // Records that came after the look at the ends would make the sample unbounded.
                if let Some(topic) = topic.filter(|_| message.offset() < end) {
                    last = Instant::now();
                    sampled.records += 1;
                    take(topic.kind, &SourceRecord::of(&message));
                }
                if message.offset() + 1 >= end {
                    leave(&client, &place.0, place.1)?;
                    ends.remove(&place);
                }
            }
            Some(Err(error)) => tolerate(&error)?,
            None => drop_read(&client, &mut ends),
        }
    }
    sampled.unread = ends.into_keys().map(|(topic, number)| format!("{topic}/{number}")).collect();
    Ok(sampled)
}

/// Where the last records of each partition begin and end; partitions without records are left out.
fn tails(client: &MetadataClient, layout: &Layout, most: u32) -> Result<(TopicPartitionList, Ends), KafkaError> {
    let (mut start, mut ends) = (TopicPartitionList::new(), Ends::new());
    for partition in layout.partitions() {
        let (topic, number) = (partition.topic(), partition.number());
        let (low, high) = client.fetch_watermarks(topic, number, QUESTION)?;
        let first = low.max(high - i64::from(most));
        if first < high {
            start.add_partition_offset(topic, number, Offset::Offset(first))?;
            ends.insert((topic.to_owned(), number), high);
        }
    }
    Ok((start, ends))
}

/// Fetches no more of a partition, so that its new records do not keep us from the rest of others.
fn leave(client: &MetadataClient, topic: &str, partition: i32) -> Result<(), KafkaFailure> {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    client.pause(&list).map_err(|error| KafkaFailure::Ended(format!("cannot pause a partition: {error}")))
}

/// Forgets the partitions whose end has been reached. The position reaches it, while the last record's offset may not:
/// transactions end with markers.
fn drop_read(client: &MetadataClient, ends: &mut Ends) {
    let Ok(positions) = client.position() else { return };
    ends.retain(|(topic, number), end| {
        let position = positions.find_partition(topic, *number).map(|element| element.offset());
        !matches!(position, Some(Offset::Offset(position)) if position >= *end)
    });
}

/// What librdkafka mends itself is waited for, what only it can know of a partition leaves that partition unread.
fn tolerate(error: &KafkaError) -> Result<(), KafkaFailure> {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::GroupAuthorizationFailed | RDKafkaErrorCode::TopicAuthorizationFailed) => {
            Err(KafkaFailure::Ended(forbidden(error)))
        }
        _ => Ok(()),
    }
}

fn failure(config: &KafkaConfig, error: &KafkaError) -> KafkaFailure {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::TopicAuthorizationFailed) => KafkaFailure::Ended(forbidden(error)),
        _ => KafkaFailure::Unreachable(format!("Kafka at {} does not give its records: {error}", config.brokers)),
    }
}
