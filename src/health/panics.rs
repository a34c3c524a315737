//! Panics are bugs and are logged as such, but for the one kind that we expect and catch.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use tracing::error;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls `work`; `None` if it panicked, of which nothing is told. For calls into crates that panic at input that others
/// may send us; `work` must not leave anything half changed.
pub fn quietly<R>(work: impl FnOnce() -> R) -> Option<R> {
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    result.ok()
}

/// Logs panics from here on, one line each with the place.
pub(super) fn log_them() {
    panic::set_hook(Box::new(|panic| {
        if !QUIET.get() {
            let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
            error!(thread, "panic: {panic}");
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught() {
        assert_eq!(quietly(|| 1), Some(1));
        assert_eq!(quietly(|| "x".parse::<u8>().unwrap()), None);
        assert!(!QUIET.get());
    }
}
