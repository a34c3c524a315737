//! The instant at which the numbers hold.
//!
//! It is the clock's, but for one thing: **the horizon never goes back**. What lies behind it may be forgotten, so at an
//! earlier instant the numbers would lack what a replay counts. A clock that goes back over a move of the horizon is
//! therefore followed only as far as that move, and computed at that instant the numbers are right.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::model::rules::Rules;
use crate::model::time::{Clock, MINUTE, Time};

/// How far the clock may be behind the instant of the numbers before the service ends, in milliseconds: more than a clock
/// that is corrected now and then ever is.
pub const PATIENCE: i64 = 5 * MINUTE;

/// A clock whose horizon never goes back, shared by all who give the shards the time.
#[derive(Debug)]
pub struct HorizonClock {
    clock: Clock,
    rules: Arc<Rules>,
    /// The latest horizon that anybody was given, in Unix milliseconds.
    horizon: AtomicI64,
}

impl HorizonClock {
    /// The present by a clock.
    #[must_use]
    pub fn new(clock: Clock, rules: Arc<Rules>) -> HorizonClock {
        HorizonClock { clock, rules, horizon: AtomicI64::new(i64::MIN) }
    }

    /// The present instant: never one whose horizon lies before that of an instant which was given earlier.
    #[must_use]
    pub fn now(&self) -> Time {
        self.follow(self.clock.now())
    }

    /// How far the clock is behind the present instant, in milliseconds; 0 unless it went back over a move of the horizon.
    #[must_use]
    pub fn ahead_millis(&self) -> i64 {
        let clock = self.clock.now();
        self.follow(clock).since(clock)
    }

    /// Whether somebody was given a later horizon since an instant was given: then what counts at that instant may
    /// be forgotten meanwhile.
    #[must_use]
    pub fn has_left(&self, now: Time) -> bool {
        self.rules.horizon(now).millis() < self.horizon.load(Ordering::SeqCst)
    }

    fn follow(&self, clock: Time) -> Time {
        let horizon = self.rules.horizon(clock).millis();
        let latest = self.horizon.fetch_max(horizon, Ordering::SeqCst).max(horizon);
        if horizon == latest { clock } else { self.rules.first_with_horizon(Time::from_millis(latest)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Settings};
    use crate::model::time::{DAY, HOUR, ManualClock};

    const MIDNIGHT: Time = Time::from_millis(1_781_481_600_000);

    fn present(retention: i64) -> (HorizonClock, &'static ManualClock) {
        let manual: &'static ManualClock = Box::leak(Box::new(ManualClock::at(MIDNIGHT)));
        let mut settings = Settings::defaults().unwrap();
        settings.lay_toml("org.reporting_currency = \"CNY\"", "test").unwrap();
        let rules = Config::new(&settings, String::new).unwrap().rules;
        (HorizonClock::new(Clock::Manual(manual), Arc::new(Rules { retention, ..rules })), manual)
    }

    #[test]
    fn a_clock_is_followed_back_until_the_horizon_would_move() {
        let (present, manual) = present(30 * DAY);
        for (clock, told) in [(5 * HOUR, 5 * HOUR), (HOUR, HOUR), (0, 0), (-1, 0), (-DAY, 0), (HOUR, HOUR), (DAY, DAY)]
        {
            manual.set(MIDNIGHT.plus(clock));
            assert_eq!(present.now(), MIDNIGHT.plus(told));
            assert_eq!(present.ahead_millis(), told - clock);
        }
        manual.set(MIDNIGHT);
        assert_eq!(present.now(), MIDNIGHT.plus(DAY), "a day later");
    }

    #[test]
    fn the_horizon_moves_when_the_retention_says_so_and_not_at_midnight() {
        let (present, manual) = present(30 * DAY + HOUR);
        manual.set(MIDNIGHT.plus(2 * HOUR));
        assert_eq!(present.now(), MIDNIGHT.plus(2 * HOUR));
        manual.set(MIDNIGHT);
        assert_eq!(present.now(), MIDNIGHT.plus(HOUR));
        assert_eq!(present.ahead_millis(), HOUR);
    }

    #[test]
    fn an_instant_is_left_when_a_later_horizon_is_told() {
        let (present, manual) = present(30 * DAY);
        let told = present.now();
        manual.set(MIDNIGHT.plus(DAY - 1));
        let _ = present.now();
        assert!(!present.has_left(told), "the horizon is the same");
        manual.set(MIDNIGHT.plus(DAY));
        let later = present.now();
        assert!(present.has_left(told));
        assert!(!present.has_left(later));
    }
}
