//! The way of a newcomer: what the README tells to type is typed in a fresh clone, and what it promises is seen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at its first surprise; clippy's own exception does not reach helpers of integration tests"
)]

mod commit;
#[allow(dead_code, reason = "a walk needs less than the integration tests")]
#[path = "../integration/harness/tools.rs"]
mod tools;
