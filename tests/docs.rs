//! The documents say what the program does: the KPI pages hold the whole catalogue, and their examples are run.

// The lints for tests, which let them unwrap and panic, follow this attribute into functions that are no test themselves.
#![cfg(test)]

mod catalogue;
mod events;
mod examples;
mod generated;
mod languages;
mod metrics;
mod page;
mod query;
mod readme;
mod small_team;
mod upgrade;
