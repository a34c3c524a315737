//! The first fault of a record, in the order of the codes.

use super::json::Key;
use super::{Rejection, RejectionCode};

/// Collects faults in any order and keeps the one that counts: the first in the order of the codes, and of
/// several with the same code the one noted first.
#[derive(Debug, Default)]
pub(super) struct Faults(Option<Rejection>);

impl Faults {
    /// Notes a fault of a field; its sentence is only made if it counts.
    pub(super) fn note(&mut self, code: RejectionCode, key: Key, message: impl FnOnce() -> String) {
        if self.0.as_ref().is_none_or(|first| code < first.code) {
            self.0 = Some(Rejection::of_field(code, key, message()));
        }
    }

    /// The fault that counts, if there is any.
    pub(super) fn into_first(self) -> Option<Rejection> {
        self.0
    }
}
