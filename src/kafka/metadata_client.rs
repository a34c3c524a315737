//! A client that asks the cluster and never joins the group.

use std::sync::Mutex;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Statistics};
use tracing::debug;

use super::failure::KafkaFailure;
use super::settings;
use crate::config::KafkaConfig;
use crate::health::KafkaTrouble;

/// The client.
pub type MetadataClient = BaseConsumer<MetadataContext>;

/// Creates one.
///
/// # Errors
/// If librdkafka does not take the configuration.
pub fn metadata_client(config: &KafkaConfig) -> Result<MetadataClient, KafkaFailure> {
    client_of(&settings::metadata_settings(config))
}

/// Creates one with these settings.
pub(super) fn client_of(settings: &ClientConfig) -> Result<MetadataClient, KafkaFailure> {
    settings.create_with_context(MetadataContext::default()).map_err(|error| KafkaFailure::of_creation(&error))
}

/// What its callbacks keep.
#[derive(Debug, Default)]
pub struct MetadataContext {
    /// The last thing that went wrong.
    last: Mutex<Option<String>>,
    /// What the client counts of itself, where a test asks for that.
    #[cfg(test)]
    pub(super) statistics: Mutex<Option<Statistics>>,
}

impl MetadataContext {
    /// The last thing that went wrong.
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.last.lock().ok()?.clone()
    }
}

impl ClientContext for MetadataContext {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The group's member meets the same troubles and reports them.
        debug!(target: "librdkafka", facility, "{message}");
    }

    #[cfg(not(test))]
    fn stats(&self, _statistics: Statistics) {}

    #[cfg(test)]
    fn stats(&self, statistics: Statistics) {
        *self.statistics.lock().unwrap() = Some(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        KafkaTrouble { error: &error, reason }.report();
        // That all brokers are down says less than what was said before it.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown)
            && let Ok(mut last) = self.last.lock()
        {
            *last = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for MetadataContext {}

/// Takes what waits in a client's queue: its log, and errors that say why a broker cannot be reached.
pub(super) fn serve(client: &MetadataClient) {
    /// More than a client has to say between two looks; what is left waits for the next.
    const MOST_EVENTS: usize = 64;
    for _ in 0..MOST_EVENTS {
        // Each call takes one event, but does not say whether there was one.
        let _ = client.poll(Duration::ZERO);
    }
}
