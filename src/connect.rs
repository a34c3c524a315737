//! Connectors: from the records of a CRM to events of the contract, without code of the user's.
//!
//! A [`dialect`] joins what a CRM's pages hold into documents, a [`mapping`] makes events of them, and our own decoder
//! judges every one before anybody sees it.

pub mod account;
mod bell;
pub mod builtin;
mod chore;
pub mod delivery;
pub mod desk;
pub mod dialect;
pub mod door;
pub mod envelope;
pub mod events;
pub mod exchange;
pub mod files;
pub mod finding;
pub mod hook;
pub mod http;
pub mod hubspot;
pub mod inbox;
pub mod journeys;
pub mod json;
pub mod keeper;
pub mod mapping;
pub mod memory;
pub mod messages;
pub mod metrics;
pub mod outlet;
pub mod pipedrive;
pub mod poller;
mod rate_limit;
pub mod receiver;
pub mod runner;
pub mod salesforce;
pub mod sharecrm;
pub mod signature;
pub mod sources;
pub mod status;
pub mod topics;
pub mod zoho;
