//! A log line that may come thousands of times a second, or for a whole night, is written once in a while, with the count.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a kind of occurrence is quiet after it was logged for the first time; each time after that twice as long.
const QUIET: Duration = Duration::from_secs(10);
/// At most so long. What has not occurred at all for so long is logged as if for the first time.
const LONGEST_QUIET: Duration = Duration::from_secs(600);
/// How many kinds are kept apart; there are never nearly as many, but their names come from elsewhere.
const MOST_KINDS: usize = 64;

/// Lets one occurrence through and counts the others for a pause that grows as long as there are any.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    logged_at: Option<Instant>,
    occurred_at: Option<Instant>,
    pause: Duration,
    suppressed: u64,
}

impl LogThrottle {
    /// `Some(n)` if this occurrence is to be logged, where `n` earlier ones were not.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |at: Option<Instant>| at.map(|at| now.duration_since(at));
        let (logged, occurred) = (since(state.logged_at), since(state.occurred_at));
        state.occurred_at = Some(now);
        if occurred.is_none_or(|occurred| occurred >= LONGEST_QUIET) {
            state.pause = QUIET;
        } else if logged.is_some_and(|logged| logged < state.pause) {
            state.suppressed += 1;
            return None;
        } else {
            state.pause = (state.pause * 2).min(LONGEST_QUIET);
        }
        state.logged_at = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

/// The same for each of a few kinds, by their names.
#[derive(Debug, Default)]
pub struct LogThrottles(Mutex<BTreeMap<String, LogThrottle>>);

impl LogThrottles {
    /// `Some(n)` if this occurrence is to be logged, where `n` earlier ones of its kind were not.
    pub fn pass(&self, kind: &str) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = if kinds.len() < MOST_KINDS || kinds.contains_key(kind) { kind } else { "" };
        kinds.entry(kind.to_owned()).or_default().pass()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which occurrences at these seconds are logged.
    fn logged(seconds: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
        let (throttle, start) = (LogThrottle::default(), Instant::now());
        seconds.filter_map(|at| Some((at, throttle.pass_at(start + Duration::from_secs(at))?))).collect()
    }

    #[test]
    fn the_pause_grows_while_it_occurs_and_the_others_are_counted() {
        let expected = [(0, 0), (10, 9), (30, 19), (70, 39), (150, 79), (310, 159), (630, 319)];
        assert_eq!(logged(0..1_000), expected);
        let hours = logged(0..3 * 3_600).len();
        assert!(hours < 7 + 3 * 6 + 1, "{hours} lines in three hours");
    }

    #[test]
    fn what_occurs_once_a_minute_is_logged_ever_more_rarely_too() {
        let logged: Vec<u64> = logged((0..60).map(|minute| minute * 60)).into_iter().map(|(at, _)| at).collect();
        assert_eq!(logged, [0, 60, 120, 180, 300, 480, 840, 1_440, 2_040, 2_640, 3_240]);
    }

    #[test]
    fn after_a_long_quiet_it_is_news_again() {
        let again = [0, 1, 10, 30, 31, 700, 701, 710];
        assert_eq!(logged(again.into_iter()), [(0, 0), (10, 1), (30, 0), (700, 1), (710, 1)]);
    }

    #[test]
    fn kinds_do_not_silence_each_other() {
        let kinds = LogThrottles::default();
        assert_eq!((kinds.pass("a"), kinds.pass("b"), kinds.pass("a")), (Some(0), Some(0), None));
        let logged = (0..1_000).filter(|number| kinds.pass(&number.to_string()).is_some()).count();
        assert_eq!(logged, MOST_KINDS - 1, "all that are too many are one kind");
    }
}
