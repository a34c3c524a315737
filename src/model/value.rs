//! The values of KPIs, and their text.

use std::cmp::Ordering;

/// A value of a KPI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(i128),
    /// An exact amount in minor units of the reporting currency; its text is in major units.
    Money(i128),
    /// Any other number; money in major units.
    Real(f64),
}

impl Value {
    /// Compares two values of the same KPI.
    #[must_use]
    pub fn compare(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Count(left), Value::Count(right)) | (Value::Money(left), Value::Money(right)) => left.cmp(right),
            (left, right) => left.to_f64(1).total_cmp(&right.to_f64(1)),
        }
    }

    /// The nearest float; money in major units of so many minor ones.
    #[must_use]
    pub fn to_f64(self, minor_per_major: i64) -> f64 {
        match self {
            Value::Count(count) => float(count),
            Value::Money(minor) => float(minor) / float(i128::from(minor_per_major)),
            Value::Real(real) => real,
        }
    }

    /// Appends the value's text: whole numbers and money exactly, digit by digit.
    pub fn write(self, text: &mut String, minor_per_major: i64) {
        match self {
            Value::Count(count) => text.push_str(itoa::Buffer::new().format(count)),
            Value::Money(minor) => write_money(text, minor, minor_per_major),
            Value::Real(real) => text.push_str(ryu::Buffer::new().format(real)),
        }
    }
}

/// The quotient of two whole numbers; `None` where the denominator is zero.
#[must_use]
pub fn ratio(numerator: i128, denominator: i128) -> Option<f64> {
    (denominator != 0).then(|| float(numerator) / float(denominator))
}

/// The nearest float to a whole number.
#[expect(clippy::cast_precision_loss, reason = "the nearest float is what Prometheus stores anyway")]
#[must_use]
pub fn float(value: i128) -> f64 {
    value as f64
}

fn write_money(text: &mut String, minor: i128, minor_per_major: i64) {
    let per_major = i128::from(minor_per_major);
    if minor < 0 {
        text.push('-');
    }
    let (major, mut rest) = ((minor / per_major).abs(), (minor % per_major).abs());
    text.push_str(itoa::Buffer::new().format(major));
    if rest == 0 {
        return;
    }
    text.push('.');
    let mut place = per_major / 10;
    while rest > 0 {
        text.push_str(itoa::Buffer::new().format(rest / place));
        rest %= place;
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_told_digit_by_digit() {
        for (minor, per_major, expected) in [
            (0, 100, "0"),
            (125_050, 100, "1250.5"),
            (-5, 100, "-0.05"),
            (7, 1, "7"),
            (1_002_003, 1_000, "1002.003"),
            (123_456_789_012_345_678_901_234_567_i128, 10_000, "12345678901234567890123.4567"),
        ] {
            let mut text = String::new();
            Value::Money(minor).write(&mut text, per_major);
            assert_eq!(text, expected);
        }
    }
}
