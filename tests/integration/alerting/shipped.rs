//! The shipped files, and copies of them in which a test has replaced addresses and times.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder of Prometheus's files.
pub(crate) fn prometheus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus")
}

/// Alertmanager's configuration.
pub(crate) fn alertmanager() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/alertmanager/alertmanager.yml")
}

/// Alertmanager's configuration with the receivers of a file in the place of those that send nothing.
pub(crate) fn with_receivers(receivers: &str) -> String {
    let text = read(&alertmanager());
    let (before, rest) = text.split_once("receivers:\n").expect("it has receivers");
    let (_, after) = rest.split_once("# equal: ").expect("inhibitions follow");
    let (_, receivers) = receivers.split_once("receivers:\n").expect("it has receivers");
    let folder = alertmanager().with_file_name("templates");
    let before = replace(before, "- templates/", &format!("- {}/", folder.display()));
    format!("{before}receivers:\n{receivers}\n# equal: {after}")
}

/// The files of a folder with an ending, by name.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    files.sort();
    assert!(!files.is_empty(), "{} holds no file that ends with {ending}", folder.display());
    files
}

/// A text file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A folder with the shipped configuration and rules of Prometheus, the addresses replaced and nothing else.
pub(crate) fn prometheus_at(salespulse: &str, alertmanager: &str) -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let config = read(&prometheus().join("prometheus.yml"));
    let config = replace(&config, "\"salespulse:9464\"", &format!("\"{salespulse}\""));
    let config = replace(&config, "\"alertmanager:9093\"", &format!("\"{alertmanager}\""));
    std::fs::create_dir(folder.path().join("rules")).expect("the folder can be written");
    std::fs::write(folder.path().join("prometheus.yml"), config).expect("the folder can be written");
    for file in files(&prometheus().join("rules"), ".yml") {
        let name = file.file_name().expect("a name");
        std::fs::copy(&file, folder.path().join("rules").join(name)).expect("the folder can be written");
    }
    folder
}

/// Replaces what must be there.
pub(crate) fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no {from}");
    text.replace(from, to)
}

/// Replaces the durations of all lines that set one of these keys.
pub(crate) fn set_durations(text: &str, keys: &[&str], duration: &str) -> String {
    let set = |line: &str| {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let key = line[indent..].split(':').next().unwrap_or_default();
        if keys.contains(&key) { format!("{}{key}: {duration}\n", &line[..indent]) } else { format!("{line}\n") }
    };
    text.lines().map(set).collect()
}
