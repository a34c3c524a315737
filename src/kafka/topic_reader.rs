//! Reads topics of others from where a group's offsets say, without being a member of the group: who reads is decided
//! elsewhere, and the offsets move in the reader's own transactions.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedHeaders, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::failure::{KafkaFailure, forbidden};
use super::metadata_client::{MetadataClient, metadata_client};
use crate::config::KafkaConfig;
use crate::health::quietly;

/// How long the cluster may take to answer a question.
const QUESTION: Duration = Duration::from_secs(10);

/// A record of a topic, taken out of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; a tombstone has none.
    pub value: Option<Vec<u8>>,
    /// Its headers, in their order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Reads all partitions of some topics.
pub struct TopicReader {
    consumer: MetadataClient,
    group: String,
    topics: Vec<String>,
    /// The next offset of each partition that is read.
    next: BTreeMap<(String, i32), i64>,
}

impl TopicReader {
    /// A reader of these topics, with the offsets of this group.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn new(config: &KafkaConfig, group: &str, topics: &[String]) -> Result<TopicReader, KafkaFailure> {
        let config = KafkaConfig { group: group.to_owned(), ..config.clone() };
        let consumer = metadata_client(&config)?;
        Ok(TopicReader { consumer, group: config.group, topics: topics.to_vec(), next: BTreeMap::new() })
    }

    /// The group, as a transaction names it.
    #[must_use]
    pub fn group(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }

    /// Begins to read the partitions that are not read yet: where the group's offset is, else at their beginning.
    ///
    /// # Errors
    /// A sentence if a topic is not there or the cluster does not answer.
    pub fn find_partitions(&mut self) -> Result<(), String> {
        let cannot = |error: KafkaError| format!("the topics cannot be looked up: {error}");
        let mut missing = TopicPartitionList::new();
        for topic in &self.topics {
            let metadata = self.consumer.fetch_metadata(Some(topic), QUESTION).map_err(cannot)?;
            let partitions = metadata.topics().iter().flat_map(rdkafka::metadata::MetadataTopic::partitions);
            let ids: Vec<i32> = partitions.map(rdkafka::metadata::MetadataPartition::id).collect();
            if ids.is_empty() {
                return Err(format!("the topic {topic} is not there, or may not be read"));
            }
            for id in ids.into_iter().filter(|id| !self.next.contains_key(&(topic.clone(), *id))) {
                missing.add_partition(topic, id);
            }
        }
        if missing.count() == 0 {
            return Ok(());
        }
        let committed = self.consumer.committed_offsets(missing, QUESTION).map_err(cannot)?;
        for place in committed.elements() {
            let offset = match place.offset() {
                Offset::Offset(offset) => offset,
                _ => self.consumer.fetch_watermarks(place.topic(), place.partition(), QUESTION).map_err(cannot)?.0,
            };
            self.next.insert((place.topic().to_owned(), place.partition()), offset);
        }
        let mut all = TopicPartitionList::new();
        for ((topic, partition), next) in &self.next {
            all.add_partition_offset(topic, *partition, Offset::Offset(*next)).map_err(cannot)?;
        }
        self.consumer.assign(&all).map_err(cannot)
    }

    /// The next record, if one comes in time.
    ///
    /// # Errors
    /// A sentence if the topics cannot be read any further: then a new reader may have more luck.
    pub fn poll(&mut self, wait: Duration) -> Result<Option<Taken>, String> {
        let message = match self.consumer.poll(wait) {
            None => return Ok(None),
            Some(Ok(message)) => message,
            Some(Err(error)) => return self.judge(&error).map(|()| None),
        };
        let taken = Taken {
            topic: message.topic().to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(headers).unwrap_or_default(),
        };
        self.next.insert((taken.topic.clone(), taken.partition), taken.offset + 1);
        Ok(Some(taken))
    }

    /// How many records of each partition are not read yet.
    ///
    /// # Errors
    /// A sentence if the cluster does not answer.
    pub fn lag(&self) -> Result<Vec<(&str, i32, i64)>, String> {
        let mut lags = Vec::new();
        for ((topic, partition), next) in &self.next {
            let ends = self.consumer.fetch_watermarks(topic, *partition, QUESTION);
            let (_, end) = ends.map_err(|error| format!("the ends of the topics cannot be looked up: {error}"))?;
            lags.push((topic.as_str(), *partition, (end - next).max(0)));
        }
        Ok(lags)
    }

    /// What an error while reading means: most of them mend themselves.
    fn judge(&self, error: &KafkaError) -> Result<(), String> {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::GroupAuthorizationFailed | RDKafkaErrorCode::TopicAuthorizationFailed) => {
                Err(forbidden(error))
            }
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => Err(format!(
                "records were deleted before they were read ({error}); their events are missing. To go on behind them, \
                 stop the connectors and move the offsets: kafka-consumer-groups.sh --group {} --reset-offsets \
                 --to-earliest --execute --topic {}",
                self.group,
                self.topics.join(" --topic ")
            )),
            Some(
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::Fatal,
            ) => Err(format!("the topics cannot be read: {error}")),
            _ => Ok(()),
        }
    }
}

fn headers(headers: &BorrowedHeaders) -> Vec<(String, Option<Vec<u8>>)> {
    // rdkafka panics at a name that is not UTF-8; the record is read without such a header.
    let header = |index| quietly(|| headers.try_get(index)).flatten();
    let found = (0..headers.count()).filter_map(header);
    found.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
}
