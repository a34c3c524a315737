//! Where this instance stands: written by the pipeline, read at every probe and scrape.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The steps of an instance's life. It may go back from any of the middle ones to standing by; `Stopping` is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The cluster has not yet been found to be as we need it.
    Connecting,
    /// The consumer group has not yet told this member its part.
    Joining,
    /// Another member owns the partitions.
    StandingBy,
    /// This member owns the partitions and reads what was there when it became the owner.
    CatchingUp {
        /// Records still to read; unknown until the cluster has told.
        records_behind: Option<u64>,
    },
    /// Everything that was there at the assignment is in the numbers.
    Serving,
    /// Asked to stop.
    Stopping,
}

/// What `/readyz` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Whether the numbers may be read here.
    pub ready: bool,
    /// One word for machines.
    pub status: &'static str,
    /// A sentence for people.
    pub reason: String,
    /// How many records are still to be read, while catching up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_behind: Option<u64>,
}

/// The phase, and whether any broker answers.
#[derive(Debug)]
pub struct Standing {
    phase: Mutex<Phase>,
    unreachable: AtomicBool,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing { phase: Mutex::new(Phase::Connecting), unreachable: AtomicBool::new(false) }
    }
}

impl Standing {
    /// The present phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.lock()
    }

    /// Enters a phase; after `Stopping` nothing else is entered.
    pub fn enter(&self, phase: Phase) {
        let mut present = self.lock();
        if *present != Phase::Stopping {
            *present = phase;
        }
    }

    /// Notes whether any broker answers; tells whether that is news.
    pub fn set_reachable(&self, reachable: bool) -> bool {
        self.unreachable.swap(!reachable, Ordering::Relaxed) == reachable
    }

    /// Whether any broker answers.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        !self.unreachable.load(Ordering::Relaxed)
    }

    /// Whether the business gauges may be shown: this member owns the partitions and has caught up.
    #[must_use]
    pub fn shows_gauges(&self) -> bool {
        self.phase() == Phase::Serving
    }

    /// Whether this member owns the partitions.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        matches!(self.phase(), Phase::CatchingUp { .. } | Phase::Serving)
    }

    /// What to tell those who ask whether we are ready.
    #[must_use]
    pub fn status(&self) -> Status {
        let phase = self.phase();
        let records_behind = if let Phase::CatchingUp { records_behind } = phase { records_behind } else { None };
        let (status, reason) = match phase {
            Phase::Stopping => ("stopping", "The service was asked to stop."),
            _ if !self.is_reachable() => {
                ("broker_unreachable", "No Kafka broker answers; the numbers stay as they were until one does.")
            }
            Phase::Connecting => ("connecting", "Looking whether the Kafka cluster has the topics we need."),
            Phase::Joining => ("joining", "Waiting for the consumer group to say who owns the partitions."),
            Phase::StandingBy => ("standing_by", "Another member of the consumer group owns the partitions."),
            Phase::CatchingUp { .. } => {
                ("catching_up", "Reading the records that were there when this member became the owner.")
            }
            Phase::Serving => ("ready", "Everything that was there at the assignment is in the numbers."),
        };
        Status { ready: status == "ready", status, reason: reason.to_owned(), records_behind }
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        // A phase is a plain value: whoever panicked while holding it cannot have left it half written.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_serving_owner_that_reaches_a_broker_is_ready() {
        let standing = Standing::default();
        for (phase, status, owner) in [
            (Phase::Connecting, "connecting", false),
            (Phase::Joining, "joining", false),
            (Phase::StandingBy, "standing_by", false),
            (Phase::CatchingUp { records_behind: Some(7) }, "catching_up", true),
            (Phase::Serving, "ready", true),
        ] {
            standing.enter(phase);
            let told = standing.status();
            assert_eq!((told.status, told.ready), (status, phase == Phase::Serving));
            assert_eq!(standing.shows_gauges(), phase == Phase::Serving);
            assert_eq!(standing.is_owner(), owner);
        }
    }

    #[test]
    fn an_unreachable_broker_is_told_but_the_gauges_stay() {
        let standing = Standing::default();
        standing.enter(Phase::Serving);
        assert!(standing.set_reachable(false));
        assert!(!standing.set_reachable(false), "no news");
        assert!(!standing.is_reachable());
        assert_eq!(standing.status().status, "broker_unreachable");
        assert!(!standing.status().ready);
        assert!(standing.shows_gauges());
        assert!(standing.set_reachable(true));
        assert!(standing.status().ready);
    }

    #[test]
    fn stopping_is_final() {
        let standing = Standing::default();
        standing.enter(Phase::Stopping);
        standing.enter(Phase::Serving);
        assert_eq!(standing.status().status, "stopping");
        assert!(!standing.shows_gauges());
    }

    #[test]
    fn the_json_says_how_far_it_is() {
        let standing = Standing::default();
        standing.enter(Phase::CatchingUp { records_behind: Some(120) });
        let json = serde_json::to_value(standing.status()).unwrap();
        assert_eq!(json["records_behind"], 120);
        standing.enter(Phase::Serving);
        assert!(serde_json::to_value(standing.status()).unwrap().get("records_behind").is_none());
    }
}
