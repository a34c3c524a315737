//! The way of a newcomer: what the README tells to type is typed in a fresh clone, and what it promises is seen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at its first surprise; clippy's own exception does not reach helpers of integration tests"
)]

mod clone;
mod commit;
mod guardian;
mod page;
mod ports;
mod readme;
mod terminal;

// Parts of the integration tests' harness, without the clients of which a newcomer knows nothing.
#[path = "../harness/ports.rs"]
mod free_ports;
#[allow(dead_code, reason = "a walk needs less than the integration tests")]
#[path = "../harness/tools.rs"]
mod tools;
#[allow(dead_code, reason = "a walk needs less than the integration tests")]
#[path = "../harness/wait.rs"]
mod wait;
