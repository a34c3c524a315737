//! The topics of one test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication, TopicResult,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::{Broker, wait_until};

/// The kinds of topics: the seven types, as in `[kafka.topics]`, and the dead letters.
pub(crate) const KINDS: [&str; 8] =
    ["lead", "stage_change", "spend", "feedback", "payment", "target", "rep", "dead_letters"];

/// How long an administrative request may take.
const ADMIN: Duration = Duration::from_secs(30);

/// Topics that no other test uses, on one broker.
#[derive(Debug)]
pub(crate) struct Topics {
    client: ClientConfig,
    prefix: String,
}

impl Topics {
    /// Creates all eight topics, each with so many partitions.
    pub(crate) fn create(broker: &Broker, partitions: i32) -> Topics {
        Topics::create_with(broker, |topic| topic.partitions = partitions)
    }

    /// Creates the topics as `adapt` changes them; one that it leaves without partitions is not created.
    pub(crate) fn create_with(broker: &Broker, adapt: impl Fn(&mut TopicShape)) -> Topics {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let topics = Topics { client: broker.client(), prefix };
        for kind in KINDS {
            let mut shape = TopicShape::of(kind);
            adapt(&mut shape);
            if shape.partitions > 0 {
                topics.create_one(&shape);
                topics.await_leaders(&shape);
            }
        }
        topics
    }

    /// Waits until a topic can be written and read: on a busy machine its broker learns of it later than who created it.
    fn await_leaders(&self, shape: &TopicShape) {
        let name = self.name(shape.kind);
        let admin: AdminClient<DefaultClientContext> = self.client.create().expect("an admin client");
        wait_until("all partitions of a new topic have a leader", ADMIN, || {
            let metadata = admin.inner().fetch_metadata(Some(&name), ADMIN).ok()?;
            let partitions = metadata.topics().first()?.partitions();
            let led = partitions.iter().filter(|partition| partition.leader() >= 0).count();
            (i32::try_from(led) == Ok(shape.partitions)).then_some(())
        });
    }

    /// The name of the topic of a kind.
    pub(crate) fn name(&self, kind: &str) -> String {
        format!("{}.{kind}", self.prefix)
    }

    /// A name that is this test's alone: for consumer groups and the like.
    pub(crate) fn unique(&self, word: &str) -> String {
        format!("{}-{word}", self.prefix)
    }

    /// The part of the configuration, inside the table `kafka`, that names these topics.
    pub(crate) fn config(&self) -> String {
        let key =
            |kind: &str| if kind == "dead_letters" { "dead_letter_topic".to_owned() } else { format!("topics.{kind}") };
        KINDS.iter().map(|kind| format!("{} = {:?}\n", key(kind), self.name(kind))).collect()
    }

    /// Gives a topic more partitions.
    pub(crate) fn grow(&self, kind: &str, partitions: usize) {
        let name = self.name(kind);
        administer(&self.client, &async |admin, options| {
            Ok(told(admin.create_partitions([&NewPartitions::new(&name, partitions)], options).await?))
        });
    }

    /// Deletes a topic and creates it anew, with so many partitions.
    pub(crate) fn create_again(&self, kind: &'static str, partitions: i32) {
        let name = self.name(kind);
        administer(&self.client, &async |admin, options| Ok(told(admin.delete_topics(&[&name], options).await?)));
        self.create_one(&TopicShape { partitions, ..TopicShape::of(kind) });
    }

    /// Sets a property of a topic; its others go back to their defaults.
    pub(crate) fn set_only(&self, kind: &str, key: &str, value: &str) {
        self.set_all_of(&self.name(kind), &[(key, value)]);
    }

    /// Sets properties of a topic that may not be one of events; its others go back to their defaults.
    pub(crate) fn set_all_of(&self, name: &str, properties: &[(&str, &str)]) {
        administer(&self.client, &async |admin, options| {
            let change = AlterConfig::new(ResourceSpecifier::Topic(name));
            let change = properties.iter().fold(change, |change, (key, value)| change.set(key, value));
            let results = admin.alter_configs([&change], options).await?;
            Ok(results.into_iter().map(|result| result.map(drop).map_err(|(_, code)| code)).collect())
        });
    }

    /// Deletes the records of a partition that lie before an offset, as retention does.
    pub(crate) fn delete_before(&self, kind: &str, partition: i32, offset: i64) {
        let name = self.name(kind);
        administer(&self.client, &async |admin, options| {
            let mut ends = TopicPartitionList::new();
            ends.add_partition_offset(&name, partition, Offset::Offset(offset))?;
            let ends = admin.delete_records(&ends, options).await?;
            let code = |error: KafkaError| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            Ok(ends.elements().iter().map(|end| end.error().map_err(code)).collect())
        });
    }

    /// Creates a topic beside those of events.
    pub(crate) fn create_another(&self, kind: &'static str, partitions: i32) {
        self.create_one(&TopicShape { partitions, ..TopicShape::of(kind) });
    }

    fn create_one(&self, shape: &TopicShape) {
        let name = self.name(shape.kind);
        let mut topic = NewTopic::new(&name, shape.partitions, TopicReplication::Fixed(1));
        for (key, value) in &shape.properties {
            topic = topic.set(key, value);
        }
        administer(&self.client, &async |admin, options| Ok(told(admin.create_topics([&topic], options).await?)));
    }
}

/// How a topic is created.
#[derive(Debug)]
pub(crate) struct TopicShape {
    /// Which of [`KINDS`] it is.
    pub(crate) kind: &'static str,
    /// 0: it is not created.
    pub(crate) partitions: i32,
    /// Its properties.
    pub(crate) properties: BTreeMap<&'static str, String>,
}

impl TopicShape {
    /// One partition that forgets nothing; dead letters may be larger than the records they copy.
    fn of(kind: &'static str) -> TopicShape {
        let mut properties = BTreeMap::from([("retention.ms", "-1".to_owned())]);
        if kind == "dead_letters" {
            properties.insert("max.message.bytes", "1200000".to_owned());
        }
        TopicShape { kind, partitions: 1, properties }
    }
}

/// The results without the names of the topics.
fn told(results: Vec<TopicResult>) -> Vec<Result<(), RDKafkaErrorCode>> {
    results.into_iter().map(|result| result.map(drop).map_err(|(_, code)| code)).collect()
}

/// Repeats an administrative request until the broker has carried it out.
fn administer(
    client: &ClientConfig,
    request: &impl AsyncFn(
        &AdminClient<DefaultClientContext>,
        &AdminOptions,
    ) -> KafkaResult<Vec<Result<(), RDKafkaErrorCode>>>,
) {
    let admin: AdminClient<DefaultClientContext> = client.create().expect("an admin client");
    let options = AdminOptions::new().operation_timeout(Some(ADMIN));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // A broker that has just started may answer that it has no controller yet.
    wait_until("the broker carries out an administrative request", ADMIN, || {
        let results = runtime.block_on(request(&admin, &options)).ok()?;
        results
            .into_iter()
            .all(|result| matches!(result, Ok(()) | Err(RDKafkaErrorCode::TopicAlreadyExists)))
            .then_some(())
    });
}
