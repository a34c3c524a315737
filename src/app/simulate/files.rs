//! Records into files of one JSON object a line: all into one, or each type into its topic's.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::app::AppError;
use crate::model::event::EventType;

/// Large enough that writing to the system costs little beside making the records.
const BUFFER_BYTES: usize = 1 << 20;

/// Open files.
pub(in crate::app) struct Files {
    outputs: Vec<(PathBuf, Box<dyn Write>)>,
}

impl Files {
    /// All types into one file, or standard output if it is `-`.
    pub(in crate::app) fn single(path: &Path) -> Result<Files, AppError> {
        let is_standard_output = path.as_os_str() == "-";
        let output: Box<dyn Write> = if is_standard_output {
            Box::new(BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock()))
        } else {
            create(path)?
        };
        Ok(Files { outputs: vec![(path.to_owned(), output)] })
    }

    /// Each type into a file named after its topic, as `replay` knows them.
    pub(super) fn per_topic(folder: &Path) -> Result<Files, AppError> {
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let open = |kind: EventType| {
            let path = folder.join(format!("{}.jsonl", kind.default_topic()));
            create(&path).map(|output| (path, output))
        };
        Ok(Files { outputs: EventType::ALL.into_iter().map(open).collect::<Result<_, _>>()? })
    }

    /// Appends a record.
    pub(in crate::app) fn write(&mut self, kind: EventType, value: &[u8]) -> Result<(), AppError> {
        let of_kind = EventType::ALL.iter().position(|other| *other == kind).unwrap_or(0);
        let place = if self.outputs.len() == 1 { 0 } else { of_kind };
        let Some((path, output)) = self.outputs.get_mut(place) else { return Ok(()) };
        output.write_all(value).and_then(|()| output.write_all(b"\n")).map_err(|error| unwritable(path, &error))
    }

    /// Hands everything to the system.
    pub(in crate::app) fn flush(&mut self) -> Result<(), AppError> {
        for (path, output) in &mut self.outputs {
            output.flush().map_err(|error| unwritable(path, &error))?;
        }
        Ok(())
    }
}

fn create(path: &Path) -> Result<Box<dyn Write>, AppError> {
    let file = File::create(path).map_err(|error| unwritable(path, &error))?;
    Ok(Box::new(BufWriter::with_capacity(BUFFER_BYTES, file)))
}

fn unwritable(path: &Path, error: &io::Error) -> AppError {
    AppError::Output(format!("cannot write events to {}: {error}", path.display()))
}
