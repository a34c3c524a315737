//! Logs go to standard error: for people on a terminal, as JSON lines otherwise.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Level, error};
use tracing_subscriber::EnvFilter;

use super::panics;

/// Whether what stands on standard error is JSON lines, so that nothing else may stand there.
static IN_JSON: AtomicBool = AtomicBool::new(false);

/// Starts logging from `level` on unless `RUST_LOG` says otherwise, panics included. Only the first call of a process
/// has an effect, so that tests may call it freely.
pub fn start(level: Level) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level.as_str()));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let in_json = !io::stderr().is_terminal();
    let started = if in_json { logs.json().flatten_event(true).try_init() } else { logs.try_init() };
    if started.is_ok() {
        IN_JSON.store(in_json, Ordering::Relaxed);
        panics::log_them();
    }
}

/// Logs why the program ends, as one line like all others; false if the logs are not JSON lines or leave errors out, so that
/// it has to be said otherwise.
#[must_use]
pub fn end_with(reason: &str, exit_code: u8) -> bool {
    let is_said = IN_JSON.load(Ordering::Relaxed) && tracing::enabled!(Level::ERROR);
    if is_said {
        error!(exit_code, "{reason}");
    }
    is_said
}
