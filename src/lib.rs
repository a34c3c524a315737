//! salespulse: sales events from Kafka in, exact live KPIs as Prometheus gauges out.

pub mod board;
pub mod calendar;
pub mod cells;
pub mod config;
pub mod decode;
pub mod directory;
pub mod engine;
pub mod entry;
pub mod event;
pub mod exposition;
pub mod facts;
pub mod id;
pub mod kpi;
pub mod money;
pub mod rules;
pub mod shard;
pub mod sketch;
pub mod time;
pub mod timeline;
pub mod value;
pub mod window;
