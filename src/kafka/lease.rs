//! One active instance of many: whoever of a group is given the only partition of a compacted topic, and reads it whole.
//!
//! The group chooses, so a crash is followed by another instance within seconds. For a moment two may think that they are
//! the one; what they write must be the same then.

use std::ops::ControlFlow;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use super::broker::PollEvent;
use super::context::MemberContext;
use super::failure::{KafkaFailure, forbidden};
use super::settings;
use crate::config::KafkaConfig;

/// How long the cluster may take to say where the topic begins.
const QUESTION: Duration = Duration::from_secs(5);
/// How long one poll may wait while the topic is read.
const READING_POLL: Duration = Duration::from_millis(500);

/// What has become of our turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is ours from now on.
    Gained,
    /// It is no longer ours. Whoever has it next waits until [`Lease::give_back`].
    Lost,
    /// The group has chosen another one.
    Waiting,
}

/// Takes the key and the value of an entry, in their order; answers whether to go on.
type TakeEntry<'a> = &'a mut dyn FnMut(&[u8], Option<&[u8]>) -> ControlFlow<()>;

/// A member of the group that shares out the topic's only partition.
pub struct Lease {
    consumer: BaseConsumer<MemberContext>,
    topic: String,
}

impl Lease {
    /// Joins the group of the configuration.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn join(config: &KafkaConfig, topic: &str) -> Result<Lease, KafkaFailure> {
        let mut settings = settings::metadata_settings(config);
        settings.set("enable.partition.eof", "true");
        let consumer: BaseConsumer<MemberContext> = settings
            .create_with_context(MemberContext::default())
            .map_err(|error| KafkaFailure::of_creation(&error))?;
        consumer
            .subscribe(&[topic])
            .map_err(|error| KafkaFailure::Ended(format!("cannot subscribe to {topic}: {error}")))?;
        Ok(Lease { consumer, topic: topic.to_owned() })
    }

    /// Waits so long for news of our turn.
    ///
    /// # Errors
    /// If the group does not want us.
    pub fn poll(&self, wait: Duration) -> Result<Option<Turn>, KafkaFailure> {
        if let Some(Err(error)) = self.consumer.poll(wait) {
            judge(&error)?;
        }
        for event in self.consumer.context().take_events() {
            match event {
                PollEvent::Assigned(held) if held.is_empty() => {
                    self.give_back()?;
                    return Ok(Some(Turn::Waiting));
                }
                PollEvent::Assigned(_) => return Ok(Some(Turn::Gained)),
                PollEvent::Revoked { .. } => return Ok(Some(Turn::Lost)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Reads the whole topic as it is now, and takes the partition.
    ///
    /// # Errors
    /// If the topic cannot be read, or our turn ends meanwhile.
    pub fn read(&self, take: TakeEntry<'_>) -> Result<(), KafkaFailure> {
        let cannot = |error: KafkaError| KafkaFailure::Ended(format!("cannot read {}: {error}", self.topic));
        let (first, end) = self.consumer.fetch_watermarks(&self.topic, 0, QUESTION).map_err(cannot)?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, 0, Offset::Offset(first)).map_err(cannot)?;
        self.consumer.assign(&list).map_err(cannot)?;
        let mut next = first;
        while next < end {
            match self.consumer.poll(READING_POLL) {
                None => {}
                Some(Ok(message)) => {
                    next = message.offset() + 1;
                    let (Some(key), value) = (message.key(), message.payload()) else { continue };
                    if take(key, value).is_break() {
                        return Err(KafkaFailure::Stopped);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(error)) => judge(&error)?,
            }
            // The rest of the topic may no longer be ours to read.
            let events = self.consumer.context().take_events();
            if events.iter().any(|event| matches!(event, PollEvent::Revoked { .. })) {
                self.give_back()?;
                return Err(KafkaFailure::Ended(format!("the group gave {} to another instance", self.topic)));
            }
        }
        // From now on a poll only asks for news.
        self.consumer.pause(&list).map_err(cannot)
    }

    /// Lets another one have its turn.
    ///
    /// # Errors
    /// If librdkafka does not.
    pub fn give_back(&self) -> Result<(), KafkaFailure> {
        let cannot = |error| KafkaFailure::Ended(format!("cannot give {} back: {error}", self.topic));
        self.consumer.unassign().map_err(cannot)
    }

    /// Leaves the group, so that another instance need not wait until this one is missed.
    pub fn leave(self) {
        self.consumer.context().close();
        // A group that does not answer misses us later.
        let _ = self.consumer.unassign();
        self.consumer.unsubscribe();
        drop(self.consumer);
    }
}

/// What an error while polling means: most of them mend themselves.
fn judge(error: &KafkaError) -> Result<(), KafkaFailure> {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::GroupAuthorizationFailed | RDKafkaErrorCode::TopicAuthorizationFailed) => {
            Err(KafkaFailure::Ended(forbidden(error)))
        }
        Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::OffsetOutOfRange) => {
            Err(KafkaFailure::Ended(format!("the member of the group cannot go on: {error}")))
        }
        _ => Ok(()),
    }
}
