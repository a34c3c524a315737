//! The running service: the event loop between Kafka and the shards, and the instant at which numbers are read.

pub mod event_loop;
pub mod horizon_clock;
pub mod reading_hub;
