//! The progress bar of the back-fill, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How much of the past is in the numbers.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar on standard error, which hides itself where that is no terminal.
    pub(super) fn new() -> Progress {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        // A template that does not parse would only cost its own form.
        Progress(match ProgressStyle::with_template("{wide_bar} {pos} of {len} records, {msg}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// Shows how many records are applied of those sent, and how the service stands.
    pub(super) fn show(&self, applied: u64, sent: u64, status: &'static str) {
        self.0.set_length(sent);
        self.0.set_position(applied);
        self.0.set_message(status.replace('_', " "));
    }
}

impl Drop for Progress {
    /// Takes the bar away, so that what follows stands on a clean line.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
