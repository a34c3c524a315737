//! Whether a topic may be written, found out without writing to it.
//!
//! Kafka looks at the rights of a producer first and at the size of what it sends then. So a record that is larger than the topic
//! takes is refused either way, and the reason says which.

use std::sync::Mutex;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use tracing::warn;

use super::settings::{ProducerLimits, producer_settings};
use crate::config::KafkaConfig;

/// How long the broker has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// No larger record is made only to ask.
const LARGEST_PROBE: u64 = 8 << 20;

#[derive(Default)]
struct Answer(Mutex<Option<KafkaError>>);

impl ClientContext for Answer {}

impl ProducerContext for Answer {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _opaque: ()) {
        if let (Err((error, _)), Ok(mut answer)) = (result, self.0.lock()) {
            *answer = Some(error.clone());
        }
    }
}

/// Why the dead-letter topic, which takes batches of so many bytes, cannot be written; `None` if it can, or if that is not known.
pub(super) fn write_refusal(config: &KafkaConfig, limit: u64) -> Option<String> {
    if limit > LARGEST_PROBE {
        return None;
    }
    let mut settings = producer_settings(config, ProducerLimits::default());
    settings.set("compression.type", "none").set("enable.idempotence", "false").set("retries", "0");
    settings.set("message.timeout.ms", PATIENCE.as_millis().to_string());
    let producer: BaseProducer<Answer> = settings.create_with_context(Answer::default()).ok()?;
    let value = vec![0; usize::try_from(limit).ok()? + 1];
    let record = BaseRecord::<(), Vec<u8>>::to(&config.dead_letter_topic).payload(&value);
    producer.send(record).ok()?;
    // What has not been answered by then is not known.
    let _ = producer.flush(PATIENCE);
    let answer = producer.context().0.lock().ok()?.clone()?;
    match answer.rdkafka_error_code() {
        Some(RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed) => {
            Some(answer.to_string())
        }
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => None,
        _ => {
            warn!(error = %answer, "whether the dead-letter topic may be written is not known");
            None
        }
    }
}
