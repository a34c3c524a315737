//! SIGINT, SIGTERM and SIGHUP: the first winds down, the second is a hard exit.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::Stop;

/// By the shell's convention a process that a signal ended exits with 128 + the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

/// The signals that end the process.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// Requests `stop` at the first SIGINT, SIGTERM or SIGHUP and exits at the second. A terminal that is closed sends SIGHUP,
/// which must not cost the last snapshot.
///
/// Must be called within a tokio runtime, which then watches in the background.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn stop_on_signals(stop: Stop) -> io::Result<()> {
    let mut signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hangup: signal(SignalKind::hangup())?,
    };
    tokio::spawn(async move {
        let (_, name) = signals.next().await;
        info!(signal = name, "stopping; a second signal exits at once");
        stop.request();
        let (kind, name) = signals.next().await;
        warn!(signal = name, "second signal: exiting at once");
        std::process::exit(ENDED_BY_SIGNAL + kind.as_raw_value());
    });
    Ok(())
}

impl Signals {
    async fn next(&mut self) -> (SignalKind, &'static str) {
        tokio::select! {
            _ = self.interrupt.recv() => (SignalKind::interrupt(), "SIGINT"),
            _ = self.terminate.recv() => (SignalKind::terminate(), "SIGTERM"),
            _ = self.hangup.recv() => (SignalKind::hangup(), "SIGHUP"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_terminal_that_is_closed_ends_it_in_good_order() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stop = Stop::default();
        let stopped = async {
            stop_on_signals(stop.clone()).unwrap();
            let sent = Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status();
            assert!(sent.unwrap().success());
            while !stop.requested() {
                tokio::task::yield_now().await;
            }
        };
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), stopped).await }).unwrap();
    }
}
