//! `salespulse check`: says what is wrong with a configuration, files of events or a cluster, before the service does.
//!
//! It has no judgement of its own: configurations, records and clusters are judged by the code that the service runs, so that
//! both say the same sentences.

mod arguments;
mod cluster;
mod config;
mod events;
mod finding;
mod report;
mod unread;

pub(super) use arguments::CheckArguments;
pub(super) use report::Report;

use std::ffi::OsString;

use arguments::What;

use super::AppError;

/// Checks what the arguments name.
///
/// # Errors
/// [`AppError`] if it cannot be looked at: a file cannot be read, or Kafka cannot be reached. What is wrong with it is no
/// error but in the report.
pub(super) fn check(arguments: &CheckArguments, environment: &[(OsString, OsString)]) -> Result<Report, AppError> {
    match &arguments.what {
        What::Config(arguments) => config::check(arguments, environment),
        What::Events(arguments) => events::check(arguments, environment),
        What::Cluster(arguments) => cluster::check(arguments, environment),
    }
}
