//! What happens, each as a struct that logs and counts in one place.

mod snapshots;

pub use self::snapshots::{
    Audited, LogChanged, LogUnverified, SnapshotFailed, SnapshotOfOlderContract, SnapshotRestored, SnapshotUnusable,
    SnapshotWritten,
};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::{debug, error, info, warn};

use super::log_throttle::{LogThrottle, LogThrottles};
use super::metrics::{Metrics, TopicMetrics};
use crate::contract::decode::Rejection;
use crate::health::{Condition, Readiness};

/// Records that could not be read are passed over.
pub struct PassedOver<'a> {
    /// Their partition.
    pub partition: &'a dyn std::fmt::Display,
    /// The first offset.
    pub from: i64,
    /// The offset behind the last.
    pub to: i64,
}

impl PassedOver<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        let PassedOver { partition, from, to } = self;
        metrics.skipped_offsets.inc_by(u64::try_from(to - from).unwrap_or(0));
        error!(%partition, from, to, "records that cannot be read are passed over, and missing from the numbers from now on");
    }
}

/// The machine slept, or its clock was set forward.
pub struct Slept {
    /// For how long, or by how much.
    pub millis: u64,
}

impl Slept {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics) {
        metrics.sleeps.inc();
        warn!(
            seconds = self.millis / 1_000,
            "the machine slept, or its clock was set forward; numbers that were shown are hidden until the group has confirmed \
             that this is still its member"
        );
    }
}

/// A record cannot be used.
pub struct Rejected<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Why.
    pub rejection: &'a Rejection,
    /// Whether it goes to the dead-letter topic, or is there already.
    pub is_dead_lettered_now: bool,
}

impl Rejected<'_> {
    /// Logs and counts it.
    pub fn report(&self, metrics: &Metrics, throttle: &LogThrottle) {
        metrics.count_rejected(self.rejection.code);
        let Rejected { topic, partition, offset, rejection, is_dead_lettered_now } = self;
        // The sentence may repeat what stands in the record, which is nobody's business who reads logs.
        let (code, field) = (rejection.code.name(), rejection.field);
        debug!(topic, partition, offset, code, field, is_dead_lettered_now, "rejected");
        if *is_dead_lettered_now && let Some(suppressed) = throttle.pass() {
            warn!(
                topic,
                partition,
                offset,
                code,
                field,
                suppressed,
                "a record cannot be used; its dead letter says why, in the header salespulse.error.message"
            );
        }
    }
}

/// A record of a journey's topic whose key is not its `lead_id`.
pub struct Misrouted<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl Misrouted<'_> {
    /// Counts it, and warns at the first of its topic.
    pub fn report(&self, metrics: &TopicMetrics) {
        metrics.misrouted.inc();
        if metrics.misrouted.get() == 1 {
            let Misrouted { topic, partition, offset } = self;
            warn!(
                topic,
                partition,
                offset,
                "a record's key is not its lead_id; it counts, but records of its journey may lie in several partitions; \
                 salespulse_misrouted_records_total counts these, this warning comes once"
            );
        }
    }
}

/// A record without a key.
pub struct Keyless<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl Keyless<'_> {
    /// Counts it, and warns at the first of its topic.
    pub fn report(&self, metrics: &TopicMetrics) {
        metrics.keyless.inc();
        if metrics.keyless.get() == 1 {
            let Keyless { topic, partition, offset } = self;
            warn!(
                topic,
                partition,
                offset,
                "a record has no key; it counts, but versions of one event may lie in several partitions; \
                 salespulse_keyless_records_total counts these, this warning comes once"
            );
        }
    }
}

/// A dead letter is on its way.
pub struct DeadLetterSent {
    /// How long its key and its value are together.
    pub bytes: usize,
}

impl DeadLetterSent {
    /// Counts it.
    pub fn report(&self, metrics: &Metrics) {
        metrics.dead_letters_outstanding.inc();
        metrics.dead_letters_outstanding_bytes.add(i64::try_from(self.bytes).unwrap_or(i64::MAX));
    }
}

/// The broker has a dead letter.
pub struct DeadLetterDelivered {
    /// How long its key and its value are together.
    pub bytes: usize,
}

impl DeadLetterDelivered {
    /// Counts it.
    pub fn report(&self, metrics: &Metrics) {
        metrics.dead_letters.inc();
        metrics.dead_letters_outstanding.dec();
        metrics.dead_letters_outstanding_bytes.sub(i64::try_from(self.bytes).unwrap_or(i64::MAX));
    }
}

/// The broker refused a dead letter, which will be tried again.
pub struct DeadLetterRefused<'a> {
    /// The dead-letter topic.
    pub topic: &'a str,
    /// How long the record is, with its key.
    pub bytes: usize,
    /// Why.
    pub error: &'a KafkaError,
}

impl DeadLetterRefused<'_> {
    /// Logs it.
    pub fn report(&self, throttle: &LogThrottle) {
        if let Some(suppressed) = throttle.pass() {
            let DeadLetterRefused { topic, bytes, error } = self;
            error!(
                topic, bytes, suppressed, %error,
                "the broker refuses a dead letter; it is tried again until the broker takes it, and no offset behind it is \
                 committed before; {}",
                remedy(error)
            );
        }
    }
}

/// What helps against the broker's reason to refuse a dead letter.
fn remedy(error: &KafkaError) -> &'static str {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
            "it is too large: raise the topic's max.message.bytes with kafka-configs.sh"
        }
        Some(RDKafkaErrorCode::InvalidRecord) => {
            "the topic is probably compacted, which takes no records without a key: set its cleanup.policy to delete"
        }
        Some(RDKafkaErrorCode::TopicAuthorizationFailed) => "allow the user in [kafka.properties] to write the topic",
        _ => "the broker's log may say more",
    }
}

/// A look at a condition.
pub struct Met {
    /// Which.
    pub condition: Condition,
    /// Whether it holds.
    pub holds: bool,
}

impl Met {
    /// Notes it, and logs when it begins and when it ends.
    pub fn report(&self, readiness: &Readiness) {
        let Met { condition, holds } = self;
        if !readiness.set(*condition, *holds) {
            return;
        }
        if *holds {
            warn!(condition = condition.name(), "{}", condition.sentence());
        } else {
            info!(condition = condition.name(), "{}", condition.end());
        }
    }
}

/// A line of librdkafka's own log. It suppresses repetitions of a line, but not those of its kind, and while a broker is
/// away many lines differ by a number only.
pub struct KafkaLog<'a> {
    /// How grave it is.
    pub level: RDKafkaLogLevel,
    /// What part of librdkafka says it: its kind.
    pub facility: &'a str,
    /// What it says.
    pub message: &'a str,
}

impl KafkaLog<'_> {
    /// Logs it, or quietly if its kind was logged a moment ago.
    pub fn report(&self, throttle: &LogThrottles) {
        let KafkaLog { level, facility, message } = self;
        let suppressed = if matches!(level, RDKafkaLogLevel::Debug) { None } else { throttle.pass(facility) };
        let Some(suppressed) = suppressed else {
            debug!(target: "librdkafka", facility, "{message}");
            return;
        };
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                error!(target: "librdkafka", facility, suppressed, "{message}");
            }
            RDKafkaLogLevel::Warning => warn!(target: "librdkafka", facility, suppressed, "{message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                info!(target: "librdkafka", facility, suppressed, "{message}");
            }
        }
    }
}

/// Something that librdkafka reports and mostly mends itself.
pub struct KafkaTrouble<'a> {
    /// The error.
    pub error: &'a KafkaError,
    /// What librdkafka says of it.
    pub reason: &'a str,
}

impl KafkaTrouble<'_> {
    /// Logs it, quietly: librdkafka's own log has it too.
    pub fn report(&self) {
        debug!(error = %self.error, "{}", self.reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_follows_from_the_reason_of_the_broker() {
        for (code, words) in [
            (RDKafkaErrorCode::MessageSizeTooLarge, "it is too large"),
            (RDKafkaErrorCode::InvalidRecord, "probably compacted"),
            (RDKafkaErrorCode::TopicAuthorizationFailed, "allow the user"),
            (RDKafkaErrorCode::NotEnoughReplicas, "the broker's log may say more"),
        ] {
            let told = remedy(&KafkaError::MessageProduction(code));
            assert!(told.contains(words), "{code}: {told}");
        }
    }
}
