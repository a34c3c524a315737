//! The laws: the fast path against a naive twin, real data, generated streams and readable scenarios.

mod configuration;
mod golden;
mod jsonl;
mod series;
mod twin;
