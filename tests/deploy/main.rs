//! What `deploy/` ships for containers, Kubernetes and systemd, judged by the programs that know such files; and the
//! parts of the stack started together without containers. Image, chart and unit are not run here: that takes a container
//! runtime, a cluster, a booted systemd.
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
mod packages;
#[path = "../integration/harness/ports.rs"]
mod ports;
#[path = "../integration/harness/process.rs"]
mod process;
mod stack;
mod together;
#[path = "../integration/harness/tools.rs"]
mod tools;
mod unit;
#[path = "../integration/harness/wait.rs"]
mod wait;

use wait::wait_until;
