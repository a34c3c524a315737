//! The lines of all files of events, each with its place and the type that its file's name lends it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::lines::{Line, Lines};
use super::progress::Progress;
use crate::app::AppError;
use crate::contract::decode::{LARGEST_VALUE, Record, Rejection, RejectionCode};
use crate::model::event::EventType;

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Place<'a> {
    /// The file as it was named.
    pub(in crate::app) file: &'a Path,
    /// The line, counted from 1.
    pub(in crate::app) line: u64,
}

/// A line that is not blank.
#[derive(Debug)]
pub(in crate::app) struct FileLine<'a> {
    /// Where it stands.
    pub(in crate::app) place: Place<'a>,
    topic_type: Option<EventType>,
    pub(super) content: Line<'a>,
}

impl<'a> FileLine<'a> {
    /// The record in the line.
    ///
    /// # Errors
    /// The rejection of one that is too long to be held.
    pub(in crate::app) fn record(&self) -> Result<Record<'a>, Rejection> {
        match self.content {
            Line::Whole(value) => Ok(Record {
                topic_type: self.topic_type,
                value: Some(value),
                starts_file: self.place.line == 1,
                ..Record::default()
            }),
            Line::Long { size, .. } => Err(Rejection::new(
                RejectionCode::TooLarge,
                format!("the line has {size} bytes; at most {LARGEST_VALUE} are allowed"),
            )),
        }
    }
}

/// Gives `take` every line of all files in their order; `keep_long` says whether the content of lines that are too long
/// is wanted, `progress` whether a bar shows how much has been read.
///
/// # Errors
/// [`AppError`] if a file cannot be read, or the first of `take`.
pub(in crate::app) fn read_lines(
    files: &[PathBuf],
    keep_long: bool,
    progress: bool,
    mut take: impl FnMut(FileLine<'_>) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let progress = Progress::new(progress, check(files)?);
    for path in files {
        if is_standard_input(path) {
            let reader = BufReader::new(progress.counting(io::stdin().lock()));
            read_file(path, reader, keep_long, &mut take)?;
        } else {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            let reader = BufReader::with_capacity(BUFFER_BYTES, progress.counting(file));
            read_file(path, reader, keep_long, &mut take)?;
        }
    }
    Ok(())
}

fn read_file(
    path: &Path,
    reader: impl BufRead,
    keep_long: bool,
    take: &mut impl FnMut(FileLine<'_>) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let topic_type = topic_type(path);
    let mut lines = Lines::new(reader, keep_long);
    while let Some((line, content)) = lines.next().map_err(|error| unreadable(path, &error))? {
        take(FileLine { place: Place { file: path, line }, topic_type, content })?;
    }
    Ok(())
}

/// Large enough that reading from the system costs nothing beside decoding.
const BUFFER_BYTES: usize = 256 * 1024;

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens every file once, so that a wrong name is known before the first file has been read, and adds up
/// their sizes; `None` where one has none.
pub(super) fn check(files: &[PathBuf]) -> Result<Option<u64>, AppError> {
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
pub(super) fn topic_type(path: &Path) -> Option<EventType> {
    let is_named = |kind: &EventType| {
        [path.file_name(), path.file_stem()].into_iter().flatten().any(|name| name == kind.default_topic())
    };
    EventType::ALL.into_iter().find(is_named)
}
