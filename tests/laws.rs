//! The laws: the fast path against a naive twin, real data, generated streams and readable scenarios.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a test fails by a panic, and the twin tells its exact numbers as floats only at the end"
)]

mod clock;
mod days;
mod equality;
mod exercised;
mod golden;
mod limits;
mod needs;
mod notation;
mod order;
mod pages;
mod restore;
mod scenarios;
mod series;
mod streams;
mod subject;
mod twin;
