//! The broker: librdkafka's mock cluster, in process and in memory.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use crate::app::run::RunError;
use crate::config::KafkaConfig;

/// Of each topic. The mock cluster keeps 5 MiB in each partition and then silently drops the oldest, so that two years
/// of the default organisation need some.
pub(super) const PARTITIONS: i32 = 8;

/// A mock cluster of one broker. It ends when this is dropped.
pub(super) struct Cluster(MockCluster<'static, DefaultProducerContext>);

impl Cluster {
    /// Starts it, listening on the loopback interface.
    pub(super) fn start() -> Result<Cluster, RunError> {
        let started = MockCluster::new(1);
        started.map(Cluster).map_err(|error| RunError::System(format!("cannot start a mock cluster: {error}")))
    }

    /// Its address.
    pub(super) fn brokers(&self) -> String {
        self.0.bootstrap_servers()
    }

    /// Creates all topics that the service reads and writes.
    pub(super) fn create_topics(&self, kafka: &KafkaConfig) -> Result<(), RunError> {
        for topic in kafka.topics.values().chain([&kafka.dead_letter_topic]) {
            self.0
                .create_topic(topic, PARTITIONS, 1)
                .map_err(|error| RunError::Bug(format!("the mock cluster does not create {topic}: {error}")))?;
        }
        Ok(())
    }
}
