//! A fresh clone of the repository, which need not build its dependencies once more.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::guardian::Guardian;

/// What cargo keeps of the crates that it has built.
const BUILT: [&str; 3] = ["deps", "build", ".fingerprint"];

/// The clone and what is built in it.
pub(crate) struct Clone {
    folder: TempDir,
    _guardian: Guardian,
}

/// What still runs in the clone is ended at the same time, so the folder may not be free at once.
const REMOVE: &str = "for try in 1 2 3 4 5; do rm -rf \"$1\" && break; sleep 1; done 2> /dev/null";

impl Clone {
    /// Clones the last commit of the repository that these tests belong to.
    pub(crate) fn make() -> Clone {
        // Beside what is built, so that files can be linked.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let clone = Clone { _guardian: Guardian::when_we_are_gone(REMOVE, folder.path()), folder };
        let mut git = Command::new("git");
        git.args(["clone", "--quiet", env!("CARGO_MANIFEST_DIR")]).arg(clone.path());
        assert!(git.status().unwrap().success(), "{git:?}");
        for part in BUILT {
            link(&profile().join(part), &clone.target().join("debug").join(part));
        }
        clone
    }

    /// Where a newcomer stands.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("salespulse")
    }

    /// Where the clone's cargo builds: a folder of its own, since this run's holds the program that other tests run. It
    /// begins with the crates that this run has built. The clone is at another path, so cargo builds its salespulse anew
    /// and writes it under other names.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }
}

/// The folder of the profile that these tests are built in.
fn profile() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(2).unwrap().to_path_buf()
}

/// The same files below another folder, without a copy.
fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            link(&entry.path(), &to);
        } else {
            // An editor may be building here too, and clear away what it no longer needs.
            let linked = fs::hard_link(entry.path(), &to);
            assert!(!linked.as_ref().is_err_and(|error| error.kind() != ErrorKind::NotFound), "{to:?}: {linked:?}");
        }
    }
}
