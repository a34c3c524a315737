//! The build script names the commit wherever the sources came from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::tools;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=A newcomer", "-c", "user.email=newcomer@example.com"];
    run(Command::new("git").args(who).args(arguments).current_dir(folder))
}

/// The built build script.
struct Script {
    folder: TempDir,
}

impl Script {
    fn build() -> Script {
        let folder = tempfile::tempdir().unwrap();
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command.args(["--edition", "2024", "-o"]).arg(folder.path().join("script")).arg(root().join("build.rs"));
        run(&mut command);
        Script { folder }
    }

    /// The commit that it finds in a folder.
    fn says(&self, folder: &Path, told: &str) -> String {
        let mut command = Command::new(self.folder.path().join("script"));
        let said = run(command.current_dir(folder).env("SALESPULSE_COMMIT", told));
        // It lists the page's files too, of which there are none here.
        let commit = said.lines().find_map(|line| line.strip_prefix("cargo:rustc-env=SALESPULSE_COMMIT=")).unwrap();
        commit.to_owned()
    }
}

/// A repository with one commit, of the files that matter here.
fn repository() -> TempDir {
    let repository = tempfile::tempdir().unwrap();
    for name in ["build.rs", ".gitattributes", ".git_archival.txt", "Cargo.toml", "Cargo.lock", "README.md"] {
        fs::copy(root().join(name), repository.path().join(name)).unwrap();
    }
    fs::create_dir(repository.path().join("src")).unwrap();
    fs::write(repository.path().join("src/main.rs"), "fn main() {}\n").unwrap();
    git(repository.path(), &["init", "--quiet"]);
    git(repository.path(), &["add", "."]);
    git(repository.path(), &["commit", "--quiet", "--message", "The first"]);
    repository
}

/// The archive of the repository's commit, unpacked below it.
fn unpacked_archive(repository: &Path) -> PathBuf {
    let folder = repository.join("unpacked");
    fs::create_dir(&folder).unwrap();
    git(repository, &["archive", "--output", "unpacked/archive.tar", "HEAD"]);
    run(Command::new("tar").args(["xf", "archive.tar"]).current_dir(&folder));
    folder
}

#[test]
fn a_clone_an_archive_and_a_packager_know_their_commit() {
    if tools::on_path("git", "your system's package git").is_none() {
        return;
    }
    let (script, repository) = (Script::build(), repository());
    let clone = repository.path();
    let commit = git(clone, &["rev-parse", "HEAD"])[..12].to_owned();

    assert_eq!(script.says(clone, ""), commit);
    fs::write(clone.join("README.md"), "Other words.\n").unwrap();
    assert_eq!(script.says(clone, ""), commit, "the program is not made of the README");
    fs::write(clone.join("src/other.rs"), "").unwrap();
    assert_eq!(script.says(clone, ""), format!("{commit}-modified"));
    assert_eq!(script.says(clone, "1.0-debian"), "1.0-debian");

    let archive = unpacked_archive(clone);
    assert_eq!(script.says(&archive, ""), commit, "the archive says it, not the repository around it");
    fs::write(archive.join(".git_archival.txt"), "node: $Format:%H$\n").unwrap();
    assert_eq!(script.says(&archive, ""), "unknown");
}
