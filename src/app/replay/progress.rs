//! The progress bar of a replay, on a terminal only.

use std::io::Read;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How much has been read.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar on standard error, if it is to be seen; without a total it only counts.
    pub(super) fn new(visible: bool, total_bytes: Option<u64>) -> Progress {
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(total_bytes, target);
        let template = match total_bytes {
            Some(_) => "{wide_bar} {bytes} of {total_bytes}, {eta} left",
            None => "{spinner} {bytes}, {bytes_per_sec}",
        };
        // A template that does not parse would only cost its own form.
        Progress(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// The same reader, counted.
    pub(super) fn counting<R: Read>(&self, reader: R) -> impl Read + use<R> {
        self.0.wrap_read(reader)
    }
}

impl Drop for Progress {
    /// Takes the bar away, so that what follows stands on a clean line.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
