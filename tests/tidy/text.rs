//! What must not stand in any file.

use crate::rust::{code, tests_at_the_foot};
use crate::tree::{self, File};

/// Words that say that something is not finished. Written in two halves, so that this file does not hold them.
const MARKERS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Code that says the same.
const UNFINISHED: [&str; 3] = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];

/// Where one person's machine shows.
const MACHINES: [&str; 5] =
    [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/"), concat!("C:", "\\")];

/// The one place where tests wait.
const WAITING: &str = "tests/harness/wait.rs";

/// The comment of a line, or the whole line of a document.
fn comment<'a>(file: &File, line: &'a str) -> Option<&'a str> {
    let mark = match file.path.rsplit('.').next()? {
        "rs" => "//",
        "md" => return Some(line),
        "json" | "jsonl" => return None,
        _ => "#",
    };
    line.split_once(mark).map(|(_, comment)| comment)
}

#[test]
fn nothing_is_left_unfinished() {
    for file in tree::texts() {
        for (number, line) in file.text.lines().enumerate() {
            let words = comment(&file, line).unwrap_or_default();
            let mut words = words.split(|char: char| !char.is_alphanumeric());
            let marker = words.find(|word| MARKERS.contains(word));
            assert_eq!(marker, None, "{}, line {}: {line}", file.path, number + 1);
        }
        for unfinished in UNFINISHED.iter().filter(|_| file.path.ends_with(".rs")) {
            assert!(!code(&file.text).contains(unfinished), "{} holds {unfinished}", file.path);
        }
    }
}

/// An expectation ends when its reason does. Tests may allow instead: a module of theirs may serve two programs.
#[test]
fn lints_are_expected_and_never_allowed() {
    for file in tree::rust_below("src/") {
        for attribute in [concat!("#[al", "low("), concat!("#![al", "low(")] {
            assert!(!file.text.contains(attribute), "{}: expect a lint, with a reason, instead", file.path);
        }
    }
}

#[test]
fn no_test_is_ignored() {
    for file in tree::files(&[".rs"]) {
        assert!(!file.text.contains(concat!("#[ig", "nore")), "{} ignores a test", file.path);
    }
}

#[test]
fn no_test_sleeps() {
    let sleep = concat!("sle", "ep(");
    for file in tree::files(&[".rs"]).into_iter().filter(|file| file.path != WAITING) {
        let is_test = file.path.starts_with("tests/");
        let tests = if is_test { code(&file.text) } else { tests_at_the_foot(&file.text) };
        assert!(!tests.contains(sleep), "{}: wait for a condition with a deadline", file.path);
    }
    for file in tree::files(&[".mjs"]).into_iter().filter(|file| file.path.starts_with("tests/")) {
        assert!(!file.text.contains("waitForTimeout("), "{}: wait for a condition with a deadline", file.path);
    }
}

#[test]
fn no_machine_shows() {
    for file in tree::texts() {
        for machine in MACHINES {
            assert!(!file.text.contains(machine), "{} holds {machine}", file.path);
        }
    }
}

#[test]
fn lines_end_cleanly() {
    for file in tree::texts() {
        assert!(file.text.ends_with('\n'), "{} does not end with a line feed", file.path);
        assert!(!file.text.contains('\r'), "{} has carriage returns", file.path);
        // Of Rust the formatter cares, and a text in it may end lines as it likes.
        for (number, line) in file.text.lines().enumerate().filter(|_| !file.path.ends_with(".rs")) {
            assert_eq!(line.trim_end(), line, "{}, line {}: blanks at the end", file.path, number + 1);
        }
    }
}
