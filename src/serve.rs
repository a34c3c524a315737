//! What is served over HTTP: one listener for operators and Prometheus, another for people.

pub mod access;
pub mod admin;
mod connections;
mod encoding;
mod hosts;
pub mod web;
