//! Records that cannot be used go to the dead-letter topic, byte for byte, with headers that say why.
//!
//! A dead letter is produced from the bytes in hand and acknowledged by the broker before its record's offset counts as
//! done ([`Partition::committable`]). What the broker does not take is tried again for ever. When too many wait, by number
//! or by bytes, or librdkafka's queue is full, [`DeadLetters::is_full`] asks the pipeline to stop reading.
//!
//! [`Partition::committable`]: crate::kafka::Partition::committable

mod headers;
mod letter;
mod postman;
mod room;

pub use postman::DeadLetters;
