//! Why the event loop ended before it was asked to.

use crate::kafka::KafkaFailure;
use crate::model::time::Time;
use crate::snapshot::RestoreError;
use crate::threads::ShardGone;

/// Why the event loop ended before it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoopFailure {
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// The state could not be continued.
    #[error("{0}")]
    Restore(String),
    /// The clock went back to where the numbers cannot follow it.
    #[error(
        "the clock went back to {clock}, but numbers were shown at {shown} already, and what was behind the horizon then may be \
         forgotten: the numbers of an earlier day would lack it. Set the clock right (NTP) and start salespulse anew: a start \
         uses a snapshot that still has everything, or reads the topics from their beginning"
    )]
    Clock {
        /// What the clock says.
        clock: Time,
        /// The earliest instant at which the numbers are right.
        shown: Time,
    },
    /// A bug.
    #[error(transparent)]
    Shard(#[from] ShardGone),
}

impl From<RestoreError> for LoopFailure {
    fn from(error: RestoreError) -> LoopFailure {
        match error {
            RestoreError::Shard(gone) => gone.into(),
            RestoreError::Store(_) | RestoreError::Log(_) | RestoreError::Refused(_) => {
                LoopFailure::Restore(error.to_string())
            }
        }
    }
}
