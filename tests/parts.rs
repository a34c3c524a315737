//! The built program among real parts: Kafka, Prometheus, Alertmanager, S3, Helm, systemd's judge, a browser.
//!
//! `make test-all` installs the parts. Without them the tests pass and say what was not run; under CI they fail. Some of it:
//! `cargo test --test parts dashboards::`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test ends at its first surprise; clippy's own exception does not reach helpers of integration tests"
)]

#[allow(dead_code, reason = "other programs play with the whole of it")]
mod crm;
mod dashboards;
mod deploy;
#[allow(dead_code, reason = "the model CRM throws few")]
mod dice;
mod harness;
mod integration;
mod page;
