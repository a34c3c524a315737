//! Panics are bugs and are logged as such, but for the one kind that we expect and catch.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use tracing::error;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls `work`; `None` if it panicked, of which nothing is reported. For calls into crates that panic at input that others
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
            let place = panic.location().map(|at| format!("{}:{}:{}", within_crate(at.file()), at.line(), at.column()));
            let payload = panic.payload();
            let reason = payload.downcast_ref::<&str>().copied();
            let reason = reason.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason");
            error!(thread, place, "panic: {reason}");
        }
    }));
}

/// A file of a crate, without the path on the machine that built it.
fn within_crate(file: &str) -> &str {
    match file.split_once("/registry/src/") {
        Some((_, crates)) => crates.split_once('/').map_or(crates, |(_, file)| file),
        None => file.split_once("/library/").map_or(file, |(_, file)| file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_nothing_of_who_built_it() {
        for (file, shown) in [
            ("src/health/panics.rs", "src/health/panics.rs"),
            ("/somebody/.cargo/registry/src/index.crates.io-1949cf8c/axum-0.8.4/src/lib.rs", "axum-0.8.4/src/lib.rs"),
            ("/rustc/0123abcd/library/core/src/option.rs", "core/src/option.rs"),
        ] {
            assert_eq!(within_crate(file), shown);
        }
    }

    #[test]
    fn a_panic_is_caught() {
        assert_eq!(quietly(|| 1), Some(1));
        assert_eq!(quietly(|| "x".parse::<u8>().unwrap()), None);
        assert!(!QUIET.get());
    }
}
