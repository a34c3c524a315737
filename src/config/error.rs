//! Why a configuration is refused: one sentence that names the key, its value and what is allowed.

use super::origin::Origin;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {reason}; --config must name a readable TOML file")]
    Unreadable {
        /// The file as it was named.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// The file is not TOML.
    #[error("{path}, line {line}: {reason}; the configuration file must be TOML")]
    Syntax {
        /// The file as it was named.
        path: String,
        /// The line, counted from 1.
        line: usize,
        /// What the TOML parser found.
        reason: String,
    },
    /// A key, or an environment variable, that means nothing.
    #[error("unknown key {key} ({origin}); {allowed}")]
    UnknownKey {
        /// The full dotted key.
        key: String,
        /// Where it is written.
        origin: Origin,
        /// Which keys are allowed in its place.
        allowed: String,
    },
    /// A key without a default is not set.
    #[error("{key} is not set and has no default; it must be {allowed}")]
    Missing {
        /// The full dotted key.
        key: String,
        /// What it must be.
        allowed: String,
    },
    /// A value that its key does not allow, alone or beside others.
    #[error("{key} = {value} ({origin}) must be {allowed}")]
    Invalid {
        /// The full dotted key.
        key: String,
        /// The value as it is written; secrets are hidden.
        value: String,
        /// Where it is written.
        origin: Origin,
        /// What it must be.
        allowed: String,
    },
    /// A family in `[expose]` or a KPI in `[leaderboard]` that the catalogue does not hold.
    #[error("{0}")]
    Catalogue(String),
    /// Several of these.
    #[error("{}", lines(.0))]
    Several(Vec<ConfigError>),
}

fn lines(faults: &[ConfigError]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl ConfigError {
    /// What kind of fault it is, as a word for machines.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            ConfigError::Unreadable { .. } => "unreadable_file",
            ConfigError::Syntax { .. } => "syntax",
            ConfigError::UnknownKey { .. } => "unknown_key",
            ConfigError::Missing { .. } => "missing_key",
            ConfigError::Invalid { .. } | ConfigError::Catalogue(_) | ConfigError::Several(_) => "invalid_value",
        }
    }

    /// The full dotted key that is at fault, if it is one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            ConfigError::Unreadable { .. } | ConfigError::Syntax { .. } | ConfigError::Several(_) => None,
            ConfigError::UnknownKey { key, .. }
            | ConfigError::Missing { key, .. }
            | ConfigError::Invalid { key, .. } => Some(key),
            // The catalogue's sentences begin with the key.
            ConfigError::Catalogue(sentence) => sentence.split_once(": ").map(|(key, _)| key),
        }
    }

    /// Where the fault is written, if its sentence says so.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match self {
            ConfigError::Syntax { path, line, .. } => Some(Origin::File { path: path.clone(), line: *line }),
            ConfigError::UnknownKey { origin, .. } | ConfigError::Invalid { origin, .. } => Some(origin.clone()),
            ConfigError::Unreadable { .. }
            | ConfigError::Missing { .. }
            | ConfigError::Catalogue(_)
            | ConfigError::Several(_) => None,
        }
    }
}
