//! Why the pipeline ended before it was asked to.

use crate::shard_threads::ShardGone;
use crate::snapshot::RestoreError;
use crate::source::kafka::KafkaFailure;

/// Why the pipeline ended before it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineFailure {
    /// Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// The state could not be continued.
    #[error("{0}")]
    Restore(String),
    /// A bug.
    #[error(transparent)]
    Shard(#[from] ShardGone),
}

impl From<RestoreError> for PipelineFailure {
    fn from(error: RestoreError) -> PipelineFailure {
        match error {
            RestoreError::Shard(gone) => gone.into(),
            RestoreError::Store(_) | RestoreError::Refused(_) => PipelineFailure::Restore(error.to_string()),
        }
    }
}
