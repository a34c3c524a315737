//! The laws: the fast path against a naive twin, real data, generated streams and readable scenarios.

mod configuration;
mod equality;
mod golden;
mod jsonl;
mod notation;
mod order;
mod scenarios;
mod series;
mod streams;
mod subject;
mod twin;
