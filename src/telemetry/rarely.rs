//! A log line that may come thousands of times a second is told once in a while, with the count.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a kind of occurrence is quiet after it was told.
const QUIET: Duration = Duration::from_secs(10);

/// Lets one occurrence in ten seconds through and counts the others.
#[derive(Debug, Default)]
pub struct Rarely(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told_at: Option<Instant>,
    untold: u64,
}

impl Rarely {
    /// `Some(n)` if this occurrence is to be told, where `n` earlier ones were not.
    pub fn tell(&self) -> Option<u64> {
        self.tell_at(Instant::now())
    }

    fn tell_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told_at.is_some_and(|told_at| now.duration_since(told_at) < QUIET) {
            state.untold += 1;
            return None;
        }
        state.told_at = Some(now);
        Some(std::mem::take(&mut state.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_ten_seconds_with_the_count_of_the_others() {
        let rarely = Rarely::default();
        let start = Instant::now();
        assert_eq!(rarely.tell_at(start), Some(0));
        assert_eq!(rarely.tell_at(start + Duration::from_secs(1)), None);
        assert_eq!(rarely.tell_at(start + Duration::from_secs(9)), None);
        assert_eq!(rarely.tell_at(start + Duration::from_secs(10)), Some(2));
        assert_eq!(rarely.tell_at(start + Duration::from_secs(20)), Some(0));
    }
}
