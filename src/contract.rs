//! The event contract: bytes to events, with every rule and every rejection code.

pub mod decode;
