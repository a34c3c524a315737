//! Whether a file was written since it was read.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadFile {
    path: PathBuf,
    /// When it was written and how long it is, as it was before it was read: what is written meanwhile is found later.
    written: Option<(SystemTime, u64)>,
}

impl ReadFile {
    /// A file that is going to be read.
    pub(super) fn of(path: &Path) -> ReadFile {
        let written = std::fs::metadata(path).and_then(|metadata| Ok((metadata.modified()?, metadata.len()))).ok();
        ReadFile { path: path.to_owned(), written }
    }

    /// The same file as it is now.
    pub(super) fn now(&self) -> ReadFile {
        ReadFile::of(&self.path)
    }

    /// Whether nobody has written it for so long.
    pub(super) fn rests(&self, long: Duration) -> bool {
        self.written.is_some_and(|(written, _)| written.elapsed().is_ok_and(|age| age > long))
    }

    /// Whether it was written since.
    pub(super) fn is_old(&self) -> bool {
        self.now() != *self
    }
}
