//! Why the service ended, as an exit code and a sentence.

use crate::kafka::KafkaFailure;
use crate::service::event_loop::LoopFailure;

/// Why the service ended before it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The configuration says something that cannot be done.
    #[error("{0}")]
    Configuration(String),
    /// Kafka cannot be reached, is not as we need it, or has changed so that we cannot go on.
    #[error("{0}")]
    Kafka(String),
    /// The snapshots cannot be reached, or the state cannot be continued without losing records.
    #[error("{0}")]
    Snapshots(String),
    /// A bug of salespulse.
    #[error("{0}")]
    Bug(String),
    /// The system refused us an address, a thread or a signal handler, or its clock went back too far.
    #[error("{0}")]
    System(String),
}

impl RunError {
    /// The exit code, after `sysexits.h`.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            RunError::Configuration(_) => 64,
            RunError::Kafka(_) | RunError::Snapshots(_) => 69,
            RunError::Bug(_) => 70,
            RunError::System(_) => 71,
        }
    }
}

impl From<KafkaFailure> for RunError {
    fn from(failure: KafkaFailure) -> RunError {
        match failure {
            KafkaFailure::Configuration(sentence) => RunError::Configuration(sentence),
            other => RunError::Kafka(other.to_string()),
        }
    }
}

impl From<LoopFailure> for RunError {
    fn from(failure: LoopFailure) -> RunError {
        match failure {
            LoopFailure::Kafka(failure) => failure.into(),
            LoopFailure::Restore(sentence) => RunError::Snapshots(sentence),
            LoopFailure::Clock { .. } => RunError::System(failure.to_string()),
            LoopFailure::Shard(gone) => RunError::Bug(gone.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Time;
    use crate::threads::ShardGone;

    #[test]
    fn exit_codes() {
        let code = |failure: KafkaFailure| RunError::from(LoopFailure::from(failure)).exit_code();
        assert_eq!(code(KafkaFailure::Configuration(String::new())), 64);
        assert_eq!(code(KafkaFailure::Unreachable(String::new())), 69);
        assert_eq!(code(KafkaFailure::Refused(Vec::new())), 69);
        assert_eq!(code(KafkaFailure::Ended(String::new())), 69);
        assert_eq!(RunError::from(LoopFailure::from(ShardGone)).exit_code(), 70);
        assert_eq!(RunError::System(String::new()).exit_code(), 71);
        let clock = LoopFailure::Clock { clock: Time::MIN, shown: Time::MAX };
        assert_eq!(RunError::from(clock).exit_code(), 71);
    }
}
