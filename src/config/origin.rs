//! Where a value of the configuration comes from.

use std::fmt;

/// Where a value of the configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File {
        /// The file as it was named.
        path: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name as it is set.
        variable: String,
    },
    /// A flag of the command line.
    Flag {
        /// With its hyphens.
        name: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("the default"),
            Origin::File { path, line } => write!(f, "{path}, line {line}"),
            Origin::Environment { variable } => write!(f, "environment variable {variable}"),
            Origin::Flag { name } => write!(f, "flag {name}"),
        }
    }
}
