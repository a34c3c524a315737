//! Why the service cannot go on with Kafka, in sentences.

use rdkafka::error::KafkaError;

use crate::config::property_may_be_shown;

/// Why the service cannot go on with Kafka.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KafkaFailure {
    /// librdkafka does not take a property.
    #[error("{0}")]
    Configuration(String),
    /// No broker answered in time.
    #[error("{0}")]
    Unreachable(String),
    /// The cluster is not as we need it: one sentence for each fault, with the command that mends it.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// Something happened while running after which the numbers could not be trusted, or the group does not want us.
    #[error("{0}")]
    Ended(String),
    /// The start was interrupted by a request to stop.
    #[error("stopped before the start was over")]
    Stopped,
}

impl KafkaFailure {
    /// A client that could not be created: a property that librdkafka does not know or take.
    pub(super) fn of_creation(error: &KafkaError) -> KafkaFailure {
        KafkaFailure::Configuration(match error {
            KafkaError::ClientConfig(_, reason, key, value) if property_may_be_shown(key) => {
                format!("kafka.properties: {key} = \"{value}\": {reason}")
            }
            // librdkafka repeats the value in its reason.
            KafkaError::ClientConfig(_, reason, key, value) => {
                let reason = if value.is_empty() { reason.clone() } else { reason.replace(value, "…") };
                format!("kafka.properties: {key} = (hidden): {reason}")
            }
            KafkaError::ClientCreation(reason) => format!("kafka.properties: {reason}"),
            other => format!("kafka.properties: {other}"),
        })
    }
}

/// Why nothing can be read.
#[must_use]
pub fn forbidden(error: &KafkaError) -> String {
    format!(
        "Kafka does not let us read: {error}; allow the user in [kafka.properties] to read the topics and the group"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;
    use rdkafka::consumer::BaseConsumer;

    fn sentence(key: &str, value: &str) -> String {
        let created = ClientConfig::new().set(key, value).create::<BaseConsumer>();
        KafkaFailure::of_creation(&created.err().unwrap()).to_string()
    }

    #[test]
    fn unknown_properties_are_named() {
        let told = sentence("fetch.wait.max.millis", "5");
        assert!(told.starts_with("kafka.properties: fetch.wait.max.millis = (hidden): "), "{told}");
        let told = sentence("security.protocol", "carrier_pigeon");
        assert!(told.contains("security.protocol"), "{told}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let told = sentence("sasl.password.typo", "hunter2");
        assert!(told.contains("sasl.password.typo") && !told.contains("hunter2"), "{told}");
    }
}
