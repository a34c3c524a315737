//! What killed writes leave in a directory: object_store writes a file under a name of its own before it gives it the right
//! one, and no listing shows the former.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::Duration;

/// A file that nobody has written to for so long is left over; a younger one may just be written by another instance.
const ABANDONED: Duration = Duration::from_secs(15 * 60);

/// Removes what was left over in the rounds of a folder.
///
/// # Errors
/// If the folder cannot be read; what cannot be removed stays.
pub(super) fn remove_leftovers(home: &Path) -> io::Result<()> {
    for round in fs::read_dir(home)?.flatten() {
        // Another instance may be deleting this one.
        let Ok(files) = fs::read_dir(round.path()) else { continue };
        for file in files.flatten().filter(is_left_over) {
            let _ = fs::remove_file(file.path());
            // A folder that is not empty stays.
            let _ = fs::remove_dir(round.path());
        }
    }
    Ok(())
}

fn is_left_over(file: &DirEntry) -> bool {
    let name = file.file_name();
    let numbered = name.to_str().and_then(|name| name.split_once(".snapshot#"));
    let is_unfinished = numbered.is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    // A time in the future is no age.
    is_unfinished && modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age >= ABANDONED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn only_what_nobody_writes_any_more_is_removed() {
        let group = tempfile::tempdir().unwrap();
        let make = |path: &str, age: Duration| {
            let path = group.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = File::create(&path).unwrap();
            file.set_modified(file.metadata().unwrap().modified().unwrap() - age).unwrap();
            path
        };
        let old = ABANDONED + Duration::from_secs(1);
        let left = [make("round-a/000-of-002.snapshot#1", old), make("round-b/000-of-001.snapshot#12", old)];
        let kept = [
            make("round-a/000-of-002.snapshot", old),
            make("round-a/001-of-002.snapshot#1", Duration::ZERO),
            make("round-c/notes.snapshot#mine", old),
            make("round-c/notes#1", old),
        ];
        remove_leftovers(group.path()).unwrap();
        for path in left {
            assert!(!path.exists(), "{} is still there", path.display());
        }
        for path in kept {
            assert!(path.exists(), "{} is gone", path.display());
        }
        assert!(!group.path().join("round-b").exists(), "its folder is empty");
        assert!(remove_leftovers(&group.path().join("nowhere")).is_err());
    }
}
