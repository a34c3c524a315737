//! A value as it is written: numbers keep their digits and are never read through a float.

use std::fmt;

use toml::de::{DeInteger, DeValue};

use crate::model::money::Decimal;

/// What stands in the place of a value that is not shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// A value of the configuration as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text without its quotes.
    Text(String),
    /// The decimal digits of a whole number.
    Integer(String),
    /// The text of a number with a point or an exponent.
    Float(String),
    Boolean(bool),
    /// A date, a time of day or both.
    Date(String),
    List(Vec<Value>),
    /// A table where none belongs; what it holds does not matter.
    Table,
    /// A value that may be a secret.
    Hidden,
}

/// The longest value that an error repeats in full, in characters.
const LONGEST_SHOWN: usize = 100;

impl Value {
    pub(super) fn new(value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(number) => Value::Integer(decimal_digits(number)),
            DeValue::Float(number) => Value::Float(without_plus(number.as_str()).to_owned()),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(value) => Value::Date(value.to_string()),
            DeValue::Array(values) => Value::List(values.iter().map(|value| Value::new(value.get_ref())).collect()),
            DeValue::Table(_) => Value::Table,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&self) -> Option<u64> {
        match self {
            Value::Integer(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// A number or the text of a decimal, by its digits.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        match self {
            Value::Text(text) => Decimal::parse(text),
            Value::Integer(number) | Value::Float(number) => Decimal::from_json_number(number),
            _ => None,
        }
    }

    /// What is written, if it is a text, a number or a truth value: as librdkafka takes all of them.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Value::Text(text) | Value::Integer(text) | Value::Float(text) => Some(text.clone()),
            Value::Boolean(value) => Some(value.to_string()),
            Value::Date(_) | Value::List(_) | Value::Table | Value::Hidden => None,
        }
    }

    /// The value as an error shows it: on one line and not too long.
    pub(super) fn shown(&self) -> String {
        let whole = self.to_string();
        match whole.char_indices().nth(LONGEST_SHOWN) {
            Some((end, _)) => format!("{}…", whole.get(..end).unwrap_or_default()),
            None => whole,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Integer(text) | Value::Float(text) | Value::Date(text) => f.write_str(text),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::List(values) => {
                let values: Vec<_> = values.iter().map(Value::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Value::Table => f.write_str("{…}"),
            Value::Hidden => f.write_str(HIDDEN),
        }
    }
}

fn without_plus(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// TOML writes integers in four bases, of which people use the decimal one.
fn decimal_digits(number: &DeInteger<'_>) -> String {
    let digits = without_plus(number.as_str());
    if number.radix() == 10 {
        return digits.to_owned();
    }
    i128::from_str_radix(digits, number.radix()).map_or_else(|_| number.to_string(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::new(DeValue::parse(text).unwrap().get_ref())
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (text, same) in [
            ("0.1", "0.1"),
            ("+0.1", "0.1"),
            ("1e-1", "0.1"),
            ("\"0.1\"", "0.1"),
            ("7_000.25", "7000.25"),
            ("0.123456789012345678", "0.123456789012345678"),
            ("0x10", "16"),
            ("1_000", "1000"),
        ] {
            let ratio = value(text).decimal().and_then(Decimal::to_ratio).unwrap();
            let expected = Decimal::parse(same).and_then(Decimal::to_ratio).unwrap();
            assert_eq!(ratio.numerator * expected.denominator, expected.numerator * ratio.denominator, "{text}");
        }
        for text in ["inf", "nan", "\"1e-1\"", "\"\"", "true", "[1]", "2026-01-01"] {
            assert_eq!(value(text).decimal(), None, "{text}");
        }
        assert_eq!(value("-1").whole(), None);
        assert_eq!(value("18446744073709551615").whole(), Some(u64::MAX));
    }

    #[test]
    fn long_values_are_cut() {
        let shown = Value::Text("x".repeat(5_000)).shown();
        assert_eq!(shown.chars().count(), LONGEST_SHOWN + 1);
    }
}
