//! A fresh clone of the repository, which need not build its dependencies once more.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::guardian::Guardian;

/// What cargo keeps of the crates that it has built.
const BUILT: [&str; 3] = ["deps", "build", ".fingerprint"];
/// What is ours among it. Cargo names it by the path within the repository, so that the clone's would have the same names.
const OURS: [&str; 2] = ["salespulse-", "libsalespulse-"];
/// Smaller files are copied, since cargo writes some of them in place.
const LINKED: u64 = 64 << 10;

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
    /// begins with the crates that this run has built, but for salespulse itself.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }
}

/// The folder of the profile that these tests are built in.
fn profile() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(2).unwrap().to_path_buf()
}

/// The same files below another folder, the large ones without a copy.
fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if OURS.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            continue;
        }
        let to = to.join(name);
        if entry.file_type().unwrap().is_dir() {
            link(&entry.path(), &to);
        } else {
            // An editor may be building here too, and clear away what it no longer needs.
            let same = same_file(&entry.path(), &to);
            assert!(!same.as_ref().is_err_and(|error| error.kind() != ErrorKind::NotFound), "{to:?}: {same:?}");
        }
    }
}

/// Links or copies a file, with its time, by which cargo judges whether it is fresh.
fn same_file(from: &Path, to: &Path) -> io::Result<()> {
    let about = fs::metadata(from)?;
    if about.len() >= LINKED {
        return fs::hard_link(from, to);
    }
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(about.modified()?)
}
