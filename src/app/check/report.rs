//! What a check says: one document for machines, and the same as text for people.

use std::fmt::Write as _;

use serde::Serialize;

use super::cluster::ClusterDetails;
use super::config::ConfigDetails;
use super::events::EventsDetails;
use super::finding::{Finding, Severity};

/// What a check says. Its JSON is described in docs/check.md.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// What was checked: `config`, `events` or `cluster`.
    check: &'static str,
    /// Whether nothing was found.
    clean: bool,
    /// What was found, or the first of it.
    findings: Vec<Finding>,
    /// How many findings there are, those included that are not listed.
    total_findings: u64,
    /// What is worth knowing and no fault.
    notes: Vec<String>,
    #[serde(flatten)]
    details: Details,
}

/// What else was seen, under the name of what was checked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Details {
    Config(ConfigDetails),
    Events(EventsDetails),
    Cluster(ClusterDetails),
}

impl Report {
    /// A report; `left_out` says how many findings are not among those given.
    pub(super) fn new(details: Details, findings: Vec<Finding>, left_out: u64, notes: Vec<String>) -> Report {
        let check = match &details {
            Details::Config(_) => "config",
            Details::Events(_) => "events",
            Details::Cluster(_) => "cluster",
        };
        let total_findings = findings.len() as u64 + left_out;
        Report { check, clean: total_findings == 0, findings, total_findings, notes, details }
    }

    /// Whether nothing was found.
    pub(crate) fn is_clean(&self) -> bool {
        self.clean
    }

    /// The document, indented.
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The same for people: the findings, what else was seen, and the verdict last.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{finding}");
        }
        let left_out = self.total_findings - self.findings.len() as u64;
        if left_out > 0 {
            let _ = writeln!(text, "… and {left_out} more");
        }
        let details = match &self.details {
            Details::Config(details) => details.text(),
            Details::Events(details) => details.text(),
            Details::Cluster(details) => details.text(),
        };
        for part in [details, self.notes.iter().map(|note| format!("note: {note}\n")).collect()] {
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
