//! The first fault of a record, in the order of the codes.

use super::fields::Key;
use super::rejection::{Rejection, RejectionCode, Setting};

/// Collects faults in any order and keeps the one that counts: the first in the order of the codes, and of
/// several with the same code the one noted first.
#[derive(Debug, Default)]
pub(super) struct Faults(Option<Rejection>);

impl Faults {
    /// Notes a fault of a field; its sentence is only made if it counts.
    pub(super) fn note(&mut self, code: RejectionCode, key: Key, message: impl FnOnce() -> String) {
        if self.0.as_ref().is_none_or(|first| code < first.code) {
            let depends_on = (code == RejectionCode::UnknownStage).then_some(Setting::Stages);
            self.0 = Some(Rejection { depends_on, ..Rejection::of_field(code, key, message()) });
        }
    }

    /// Notes a fault of a field that other rates might mend.
    pub(super) fn note_conversion(&mut self, code: RejectionCode, key: Key, message: impl FnOnce() -> String) {
        if self.0.as_ref().is_none_or(|first| code < first.code) {
            let depends_on = Some(Setting::Rates);
            self.0 = Some(Rejection { depends_on, ..Rejection::of_field(code, key, message()) });
        }
    }

    /// The fault that counts, if there is any.
    pub(super) fn into_first(self) -> Option<Rejection> {
        self.0
    }
}
