//! Our own health: readiness, conditions, the request to stop, logs and the `salespulse_*` metrics.
//!
//! What happens is reported by an *occurrence*: a small struct that logs and counts in one place, so
//! that the event loop says only what happened.

mod condition;
mod encode;
mod http;
mod log_throttle;
pub mod logs;
mod memory;
mod metrics;
mod occurrences;
mod open_files;
mod panics;
mod readiness;
mod register;
mod signals;
mod snapshots;
mod stop;

pub use condition::{Condition, Holding};
pub use encode::encode;
pub use http::HttpMetrics;
pub use log_throttle::{LogThrottle, LogThrottles};
pub use metrics::{Metrics, TopicMetrics};
pub use occurrences::{
    Audited, DeadLetterDelivered, DeadLetterRefused, DeadLetterSent, KafkaLog, KafkaTrouble, Keyless, LogChanged,
    LogUnverified, Met, Misrouted, PassedOver, Rejected, Slept, SnapshotFailed, SnapshotOfOlderContract,
    SnapshotRestored, SnapshotUnusable, SnapshotWritten,
};
pub use open_files::check_limit;
pub use panics::quietly;
pub use readiness::{Beat, MemberState, Readiness, Status};
pub use signals::stop_on_signals;
pub use snapshots::SnapshotMetrics;
pub use stop::Stop;
