//! On a broker in this process: what the queue hands out is what rdkafka's poll would, and nothing is lost or repeated.

use std::ops::Range;
use std::time::Instant;

use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, Headers as _, OwnedHeaders, ToBytes};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::*;

const TOPIC: &str = "sales.leads";
const PATIENCE: Duration = Duration::from_secs(30);

/// A broker in this process with a topic of two partitions.
struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Broker {
    fn new() -> Broker {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, 2, 1).unwrap();
        let producer = ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
        Broker { cluster, producer }
    }

    fn produce<K: ToBytes + ?Sized>(&self, record: BaseRecord<'_, K, str>) {
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
        self.producer.flush(PATIENCE).unwrap();
    }

    /// Puts so many records into both partitions.
    fn fill(&self, count: i64) {
        for number in 0..count {
            for partition in [0, 1] {
                let value = number.to_string();
                let record = BaseRecord::<str, str>::to(TOPIC).partition(partition).payload(&value);
                self.producer.send(record).map_err(|(error, _)| error).unwrap();
            }
        }
        self.producer.flush(PATIENCE).unwrap();
    }

    fn client(&self) -> Arc<BaseConsumer<MemberContext>> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.cluster.bootstrap_servers()).set("group.id", "group");
        config.set("enable.auto.commit", "false").set("auto.offset.reset", "error");
        Arc::new(config.create_with_context(MemberContext::default()).unwrap())
    }
}

/// A client with its queue.
struct Reader {
    queue: FetchQueue,
    client: Arc<BaseConsumer<MemberContext>>,
}

impl Reader {
    fn of(broker: &Broker) -> Reader {
        let client = broker.client();
        Reader { queue: FetchQueue::new(Arc::clone(&client)), client }
    }

    fn assign(&mut self, from: &[(i32, i64)]) {
        self.queue.lead(from.iter().map(|(partition, _)| (TOPIC, *partition)));
        self.client.assign(&list(from)).unwrap();
    }

    /// Hands on the next so many records.
    fn read(&mut self, count: usize, mut take: impl FnMut(SourceRecord<'_>)) {
        let (started, mut read) = (Instant::now(), 0);
        while read < count {
            assert!(started.elapsed() < PATIENCE, "{read} of {count} records have come");
            self.queue.fetch(100, Duration::from_millis(20));
            assert!(!matches!(self.client.poll(Duration::ZERO), Some(Ok(_))), "a record beside the queue");
            while read < count
                && let Some(message) = self.queue.take()
            {
                take(message.record().unwrap());
                read += 1;
            }
        }
    }

    /// The offsets of the next so many records, by partition.
    fn offsets(&mut self, count: usize) -> [Vec<i64>; 2] {
        let mut offsets = [Vec::new(), Vec::new()];
        self.read(count, |record| offsets[usize::try_from(record.partition).unwrap()].push(record.offset));
        offsets
    }
}

fn list(from: &[(i32, i64)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in from {
        list.add_partition_offset(TOPIC, *partition, Offset::Offset(*offset)).unwrap();
    }
    list
}

fn run(offsets: Range<i64>) -> Vec<i64> {
    offsets.collect()
}

/// What a record says, for comparison: offset, timestamp, key and value, headers.
type Said = (i64, Option<i64>, [Option<Vec<u8>>; 2], Vec<(String, Option<Vec<u8>>)>);

fn said(record: &SourceRecord<'_>) -> Said {
    let header = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(<[u8]>::to_vec));
    let headers = record.headers.headers().map(|headers| headers.iter().map(header).collect()).unwrap_or_default();
    (record.offset, record.timestamp, [record.key, record.value].map(|bytes| bytes.map(<[u8]>::to_vec)), headers)
}

#[test]
fn a_record_says_what_it_says_by_the_poll_of_rdkafka() {
    let broker = Broker::new();
    let headers = OwnedHeaders::new()
        .insert(Header { key: "ce_id", value: Some("1") })
        .insert(Header { key: "empty", value: Some("") })
        .insert(Header { key: "absent", value: None::<&str> });
    broker.produce(BaseRecord::to(TOPIC).partition(1).key("key").payload("value").headers(headers).timestamp(7));
    broker.produce::<str>(BaseRecord::to(TOPIC).partition(1).payload("no key"));
    broker.produce(BaseRecord::to(TOPIC).partition(1).key("").payload(""));
    broker.produce(BaseRecord::to(TOPIC).partition(1).key("no value"));

    let mut reader = Reader::of(&broker);
    reader.assign(&[(1, 0)]);
    let mut by_queue = Vec::new();
    reader.read(4, |record| {
        assert_eq!((record.topic, record.partition), (TOPIC, 1));
        by_queue.push(said(&record));
    });
    let client = broker.client();
    client.assign(&list(&[(1, 0)])).unwrap();
    let by_poll: Vec<_> = (0..4).map(|_| said(&SourceRecord::of(&client.poll(PATIENCE).unwrap().unwrap()))).collect();
    assert_eq!(by_queue, by_poll);
    let [full, keyless, empty, tombstone] = by_queue.try_into().unwrap();
    assert_eq!((full.1, full.3.len()), (Some(7), 3));
    assert_eq!((&keyless.2[0], &empty.2[0], &tombstone.2[1]), (&None, &Some(Vec::new()), &None));
}

#[test]
fn what_was_not_handed_on_is_the_next() {
    let broker = Broker::new();
    broker.fill(300);
    let mut reader = Reader::of(&broker);
    reader.assign(&[(0, 0), (1, 0)]);
    let mut known = [0, 0];
    for count in [1, 7, 150, 442] {
        let offsets = reader.offsets(count);
        for (partition, (offsets, known)) in offsets.iter().zip(&mut known).enumerate() {
            let next = *known + i64::try_from(offsets.len()).unwrap();
            assert_eq!(*offsets, run(*known..next), "partition {partition}");
            let left = reader.queue.next_of(TOPIC, i32::try_from(partition).unwrap());
            assert!(left.is_none_or(|left| left == next), "{left:?} is not {next}");
            *known = next;
        }
    }
    assert_eq!(known, [300, 300]);
    assert_eq!(reader.queue.next_of("sales.spend", 0), None);
}

/// librdkafka ends what it fetches in a thread of its own, which may be after the partition was assigned anew.
#[test]
fn a_new_assignment_begins_where_it_says_whatever_was_fetched_before() {
    let broker = Broker::new();
    broker.fill(200);
    let mut reader = Reader::of(&broker);
    for from in 0..100 {
        reader.assign(&[(0, from), (1, 100 - from)]);
        let [first, second] = reader.offsets(20);
        assert_eq!(first, run(from..from + i64::try_from(first.len()).unwrap()));
        assert_eq!(second, run(100 - from..100 - from + i64::try_from(second.len()).unwrap()));
        if from % 3 == 0 {
            reader.queue.lead(std::iter::empty());
            reader.client.unassign().unwrap();
        }
    }
}

#[test]
fn a_pause_loses_nothing() {
    let broker = Broker::new();
    broker.fill(300);
    let mut reader = Reader::of(&broker);
    reader.assign(&[(0, 0)]);
    let mut offsets = Vec::new();
    for _ in 0..10 {
        offsets.append(&mut reader.offsets(30)[0]);
        reader.client.pause(&list(&[(0, 0)])).unwrap();
        reader.client.resume(&list(&[(0, 0)])).unwrap();
    }
    assert_eq!(offsets, run(0..300));
}

/// Should librdkafka not take an error's offset for its position any more, nothing need be remembered of errors.
#[test]
fn a_partition_is_misplaced_by_an_error_until_it_is_assigned_anew() {
    let broker = Broker::new();
    broker.fill(3);
    let mut reader = Reader::of(&broker);
    reader.assign(&[(0, 100), (1, 0)]);
    let started = Instant::now();
    let (mut error, mut read) = (None, 0);
    while error.is_none() || read < 3 {
        assert!(started.elapsed() < PATIENCE, "{error:?}, and {read} records");
        reader.queue.fetch(100, Duration::from_millis(20));
        while let Some(message) = reader.queue.take() {
            match message.record() {
                Ok(record) => read += record.partition,
                Err(found) => error = Some(found),
            }
        }
    }
    assert_eq!(reader.queue.take_misplaced(), [(TOPIC.to_owned(), 0)], "{error:?}");
    assert_eq!(reader.queue.take_misplaced(), []);
    let position = |reader: &Reader| reader.client.position().unwrap().find_partition(TOPIC, 0).unwrap().offset();
    assert_eq!(position(&reader), Offset::Offset(101), "nothing was read");
    reader.assign(&[(0, 2)]);
    assert_eq!(reader.offsets(1)[0], [2]);
    assert_eq!((position(&reader), reader.queue.take_misplaced()), (Offset::Offset(3), Vec::new()));
}
