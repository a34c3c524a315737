//! `salespulse run`: the service.

use super::AppError;
use crate::config::Config;
use crate::time::Clock;

/// Reads the topics and serves the gauges until it is told to stop.
///
/// # Errors
/// [`AppError`] if the service cannot start, or has to stop by itself.
pub fn run(config: Config, _clock: Clock) -> Result<(), AppError> {
    let Config { kafka, .. } = config;
    Err(AppError::Kafka(format!("reading from {} is not built in yet", kafka.brokers)))
}
