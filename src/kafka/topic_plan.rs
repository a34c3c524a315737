//! The topics that a configuration needs, and how each should be made.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tokio::runtime::Handle;

use super::failure::KafkaFailure;
use super::metadata_client::{metadata_client, serve};
use super::settings;
use super::topology::{Cluster, fetch_counts};
use crate::config::KafkaConfig;

/// By how much the dead-letter topic must take larger batches than any other: the headers we add.
const HEADROOM_BYTES: u64 = 16 * 1024;
/// Kafka's default of the largest batch.
const USUAL_BATCH_BYTES: u64 = 1_048_588;
/// How long dead letters are kept: time enough to look at them.
const DEAD_LETTERS_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// How long the controller may take to make all topics.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(2);
/// How long to wait before the brokers are asked again.
const GLANCE: Duration = Duration::from_millis(100);

/// A topic as a configuration needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTopic {
    /// Its name.
    pub name: String,
    /// What it holds: the type of its events, or `dead_letters`.
    pub holds: &'static str,
    /// How many partitions it should have if it is made.
    pub partitions: i32,
    /// Its settings, by their names in Kafka.
    pub settings: Vec<(&'static str, String)>,
}

/// Whether a topic is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was there before.
    Existed,
    /// It has been made.
    Created,
    /// The cluster refused, and why.
    Refused(String),
}

/// The topics of a configuration, the dead-letter topic last. Events are kept for `retention_ms` and longer, so that a
/// start without a snapshot finds all that counts; nothing is compacted, since a correction has the key of what it
/// corrects.
#[must_use]
pub fn plan(config: &KafkaConfig, cluster: &Cluster, partitions: i32, retention_ms: i64) -> Vec<PlannedTopic> {
    let kept = |millis: i64| vec![("cleanup.policy", "delete".to_owned()), ("retention.ms", millis.to_string())];
    let inputs = config.topics.iter().map(|(kind, name)| PlannedTopic {
        name: name.clone(),
        holds: kind.name(),
        partitions,
        settings: kept(retention_ms),
    });
    let widest = config.topics.values().filter_map(|topic| cluster.max_message_bytes(topic)).max();
    let mut dead = kept(DEAD_LETTERS_MS);
    dead.push(("max.message.bytes", (widest.unwrap_or(USUAL_BATCH_BYTES) + HEADROOM_BYTES).to_string()));
    let dead =
        PlannedTopic { name: config.dead_letter_topic.clone(), holds: "dead_letters", partitions: 1, settings: dead };
    inputs.chain([dead]).collect()
}

impl PlannedTopic {
    /// The command of Kafka's own tools that makes it.
    #[must_use]
    pub fn command(&self, brokers: &str, replicas: Option<i32>) -> String {
        let mut command = format!(
            "kafka-topics.sh --bootstrap-server {brokers} --create --topic {} --partitions {}",
            self.name, self.partitions
        );
        if let Some(replicas) = replicas {
            command.push_str(&format!(" --replication-factor {replicas}"));
        }
        for (name, value) in &self.settings {
            command.push_str(&format!(" --config {name}={value}"));
        }
        command
    }
}

/// Makes the topics of a plan that are not there; those that are stay as they are. Without `replicas` the brokers' own
/// default holds.
///
/// # Errors
/// [`KafkaFailure`] if librdkafka does not take the configuration, or the cluster does not answer.
pub fn create(
    config: &KafkaConfig,
    cluster: &Cluster,
    plan: &[PlannedTopic],
    replicas: Option<i32>,
    runtime: &Handle,
) -> Result<Vec<Made>, KafkaFailure> {
    let is_missing = |topic: &&PlannedTopic| cluster.counts.of(&topic.name) == 0;
    let new = |topic: &PlannedTopic| -> (String, i32, Vec<(&'static str, String)>) {
        (topic.name.clone(), topic.partitions, topic.settings.clone())
    };
    let missing: Vec<_> = plan.iter().filter(is_missing).map(new).collect();
    let mut results = Vec::new();
    if !missing.is_empty() {
        let client: AdminClient<DefaultClientContext> =
            settings::metadata_settings(config).create().map_err(|error| KafkaFailure::of_creation(&error))?;
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .map(|(name, partitions, settings)| {
                let topic = NewTopic::new(name, *partitions, TopicReplication::Fixed(replicas.unwrap_or(-1)));
                settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
            })
            .collect();
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
        results = runtime
            .block_on(client.create_topics(&topics, &options))
            .map_err(|error| KafkaFailure::Unreachable(format!("the cluster does not make topics: {error}")))?;
    }
    wait_until_known(config, results.iter().flatten())?;
    let mut results = results.into_iter();
    Ok(plan
        .iter()
        .map(|topic| match is_missing(&topic).then(|| results.next()).flatten() {
            None => Made::Existed,
            Some(Ok(_)) => Made::Created,
            Some(Err((_, code))) => Made::Refused(code.to_string()),
        })
        .collect())
}

/// Waits until a broker names the topics that the controller has made: whoever starts next would miss them.
fn wait_until_known<'a>(config: &KafkaConfig, made: impl Iterator<Item = &'a String>) -> Result<(), KafkaFailure> {
    let made: Vec<&String> = made.collect();
    let client = metadata_client(config)?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let counts = fetch_counts(&client, config, QUESTION);
        serve(&client);
        if counts.is_ok_and(|counts| made.iter().all(|topic| counts.of(topic) > 0)) {
            return Ok(());
        }
        std::thread::sleep(GLANCE);
    }
    Err(KafkaFailure::Unreachable("the cluster has made topics, but no broker names them yet".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::EventType;

    fn config() -> KafkaConfig {
        KafkaConfig {
            brokers: "kafka:9092".to_owned(),
            group: "salespulse".to_owned(),
            instance_id: "salespulse-host".to_owned(),
            topics: [(EventType::Lead, "sales.leads".to_owned())].into(),
            dead_letter_topic: "sales.dead-letters".to_owned(),
            on_unreadable: crate::config::OnUnreadable::Refuse,
            properties: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn the_commands_keep_what_counts_and_take_dead_letters() {
        let plan = plan(&config(), &Cluster::default(), 6, 69_120_000_000);
        let commands: Vec<String> = plan.iter().map(|topic| topic.command("kafka:9092", Some(3))).collect();
        insta::assert_snapshot!(commands.join("\n"), @r"
        kafka-topics.sh --bootstrap-server kafka:9092 --create --topic sales.leads --partitions 6 --replication-factor 3 --config cleanup.policy=delete --config retention.ms=69120000000
        kafka-topics.sh --bootstrap-server kafka:9092 --create --topic sales.dead-letters --partitions 1 --replication-factor 3 --config cleanup.policy=delete --config retention.ms=2592000000 --config max.message.bytes=1064972
        ");
    }
}
