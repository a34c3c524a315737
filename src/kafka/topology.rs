//! What the cluster looks like: which topics it has, with how many partitions and what settings.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::failure::KafkaFailure;
use super::layout::Counts;
use super::metadata_client::{MetadataClient, metadata_client, serve};
use super::settings;
use super::write_probe::write_refusal;
use crate::config::KafkaConfig;
use crate::health::Stop;

/// How long one question may take; short, so that a request to stop is heard soon.
const QUESTION: Duration = Duration::from_secs(2);
/// How long the brokers have to describe the topics; one that cannot answer lets us wait in vain.
const SETTINGS_PATIENCE: Duration = Duration::from_secs(3);

/// The copies of a partition that outlive the loss of two brokers.
const MOST_REPLICAS: usize = 3;

/// The settings of a topic that matter to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TopicSettings {
    /// The largest batch that the broker takes.
    pub(super) max_message_bytes: u64,
    /// How long records are kept; `None`: for ever.
    pub(super) retention_ms: Option<i64>,
    /// Whether older records of a key vanish.
    pub(super) is_compacted: bool,
}

/// What the cluster looks like.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Which cluster it is, where it says so.
    pub id: Option<String>,
    /// The number of partitions of each of our topics.
    pub counts: Counts,
    /// The settings of those topics of which the cluster was asked for them and answered.
    pub(super) settings: BTreeMap<String, TopicSettings>,
    /// Why the dead-letter topic cannot be written, if that was asked and it cannot.
    pub(super) unwritable: Option<String>,
    /// How many brokers the cluster has, where it says so.
    pub(super) brokers: Option<usize>,
}

impl Cluster {
    /// Asks for the topics' settings. Some clusters do not show them to everybody; then what depends on them is not
    /// checked.
    pub fn ask_settings(&mut self, config: &KafkaConfig, runtime: &Handle) {
        self.settings = fetch_settings(config, &self.counts, runtime);
    }

    /// Asks whether the dead-letter topic may be written.
    pub fn ask_rights(&mut self, config: &KafkaConfig) {
        let limit = self.max_message_bytes(&config.dead_letter_topic);
        self.unwritable = limit.and_then(|limit| write_refusal(config, limit));
    }

    /// The copies that a new topic should have: three, as far as there are brokers.
    #[must_use]
    pub fn usual_replicas(&self) -> Option<i32> {
        self.brokers.and_then(|brokers| i32::try_from(brokers.min(MOST_REPLICAS)).ok()).filter(|replicas| *replicas > 0)
    }

    /// Whether a topic forgets older records of a key, where the cluster shows it.
    #[must_use]
    pub fn is_compacted(&self, topic: &str) -> Option<bool> {
        self.settings.get(topic).map(|settings| settings.is_compacted)
    }

    /// The largest batch that a topic takes, where the cluster shows it.
    #[must_use]
    pub fn max_message_bytes(&self, topic: &str) -> Option<u64> {
        self.settings.get(topic).map(|settings| settings.max_message_bytes)
    }
}

/// All topics that we read and write.
pub(super) fn topics_of(config: &KafkaConfig) -> impl Iterator<Item = &str> {
    config.topics.values().map(String::as_str).chain([config.dead_letter_topic.as_str()])
}

/// Looks which topics the cluster has, trying for so long if it does not answer.
///
/// # Errors
/// If librdkafka does not take the configuration, or no broker answers in time.
pub fn find_cluster(config: &KafkaConfig, stop: &Stop, patience: Duration) -> Result<Cluster, KafkaFailure> {
    let client = metadata_client(config)?;
    let started = Instant::now();
    let mut is_reported = false;
    let counts = loop {
        let fetched = fetch_counts(&client, config, QUESTION);
        serve(&client);
        match fetched {
            Ok(counts) => break counts,
            Err(error) if started.elapsed() > patience => {
                let last = client.context().last_trouble().unwrap_or_else(|| error.to_string());
                return Err(unreachable(config, &last, patience));
            }
            Err(error) if !is_reported => {
                is_reported = true;
                info!(brokers = config.brokers, %error, "no Kafka broker answers yet; trying for {patience:?}");
            }
            Err(_) => {}
        }
        if stop.requested() {
            return Err(KafkaFailure::Stopped);
        }
    };
    let id = client.client().fetch_cluster_id(QUESTION).filter(|id| !id.is_empty());
    let brokers =
        client.fetch_metadata(Some(&config.dead_letter_topic), QUESTION).ok().map(|metadata| metadata.brokers().len());
    Ok(Cluster { id, counts, settings: BTreeMap::new(), unwritable: None, brokers })
}

fn unreachable(config: &KafkaConfig, last: &str, patience: Duration) -> KafkaFailure {
    KafkaFailure::Unreachable(format!(
        "no Kafka broker at {} answered within {} s ({last}); start it, or set kafka.brokers and [kafka.properties] so \
         that it can be reached",
        config.brokers,
        patience.as_secs(),
    ))
}

/// Asks for the number of partitions of each of our topics.
pub(super) fn fetch_counts(
    client: &MetadataClient,
    config: &KafkaConfig,
    timeout: Duration,
) -> Result<Counts, KafkaError> {
    topics_of(config).map(|topic| Ok((topic, fetch_count(client, topic, timeout)?))).collect()
}

fn fetch_count(client: &MetadataClient, topic: &str, timeout: Duration) -> Result<usize, KafkaError> {
    let metadata = client.fetch_metadata(Some(topic), timeout)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else { return Ok(0) };
    match found.error().map(RDKafkaErrorCode::from) {
        None => Ok(found.partitions().len()),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Ok(0),
        Some(other) => Err(KafkaError::MetadataFetch(other)),
    }
}

fn fetch_settings(config: &KafkaConfig, counts: &Counts, runtime: &Handle) -> BTreeMap<String, TopicSettings> {
    let existing: Vec<ResourceSpecifier<'_>> =
        topics_of(config).filter(|topic| counts.of(topic) > 0).map(ResourceSpecifier::Topic).collect();
    if existing.is_empty() {
        return BTreeMap::new();
    }
    let unknown = |error: &dyn std::fmt::Display| {
        warn!(%error, "the cluster does not show the topics' settings; sizes and retention are not checked");
        BTreeMap::new()
    };
    let client: AdminClient<DefaultClientContext> = match settings::metadata_settings(config).create() {
        Ok(client) => client,
        Err(error) => return unknown(&error),
    };
    let options = AdminOptions::new().request_timeout(Some(SETTINGS_PATIENCE));
    match runtime.block_on(client.describe_configs(&existing, &options)) {
        Ok(results) => {
            let mut described = BTreeMap::new();
            for resource in results {
                match resource.as_ref().map(read_settings) {
                    Ok(Some((topic, settings))) => drop(described.insert(topic, settings)),
                    Ok(None) => {}
                    Err(error) => return unknown(error),
                }
            }
            described
        }
        Err(error) => unknown(&error),
    }
}

fn read_settings(resource: &ConfigResource) -> Option<(String, TopicSettings)> {
    let rdkafka::admin::OwnedResourceSpecifier::Topic(topic) = &resource.specifier else { return None };
    let value = |name| resource.get(name).and_then(|entry| entry.value.as_deref());
    let settings = TopicSettings {
        max_message_bytes: value("max.message.bytes")?.parse().ok()?,
        retention_ms: value("retention.ms")?.parse().ok().filter(|millis: &i64| *millis >= 0),
        is_compacted: value("cleanup.policy")?.split(',').any(|policy| policy.trim() == "compact"),
    };
    Some((topic.clone(), settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> KafkaConfig {
        KafkaConfig {
            // Port 1 is reserved and nobody listens there.
            brokers: "127.0.0.1:1".to_owned(),
            group: "salespulse".to_owned(),
            instance_id: "salespulse-host".to_owned(),
            topics: [(crate::model::event::EventType::Lead, "sales.leads".to_owned())].into(),
            dead_letter_topic: "sales.dead-letters".to_owned(),
            on_unreadable: crate::config::OnUnreadable::Refuse,
            properties: BTreeMap::new(),
        }
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_told_with_the_reason() {
        let found = find_cluster(&nobody(), &Stop::default(), Duration::ZERO);
        let Err(KafkaFailure::Unreachable(sentence)) = found else { panic!("{found:?}") };
        assert!(sentence.starts_with("no Kafka broker at 127.0.0.1:1 answered within 0 s ("), "{sentence}");
        assert!(sentence.contains("Connection refused"), "{sentence}");
    }

    #[test]
    fn a_request_to_stop_ends_the_trying() {
        let stop = Stop::default();
        stop.request();
        let found = find_cluster(&nobody(), &stop, Duration::from_secs(3600));
        assert!(matches!(found, Err(KafkaFailure::Stopped)), "{found:?}");
    }
}
