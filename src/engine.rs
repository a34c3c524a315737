//! Events in, sums out: shards turn journeys into facts and facts into cells, the board adds the shards up.
//!
//! Pure: instants come in as arguments, and nothing here reads a clock, does I/O, starts a thread or counts a metric.

pub mod board;
pub mod cells;
pub mod directory;
pub mod entry;
pub mod facts;
pub mod meanings;
mod near;
mod one_thread;
pub mod shard;
pub mod sketch;
pub mod timeline;

pub use one_thread::Engine;
