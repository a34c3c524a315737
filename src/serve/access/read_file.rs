//! Whether a file was written since it was read.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadFile {
    path: PathBuf,
    /// When it was written, as it was before it was read: what is written meanwhile is found later.
    written: Option<SystemTime>,
}

impl ReadFile {
    /// A file that is going to be read.
    pub(super) fn of(path: &Path) -> ReadFile {
        let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        ReadFile { path: path.to_owned(), written }
    }

    /// Whether it was written since.
    pub(super) fn is_old(&self) -> bool {
        ReadFile::of(&self.path) != *self
    }
}
