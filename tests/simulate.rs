//! The simulated sales organisation: its records are the same for the same seed, are what the event contract allows,
//! and say what the simulator's own ledger says, whatever befalls them on their way.
// The lints for tests, which let them unwrap and panic, follow this attribute into functions that are no test themselves.
#![cfg(test)]
#![expect(clippy::cast_precision_loss, reason = "gauges are floats")]

mod bytes;
mod life;
mod reader;
mod truth;
