//! Connectors: from the records of a CRM to events of the contract, without code of the user's.
//!
//! A [`dialect`] joins what a CRM's pages hold into documents, a [`mapping`] makes events of them, and our own decoder
//! judges every one before anybody sees it.

pub mod builtin;
pub mod dialect;
pub mod events;
pub mod json;
pub mod mapping;
pub mod sources;
