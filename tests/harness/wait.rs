//! The one place where a test waits.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(10);
/// What passes between two looks counts as so much at most: a virtual machine that was paused for a minute, and with it
/// whatever is waited for, has not waited that long.
const MOST_BETWEEN: Duration = Duration::from_secs(10);

/// Waits until the condition holds and answers what it found.
///
/// Panics with `what` if that takes longer than `deadline`.
pub(crate) fn wait_until<T>(what: &str, deadline: Duration, condition: impl FnMut() -> Option<T>) -> T {
    wait_looking(POLL, what, deadline, condition)
}

/// The same for what does not last: it is looked for every millisecond.
pub(crate) fn wait_closely<T>(what: &str, deadline: Duration, condition: impl FnMut() -> Option<T>) -> T {
    wait_looking(Duration::from_millis(1), what, deadline, condition)
}

fn wait_looking<T>(poll: Duration, what: &str, deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let (mut waited, mut looked) = (Duration::ZERO, Instant::now());
    loop {
        if let Some(found) = condition() {
            return found;
        }
        waited += looked.elapsed().min(MOST_BETWEEN);
        looked = Instant::now();
        assert!(waited < deadline, "not within {deadline:?}: {what}");
        std::thread::park_timeout(poll);
    }
}
