//! The one place that reads the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Time;

/// Where "now" comes from: the machine, an instant at which it stands still, or hands that somebody moves.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant: replays, back-tests and tests.
    Fixed(Time),
    /// Where its hands stand: tests of what a clock that jumps does.
    Hands(&'static Hands),
}

/// The hands of a clock, which may be moved forward and back.
#[derive(Debug)]
pub struct Hands(AtomicI64);

impl Hands {
    /// Hands that stand at an instant.
    #[must_use]
    pub const fn at(time: Time) -> Hands {
        Hands(AtomicI64::new(time.0))
    }

    /// Moves them.
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
            Clock::Hands(hands) => Time(hands.0.load(Ordering::SeqCst)),
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
