//! Records that cannot be used, on their way to the dead-letter topic: as they were, with the reason in headers. Each is
//! followed until the broker has acknowledged it, and no offset behind it is committed before.

mod headers;
mod held;
mod in_flight;
mod producer;

pub use producer::DeadLetterProducer;
