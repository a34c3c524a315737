//! The dashboards of `deploy/grafana`: equal to what their source generates, in Grafana's own types, laid out without
//! overlaps, the same in both languages, and with data in every panel on a real Prometheus.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test ends at its first surprise, and uses only a part of the integration tests' harness"
)]

#[path = "../integration/harness.rs"]
mod harness;

mod answers;
mod board;
mod coverage;
mod generated;
mod languages;
mod layout;
mod links;
mod organisation;
mod pictures;
mod provisioning;
mod queries;
mod typed;
mod variables;
