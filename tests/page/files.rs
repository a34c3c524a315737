//! The files of the page: what must not stand in them, what they are copies of, and that old browsers can read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::page::browser::{packages, root};

/// Each would need a hole in the policy under which the page runs, or let a name become markup.
const FORBIDDEN: [&str; 11] = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "unsafeHTML",
    "unsafeSVG",
    "styleMap",
    "eval(",
    "style=",
    "http://",
    "WebSocket",
];

/// The library that the page holds a copy of.
const LIT: [&str; 4] = ["lit-html.js", "directive.js", "directive-helpers.js", "directives/repeat.js"];

fn folder() -> PathBuf {
    root().join("src/serve/web/page")
}

/// Our own modules by name.
pub(crate) fn modules() -> Vec<(String, String)> {
    let entries =
        std::fs::read_dir(folder()).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let scripts = entries.filter(|path| path.extension().is_some_and(|ending| ending == "js"));
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a text"))
    };
    scripts.map(read).collect()
}

#[test]
fn nothing_stands_in_the_modules_that_the_policy_forbids() {
    for (name, text) in modules() {
        for forbidden in FORBIDDEN {
            assert!(!text.contains(forbidden), "{name} holds {forbidden}");
        }
        assert!(text.starts_with("// "), "{name} does not say what it is for");
        assert!(text.lines().count() <= 500, "{name} is too long");
    }
}

#[test]
fn every_address_is_relative_and_every_module_is_announced() {
    let index = std::fs::read_to_string(folder().join("index.html")).expect("the page is there");
    assert!(!index.contains("=\"/") && !index.contains("='/"), "an address begins at the root of the server");
    for line in index.lines().filter(|line| line.contains("modulepreload")) {
        let name = line.split("{{assets}}/").nth(1).and_then(|rest| rest.split('"').next()).expect("an asset");
        assert!(folder().join(name).exists(), "index.html announces {name}");
    }
    let (_, app) = modules().into_iter().find(|(name, _)| name == "app.js").expect("the first module");
    for import in app.lines().filter_map(|line| line.strip_prefix("import ")?.split("'./").nth(1)?.strip_suffix("';")) {
        assert!(index.contains(&format!("{{{{assets}}}}/{import}\"")), "index.html does not announce {import}");
    }
}

#[test]
fn the_library_is_as_it_was_published() {
    let Some(packages) = packages() else { return };
    let package = packages.join("node_modules/lit-html");
    let is_same = |ours: &Path, theirs: &Path| std::fs::read(ours).unwrap() == std::fs::read(theirs).unwrap();
    for name in LIT {
        assert!(is_same(&folder().join("lit").join(name), &package.join(name)), "lit/{name} is not the package's");
    }
    assert!(is_same(&folder().join("lit/LICENSE"), &package.join("LICENSE")), "the licence lies beside it");
}

#[test]
fn the_oldest_browsers_can_read_the_modules() {
    let Some(packages) = packages() else { return };
    let modules: Vec<PathBuf> = modules().into_iter().map(|(name, _)| folder().join(name)).collect();
    // esbuild would rewrite newer syntax; `--log-level` and `supported` make it refuse instead.
    let script = "const { transformSync } = require('esbuild'); const { readFileSync } = require('fs'); \
        for (const file of process.argv.slice(1)) { const code = readFileSync(file, 'utf8'); \
        transformSync(code, { target: ['chrome94', 'firefox102', 'safari15.4'], format: 'esm', \
        supported: { 'class-private-field': true, 'class-field': true } }); }";
    let output = Command::new("node").args(["-e", script]).args(&modules).current_dir(&packages).output();
    let output = output.expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
