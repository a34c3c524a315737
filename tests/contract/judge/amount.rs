//! Amounts: decimals as strings of digits, and their worth in yuan.

use jiff::civil::Date;

use super::json::Json;
use crate::contract::setting::RATES;

/// At most this many minor units either way.
const LARGEST: i128 = 1_000_000_000_000_000;

/// The most digits that are worth a closer look: any amount with more is too large or has too many
/// fraction digits.
const MOST_DIGITS: usize = 36;

/// A decimal: its digits without zeros in front, and how many of them are fraction.
struct Decimal {
    negative: bool,
    digits: String,
    fraction: i128,
}

/// Why an amount has no worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worthless {
    /// Too many fraction digits, or too large before or after conversion.
    Amount,
    /// No rate on that date.
    Rate,
}

/// Minor units of an amount whose syntax the schema takes.
pub(super) fn minor_units(amount: &Json, currency_digits: u32) -> Result<i128, Worthless> {
    let decimal = match amount {
        Json::Number(text) | Json::Text(text) => decimal(text),
        _ => return Err(Worthless::Amount),
    };
    let zeros = i128::from(currency_digits) - decimal.fraction;
    if zeros < 0 {
        return Err(Worthless::Amount);
    }
    if decimal.digits.is_empty() {
        return Ok(0);
    }
    if decimal.digits.len() > MOST_DIGITS || zeros + decimal.digits.len() as i128 > 17 {
        return Err(Worthless::Amount);
    }
    let zeros = "0".repeat(usize::try_from(zeros).unwrap());
    let minor: i128 = format!("{}{zeros}", decimal.digits).parse().unwrap();
    within_limits(if decimal.negative { -minor } else { minor })
}

fn decimal(text: &str) -> Decimal {
    let (significand, exponent) = match text.split_once(['e', 'E']) {
        Some((significand, exponent)) => (significand, Some(exponent)),
        None => (text, None),
    };
    let negative = significand.starts_with('-');
    let (whole, fraction) = significand.trim_start_matches('-').split_once('.').unwrap_or((significand, ""));
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let mut digits = all.trim_start_matches('0').to_owned();
    // Only the value counts: zeros at the end are no digits, and a zero has none at all.
    let significant = digits.trim_end_matches('0').len();
    let mut fraction = fraction.len() as i128 - (digits.len() - significant) as i128;
    digits.truncate(significant);
    fraction = if digits.is_empty() { 0 } else { fraction - exponent.map_or(0, exponent_value) };
    Decimal { negative, digits, fraction }
}

fn exponent_value(exponent: &str) -> i128 {
    let size = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    let size = if size.len() > 18 { i128::from(i64::MAX) } else { format!("0{size}").parse().unwrap() };
    if exponent.starts_with('-') { -size } else { size }
}

fn within_limits(minor: i128) -> Result<i128, Worthless> {
    if minor.abs() <= LARGEST { Ok(minor) } else { Err(Worthless::Amount) }
}

/// Whether the configuration has any rate for a currency, or needs none.
pub(super) fn has_rates(currency: &str) -> bool {
    currency == "CNY" || RATES.iter().any(|(_, code, _)| *code == currency)
}

/// Fen of an amount at the rate in force on a date, rounded half-even.
pub(super) fn in_fen(minor: i128, currency: &str, currency_digits: u32, on: Date) -> Result<i128, Worthless> {
    if currency == "CNY" {
        return Ok(minor);
    }
    let in_force = RATES.iter().filter(|(from, code, _)| *code == currency && *from <= on).max_by_key(|rate| rate.0);
    let (_, _, rate) = in_force.ok_or(Worthless::Rate)?;
    let rate = decimal(rate);
    let (rate_up, rate_down) = (rate.fraction.min(0).unsigned_abs(), rate.fraction.max(0));
    // minor / 10^digits × rate / 10^fraction × 100
    let rate_up = 10_i128.pow(u32::try_from(rate_up).unwrap());
    let numerator = minor.abs() * rate.digits.parse::<i128>().unwrap() * rate_up * 100;
    let denominator = 10_i128.pow(currency_digits + u32::try_from(rate_down).unwrap());
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    let up = 2 * rest > denominator || (2 * rest == denominator && whole % 2 == 1);
    within_limits((whole + i128::from(up)) * minor.signum())
}

#[test]
fn amounts_by_their_digits() {
    let number = |text: &str| minor_units(&Json::Number(text.to_owned()), 2).ok();
    for (text, minor) in [
        ("1250.50", Some(125_050)),
        ("-0", Some(0)),
        ("0.000", Some(0)),
        ("0.000e0", Some(0)),
        ("0e-99999999999999999999", Some(0)),
        ("1.2505e3", Some(125_050)),
        ("12.340e0", Some(1_234)),
        ("12.340", Some(1_234)),
        ("12.345", None),
        ("1e-2", Some(1)),
        ("1e-3", None),
        ("1e13", Some(LARGEST)),
        ("-1e13", Some(-LARGEST)),
        ("10000000000000.01", None),
        ("1e400", None),
        ("-1e99999999999999999999", None),
        ("10000e-0000000000000000000000006", Some(1)),
    ] {
        assert_eq!(number(text), minor, "{text}");
    }
}

#[test]
fn conversion_takes_the_rate_of_the_day() {
    use jiff::civil::date;
    assert_eq!(in_fen(100, "USD", 2, date(2026, 2, 28)), Ok(710));
    assert_eq!(in_fen(-100, "USD", 2, date(2026, 3, 1)), Ok(-700));
    assert_eq!(in_fen(100, "USD", 2, date(2025, 12, 31)), Err(Worthless::Rate));
    assert_eq!(in_fen(1, "TWD", 2, date(2026, 3, 1)), Ok(0));
    assert_eq!(in_fen(3, "TWD", 2, date(2026, 3, 1)), Ok(2));
    assert_eq!(in_fen(LARGEST, "SGD", 2, date(2026, 3, 1)), Ok(LARGEST));
    assert_eq!(in_fen(LARGEST, "USD", 2, date(2026, 3, 1)), Err(Worthless::Amount));
    assert_eq!(in_fen(1, "GBP", 2, date(2026, 3, 1)), Err(Worthless::Rate));
}
