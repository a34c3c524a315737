//! How the service is asked to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A request to stop, shared by all threads. It is never taken back.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    /// Held for a moment by whoever asks, so that nobody begins to wait just after the bell.
    door: Mutex<()>,
    bell: Condvar,
}

impl Stop {
    /// Asks everything to wind down.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::Release);
        drop(self.0.door.lock());
        self.0.bell.notify_all();
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.0.requested.load(Ordering::Acquire)
    }

    /// Waits so long, or until somebody asks. Only for threads that may stand still.
    pub fn rest(&self, time: Duration) {
        // Nothing lies behind the lock that a panic could have left half done.
        let door = self.0.door.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.bell.wait_timeout_while(door, time, |()| !self.requested()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_ends_when_somebody_asks() {
        let stop = Stop::default();
        stop.rest(Duration::from_millis(1));
        assert!(!stop.requested(), "nobody has asked");
        std::thread::scope(|scope| {
            let resting = scope.spawn(|| stop.rest(Duration::MAX));
            stop.request();
            assert!(resting.join().is_ok());
        });
        stop.rest(Duration::MAX);
    }
}
