//! `salespulse replay`: files of events through the same path as the service, read at one instant.

mod lines;
mod progress;
mod rejects;
mod summary;

pub use summary::Summary;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lines::{Line, Lines};
use progress::Progress;
use rejects::{Place, Rejects};

use super::AppError;
use crate::decode::{Decoded, Decoder, LARGEST_VALUE, Record, Rejection, RejectionCode};
use crate::engine::Engine;
use crate::event::EventType;
use crate::exposition::{self, Format, TooManySeries};
use crate::kpi::Catalogue;
use crate::rules::Rules;
use crate::time::Time;

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

/// Reads all files and tells the gauges.
///
/// # Errors
/// [`AppError`] if a file cannot be read, or the rejects cannot be written.
pub fn replay(rules: Rules, job: &Job<'_>) -> Result<Replayed, AppError> {
    let catalogue = Catalogue::new(&rules).map_err(AppError::Usage)?;
    let total_bytes = check_files(job.files)?;
    let rejects = job.rejects.map(|path| Rejects::create(path, job.files)).transpose()?;
    let progress = Progress::new(job.progress, total_bytes);
    let mut replay = Replay::new(Arc::new(rules), job, rejects);
    for path in job.files {
        let read = |error: io::Error| unreadable(path, &error);
        if is_standard_input(path) {
            replay.feed(path, BufReader::new(progress.counting(io::stdin().lock())))?;
        } else {
            replay.feed(
                path,
                BufReader::with_capacity(BUFFER_BYTES, progress.counting(File::open(path).map_err(read)?)),
            )?;
        }
    }
    drop(progress);
    replay.finish(&catalogue)
}

/// Large enough that reading from the system costs nothing beside decoding.
const BUFFER_BYTES: usize = 256 * 1024;

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens every file once, so that a wrong name is known before the first file has been read, and adds up
/// their sizes; `None` where one has none.
fn check_files(files: &[PathBuf]) -> Result<Option<u64>, AppError> {
    let mut total = Some(0_u64);
    for path in files {
        if is_standard_input(path) {
            total = None;
            continue;
        }
        let metadata = File::open(path).and_then(|file| file.metadata()).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            return Err(unreadable(path, &io::Error::from(io::ErrorKind::IsADirectory)));
        }
        total = total.filter(|_| metadata.is_file()).map(|bytes| bytes + metadata.len());
    }
    Ok(total)
}

fn unreadable(path: &Path, error: &io::Error) -> AppError {
    AppError::Usage(format!(
        "cannot read {}: {error}; FILES must be readable files of one JSON object a line, or - for standard input",
        path.display()
    ))
}

/// The type that a file's name lends its records.
fn topic_type(path: &Path) -> Option<EventType> {
    let is_named = |kind: &EventType| {
        [path.file_name(), path.file_stem()].into_iter().flatten().any(|name| name == kind.default_topic())
    };
    EventType::ALL.into_iter().find(is_named)
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

    fn feed(&mut self, path: &Path, reader: impl BufRead) -> Result<(), AppError> {
        let topic_type = topic_type(path);
        let mut lines = Lines::new(reader, self.rejects.is_some());
        while let Some((line, content)) = lines.next().map_err(|error| unreadable(path, &error))? {
            let place = Place { file: path, line };
            match content {
                Line::Whole(record) => self.take(place, topic_type, record)?,
                Line::Long { size, spool } => {
                    let sentence = format!("the line has {size} bytes; at most {LARGEST_VALUE} are allowed");
                    let rejection = Rejection::new(RejectionCode::TooLarge, sentence);
                    self.summary.reject(rejection.code);
                    if let (Some(rejects), Some(spool)) = (&mut self.rejects, spool) {
                        rejects.keep_long(place, &rejection, spool)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, place: Place<'_>, topic_type: Option<EventType>, value: &[u8]) -> Result<(), AppError> {
        let record = Record { topic_type, value: Some(value), ..Record::default() };
        match self.decoder.decode(&record, self.now) {
            Ok(Decoded::Event(event)) => self.summary.accept(self.engine.accept(&event, self.now)),
            Ok(Decoded::Tombstone) => self.summary.skip_tombstone(),
            Err(rejection) => {
                self.summary.reject(rejection.code);
                if let Some(rejects) = &mut self.rejects {
                    rejects.keep(place, &rejection, value)?;
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
