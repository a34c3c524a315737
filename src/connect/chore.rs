//! What is done now and then, not in each cycle.

use crate::model::time::Time;

/// Something that is done again when so much time has passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chore {
    every_ms: i64,
    done_at: Option<Time>,
}

impl Chore {
    /// One that is due at once, and then after so many milliseconds each time.
    pub(super) const fn new(every_ms: i64) -> Chore {
        Chore { every_ms, done_at: None }
    }

    /// Lets the time run from here on, unless it runs already.
    pub(super) fn begin(&mut self, now: Time) {
        let _ = self.done_at.get_or_insert(now);
    }

    /// Whether it is to be done now.
    pub(super) fn is_due(&self, now: Time) -> bool {
        self.done_at.is_none_or(|last| now.since(last) >= self.every_ms)
    }

    /// Notes that it was done.
    pub(super) fn done(&mut self, now: Time) {
        self.done_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_at_once_or_after_its_time_and_stays_due_until_it_is_done() {
        let at = Time::from_millis;
        let mut chore = Chore::new(100);
        assert!(chore.is_due(at(0)) && chore.is_due(at(1)), "nobody has done it");
        chore.done(at(1));
        assert_eq!([at(2), at(100), at(101)].map(|now| chore.is_due(now)), [false, false, true]);
        let mut later = Chore::new(100);
        later.begin(at(50));
        later.begin(at(90));
        assert_eq!([at(50), at(149), at(150)].map(|now| later.is_due(now)), [false, false, true]);
    }
}
