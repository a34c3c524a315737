//! The built program and its contract among real parts: Apache Kafka, Prometheus, AsyncAPI's parser, the real data sets.
//!
//! `make test-all` installs the parts. Without them the tests pass and say what was not run; under CI they fail.

pub(crate) mod access;
mod alerting;
mod asyncapi;
mod check;
pub(crate) mod connect;
mod crash;
mod dead_letters;
mod demo;
mod endings;
mod events;
mod faked_clock;
mod golden;
mod guides;
mod http2;
mod identity;
mod listeners;
mod members;
mod partitions;
mod parts;
mod prometheus;
mod recovery;
mod refusals;
mod s3;
mod serving;
mod simulate;
mod stores;
mod topics_of_members;
mod transport;
mod unreadable;
mod web_file;
