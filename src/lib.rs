//! salespulse: sales events from Kafka in, exact live KPIs as Prometheus gauges out.
//!
//! The modules in the order in which imports may point, each one only to those before it:
//!
//! - **Words**, values that cannot be wrong once they exist: [`time`], [`money`], [`id`], [`value`], [`event`],
//!   [`calendar`], [`window`], [`rules`].
//! - **Core**, pure and without a clock, in the order in which data flows: [`decode`] makes events of bytes, [`directory`] and
//!   [`entry`] number their names, [`facts`] tells what a journey contributes, [`sketch`], [`timeline`] and [`cells`] hold the
//!   sums, [`shard`] is the first stage and [`board`] the second, [`kpi`] is the catalogue, [`exposition`] writes it, and
//!   [`engine`] is both stages in one thread. [`simulate`] makes the records of an organisation that never was.
//! - **Edges**: [`config`], [`lifecycle`], [`telemetry`], [`present`], [`shard_threads`], [`snapshot`], [`source`], [`deadletter`], [`http`].
//! - [`pipeline`] joins them, and [`app`] is what the user types.
//!
//! The numbers are a pure function of the configuration, the instant and the set of accepted events. Two laws make them so:
//! an event changes them by `facts(journey after) − facts(journey before)`, the clock by `windows(fact now) −
//! windows(fact before)`. `ARCHITECTURE.md` tells the rest.

pub mod app;
pub mod board;
pub mod calendar;
pub mod cells;
pub mod config;
pub mod deadletter;
pub mod decode;
pub mod directory;
pub mod engine;
pub mod entry;
pub mod event;
pub mod exposition;
pub mod facts;
pub mod http;
pub mod id;
pub mod kpi;
pub mod lifecycle;
pub mod money;
pub mod pipeline;
pub mod present;
pub mod rules;
pub mod shard;
pub mod shard_threads;
pub mod simulate;
pub mod sketch;
pub mod snapshot;
pub mod source;
pub mod telemetry;
pub mod time;
pub mod timeline;
pub mod value;
pub mod window;
