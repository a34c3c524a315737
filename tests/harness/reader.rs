//! All records of a topic, and the offsets that a group has committed.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::wait_until;

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// A record as it lies in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Where it lies.
    pub(crate) partition: i32,
    /// Where it lies there.
    pub(crate) offset: i64,
    /// Its timestamp in Unix milliseconds.
    pub(crate) timestamp: i64,
    /// Its key.
    pub(crate) key: Option<Vec<u8>>,
    /// Its value.
    pub(crate) value: Option<Vec<u8>>,
    /// Its headers in order.
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Stored {
    fn of(message: &BorrowedMessage<'_>) -> Stored {
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        Stored {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis().expect("Kafka stamps every record"),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect(),
        }
    }

    /// The text of its only header of this name.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found: Vec<_> = self.headers.iter().filter(|(key, _)| key == name).collect();
        let [(_, Some(value))] = found.as_slice() else { panic!("not exactly one header {name}: {:?}", self.headers) };
        std::str::from_utf8(value).expect("the header is text")
    }
}

/// Every record that the topic holds now, in order of partition and offset.
pub(crate) fn read_all(client: &ClientConfig, topic: &str) -> Vec<Stored> {
    let mut config = client.clone();
    config.set("group.id", "reader").set("enable.auto.commit", "false").set("fetch.message.max.bytes", "2000000");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let ends = ends(&consumer, topic);
    let mut assignment = TopicPartitionList::new();
    for &(partition, low, _) in &ends {
        assignment.add_partition_offset(topic, partition, Offset::Offset(low)).expect("an offset");
    }
    consumer.assign(&assignment).expect("an assignment");
    let mut records = Vec::new();
    wait_until(&format!("{topic} is read to its end"), ANSWER, || {
        while let Some(message) = consumer.poll(Duration::from_millis(20)) {
            records.push(Stored::of(&message.expect("a record")));
        }
        let position = consumer.position().expect("a position");
        let reached = |&(partition, low, high): &(i32, i64, i64)| {
            let at = position.find_partition(topic, partition).map(|found| found.offset());
            low == high || matches!(at, Some(Offset::Offset(at)) if at >= high)
        };
        ends.iter().all(reached).then_some(())
    });
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

/// Sees how long a topic is, again and again.
pub(crate) struct Watcher {
    consumer: BaseConsumer,
    topic: String,
}

impl Watcher {
    pub(crate) fn new(client: &ClientConfig, topic: &str) -> Watcher {
        Watcher { consumer: client.create().expect("a client"), topic: topic.to_owned() }
    }

    /// The sum of the offsets after the last record of each partition.
    pub(crate) fn end(&self) -> i64 {
        ends(&self.consumer, &self.topic).iter().map(|(_, _, high)| high).sum()
    }
}

/// Each partition of a topic with its first offset and the one after its last. A broker that has just been started
/// answers before it leads all partitions.
fn ends(consumer: &BaseConsumer, topic: &str) -> Vec<(i32, i64, i64)> {
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER).expect("metadata");
    let partitions = metadata.topics().first().expect("the topic asked for").partitions();
    let end = |id| {
        let watermarks = || consumer.fetch_watermarks(topic, id, ANSWER).ok();
        let (low, high) = wait_until("the broker says where a partition begins and ends", ANSWER, watermarks);
        (id, low, high)
    };
    partitions.iter().map(|partition| end(partition.id())).collect()
}

/// The offset that a group has committed for a partition, if any.
pub(crate) fn committed(client: &ClientConfig, group: &str, topic: &str, partition: i32) -> Option<i64> {
    all_committed(client, group, &[(topic, partition)]).remove(0)
}

/// The offsets that a group has committed for partitions, with one question.
pub(crate) fn all_committed(client: &ClientConfig, group: &str, partitions: &[(&str, i32)]) -> Vec<Option<i64>> {
    let mut config = client.clone();
    config.set("group.id", group).set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut asked = TopicPartitionList::new();
    for (topic, partition) in partitions {
        asked.add_partition(topic, *partition);
    }
    let answer = consumer.committed_offsets(asked, ANSWER).expect("committed offsets");
    let offset = |(topic, partition): &(&str, i32)| match answer.find_partition(topic, *partition)?.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    };
    partitions.iter().map(offset).collect()
}

/// Commits the ends of partitions for a group without members, as an administrator resets its offsets.
pub(crate) fn reset_to_end(client: &ClientConfig, group: &str, topics: &[String]) {
    let mut config = client.clone();
    config.set("group.id", group).set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for topic in topics {
        for (partition, _, end) in ends(&consumer, topic) {
            list.add_partition_offset(topic, partition, Offset::Offset(end)).expect("an offset");
        }
    }
    wait_until("the group takes the offsets", ANSWER, || consumer.commit(&list, CommitMode::Sync).ok());
}
