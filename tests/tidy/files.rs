//! Names, lengths and heads of files.

use crate::tree;

/// The most lines of a file of Rust.
const MOST_LINES: usize = 500;

/// Names that say that nobody knew what a thing is.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "common", "helpers", "helper", "types", "manager", "misc"];

#[test]
fn files_are_short() {
    for file in tree::files(&[".rs"]) {
        let lines = file.text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines; at most {MOST_LINES} are allowed", file.path);
    }
}

#[test]
fn files_have_names_that_say_what_they_are() {
    for file in tree::files(&[".rs"]) {
        let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        assert_ne!(name, "mod", "{}: foo.rs lies beside foo/, and there is no mod.rs", file.path);
        assert!(!EMPTY_NAMES.contains(&name), "{}: the name says nothing", file.path);
    }
}

#[test]
fn files_begin_with_what_they_are_for() {
    for file in tree::files(&[".rs"]) {
        assert!(file.text.starts_with("//! "), "{} does not begin with a sentence on what it is for", file.path);
    }
}

/// With `autotests = false` a file of tests that neither Cargo.toml nor a program of tests names never runs.
#[test]
fn every_file_of_tests_runs() {
    let manifest = std::fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    for file in tree::rust_below("tests/") {
        let parts: Vec<&str> = file.path.split('/').collect();
        if parts.len() == 2 || parts.last() == Some(&"main.rs") {
            let is_program = manifest.contains(&format!("path = \"{}\"", file.path));
            let module = format!("\nmod {};\n", parts[1].trim_end_matches(".rs"));
            let is_part = || {
                ["tests/pure.rs", "tests/parts.rs"]
                    .iter()
                    .any(|path| std::fs::read_to_string(tree::root().join(path)).unwrap().contains(&module))
            };
            assert!(is_program || is_part(), "neither Cargo.toml nor a program of tests names {}", file.path);
        }
    }
}

/// A file that no `mod` names is not compiled, so its tests do not run and its code is dead.
#[test]
fn every_file_is_compiled() {
    let files = tree::files(&[".rs"]);
    for file in files.iter().filter(|file| file.path.starts_with("src/") || file.path.starts_with("tests/")) {
        let Some((folder, name)) = file.path.rsplit_once('/') else { continue };
        let module = name.trim_end_matches(".rs");
        if ["main", "lib"].contains(&module) || folder == "tests" {
            continue;
        }
        let parents = [format!("{folder}.rs"), format!("{folder}/main.rs"), format!("{folder}/lib.rs")];
        let names_it = files.iter().filter(|parent| parents.contains(&parent.path)).any(|parent| {
            parent.text.lines().any(|line| {
                let declared = line.rsplit_once("mod ").and_then(|(_, rest)| rest.strip_suffix(';'));
                declared == Some(module)
            })
        });
        assert!(names_it, "no module names {}", file.path);
    }
}

/// A clone holds every version of a picture for ever.
#[test]
fn pictures_are_small_and_shown() {
    const MOST_BYTES: u64 = 300_000;
    let documents = tree::files(&[".md"]);
    for entry in std::fs::read_dir(tree::root().join("docs/pictures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = path.metadata().unwrap().len();
        assert!(bytes <= MOST_BYTES, "{name} has {bytes} bytes; at most {MOST_BYTES} are allowed");
        let shown = documents.iter().any(|document| document.text.contains(&format!("pictures/{name})")));
        assert!(shown, "no document shows {name}");
    }
}
