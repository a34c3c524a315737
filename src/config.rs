//! What the service is told at start.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::event::EventType;

/// The whole configuration, already valid.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the numbers depend on.
    pub rules: crate::rules::Rules,
    /// Where the events come from.
    pub kafka: KafkaConfig,
    /// Where the numbers are served.
    pub http: HttpConfig,
}

/// Where the events come from.
#[derive(Clone, Debug)]
pub struct KafkaConfig {
    /// The bootstrap servers, as librdkafka takes them.
    pub brokers: String,
    /// The consumer group.
    pub group: String,
    /// The name of this member of the group, which outlives restarts.
    pub instance_id: String,
    /// The topic of each type; a type that is off is not here.
    pub topics: BTreeMap<EventType, String>,
    /// Where records go that cannot be used.
    pub dead_letter_topic: String,
    /// Further properties of librdkafka, none of those that we own.
    pub properties: BTreeMap<String, String>,
}

/// Where the numbers are served.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The address to listen at.
    pub listen: SocketAddr,
}
