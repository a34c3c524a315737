//! The one place that reads the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Time;

/// Where "now" comes from: the machine, an instant at which it stands still, or one that somebody sets.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant: replays, back-tests and tests.
    Fixed(Time),
    /// Where somebody set it: tests of what a clock that jumps does.
    Manual(&'static ManualClock),
}

/// A clock that is set by hand, forward and back.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// One that stands at an instant.
    #[must_use]
    pub const fn at(time: Time) -> ManualClock {
        ManualClock(AtomicI64::new(time.0))
    }

    /// Sets it.
    pub fn set(&self, time: Time) {
        self.0.store(time.0, Ordering::SeqCst);
    }
}

impl Clock {
    /// The present instant.
    #[must_use]
    pub fn now(self) -> Time {
        match self {
            Clock::Fixed(time) => time,
            Clock::Manual(manual) => Time(manual.0.load(Ordering::SeqCst)),
            Clock::System => system_now(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn system_now() -> Time {
    let now = SystemTime::now();
    let millis = match now.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    };
    Time(millis)
}
