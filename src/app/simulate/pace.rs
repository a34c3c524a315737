//! How fast records are produced: so many a second, or as the clock reaches the instants at which they arrive.

use std::time::{Duration, Instant};

use crate::health::Stop;
use crate::model::time::{Clock, Time};

/// The longest wait at once; then the clock is read again, which somebody may have set, and whether to stop.
const LONGEST_WAIT: Duration = Duration::from_millis(200);
/// Records are counted in spans of this length, so that a rate of a million a second does not mean a million waits.
const SPAN: Duration = Duration::from_millis(10);

/// When the next record is due.
#[derive(Debug)]
pub(in crate::app) struct Pace {
    rate: Option<u64>,
    clock: Option<Clock>,
    started: Instant,
    produced: u64,
}

impl Pace {
    /// At most `rate` records a second; and none before `clock` has come to its arrival.
    pub(in crate::app) fn new(rate: Option<u64>, clock: Option<Clock>) -> Pace {
        Pace { rate, clock, started: Instant::now(), produced: 0 }
    }

    /// Whether it is too early for the next record, which is counted here.
    pub(in crate::app) fn must_wait(&mut self, produced_at: Time) -> bool {
        self.produced += 1;
        self.too_soon() > Duration::ZERO || self.clock.is_some_and(|clock| clock.now() < produced_at)
    }

    /// Waits until the record is due, or somebody stops it.
    pub(in crate::app) fn wait(&self, produced_at: Time, stop: &Stop) {
        while self.too_soon() > Duration::ZERO && !stop.requested() {
            std::thread::sleep(self.too_soon().min(LONGEST_WAIT));
        }
        while let Some(early) =
            self.clock.map(|clock| produced_at.since(clock.now())).filter(|early| *early > 0 && !stop.requested())
        {
            std::thread::sleep(Duration::from_millis(early.unsigned_abs()).min(LONGEST_WAIT));
        }
    }

    /// How much more time the records so far should have taken; less than a span is nothing.
    fn too_soon(&self) -> Duration {
        let Some(rate) = self.rate else { return Duration::ZERO };
        let due = Duration::from_nanos(
            u64::try_from(u128::from(self.produced) * 1_000_000_000 / u128::from(rate)).unwrap_or(u64::MAX),
        );
        let early = due.saturating_sub(self.started.elapsed());
        if early < SPAN { Duration::ZERO } else { early }
    }
}
