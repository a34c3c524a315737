//! Connectors: from the records of a CRM to events of the contract, without code of the user's.
//!
//! A [`dialect`] joins what a CRM's pages hold into documents, a [`mapping`] makes events of them, and our own decoder
//! judges every one before anybody sees it.

pub mod account;
pub mod builtin;
pub mod desk;
pub mod dialect;
pub mod events;
pub mod exchange;
pub mod finding;
pub mod http;
pub mod inbox;
pub mod json;
pub mod keeper;
pub mod mapping;
pub mod memory;
pub mod poller;
mod rate_limit;
pub mod runner;
pub mod sharecrm;
pub mod sources;
pub mod status;
pub mod zoho;
