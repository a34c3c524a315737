//! `[kafka]`: the cluster, the consumer group and the topics.

mod owned;
mod properties;

pub(super) use self::owned::why_owned;

use std::collections::BTreeMap;
use std::fmt;

use super::error::ConfigError;
use super::path::KeyPath;
use super::secrets;
use super::settings::{Settings, allowed};
use super::value::Value;
use crate::model::event::EventType;

/// What to do with records that the client cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnreadable {
    /// Nothing is passed over.
    Refuse,
    /// To go on behind them, and to say so.
    Skip,
}

/// Where the events come from.
#[derive(Clone, PartialEq, Eq)]
pub struct KafkaConfig {
    /// The brokers to ask first: `host:port`, separated by commas.
    pub brokers: String,
    /// The consumer group that all instances share.
    pub group: String,
    /// This instance's name within the group, of which Kafka keeps the seat warm over a restart.
    pub instance_id: String,
    /// The topic of every type that is on.
    pub topics: BTreeMap<EventType, String>,
    /// Where records go that cannot be used.
    pub dead_letter_topic: String,
    /// What to do with records that the client cannot read.
    pub on_unreadable: OnUnreadable,
    /// What the user sets of librdkafka's properties, the contents of property files included.
    pub properties: BTreeMap<String, String>,
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |name: &str, value: &str| {
            let path = KeyPath::new("kafka.properties").child(name);
            secrets::shown_text(&path, value).to_owned()
        };
        let properties: BTreeMap<_, _> =
            self.properties.iter().map(|(name, value)| (name, hidden(name, value))).collect();
        f.debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("group", &self.group)
            .field("instance_id", &self.instance_id)
            .field("topics", &self.topics)
            .field("dead_letter_topic", &self.dead_letter_topic)
            .field("on_unreadable", &self.on_unreadable)
            .field("properties", &properties)
            .finish()
    }
}

pub(super) fn read(settings: &Settings, hostname: impl FnOnce() -> String) -> Result<KafkaConfig, ConfigError> {
    let filled = |value: &Value| value.text().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let group = settings.required(&KeyPath::new("kafka.group"), filled)?;
    let instance_id = settings.optional(&KeyPath::new("kafka.instance_id"), filled)?;
    let topics = topics(settings)?;
    Ok(KafkaConfig {
        brokers: settings.required(&KeyPath::new("kafka.brokers"), brokers)?,
        instance_id: instance_id.unwrap_or_else(|| format!("{group}-{}", hostname())),
        group,
        dead_letter_topic: dead_letter_topic(settings, &topics)?,
        on_unreadable: settings.required(&KeyPath::new("kafka.on_unreadable"), |value| match value.text()? {
            "refuse" => Some(OnUnreadable::Refuse),
            "skip" => Some(OnUnreadable::Skip),
            _ => None,
        })?,
        topics,
        properties: properties::read(settings)?,
    })
}

/// What may stand before a broker's address.
const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

/// `host:port` by commas.
fn brokers(value: &Value) -> Option<String> {
    let text = value.text()?.trim();
    text.split(',').map(str::trim).all(is_broker).then(|| text.to_owned())
}

/// A host, an IPv4 address, or an IPv6 address in brackets, with or without a port, perhaps behind a protocol.
fn is_broker(broker: &str) -> bool {
    let (protocol, address) = broker.split_once("://").map_or((None, broker), |(before, after)| (Some(before), after));
    let is_protocol = |protocol: &str| PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(protocol));
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !address.ends_with(']') => (host, port),
        _ => (address, "9092"),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)),
    };
    protocol.is_none_or(is_protocol) && is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn topics(settings: &Settings) -> Result<BTreeMap<EventType, String>, ConfigError> {
    let mut topics: BTreeMap<EventType, String> = BTreeMap::new();
    for kind in EventType::ALL {
        let path = KeyPath::new("kafka.topics").child(kind.name());
        let off_or_topic =
            |value: &Value| value.text().filter(|text| text.is_empty() || is_topic(text)).map(str::to_owned);
        let topic = settings.required(&path, off_or_topic)?;
        if topic.is_empty() {
            continue;
        }
        if let Some((other, _)) = topics.iter().find(|(_, other)| **other == topic) {
            return Err(settings.refuse(&path, format!("{}; kafka.topics.{other} has this topic", allowed(&path))));
        }
        topics.insert(kind, topic);
    }
    if topics.is_empty() {
        let last = KeyPath::new("kafka.topics").child(EventType::Rep.name());
        return Err(settings.refuse(&last, "the name of a topic, or another of kafka.topics must be: all are off"));
    }
    Ok(topics)
}

fn dead_letter_topic(settings: &Settings, topics: &BTreeMap<EventType, String>) -> Result<String, ConfigError> {
    let path = KeyPath::new("kafka.dead_letter_topic");
    let topic = settings.required(&path, |value| value.text().filter(|text| is_topic(text)).map(str::to_owned))?;
    match topics.iter().find(|(_, other)| **other == topic) {
        Some((kind, _)) => {
            Err(settings.refuse(&path, format!("{}; kafka.topics.{kind} has this topic", allowed(&path))))
        }
        None => Ok(topic),
    }
}

/// Whether Kafka allows this name.
fn is_topic(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=249).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_have_hosts_and_ports() {
        let read = |text: &str| brokers(&Value::Text(text.to_owned()));
        for text in
            ["localhost:9092", "a:1,b:65535", "a:9092, b:9092", "kafka", "[::1]:9092", "[::1]", "SASL_SSL://kafka:9093"]
        {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        for text in [
            "",
            " ",
            ",",
            "a:9092,",
            ":9092",
            "a:0",
            "a:65536",
            "a:port",
            "a b:9092",
            "http://kafka:9092",
            "kafka://kafka:9092",
            "kafka:9092/",
            "me@kafka:9092",
            "::1:9092",
            "[kafka]:9092",
            "SSL://",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn topics_are_named_as_kafka_allows() {
        assert!(is_topic("sales.leads") && is_topic("A_b-1") && is_topic(&"x".repeat(249)));
        for name in ["", ".", "..", "sales leads", "销售", "a/b"] {
            assert!(!is_topic(name), "{name}");
        }
        assert!(!is_topic(&"x".repeat(250)));
    }
}
