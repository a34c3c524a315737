//! Snapshots hold ids of customers and what they pay: in a directory nobody but their owner may read them, whatever the
//! process lets others do with its files.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes a folder, and those above it that are missing, for the owner alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Takes a file from everybody but the owner. In a private folder nobody could open it before, either.
pub(super) fn hide_file(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(FILE))
}

/// Takes a folder and everything below it from everybody but the owner: earlier releases left that to the process.
///
/// # Errors
/// If the folder is somebody else's. What cannot be changed below it is behind it all the same.
pub(super) fn hide_all(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(FOLDER))?;
    for entry in fs::read_dir(folder)?.flatten() {
        let _ = match entry.file_type() {
            Ok(kind) if kind.is_dir() => hide_all(&entry.path()),
            Ok(kind) if kind.is_file() => hide_file(&entry.path()),
            // A link leads to what is somebody else's business.
            _ => Ok(()),
        };
    }
    Ok(())
}
