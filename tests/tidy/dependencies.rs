//! Every crate that we use has a reason, and is used.

use crate::rust::code;
use crate::tree;

/// A line of Cargo.toml that names a crate.
struct Dependency {
    name: String,
    line: String,
    line_before: String,
    is_of_tests: bool,
}

fn dependencies() -> Vec<Dependency> {
    let manifest = std::fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    let (mut section, mut line_before) = ("", "");
    let mut dependencies = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| section.ends_with("dependencies]")) {
            let (name, line, line_before) = (name.replace('-', "_"), line.to_owned(), line_before.to_owned());
            dependencies.push(Dependency { name, line, line_before, is_of_tests: section.contains("dev-") });
        }
        line_before = line;
    }
    assert!(!dependencies.is_empty(), "no dependency was found");
    dependencies
}

#[test]
fn every_dependency_says_why() {
    for Dependency { line, line_before, .. } in dependencies() {
        assert!(line_before.starts_with("# "), "Cargo.toml: nothing says why this is here: {line}");
    }
}

#[test]
fn every_dependency_is_used() {
    let files = tree::files(&[".rs"]);
    for Dependency { name, line_before, is_of_tests, .. } in dependencies() {
        if line_before == "# Only its features are used." {
            continue;
        }
        let path = format!("{name}::");
        let uses = |text: &str| {
            let code = code(text);
            let mut starts = code.match_indices(&path);
            starts.any(|(start, _)| !code[..start].ends_with(|char: char| char.is_alphanumeric() || char == '_'))
        };
        let may_use = files.iter().filter(|file| is_of_tests || file.path.starts_with("src/"));
        assert!(may_use.clone().any(|file| uses(&file.text)), "Cargo.toml: nothing uses {name}");
    }
}
