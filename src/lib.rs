//! salespulse: sales events from Kafka in, exact live KPIs as Prometheus gauges out.
//!
//! The rooms in the order in which imports may point: each room imports only from rooms above it.
//!
//! - [`model`]: values that cannot be wrong once they exist: time, money, ids, events, calendar, windows, rules.
//! - [`contract`]: bytes to events, with every rule and every rejection code.
//! - [`engine`]: events to sums: journeys and their facts, cells, shards, the board, and both stages in one thread.
//! - [`kpi`]: the catalogue of KPIs, their formulas and their text exposition.
//! - [`simulate`]: the records of a sales organisation that never was.
//! - [`config`]: defaults, file, environment and flags, judged whole.
//! - [`health`]: readiness, conditions, our own metrics and logs.
//! - [`threads`]: one thread for each shard, over bounded channels.
//! - [`snapshot`]: the shards' memory with its offsets, as immutable objects.
//! - [`kafka`]: the member of the group, its partitions, what of a cluster is refused, dead letters.
//! - [`connect`]: from the records of a CRM to events.
//! - [`service`]: the event loop between Kafka and the shards.
//! - [`serve`]: the scrape and the probes over HTTP.
//! - [`app`]: the commands that the user types.
//!
//! The numbers are a pure function of the configuration, the instant and the set of accepted events. Two laws make them so:
//! an event changes them by `facts(journey after) − facts(journey before)`, the clock by `windows(fact now) −
//! windows(fact before)`. `ARCHITECTURE.md` has the rest.

pub mod app;
pub mod config;
pub mod connect;
pub mod contract;
pub mod engine;
pub mod health;
pub mod kafka;
pub mod kpi;
pub mod model;
pub mod serve;
pub mod service;
pub mod simulate;
pub mod snapshot;
pub mod threads;
