//! The words: values that cannot be wrong once they exist. Everything else speaks in them.

pub mod calendar;
pub mod event;
pub mod id;
pub mod money;
pub mod needs;
pub mod rules;
pub mod time;
pub mod value;
pub mod window;

/// The version of the event contract by which records are read.
pub const CONTRACT: u32 = 2;
