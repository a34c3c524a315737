//! `salespulse check`: planted mistakes are found where they are, and the shipped examples are clean.

mod config;
mod document;
mod events;
mod series;
mod shipped;

use serde_json::Value;

use crate::cli::program::{Ended, Folder, end};

/// The document that a check prints, after its exit code has been held against it.
#[track_caller]
pub(crate) fn document(ended: &Ended) -> Value {
    assert_eq!(ended.stderr, "", "{}", ended.stdout);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let is_clean = document.get("total_findings") == Some(&0.into());
    assert_eq!(ended.code, Some(i32::from(!is_clean)), "{}", ended.stdout);
    assert_eq!(document.get("clean"), Some(&is_clean.into()));
    for finding in findings(&document) {
        let rule = format!("`{}`", told(finding, &["rule"]));
        assert!(include_str!("../../docs/check.md").contains(&rule), "docs/check.md does not have {rule}");
    }
    document
}

/// Runs a check with the document as its output.
#[track_caller]
fn check(folder: &Folder, arguments: &[&str]) -> Value {
    document(&folder.run(&[&["check"][..], arguments, &["--json"]].concat()))
}

/// The same, fed by standard input.
#[track_caller]
fn check_input(folder: &Folder, arguments: &[&str], input: &[u8]) -> Value {
    document(&end(folder.command(&[&["check"][..], arguments, &["--json"]].concat()), input))
}

/// The findings of a document.
pub(crate) fn findings(document: &Value) -> &[Value] {
    document.get("findings").and_then(Value::as_array).unwrap()
}

/// What a finding says under some names, as one text.
fn told(finding: &Value, names: &[&str]) -> String {
    let text = |name: &&str| match finding.get(*name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    };
    names.iter().map(text).collect::<Vec<_>>().join(" ")
}
