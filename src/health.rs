//! Our own health: readiness, conditions, the request to stop, logs and the `salespulse_*` metrics.
//!
//! What happens is reported by an *occurrence*: a small struct that logs and counts in one place, so
//! that the event loop says only what happened.

mod condition;
mod encode;
mod http;
pub mod logs;
mod memory;
mod metrics;
mod occurrences;
mod panics;
mod rarely;
mod signals;
mod snapshots;
mod standing;
mod stop;

pub use condition::{Condition, Holding};
pub use encode::encode;
pub use http::HttpMetrics;
pub use metrics::{Metrics, TopicMetrics};
pub use occurrences::{
    Audited, DeadLetterDelivered, DeadLetterRefused, DeadLetterSent, KafkaLog, KafkaTrouble, Keyless, Met, Misrouted,
    Rejected, SnapshotFailed, SnapshotRestored, SnapshotUnusable, SnapshotWritten,
};
pub use panics::quietly;
pub use rarely::{Rarely, RarelyByKind};
pub use signals::stop_on_signals;
pub use snapshots::SnapshotMetrics;
pub use standing::{Phase, Standing, Status};
pub use stop::Stop;
