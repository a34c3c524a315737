//! `salespulse replay`: files of events through the same path as the service, read at one instant.

mod files;
mod lines;
mod progress;
mod rejects;
mod summary;

pub(super) use files::{FileLine, read_lines};
pub use summary::Summary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lines::Line;
use rejects::Rejects;

use super::AppError;
use crate::contract::decode::{Decoded, Decoder};
use crate::engine::Engine;
use crate::kpi::Catalogue;
use crate::kpi::exposition::{self, Format, TooManySeries};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What to replay.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The files in the order in which they are read; `-` is standard input.
    pub files: &'a [PathBuf],
    /// Where rejected lines are kept, if anywhere.
    pub rejects: Option<&'a Path>,
    /// The instant at which the clock stands still.
    pub as_of: Time,
    /// Over how many shards the events are spread.
    pub shards: usize,
    /// Whether to show a progress bar on standard error.
    pub progress: bool,
}

/// What a replay came to.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What became of the records.
    pub summary: Summary,
    /// The gauges as Prometheus text, unless they are too many.
    pub exposition: Result<String, TooManySeries>,
}

/// Reads all files and computes the gauges.
///
/// # Errors
/// [`AppError`] if a file cannot be read, or the rejects cannot be written.
pub fn replay(rules: Rules, job: &Job<'_>) -> Result<Replayed, AppError> {
    let catalogue = Catalogue::new(&rules).map_err(AppError::Usage)?;
    files::check(job.files)?;
    let rejects = job.rejects.map(|path| Rejects::create(path, job.files)).transpose()?;
    let mut replay = Replay::new(Arc::new(rules), job, rejects);
    read_lines(job.files, job.rejects.is_some(), job.progress, |line| replay.take(line))?;
    replay.finish(&catalogue)
}

/// The path from lines to gauges.
struct Replay {
    decoder: Decoder,
    engine: Engine,
    rejects: Option<Rejects>,
    summary: Summary,
    now: Time,
}

impl Replay {
    fn new(rules: Arc<Rules>, job: &Job<'_>, rejects: Option<Rejects>) -> Replay {
        Replay {
            engine: Engine::new(&rules, job.shards, job.as_of),
            decoder: Decoder::new(rules),
            rejects,
            summary: Summary::default(),
            now: job.as_of,
        }
    }

    fn take(&mut self, line: FileLine<'_>) -> Result<(), AppError> {
        match line.record().and_then(|record| self.decoder.decode(&record, self.now)) {
            Ok(Decoded::Event(event)) => self.summary.accept(self.engine.accept(&event, self.now)),
            Ok(Decoded::Tombstone) => self.summary.skip_tombstone(),
            Err(rejection) => {
                self.summary.reject(rejection.code);
                if let Some(rejects) = &mut self.rejects {
                    match line.content {
                        Line::Whole(value) => rejects.keep(line.place, &rejection, value)?,
                        Line::Long { spool, .. } => {
                            spool.map_or(Ok(()), |spool| rejects.keep_long(line.place, &rejection, spool))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, catalogue: &Catalogue) -> Result<Replayed, AppError> {
        if let Some(rejects) = self.rejects {
            rejects.finish()?;
        }
        let mut text = String::new();
        let rendered = exposition::render(catalogue, &self.engine.read(self.now), Format::Prometheus, &mut text);
        Ok(Replayed { summary: self.summary, exposition: rendered.map(|_| text) })
    }
}

#[cfg(test)]
mod tests;
