//! Conditions: which records a rule is for.

use super::Fault;
use super::expression::{Expression, Scene};

/// One condition on a value.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The value.
    pub at: Expression,
    /// What it must be.
    pub test: Test,
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// One of these words; an absent value is none of them.
    Is(Vec<String>),
    /// None of these words; an absent value is none of them either.
    Not(Vec<String>),
    /// There, or absent.
    Exists(bool),
}

impl Condition {
    pub(super) fn holds(&self, scene: &Scene<'_>) -> Result<bool, Fault> {
        let value = self.at.value(scene)?;
        let is_one_of = |words: &[String]| {
            let word = value.as_ref().and_then(|value| value.word(""));
            word.is_some_and(|word| words.iter().any(|known| known == word))
        };
        Ok(match &self.test {
            Test::Is(words) => is_one_of(words),
            Test::Not(words) => !is_one_of(words),
            Test::Exists(wanted) => value.is_some() == *wanted,
        })
    }
}
