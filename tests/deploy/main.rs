//! What `deploy/` ships for containers, Kubernetes and systemd, judged by the programs that know such files. None of it is
//! run here: that takes a container runtime, a cluster, a booted systemd.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test ends at its first surprise, and uses only a part of the integration tests' harness"
)]

mod chart;
mod image;
mod judges;
mod stack;
#[path = "../integration/harness/tools.rs"]
mod tools;
mod unit;
