//! SIGINT and SIGTERM: the first winds down, the second is a hard exit.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::Stop;

/// By the shell's convention a process that a signal ended exits with 128 + the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

/// Requests `stop` at the first SIGINT or SIGTERM and exits at the second.
///
/// Must be called within a tokio runtime, which then watches in the background.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn stop_on_signals(stop: Stop) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let kind = next(&mut interrupt, &mut terminate).await;
        info!(signal = name(kind), "stopping; a second signal exits at once");
        stop.request();
        let kind = next(&mut interrupt, &mut terminate).await;
        warn!(signal = name(kind), "second signal: exiting at once");
        std::process::exit(ENDED_BY_SIGNAL + kind.as_raw_value());
    });
    Ok(())
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt(),
        _ = terminate.recv() => SignalKind::terminate(),
    }
}

fn name(kind: SignalKind) -> &'static str {
    if kind == SignalKind::interrupt() { "SIGINT" } else { "SIGTERM" }
}
