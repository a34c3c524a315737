//! Real parts for the tests: a Kafka broker, the built service, Prometheus, and clients for each.
//!
//! A test asks for what it needs with [`shared_broker`] or [`tools::kafka`]; where the part is not
//! installed these answer `None` after saying so, and under CI they fail.
//!
//! Paths are spelt out so that the benchmarks can include this file too.

#[path = "harness/alertmanager.rs"]
pub(crate) mod alertmanager;
#[path = "harness/broker.rs"]
pub(crate) mod broker;
#[path = "harness/certificate.rs"]
pub(crate) mod certificate;
#[path = "harness/exposition.rs"]
pub(crate) mod exposition;
#[path = "harness/looker.rs"]
pub(crate) mod looker;
#[path = "harness/ports.rs"]
pub(crate) mod ports;
#[path = "harness/process.rs"]
pub(crate) mod process;
#[path = "harness/producer.rs"]
pub(crate) mod producer;
#[path = "harness/prometheus.rs"]
pub(crate) mod prometheus;
#[path = "harness/proxy.rs"]
#[allow(dead_code, reason = "the benchmarks cut nothing")]
pub(crate) mod proxy;
#[path = "harness/reader.rs"]
pub(crate) mod reader;
#[path = "harness/room.rs"]
#[allow(dead_code, reason = "the benchmarks have all the room there is")]
pub(crate) mod room;
#[path = "harness/service.rs"]
pub(crate) mod service;
#[path = "harness/tools.rs"]
pub(crate) mod tools;
#[path = "harness/topics.rs"]
pub(crate) mod topics;
#[path = "harness/wait.rs"]
pub(crate) mod wait;
#[path = "harness/webhook.rs"]
pub(crate) mod webhook;

use std::sync::OnceLock;

pub(crate) use broker::Broker;
pub(crate) use exposition::Exposition;
pub(crate) use producer::{Producer, Sent};
pub(crate) use service::{Service, ServiceBuilder};
#[allow(unused_imports, reason = "the benchmarks announce nothing")]
pub(crate) use tools::announce;
pub(crate) use topics::Topics;
#[allow(unused_imports, reason = "the benchmark waits for nothing that is so short")]
pub(crate) use wait::wait_closely;
pub(crate) use wait::wait_until;

/// The broker that most tests share, each with topics of its own; started by the first that asks.
pub(crate) fn shared_broker() -> Option<&'static Broker> {
    static SHARED: OnceLock<Broker> = OnceLock::new();
    let kafka = tools::kafka()?;
    Some(SHARED.get_or_init(|| Broker::start(kafka)))
}
