//! Whether this instance is ready, and why not: written by the event loop, read at every probe and scrape.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::condition::{Condition, Holding};
use crate::model::time::{Clock, Time};

/// For how long the poll thread may stand still before the numbers are hidden: half of a session, so that they are hidden
/// long before another member can show them.
const STANDSTILL: Duration = Duration::from_secs(5);

/// What an instance does. It may go back from any of the middle ones to readiness by; `Stopping` is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// The cluster has not yet been found to be as we need it.
    Connecting,
    /// The consumer group has not yet given this member its part.
    Joining,
    /// Another member owns the partitions.
    StandingBy,
    /// This member owns the partitions and reads what was there when it became the owner.
    CatchingUp {
        /// Records still to read; unknown until the cluster has answered.
        records_behind: Option<u64>,
    },
    /// Everything that was there at the assignment is in the numbers.
    Serving,
    /// Asked to stop.
    Stopping,
}

/// What `/readyz` answers.
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

/// What the instance does, and what is wrong beside it.
#[derive(Debug)]
pub struct Readiness {
    state: Mutex<MemberState>,
    /// A bit for each condition that holds.
    conditions: AtomicU32,
    born: Instant,
    /// When the poll thread last showed that it lives, in milliseconds since then.
    beat_millis: AtomicU64,
    /// The same by the machine's clock, in Unix milliseconds. While a machine sleeps, or a virtual one is paused, nothing else
    /// goes on.
    beat_clock: AtomicI64,
}

/// What the poll thread learns of itself when it shows that it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// It stood still for long while the numbers were shown, upon which whoever decides must hide them.
    pub has_stood_still: bool,
    /// For so many milliseconds the machine slept, or by so many its clock was set forward; 0 where that is less than hides
    /// numbers.
    pub slept_millis: u64,
}

impl Default for Readiness {
    fn default() -> Readiness {
        let (state, born) = (Mutex::new(MemberState::Connecting), Instant::now());
        let beat_clock = AtomicI64::new(Clock::System.now().millis());
        Readiness { state, conditions: AtomicU32::new(0), born, beat_millis: AtomicU64::new(0), beat_clock }
    }
}

impl Readiness {
    /// What the instance does now.
    #[must_use]
    pub fn state(&self) -> MemberState {
        *self.lock()
    }

    /// Notes what the instance does; after `Stopping` nothing else is noted.
    pub fn enter(&self, state: MemberState) {
        let mut present = self.lock();
        if *present != MemberState::Stopping {
            *present = state;
        }
    }

    /// Notes whether a condition holds; answers whether that is news.
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

    /// The poll thread lives, at an instant.
    pub fn beat(&self, now: Instant) -> Beat {
        self.beat_by(now, Clock::System.now())
    }

    fn beat_by(&self, now: Instant, clock: Time) -> Beat {
        let has_stood_still = self.state() == MemberState::Serving && !self.shows_gauges_by(now, clock);
        if has_stood_still {
            // Before the beat: whoever looks between the two must not take this for a thread that lives.
            self.enter(MemberState::CatchingUp { records_behind: None });
        }
        let (age, passed) = (self.age(now), self.passed(clock));
        self.beat_clock.store(clock.millis(), Ordering::SeqCst);
        let slept = passed.saturating_sub(age.saturating_sub(self.beat_millis.swap(age, Ordering::SeqCst)));
        Beat { has_stood_still, slept_millis: if slept > millis(STANDSTILL) { slept } else { 0 } }
    }

    /// Whether the business gauges may be shown: this member owns the partitions, has caught up, and has not stood still
    /// for so long that another may own them without its knowing.
    #[must_use]
    pub fn shows_gauges(&self) -> bool {
        self.shows_gauges_at(Instant::now())
    }

    /// The same, at an instant.
    #[must_use]
    pub fn shows_gauges_at(&self, now: Instant) -> bool {
        self.shows_gauges_by(now, Clock::System.now())
    }

    fn shows_gauges_by(&self, now: Instant, clock: Time) -> bool {
        let beat = self.beat_millis.load(Ordering::SeqCst);
        let still = self.age(now).saturating_sub(beat).max(self.passed(clock));
        self.state() == MemberState::Serving && still <= millis(STANDSTILL)
    }

    /// How far the machine's clock has gone on since the last beat, in milliseconds; 0 if it went back.
    fn passed(&self, clock: Time) -> u64 {
        u64::try_from(clock.millis().saturating_sub(self.beat_clock.load(Ordering::SeqCst))).unwrap_or(0)
    }

    /// How old this is at an instant, in milliseconds.
    fn age(&self, now: Instant) -> u64 {
        millis(now.saturating_duration_since(self.born))
    }

    /// Whether this member owns the partitions.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        matches!(self.state(), MemberState::CatchingUp { .. } | MemberState::Serving)
    }

    /// What to answer those who ask whether we are ready.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = self.state();
        let holding: Vec<Condition> = Condition::ALL.into_iter().filter(|condition| self.holds(*condition)).collect();
        let stopped = holding.iter().find(|condition| condition.stops_numbers());
        let (status, reason) = match (state, stopped) {
            (MemberState::Stopping, _) => ("stopping", "The service was asked to stop."),
            (_, Some(condition)) => (condition.name(), condition.sentence()),
            (MemberState::Connecting, None) => {
                ("connecting", "Looking whether the Kafka cluster has the topics we need.")
            }
            (MemberState::Joining, None) => {
                ("joining", "Waiting for the consumer group to say who owns the partitions.")
            }
            (MemberState::StandingBy, None) => {
                ("standing_by", "Another member of the consumer group owns the partitions.")
            }
            (MemberState::CatchingUp { .. }, None) => {
                ("catching_up", "Reading the records that were there when this member became the owner.")
            }
            (MemberState::Serving, None) if !self.shows_gauges() => {
                ("standing_still", "The poll thread stands still; another member may own the partitions by now.")
            }
            (MemberState::Serving, None) => ("ready", "Everything that was there at the assignment is in the numbers."),
        };
        let records_behind = if let MemberState::CatchingUp { records_behind } = state { records_behind } else { None };
        let conditions = holding.into_iter().map(Holding::from).collect();
        Status { ready: status == "ready", status, reason, records_behind, conditions }
    }

    fn lock(&self) -> MutexGuard<'_, MemberState> {
        // A state is a plain value: whoever panicked while holding it cannot have left it half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        let readiness = Readiness::default();
        let later = Instant::now() + STANDSTILL * 2;
        readiness.enter(MemberState::Serving);
        assert!(readiness.shows_gauges() && !readiness.shows_gauges_at(later));
        assert!(readiness.beat(later).has_stood_still);
        assert_eq!((readiness.status().status, readiness.is_owner()), ("catching_up", true));
        readiness.enter(MemberState::Serving);
        assert_eq!(readiness.beat(later), Beat { has_stood_still: false, slept_millis: 0 });
        assert!(readiness.shows_gauges() && readiness.status().ready);
    }

    /// A machine's sleep stops the clock of instants as well as the thread, so that neither knows of it.
    #[test]
    fn a_machine_that_has_slept_shows_nothing_until_the_thread_lives_again() {
        let readiness = Readiness::default();
        let (now, clock) = (Instant::now(), Clock::System.now());
        readiness.enter(MemberState::Serving);
        assert_eq!(readiness.beat_by(now, clock), Beat { has_stood_still: false, slept_millis: 0 });
        let moment = Duration::from_millis(20);
        let [little, much] = [5_000, 3_600_000].map(|slept| clock.plus(slept));
        assert!(readiness.shows_gauges_by(now + moment, little));
        assert!(!readiness.shows_gauges_by(now + moment, much));
        let woken = readiness.beat_by(now + moment, much);
        assert_eq!(woken, Beat { has_stood_still: true, slept_millis: 3_599_980 });
        assert_eq!(readiness.status().status, "catching_up");
        readiness.enter(MemberState::Serving);
        assert!(readiness.shows_gauges_by(now + moment, much));
        // A clock that is set back has not slept.
        let back = readiness.beat_by(now + moment * 2, clock);
        assert_eq!(back, Beat { has_stood_still: false, slept_millis: 0 });
        assert!(readiness.shows_gauges_by(now + moment * 2, clock));
    }

    /// A thread that stands still while the clock goes on has not slept.
    #[test]
    fn standing_still_is_not_sleeping() {
        let readiness = Readiness::default();
        let (now, clock) = (Instant::now(), Clock::System.now());
        readiness.beat_by(now, clock);
        let minute = readiness.beat_by(now + Duration::from_secs(60), clock.plus(60_000));
        assert_eq!(minute.slept_millis, 0);
    }

    #[test]
    fn only_a_serving_owner_that_reaches_a_broker_is_ready() {
        let readiness = Readiness::default();
        for (state, status, owner) in [
            (MemberState::Connecting, "connecting", false),
            (MemberState::Joining, "joining", false),
            (MemberState::StandingBy, "standing_by", false),
            (MemberState::CatchingUp { records_behind: Some(7) }, "catching_up", true),
            (MemberState::Serving, "ready", true),
        ] {
            readiness.enter(state);
            let told = readiness.status();
            assert_eq!((told.status, told.ready), (status, state == MemberState::Serving));
            assert_eq!(readiness.shows_gauges(), state == MemberState::Serving);
            assert_eq!(readiness.is_owner(), owner);
        }
    }

    #[test]
    fn what_stops_the_numbers_is_no_readiness_but_the_gauges_stay() {
        for condition in [Condition::BrokerUnreachable, Condition::ReadingStopped] {
            let readiness = Readiness::default();
            readiness.enter(MemberState::Serving);
            assert!(readiness.set(condition, true));
            assert!(!readiness.set(condition, true), "no news");
            assert!(readiness.holds(condition));
            assert_eq!(readiness.status().status, condition.name());
            assert!(!readiness.status().ready);
            assert!(readiness.shows_gauges());
            assert!(readiness.set(condition, false));
            assert!(!readiness.set(condition, false), "no news");
            assert!(readiness.status().ready);
        }
    }

    #[test]
    fn what_does_not_stop_the_numbers_is_told_beside_them() {
        let readiness = Readiness::default();
        readiness.enter(MemberState::Serving);
        let others = Condition::ALL.into_iter().filter(|condition| !condition.stops_numbers());
        others.for_each(|condition| assert!(readiness.set(condition, true)));
        let status = readiness.status();
        assert_eq!((status.ready, status.status), (true, "ready"));
        let names: Vec<&str> = status.conditions.iter().map(|holding| holding.condition).collect();
        assert_eq!(
            names,
            [
                "dead_letters_waiting",
                "snapshots_failing",
                "snapshot_slow",
                "records_missing",
                "older_contract",
                "clock_behind",
                "foreign_member",
                "unreadable_records",
                "unverified_log",
                "series_limit",
                "web_config"
            ]
        );
        readiness.set(Condition::SnapshotSlow, false);
        assert_eq!(readiness.status().conditions.len(), 10, "one ends without the others");
    }

    #[test]
    fn stopping_is_final() {
        let readiness = Readiness::default();
        readiness.enter(MemberState::Stopping);
        readiness.enter(MemberState::Serving);
        assert_eq!(readiness.status().status, "stopping");
        assert!(!readiness.shows_gauges());
    }

    #[test]
    fn the_json_says_how_far_it_is_and_what_is_wrong() {
        let readiness = Readiness::default();
        readiness.enter(MemberState::CatchingUp { records_behind: Some(120) });
        let json = serde_json::to_value(readiness.status()).unwrap();
        assert_eq!(json["records_behind"], 120);
        readiness.enter(MemberState::Serving);
        let json = serde_json::to_value(readiness.status()).unwrap();
        assert!(json.get("records_behind").is_none());
        assert_eq!(json["conditions"], serde_json::json!([]));
        readiness.set(Condition::RecordsMissing, true);
        let json = serde_json::to_value(readiness.status()).unwrap();
        assert_eq!(json["conditions"][0]["condition"], "records_missing");
        assert_eq!(json["conditions"][0]["reason"], Condition::RecordsMissing.sentence());
    }
}
