//! The event contract: bytes to events, with every rule and every rejection code, and events to bytes.

pub mod decode;
pub mod encode;
