//! What is served over HTTP: one listener for operators and Prometheus, another for people; the connectors have one of
//! their own.

pub mod access;
pub mod admin;
mod connections;
pub mod connector;
mod encoding;
mod hosts;
pub mod web;
