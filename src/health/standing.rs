//! Where this instance stands: written by the pipeline, read at every probe and scrape.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::condition::{Condition, Holding};

/// For how long the poll thread may stand still before the numbers are hidden: half of a session, so that they are hidden
/// long before another member can show them.
const STANDSTILL: Duration = Duration::from_secs(5);

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
    pub reason: &'static str,
    /// How many records are still to be read, while catching up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_behind: Option<u64>,
    /// Everything that is wrong, whether it makes the instance not ready or not.
    pub conditions: Vec<Holding>,
}

/// The phase, and what is wrong beside it.
#[derive(Debug)]
pub struct Standing {
    phase: Mutex<Phase>,
    /// A bit for each condition that holds.
    conditions: AtomicU8,
    born: Instant,
    /// When the poll thread last showed that it lives, in milliseconds since then.
    beat_millis: AtomicU64,
}

impl Default for Standing {
    fn default() -> Standing {
        let (phase, born) = (Mutex::new(Phase::Connecting), Instant::now());
        Standing { phase, conditions: AtomicU8::new(0), born, beat_millis: AtomicU64::new(0) }
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

    /// Notes whether a condition holds; tells whether that is news.
    pub fn set(&self, condition: Condition, holds: bool) -> bool {
        let bit = condition.bit();
        let before = if holds {
            self.conditions.fetch_or(bit, Ordering::Relaxed)
        } else {
            self.conditions.fetch_and(!bit, Ordering::Relaxed)
        };
        (before & bit != 0) != holds
    }

    /// Whether a condition holds.
    #[must_use]
    pub fn holds(&self, condition: Condition) -> bool {
        self.conditions.load(Ordering::Relaxed) & condition.bit() != 0
    }

    /// The poll thread lives. If it stood still for long while the numbers were shown, they are hidden from now on, and the
    /// answer is yes.
    pub fn beat(&self) -> bool {
        // Whoever is stopped after this line has not beaten when it goes on.
        let now = self.born.elapsed();
        let has_stood_still = !self.shows_gauges() && self.phase() == Phase::Serving;
        if has_stood_still {
            self.enter(Phase::CatchingUp { records_behind: None });
        }
        self.beat_millis.store(millis(now), Ordering::SeqCst);
        has_stood_still
    }

    /// How long ago the poll thread last showed that it lives.
    fn pulse(&self) -> Duration {
        let beat = Duration::from_millis(self.beat_millis.load(Ordering::SeqCst));
        self.born.elapsed().saturating_sub(beat)
    }

    /// Whether the business gauges may be shown: this member owns the partitions, has caught up, and has not stood still
    /// for so long that another may own them without its knowing.
    #[must_use]
    pub fn shows_gauges(&self) -> bool {
        self.phase() == Phase::Serving && self.pulse() <= STANDSTILL
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
        let holding: Vec<Condition> = Condition::ALL.into_iter().filter(|condition| self.holds(*condition)).collect();
        let stopped = holding.iter().find(|condition| condition.stops_numbers());
        let (status, reason) = match (phase, stopped) {
            (Phase::Stopping, _) => ("stopping", "The service was asked to stop."),
            (_, Some(condition)) => (condition.name(), condition.sentence()),
            (Phase::Connecting, None) => ("connecting", "Looking whether the Kafka cluster has the topics we need."),
            (Phase::Joining, None) => ("joining", "Waiting for the consumer group to say who owns the partitions."),
            (Phase::StandingBy, None) => ("standing_by", "Another member of the consumer group owns the partitions."),
            (Phase::CatchingUp { .. }, None) => {
                ("catching_up", "Reading the records that were there when this member became the owner.")
            }
            (Phase::Serving, None) if !self.shows_gauges() => {
                ("standing_still", "The poll thread stands still; another member may own the partitions by now.")
            }
            (Phase::Serving, None) => ("ready", "Everything that was there at the assignment is in the numbers."),
        };
        let records_behind = if let Phase::CatchingUp { records_behind } = phase { records_behind } else { None };
        let conditions = holding.into_iter().map(Holding::from).collect();
        Status { ready: status == "ready", status, reason, records_behind, conditions }
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        // A phase is a plain value: whoever panicked while holding it cannot have left it half written.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_that_stands_still_shows_nothing_until_it_lives_again() {
        let born = Instant::now().checked_sub(STANDSTILL * 2).unwrap();
        let standing = Standing { born, ..Standing::default() };
        standing.enter(Phase::Serving);
        assert!(!standing.shows_gauges());
        assert_eq!((standing.status().status, standing.status().ready), ("standing_still", false));
        assert!(standing.beat(), "it has stood still");
        assert_eq!((standing.status().status, standing.is_owner()), ("catching_up", true));
        standing.enter(Phase::Serving);
        assert!(!standing.beat());
        assert!(standing.shows_gauges() && standing.status().ready);
    }

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
    fn what_stops_the_numbers_is_no_readiness_but_the_gauges_stay() {
        for condition in [Condition::BrokerUnreachable, Condition::ReadingStopped] {
            let standing = Standing::default();
            standing.enter(Phase::Serving);
            assert!(standing.set(condition, true));
            assert!(!standing.set(condition, true), "no news");
            assert!(standing.holds(condition));
            assert_eq!(standing.status().status, condition.name());
            assert!(!standing.status().ready);
            assert!(standing.shows_gauges());
            assert!(standing.set(condition, false));
            assert!(!standing.set(condition, false), "no news");
            assert!(standing.status().ready);
        }
    }

    #[test]
    fn what_does_not_stop_the_numbers_is_told_beside_them() {
        let standing = Standing::default();
        standing.enter(Phase::Serving);
        let others = Condition::ALL.into_iter().filter(|condition| !condition.stops_numbers());
        others.for_each(|condition| assert!(standing.set(condition, true)));
        let status = standing.status();
        assert_eq!((status.ready, status.status), (true, "ready"));
        let names: Vec<&str> = status.conditions.iter().map(|holding| holding.condition).collect();
        assert_eq!(
            names,
            ["dead_letters_waiting", "snapshots_failing", "snapshot_slow", "records_missing", "clock_behind"]
        );
        standing.set(Condition::SnapshotSlow, false);
        assert_eq!(standing.status().conditions.len(), 4, "one ends without the others");
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
    fn the_json_says_how_far_it_is_and_what_is_wrong() {
        let standing = Standing::default();
        standing.enter(Phase::CatchingUp { records_behind: Some(120) });
        let json = serde_json::to_value(standing.status()).unwrap();
        assert_eq!(json["records_behind"], 120);
        standing.enter(Phase::Serving);
        let json = serde_json::to_value(standing.status()).unwrap();
        assert!(json.get("records_behind").is_none());
        assert_eq!(json["conditions"], serde_json::json!([]));
        standing.set(Condition::RecordsMissing, true);
        let json = serde_json::to_value(standing.status()).unwrap();
        assert_eq!(json["conditions"][0]["condition"], "records_missing");
        assert_eq!(json["conditions"][0]["reason"], Condition::RecordsMissing.sentence());
    }
}
