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
            Value::Count(count) => write_whole(text, count),
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

fn write_whole(text: &mut String, number: i128) {
    let mut buffer = itoa::Buffer::new();
    // Hardly any number needs more than a word, and one of two words is far slower to write.
    text.push_str(match i64::try_from(number) {
        Ok(number) => buffer.format(number),
        Err(_) => buffer.format(number),
    });
}

fn write_money(text: &mut String, minor: i128, minor_per_major: i64) {
    let (major, mut rest) = divided(minor, minor_per_major);
    if minor < 0 {
        text.push('-');
    }
    write_whole(text, major.abs());
    if rest == 0 {
        return;
    }
    text.push('.');
    let mut place = minor_per_major / 10;
    while rest > 0 {
        text.push_str(itoa::Buffer::new().format(rest / place));
        rest %= place;
        place /= 10;
    }
}

/// How often a number goes into another, and the size of what is left.
fn divided(number: i128, by: i64) -> (i128, i64) {
    match i64::try_from(number) {
        Ok(number) => ((number / by).into(), (number % by).abs()),
        Err(_) => {
            let left = (number % i128::from(by)).abs();
            (number / i128::from(by), i64::try_from(left).unwrap_or(0))
        }
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
            (i128::from(i64::MIN), 100, "-92233720368547758.08"),
            (i128::from(i64::MAX) + 1, 1, "9223372036854775808"),
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
