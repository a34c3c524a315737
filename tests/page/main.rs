//! The page that people see: its files by their rules, and what it shows, says and does in a real browser.
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

mod browser;
mod files;
mod pictures;
mod words;
