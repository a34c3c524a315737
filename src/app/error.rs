//! How a command can fail, and the exit code of each way.

use super::run::RunError;
use crate::config::ConfigError;
use crate::kpi::exposition::TooManySeries;

/// How a command can fail. Each is one sentence for people and one exit code for machines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// A wrong command line, or a file on it that cannot be used.
    #[error("{0}")]
    Usage(String),
    /// A wrong configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A reading that may not be shown.
    #[error(transparent)]
    TooManySeries(#[from] TooManySeries),
    /// A result that cannot be written.
    #[error("{0}")]
    Output(String),
    /// The service ended before it was asked to.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl AppError {
    /// The exit code of wrong command lines and configurations: `EX_USAGE` of sysexits.h.
    pub const USAGE: u8 = 64;

    /// The exit code: those from 64 are the ones of sysexits.h.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            AppError::TooManySeries(_) => 1,
            AppError::Usage(_) | AppError::Config(_) => AppError::USAGE,
            AppError::Output(_) => 74,
            AppError::Run(error) => error.exit_code(),
        }
    }
}
