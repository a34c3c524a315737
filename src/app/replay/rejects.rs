//! The file of rejected lines: one JSON object for each, from which the line comes back byte for byte.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use serde::Serialize;

use super::AppError;
use super::files::Place;
use crate::contract::decode::Rejection;

/// The file of rejected lines.
#[derive(Debug)]
pub(super) struct Rejects {
    writer: BufWriter<File>,
    path: PathBuf,
}

/// An entry but for the record, which may be too long to hold.
#[derive(Serialize)]
struct Entry<'a> {
    file: &'a str,
    line: u64,
    code: &'a str,
    message: &'a str,
}

impl Rejects {
    /// Creates the file, or empties it if it is there and none of those to be read.
    pub(super) fn create(path: &Path, inputs: &[PathBuf]) -> Result<Rejects, AppError> {
        let wrong = |reason: &dyn std::fmt::Display| {
            AppError::Usage(format!("--rejects {}: {reason}; it must be a file that may be written", path.display()))
        };
        // Emptying a file of events would lose them.
        let is_same = |input: &PathBuf| matches!((input.canonicalize(), path.canonicalize()), (Ok(input), Ok(path)) if input == path);
        if inputs.iter().any(is_same) {
            return Err(wrong(&"this file is one of FILES"));
        }
        let file = File::create(path).map_err(|error| wrong(&error))?;
        Ok(Rejects { writer: BufWriter::new(file), path: path.to_owned() })
    }

    /// Keeps a line: as a text if it is UTF-8, in base64 if not.
    pub(super) fn keep(&mut self, place: Place<'_>, rejection: &Rejection, record: &[u8]) -> Result<(), AppError> {
        let Ok(text) = std::str::from_utf8(record) else { return self.keep_long(place, rejection, record) };
        let written = self.begin(place, rejection).and_then(|()| {
            self.writer.write_all(b",\"record\":")?;
            serde_json::to_writer(&mut self.writer, text)?;
            self.writer.write_all(b"}\n")
        });
        written.map_err(|error| self.failed(&error))
    }

    /// Keeps a line in base64 as it is read, whatever its length.
    pub(super) fn keep_long(
        &mut self,
        place: Place<'_>,
        rejection: &Rejection,
        mut record: impl io::Read,
    ) -> Result<(), AppError> {
        let written = self.begin(place, rejection).and_then(|()| {
            self.writer.write_all(b",\"record_base64\":\"")?;
            let mut encoder = EncoderWriter::new(&mut self.writer, &STANDARD);
            io::copy(&mut record, &mut encoder)?;
            let writer = encoder.finish()?;
            writer.write_all(b"\"}\n")
        });
        written.map_err(|error| self.failed(&error))
    }

    /// Writes an entry up to its record.
    fn begin(&mut self, place: Place<'_>, rejection: &Rejection) -> io::Result<()> {
        let file = place.file.to_string_lossy();
        let entry = Entry { file: &file, line: place.line, code: rejection.code.name(), message: &rejection.message };
        let json = serde_json::to_string(&entry)?;
        self.writer.write_all(json.strip_suffix('}').unwrap_or(&json).as_bytes())
    }

    /// Writes what is still in memory.
    pub(super) fn finish(mut self) -> Result<(), AppError> {
        self.writer.flush().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> AppError {
        AppError::Output(format!("cannot write to --rejects {}: {error}", self.path.display()))
    }
}
