//! How we configure librdkafka. The user's properties come first, then ours, which nobody overrides.

use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseProducer;

use super::failure::KafkaFailure;
use crate::config::KafkaConfig;

/// The properties of every client that the user may override.
const DEFAULTS: [(&str, &str); 4] = [
    ("client.id", "salespulse"),
    // A broker that was restarted is found again soon.
    ("reconnect.backoff.max.ms", "2000"),
    // New partitions of the topics whose number of partitions may change are found soon.
    ("topic.metadata.refresh.interval.ms", "30000"),
    // A batch that a broker has taken may be as large as this once it is decompressed; a larger one cannot be read.
    ("receive.message.max.bytes", "536870912"),
];

/// The consumer's properties, with what each is for.
const CONSUMER: [(&str, &str); 14] = [
    // We decide what is committed, and when.
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    // A log that no longer holds our next offset is an error to report, never a jump.
    ("auto.offset.reset", "error"),
    // Which partition we then ask about does not say of which topic it is.
    ("enable.partition.eof", "false"),
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    // A static member: a crash keeps its seat for ten seconds and comes back at once.
    ("group.protocol", "classic"),
    ("partition.assignment.strategy", "range"),
    ("session.timeout.ms", "10000"),
    // A heartbeat's answer says that the group shares out its partitions again: a stand-by hears that within a second.
    ("heartbeat.interval.ms", "1000"),
    // The default of one second collapses a consumer that is slower than the broker to a tenth of its speed.
    ("fetch.queue.backoff.ms", "10"),
    // Bounds the memory of records that were fetched and not read yet: what is read in a tenth of a second. With each comes
    // about twice as much of librdkafka's own.
    ("queued.max.messages.kbytes", "8192"),
    // The lag and which brokers answer.
    ("statistics.interval.ms", "1000"),
    // A missing topic is refused with a sentence, not created with a default number of partitions.
    ("allow.auto.create.topics", "false"),
];

/// The consumer's properties that the user may override.
const CONSUMER_DEFAULTS: [(&str, &str); 1] = [
    // Half of librdkafka's own: answers of many partitions are so large that the memory of each is given back to the
    // system and asked for anew. It bounds what one answer of a far broker brings of a partition.
    ("fetch.message.max.bytes", "524288"),
];

/// The producer's properties.
const PRODUCER: [(&str, &str); 6] = [
    ("enable.idempotence", "true"),
    ("acks", "all"),
    // For ever: a dead letter is never given up.
    ("message.timeout.ms", "0"),
    // The broker judges the size; a record that was small enough compressed may be larger than any default plain.
    ("message.max.bytes", "1000000000"),
    // The keys of dead letters are those of the records; so they lie where a Java producer would put them.
    ("partitioner", "murmur2_random"),
    ("allow.auto.create.topics", "false"),
];

/// The producer's properties that the user may override: its queue, and a compression that makes of a record at least
/// what its first producer's made.
const PRODUCER_DEFAULTS: [(&str, &str); 4] = [
    ("compression.type", "zstd"),
    // Room for all that may wait, so that none has to wait before it.
    ("queue.buffering.max.messages", "20000"),
    ("queue.buffering.max.kbytes", "131072"),
    ("linger.ms", "5"),
];

/// The other names of properties that the user may override: given both names, librdkafka takes either value.
const ALIASES: [(&str, &str); 3] = [
    ("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    ("compression.type", "compression.codec"),
    ("linger.ms", "queue.buffering.max.ms"),
];

/// What the dead-letter topic allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProducerLimits {
    /// Its `max.message.bytes`, which holds for a batch as a whole; `None` if the cluster does not show it.
    pub max_batch_bytes: Option<u64>,
}

/// The defaults, then the user's properties, then ours.
fn settings(config: &KafkaConfig, defaults: &[(&str, &str)], ours: &[(&str, &str)]) -> ClientConfig {
    let mut settings = ClientConfig::new();
    let is_overridden =
        |default: &str| ALIASES.iter().any(|(name, alias)| *name == default && config.properties.contains_key(*alias));
    let defaults = DEFAULTS.iter().chain(defaults).copied().filter(|(key, _)| !is_overridden(key));
    let users = config.properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in defaults.chain(users).chain(ours.iter().copied()) {
        settings.set(key, value);
    }
    settings.set("bootstrap.servers", &config.brokers);
    settings
}

/// The properties that salespulse sets itself whatever the configuration says, which therefore refuses them.
pub fn owned_properties() -> impl Iterator<Item = &'static str> {
    CONSUMER.iter().chain(&PRODUCER).map(|(property, _)| *property)
}

/// For the group's member.
pub(super) fn consumer_settings(config: &KafkaConfig) -> ClientConfig {
    let mut settings = metadata_settings(config);
    settings.set("group.instance.id", &config.instance_id);
    settings
}

/// For a client that asks about the group and the topics and never joins.
pub(super) fn metadata_settings(config: &KafkaConfig) -> ClientConfig {
    let mut settings = settings(config, &CONSUMER_DEFAULTS, &CONSUMER);
    settings.set("group.id", &config.group);
    settings
}

/// For a client that reads single records again: little at a time, and it must learn where there are none.
pub(super) fn read_back_settings(config: &KafkaConfig) -> ClientConfig {
    let mut settings = metadata_settings(config);
    settings.set("enable.partition.eof", "true").set("statistics.interval.ms", "0");
    settings.set("queued.min.messages", "1").set("fetch.message.max.bytes", "65536");
    settings
}

/// For the producer of dead letters.
#[must_use]
pub fn producer_settings(config: &KafkaConfig, limits: ProducerLimits) -> ClientConfig {
    /// librdkafka's own default and upper bound of a batch that is not a single record.
    const BATCH_BYTES: u64 = 1_000_000;
    /// What a batch may weigh beside what librdkafka counts.
    const MARGIN_BYTES: u64 = 1_024;
    let mut settings = settings(config, &PRODUCER_DEFAULTS, &PRODUCER);
    // Several records together must not be refused for a size that none of them has.
    let batch =
        limits.max_batch_bytes.map_or(BATCH_BYTES, |limit| limit.saturating_sub(MARGIN_BYTES).clamp(1, BATCH_BYTES));
    settings.set("batch.size", batch.to_string());
    settings
}

/// Asks librdkafka whether it takes the properties, without a connection; answers everything that it does not take.
#[must_use]
pub fn try_properties(config: &KafkaConfig) -> Vec<KafkaFailure> {
    let try_one = |(key, value): (&String, &String)| ClientConfig::new().set(key, value).create_native_config().err();
    let refused: Vec<KafkaError> = config.properties.iter().filter_map(try_one).collect();
    if !refused.is_empty() {
        return refused.iter().map(KafkaFailure::of_creation).collect();
    }
    // Each alone is right; together they need not be: a key of another certificate, a mechanism without its user.
    let [mut consumer, mut producer] =
        [consumer_settings(config), producer_settings(config, ProducerLimits::default())];
    // Without an address nothing is connected to.
    for settings in [&mut consumer, &mut producer] {
        settings.remove("bootstrap.servers");
    }
    let consumer = consumer.create::<BaseConsumer>().err();
    let refused = consumer.or_else(|| producer.create::<BaseProducer>().err());
    refused.iter().map(KafkaFailure::of_creation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn config(properties: &[(&str, &str)]) -> KafkaConfig {
        let properties = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        KafkaConfig {
            brokers: "127.0.0.1:1".to_owned(),
            group: "salespulse".to_owned(),
            instance_id: "salespulse-host".to_owned(),
            topics: BTreeMap::new(),
            dead_letter_topic: "sales.dead-letters".to_owned(),
            on_unreadable: crate::config::OnUnreadable::Refuse,
            properties,
        }
    }

    #[test]
    fn librdkafka_takes_them() {
        consumer_settings(&config(&[])).create::<BaseConsumer>().unwrap();
        producer_settings(&config(&[]), ProducerLimits::default()).create::<BaseProducer>().unwrap();
    }

    #[test]
    fn properties_that_librdkafka_does_not_take_are_all_named_without_a_connection() {
        assert_eq!(try_properties(&config(&[("fetch.min.bytes", "7")])), []);
        let wrong = [("fetch.min.bites", "7"), ("fetch.max.bytes", "many"), ("sasl.passwrd", "hunter2")];
        let told: Vec<String> = try_properties(&config(&wrong)).iter().map(ToString::to_string).collect();
        let [size, unknown, secret] = &told[..] else { panic!("{told:?}") };
        assert!(size.starts_with("kafka.properties: fetch.max.bytes = \"many\": "), "{size}");
        assert!(unknown.starts_with("kafka.properties: fetch.min.bites = (hidden): "), "{unknown}");
        assert!(secret.starts_with("kafka.properties: sasl.passwrd = (hidden): "), "{secret}");
        // Each is known, and they do not go together.
        let told = try_properties(&config(&[("security.protocol", "sasl_ssl"), ("sasl.mechanism", "PLAIN")]));
        assert!(told.len() == 1 && told[0].to_string().contains("sasl.username"), "{told:?}");
    }

    #[test]
    fn ours_win_and_the_users_stay() {
        let config = config(&[("auto.offset.reset", "latest"), ("fetch.min.bytes", "7"), ("compression.type", "lz4")]);
        let consumer = consumer_settings(&config);
        assert_eq!(consumer.get("auto.offset.reset"), Some("error"));
        assert_eq!(consumer.get("fetch.min.bytes"), Some("7"));
        assert_eq!(consumer.get("group.instance.id"), Some("salespulse-host"));
        assert_eq!(metadata_settings(&config).get("group.instance.id"), None);
        let producer = producer_settings(&config, ProducerLimits::default());
        assert_eq!(producer.get("compression.type"), Some("lz4"));
    }

    #[test]
    fn a_default_yields_to_the_users_value_by_any_name() {
        let by_alias = ALIASES.map(|(_, alias)| (alias, if alias == "compression.codec" { "lz4" } else { "7" }));
        let config = config(&by_alias);
        for settings in [consumer_settings(&config), producer_settings(&config, ProducerLimits::default())] {
            for (name, alias) in ALIASES {
                assert_eq!(settings.get(name), None, "as well as {alias}");
            }
            let taken = settings.create_native_config().unwrap();
            for (alias, value) in by_alias {
                assert_eq!(taken.get(alias).unwrap(), value, "{alias}");
            }
        }
    }

    #[test]
    fn a_batch_fits_the_dead_letter_topic() {
        let size = |limit| {
            let settings = producer_settings(&config(&[]), ProducerLimits { max_batch_bytes: limit });
            settings.get("batch.size").unwrap().parse::<u64>().unwrap()
        };
        assert_eq!(size(None), 1_000_000);
        assert_eq!(size(Some(10_000_000)), 1_000_000);
        assert_eq!(size(Some(100_000)), 98_976);
    }
}
