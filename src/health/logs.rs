//! Logs go to standard error: for people on a terminal, as JSON lines otherwise.

use std::io::{self, IsTerminal};

use tracing::Level;
use tracing_subscriber::EnvFilter;

use super::panics;

/// Starts logging from `level` on unless `RUST_LOG` says otherwise, panics included. Only the first call of a process
/// has an effect, so that tests may call it freely.
pub fn start(level: Level) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level.as_str()));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if io::stderr().is_terminal() { logs.try_init() } else { logs.json().flatten_event(true).try_init() };
    if started.is_ok() {
        panics::log_them();
    }
}
