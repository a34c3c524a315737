//! Amounts in the forms in which CRMs write them, digit by digit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A decimal text whose thousands are grouped: `300,000.00`.
pub(super) fn ungrouped(text: &str, group: char, point: char) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    for char in text.trim().chars() {
        match char {
            _ if char == point => written.push('.'),
            _ if char == group || char.is_whitespace() => {}
            '0'..='9' | '-' => written.push(char),
            _ => return None,
        }
    }
    is_decimal(&written).then_some(written)
}

/// A whole number of minor units as a decimal.
pub(super) fn of_minor(digits: &str, places: usize) -> Option<String> {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if places == 0 {
        return Some(format!("{sign}{digits}"));
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at_checked(padded.len() - places)?;
    Some(format!("{sign}{whole}.{fraction}"))
}

/// Kafka Connect's `Decimal`: the unscaled value in two's complement, big end first, in base64.
pub(in crate::connect) fn of_base64(text: &str, places: usize) -> Option<String> {
    let bytes = STANDARD.decode(text).ok().filter(|bytes| (1..=16).contains(&bytes.len()))?;
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let start = if negative { -1_i128 } else { 0 };
    let unscaled = bytes.iter().fold(start, |value, byte| (value << 8) | i128::from(*byte));
    of_minor(&unscaled.to_string(), places)
}

/// `-?digits[.digits]`.
pub(in crate::connect) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_taken_out() {
        assert_eq!(ungrouped("300,000.00", ',', '.').as_deref(), Some("300000.00"));
        assert_eq!(ungrouped("-1.234,5", '.', ',').as_deref(), Some("-1234.5"));
        for text in ["", "1.2.3", "12e3", "¥12", "--1", "."] {
            assert_eq!(ungrouped(text, ',', '.'), None, "{text}");
        }
    }

    #[test]
    fn minor_units_get_their_point() {
        for (digits, places, written) in
            [("130050", 2, "1300.50"), ("5", 2, "0.05"), ("-5", 3, "-0.005"), ("12", 0, "12")]
        {
            assert_eq!(of_minor(digits, places).as_deref(), Some(written));
        }
        assert_eq!(of_minor("1.5", 2), None);
        assert_eq!(of_minor("", 2), None);
    }

    #[test]
    fn decimals_of_kafka_connect() {
        assert_eq!(of_base64("AfwC", 2).as_deref(), Some("1300.50"));
        assert_eq!(of_base64("/w==", 2).as_deref(), Some("-0.01"));
        assert_eq!(of_base64("", 2), None);
        assert_eq!(of_base64("AAAAAAAAAAAAAAAAAAAAAAE=", 2), None);
    }
}
