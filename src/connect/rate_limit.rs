//! So many calls in a time, and no more.

use std::collections::VecDeque;

use super::exchange::Exchange;
use crate::model::time::Time;

/// The calls of the last moments, of which a vendor allows so many.
#[derive(Debug)]
pub(super) struct RateLimit {
    most: usize,
    window_ms: i64,
    calls: VecDeque<Time>,
}

impl RateLimit {
    /// At most so many calls in so many milliseconds.
    pub(super) const fn new(most: usize, window_ms: i64) -> RateLimit {
        RateLimit { most, window_ms, calls: VecDeque::new() }
    }

    /// Counts a call that is made now.
    ///
    /// # Errors
    /// How many milliseconds must pass first, if there were too many.
    pub(super) fn take(&mut self, now: Time) -> Result<(), i64> {
        while self.calls.front().is_some_and(|call| now.since(*call) > self.window_ms) {
            self.calls.pop_front();
        }
        match self.calls.front().filter(|_| self.calls.len() >= self.most) {
            Some(first) => Err(self.window_ms - now.since(*first) + 1),
            None => {
                self.calls.push_back(now);
                Ok(())
            }
        }
    }

    /// Moves the last call to the instant of its answer: it came to the vendor at any time until then, so that only whoever
    /// counts from there keeps the limit whatever the network does.
    pub(super) fn answered(&mut self, now: Time) {
        if let Some(last) = self.calls.back_mut() {
            *last = now;
        }
    }

    /// Waits until a call is allowed, and counts it.
    pub(super) fn wait(&mut self, exchange: &mut dyn Exchange) {
        while let Err(wait_ms) = self.take(exchange.now()) {
            exchange.pause(wait_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_until_the_first_of_the_window_has_left_it() {
        let mut limit = RateLimit::new(2, 100);
        let mut at = |millis| limit.take(Time::from_millis(millis));
        assert_eq!([at(0), at(40), at(60)], [Ok(()), Ok(()), Err(41)]);
        assert_eq!([at(100), at(101), at(102)], [Err(1), Ok(()), Err(39)]);
        assert_eq!(at(500), Ok(()));
    }

    #[test]
    fn a_call_counts_from_its_answer_on() {
        let (mut limit, at) = (RateLimit::new(2, 100), Time::from_millis);
        for (sent, answered) in [(0, 80), (81, 90)] {
            assert_eq!(limit.take(at(sent)), Ok(()));
            limit.answered(at(answered));
        }
        // The first may have come at 80, and this one comes at once.
        assert_eq!([at(101), at(180), at(181)].map(|now| limit.take(now)), [Err(80), Err(1), Ok(())]);
    }
}
