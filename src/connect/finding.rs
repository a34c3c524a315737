//! What `connect check` has found.

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something is as it must be.
    Right(String),
    /// Something that need not be wrong.
    Note(String),
    /// Something is not as it must be.
    Wrong(String),
}
