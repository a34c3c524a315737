//! The built program and its contract among real parts: Apache Kafka, Prometheus, AsyncAPI's parser, the real data sets.
//!
//! `make test` installs the parts. Without them the tests pass and say what was not run; under CI they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test ends at its first surprise; clippy's own exception does not reach helpers of integration tests"
)]

mod alerting;
mod asyncapi;
mod check;
mod crash;
mod dead_letters;
mod demo;
mod events;
mod golden;
mod guides;
mod harness;
mod members;
mod partitions;
mod parts;
mod prometheus;
mod recovery;
mod refusals;
mod s3;
mod serving;
mod simulate;
mod stores;
mod topics_of_members;
mod transport;
