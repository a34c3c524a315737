//! What a check finds.

use std::fmt;

use serde::Serialize;

use crate::config::Origin;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// The service does not start with it, or sends the record to the dead letters.
    Error,
    /// The service goes on, and the numbers may not be what is expected.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// What kind of fault it is; of records that cannot be used the code of their rejection.
    pub(super) rule: &'static str,
    #[serde(flatten)]
    pub(super) place: Place,
    /// The fault, and what is allowed or mends it.
    pub(super) message: String,
}

/// Where it is. Which of the fields there are depends on what is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Place {
    /// A value of the configuration.
    Setting {
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<OriginShown>,
    },
    /// A line of a file.
    Line {
        file: String,
        line: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'static str>,
    },
    /// All files together.
    Files {},
    /// A topic as a whole.
    Topic { topic: String },
    /// Records of a topic, by the first of them.
    Records {
        topic: String,
        partition: i32,
        offset: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'static str>,
        /// How many records of the sample are like it.
        count: u64,
    },
}

/// Where a value of the configuration comes from, for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub(super) enum OriginShown {
    Default,
    File { path: String, line: usize },
    Environment { variable: String },
    Flag { flag: &'static str },
}

impl From<&Origin> for OriginShown {
    fn from(origin: &Origin) -> OriginShown {
        match origin {
            Origin::Default => OriginShown::Default,
            Origin::File { path, line } => OriginShown::File { path: path.clone(), line: *line },
            Origin::Environment { variable } => OriginShown::Environment { variable: variable.clone() },
            Origin::Flag { name } => OriginShown::Flag { flag: name },
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

impl fmt::Display for Finding {
    /// One line, as compilers write them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { severity, rule, place, message } = self;
        match place {
            Place::Line { file, line, .. } => write!(f, "{file}:{line}: {severity} [{rule}] {message}"),
            Place::Records { topic, partition, offset, count, .. } => {
                write!(f, "{topic}/{partition}@{offset}: {severity} [{rule}] {message}")?;
                if *count > 1 { write!(f, " (the first of {count})") } else { Ok(()) }
            }
            // These sentences say where they belong.
            Place::Setting { .. } | Place::Files {} | Place::Topic { .. } => {
                write!(f, "{severity} [{rule}] {message}")
            }
        }
    }
}
