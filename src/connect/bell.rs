//! How soon a ring begins a cycle: at once, unless it rings much.
//!
//! Each cycle that a ring has begun costs one of a number of credits, which come back one after the other. So a change is
//! read within moments where people work, and an import of thousands of records, each of which rings, does not use up the
//! calls of the day.

use crate::model::time::{SECOND, Time};

/// How many rings begin a cycle at once after a time of silence.
const CREDITS: i64 = 30;
/// How soon one of them is there again.
const RETURNS: i64 = 10 * SECOND;
/// Between the beginnings of two cycles.
const SHORTEST: i64 = SECOND;

/// What a source may still be rung.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bell {
    /// When all credits are there again.
    full_at: Time,
}

impl Bell {
    /// With all credits.
    pub(super) const fn new() -> Bell {
        Bell { full_at: Time::from_millis(i64::MIN) }
    }

    /// From when on a ring may begin a cycle after one that began at this instant.
    pub(super) fn earliest(&self, began: Time) -> Time {
        let has_one = self.full_at.plus(-(CREDITS - 1) * RETURNS);
        began.plus(SHORTEST).max(has_one)
    }

    /// A ring has begun a cycle.
    pub(super) fn answered(&mut self, now: Time) {
        self.full_at = self.full_at.max(now).plus(RETURNS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_heard_at_once_until_there_are_many() {
        let (mut bell, mut now, mut begun) = (Bell::new(), Time::from_millis(1_767_571_200_000), Vec::new());
        let first = now;
        while now.since(first) < 600 * SECOND {
            begun.push(now.since(first));
            bell.answered(now);
            now = bell.earliest(now);
        }
        let pauses: Vec<i64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses[..29], [SECOND; 29], "one after the other");
        assert!(pauses[34..].iter().all(|pause| *pause == RETURNS), "{pauses:?}");
        assert_eq!(begun.len(), 89, "thirty, and one for each ten seconds");
        now = now.plus(CREDITS * RETURNS);
        assert_eq!(bell.earliest(now), now.plus(SHORTEST), "after a time of silence all are there again");
    }
}
