//! Our own health: logs and the `salespulse_*` metrics.
//!
//! What happens is told by an *occurrence*: a small struct that logs and counts in one place, so
//! that the pipeline says only what happened.

mod encode;
pub mod logs;
mod memory;
mod metrics;
mod occurrences;
mod panics;
mod rarely;
mod snapshots;

pub use encode::encode;
pub use metrics::{Metrics, TopicMetrics};
pub use occurrences::{
    Audited, DeadLetterDelivered, DeadLetterRefused, DeadLetterSent, KafkaLog, KafkaTrouble, Keyless, Met, Misrouted,
    Rejected, SnapshotFailed, SnapshotRestored, SnapshotUnusable, SnapshotWritten,
};
pub use panics::quietly;
pub use rarely::{Rarely, RarelyByKind};
pub use snapshots::SnapshotMetrics;
