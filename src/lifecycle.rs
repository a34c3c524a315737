//! Where this instance stands between its start and its end, and how it is asked to stop.

mod condition;
mod signals;
mod standing;

pub use condition::{Condition, Holding};
pub use signals::stop_on_signals;
pub use standing::{Phase, Standing, Status};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request to stop, shared by all threads. It is never taken back.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks everything to wind down.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
