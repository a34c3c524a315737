//! Why a record cannot be used: a closed list of codes, and a sentence a person can act on.

use std::fmt;

use super::fields::Key;

/// The code of a rejection. A record with several faults has the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectionCode {
    /// The value is over 64 KiB, framing included.
    TooLarge,
    /// Not one JSON object.
    NotJson,
    /// A type that is not one of the seven.
    UnknownType,
    /// A type other than its topic's.
    TypeMismatch,
    /// A required field is absent or null.
    MissingField,
    /// A field of the wrong JSON type or out of its range.
    InvalidField,
    /// A stage outside the pipeline.
    UnknownStage,
    /// An amount's syntax, digits, sign or size.
    InvalidAmount,
    /// No ISO 4217 code with minor units, or no rate to the reporting currency.
    UnknownCurrency,
    /// Not a time.
    InvalidTime,
    /// Later than the clock and the record's timestamp allow.
    InFuture,
}

impl RejectionCode {
    /// All codes, in the order in which faults count.
    pub const ALL: [RejectionCode; 11] = [
        RejectionCode::TooLarge,
        RejectionCode::NotJson,
        RejectionCode::UnknownType,
        RejectionCode::TypeMismatch,
        RejectionCode::MissingField,
        RejectionCode::InvalidField,
        RejectionCode::UnknownStage,
        RejectionCode::InvalidAmount,
        RejectionCode::UnknownCurrency,
        RejectionCode::InvalidTime,
        RejectionCode::InFuture,
    ];

    /// The word in headers, labels and summaries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RejectionCode::TooLarge => "too_large",
            RejectionCode::NotJson => "not_json",
            RejectionCode::UnknownType => "unknown_type",
            RejectionCode::TypeMismatch => "type_mismatch",
            RejectionCode::MissingField => "missing_field",
            RejectionCode::InvalidField => "invalid_field",
            RejectionCode::UnknownStage => "unknown_stage",
            RejectionCode::InvalidAmount => "invalid_amount",
            RejectionCode::UnknownCurrency => "unknown_currency",
            RejectionCode::InvalidTime => "invalid_time",
            RejectionCode::InFuture => "in_future",
        }
    }
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The code, for machines.
    pub code: RejectionCode,
    /// The field that is at fault; `None` where the record as a whole is.
    pub field: Option<&'static str>,
    /// A sentence that names the field and what is allowed, for people.
    pub message: String,
    /// The setting with another value of which the record might be accepted.
    pub depends_on: Option<Setting>,
}

/// A part of the configuration that some records are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The stages of the pipeline.
    Stages,
    /// The rates of currencies, and the time zone in which they change.
    Rates,
}

impl Rejection {
    /// A rejection of a record as a whole.
    #[must_use]
    pub fn new(code: RejectionCode, message: impl Into<String>) -> Rejection {
        Rejection { code, field: None, message: message.into(), depends_on: None }
    }

    /// A rejection for the sake of one field.
    pub(super) fn of_field(code: RejectionCode, key: Key, message: impl Into<String>) -> Rejection {
        Rejection { field: Some(key.name()), ..Rejection::new(code, message) }
    }
}
