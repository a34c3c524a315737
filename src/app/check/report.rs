//! What a check says: one document for machines, and the same as text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::finding::{Finding, Severity};

/// What else a check has seen, which it shows under its name.
pub(super) trait Details: Serialize {
    /// What was checked: `config`, `events` or `cluster`.
    const CHECK: &'static str;

    /// The same for people.
    fn text(&self) -> String;
}

/// What a check says.
#[derive(Debug)]
pub(crate) struct Report {
    is_clean: bool,
    json: Result<String, serde_json::Error>,
    text: String,
}

/// What a check says, for machines; docs/check.md describes it.
#[derive(Debug, Serialize)]
struct Document<'a, D> {
    /// What was checked.
    check: &'static str,
    /// Whether nothing was found.
    clean: bool,
    /// What was found, or the first of it.
    findings: &'a [Finding],
    /// How many findings there are, those included that are not listed.
    total_findings: u64,
    /// What is worth knowing and no fault.
    notes: &'a [String],
    #[serde(flatten)]
    details: BTreeMap<&'static str, &'a D>,
}

impl Report {
    /// A report; `left_out` says how many findings are not among those given.
    pub(super) fn new<D: Details>(details: &D, findings: &[Finding], left_out: u64, notes: &[String]) -> Report {
        let total_findings = findings.len() as u64 + left_out;
        let document = Document {
            check: D::CHECK,
            clean: total_findings == 0,
            findings,
            total_findings,
            notes,
            details: BTreeMap::from([(D::CHECK, details)]),
        };
        let json = serde_json::to_string_pretty(&document).map(|text| text + "\n");
        Report { is_clean: document.clean, json, text: document.text() }
    }

    /// Whether nothing was found.
    pub(crate) fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// The document, indented.
    pub(crate) fn into_json(self) -> Result<String, serde_json::Error> {
        self.json
    }

    /// The same for people: the findings, what else was seen, and the verdict last.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl<D: Details> Document<'_, D> {
    fn text(&self) -> String {
        let mut text = String::new();
        for finding in self.findings {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{finding}");
        }
        let left_out = self.total_findings - self.findings.len() as u64;
        if left_out > 0 {
            let _ = writeln!(text, "… and {left_out} more");
        }
        let details = self.details.values().map(|details| details.text()).collect();
        for part in [details, self.notes.iter().map(|note| format!("note: {note}\n")).collect::<String>()] {
            if !part.is_empty() && !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&part);
        }
        let _ = writeln!(text, "\n{}", self.verdict());
        text
    }

    fn verdict(&self) -> String {
        let of = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        match (self.total_findings, of(Severity::Warning)) {
            (0, _) => "Nothing found.".to_owned(),
            (1, 0) => "1 error.".to_owned(),
            (1, _) => "1 warning.".to_owned(),
            (total, 0) => format!("{total} errors."),
            (total, warnings) if total == warnings as u64 => format!("{total} warnings."),
            (total, warnings) => {
                format!(
                    "{total} findings: {}, {}.",
                    count(total - warnings as u64, "error"),
                    count(warnings as u64, "warning")
                )
            }
        }
    }
}

/// A number of things, in the singular for one.
pub(super) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
