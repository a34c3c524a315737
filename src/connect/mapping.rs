//! The mapping language: from a record of a CRM to events, by rules that a user can read and change.
//!
//! A rule says which records it is for (`from`, `when`), which event they become (`to`) and what stands in each of its
//! fields: a constant, a JSON Pointer with filters, or a template. The language is closed: it has no loops, no arithmetic
//! and no floats, so a rule always ends, and is judged when it is loaded. Amounts pass as the digits they came in.

mod amounts;
mod condition;
mod expression;
mod load;
mod rule;
mod syntax;
mod tables;
mod times;

pub(super) use amounts::of_base64 as decimal_of_base64;
pub use condition::Condition;
pub use expression::Expression;
pub use load::{LoadFault, Place, Section};
pub use rule::{Document, Mapping, Rule};
pub use tables::Tables;
pub(super) use times::{millis, normalised};

use jiff::tz::TimeZone;

/// What a mapping needs to know of its source beside the record.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where dates without a time zone belong.
    pub zone: TimeZone,
    /// The currency of amounts that name none.
    pub currency: Option<String>,
    /// How often everything has been sent anew because a mapping was wrong: it outweighs every version before.
    pub generation: u64,
    /// Stands before identities, where two sources might use the same ones.
    pub id_prefix: String,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting { zone: TimeZone::UTC, currency: None, generation: 0, id_prefix: String::new() }
    }
}

impl Setting {
    /// The version of what a record said at an instant.
    ///
    /// What was current when it was seen outweighs what a history says later, because only then the owner and the amount
    /// of that instant were known.
    #[must_use]
    pub fn version(&self, modified_ms: i64, is_current: bool) -> u64 {
        let modified = u64::try_from(modified_ms).unwrap_or(0);
        (self.generation << 50) + 2 * modified + u64::from(is_current)
    }
}

/// Why a record is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Fault {
    /// The kind of fault, as metrics count it.
    pub code: FaultCode,
    /// The field of the event, or the condition.
    pub field: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultCode {
    /// A table has no entry for a value.
    Unmapped,
    /// A value that the rule requires is absent.
    Missing,
    /// A value is not what its filter takes.
    Invalid,
    /// No rule is for this record.
    NoRule,
    /// The payload is no JSON.
    NotJson,
}

impl FaultCode {
    /// All of them.
    pub const ALL: [FaultCode; 5] =
        [FaultCode::Unmapped, FaultCode::Missing, FaultCode::Invalid, FaultCode::NoRule, FaultCode::NotJson];

    /// The word in metrics and dead letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FaultCode::Unmapped => "unmapped",
            FaultCode::Missing => "missing",
            FaultCode::Invalid => "invalid",
            FaultCode::NoRule => "no_rule",
            FaultCode::NotJson => "not_json",
        }
    }
}
