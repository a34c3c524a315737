//! The committed dashboards are what their source generates.

use std::path::PathBuf;
use std::process::Command;

use crate::dashboards::board::{self, LANGUAGES, root};
use crate::harness::tools::{cache, installed};

/// Where the source lies.
const SOURCE: &str = "deploy/grafana/source";

/// The Python that has the builders of `requirements.txt`, as it is now.
fn python() -> Option<PathBuf> {
    let home = cache().join("dashboards/builders");
    let is_current = match std::fs::read(home.join("requirements.txt")) {
        Ok(installed) => installed == std::fs::read(root().join(SOURCE).join("requirements.txt")).expect("it is ours"),
        Err(_) => false,
    };
    installed(is_current, "Grafana's dashboard builders", "scripts/setup-test-tools.sh dashboards", || {
        home.join("bin/python")
    })
}

#[test]
fn the_committed_dashboards_are_the_generated_ones() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let mut command = Command::new(python);
    // Without `-B` Python would leave its compiled files beside the source.
    command.arg("-B").arg(root().join(SOURCE).join("generate.py")).arg(folder.path());
    let output = command.output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for language in LANGUAGES {
        let list = |folder: PathBuf| {
            let entries = std::fs::read_dir(folder).expect("a folder");
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let names = board::names(language);
        assert_eq!(list(folder.path().join(language)), names, "{language}: which dashboards there are");
        for name in names {
            let read = |folder: PathBuf| std::fs::read_to_string(folder.join(language).join(&name)).expect("a file");
            let is_equal = read(folder.path().to_path_buf()) == read(board::folder());
            assert!(is_equal, "{language}/{name} is not what {SOURCE} generates: run `make dashboards`");
        }
    }
}
