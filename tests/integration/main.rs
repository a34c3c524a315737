//! The built program among real parts: Apache Kafka, Prometheus, the real data sets.
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

mod check;
mod dead_letters;
mod events;
mod golden;
mod harness;
mod members;
mod partitions;
mod parts;
mod prometheus;
mod recovery;
mod refusals;
mod serving;
mod simulate;
mod transport;
