//! The files of the repository.

use std::path::{Path, PathBuf};

/// One text file.
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files that end in one of these, but for what is built or belongs to git.
pub(crate) fn files(endings: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.sort();
    let ours = files.into_iter().filter(|path| endings.iter().any(|ending| path.ends_with(ending)));
    let read = |path: String| File { text: std::fs::read_to_string(root().join(&path)).expect(&path), path };
    let files: Vec<File> = ours.map(read).collect();
    assert!(!files.is_empty(), "no file ends in {endings:?}");
    files
}

/// All files that hold text.
pub(crate) fn texts() -> Vec<File> {
    files(&[".rs", ".md", ".toml", ".yaml", ".yml", ".sh", ".json", ".jsonl", "Makefile", ".ci/run"])
}

/// All files of Rust below a folder.
pub(crate) fn rust_below(folder: &str) -> impl Iterator<Item = File> {
    files(&[".rs"]).into_iter().filter(move |file| file.path.starts_with(folder))
}

fn collect(folder: &Path, into: &mut Vec<String>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_built = name.starts_with("target") || name == ".git" || name == "proptest-regressions";
        if path.is_dir() && !is_built {
            collect(&path, into);
        } else if path.is_file() {
            let below = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            into.push(below);
        }
    }
}
