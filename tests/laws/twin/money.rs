//! Decimals read by their digits, conversion, and the parts of a split.

use jiff::civil::Date;
use salespulse::model::money::Currency;

use super::setting::Setting;

/// A decimal: `digits / 10^fraction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    fraction: u32,
}

impl Decimal {
    /// Reads a decimal that is well-formed, with an exponent or without.
    pub(crate) fn read(text: &str) -> Decimal {
        let (significand, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().expect(text);
        let (whole, part) = significand.split_once('.').unwrap_or((significand, ""));
        let part = part.trim_end_matches('0');
        let mut digits: i128 = format!("{whole}{part}").parse().expect(text);
        let mut fraction = i32::try_from(part.len()).expect("few digits") - exponent;
        while fraction < 0 {
            digits *= 10;
            fraction += 1;
        }
        while fraction > 0 && digits % 10 == 0 {
            digits /= 10;
            fraction -= 1;
        }
        Decimal { digits, fraction: u32::try_from(fraction).expect("not negative") }
    }

    /// The whole number that `10^places` of these are.
    pub(crate) fn times_ten_to(self, places: u32) -> i128 {
        let up = places.checked_sub(self.fraction).expect("no more fraction digits than places");
        self.digits * 10_i128.pow(up)
    }

    /// `amount × this`, rounded half-even.
    pub(crate) fn of(self, amount: i128) -> i128 {
        half_even(amount * self.digits, 10_i128.pow(self.fraction))
    }
}

/// `numerator / denominator`, rounded half-even; the denominator is above 0.
pub(crate) fn half_even(numerator: i128, denominator: i128) -> i128 {
    let down = numerator.div_euclid(denominator);
    let twice_rest = 2 * numerator.rem_euclid(denominator);
    let up = twice_rest > denominator || (twice_rest == denominator && down % 2 != 0);
    down + i128::from(up)
}

/// An amount in minor units of the reporting currency, at the rate in force on a date.
pub(crate) fn reporting_minor(amount: Decimal, currency: Currency, on: Date, setting: &Setting) -> i128 {
    let minor = amount.times_ten_to(currency.digits());
    if currency == setting.currency {
        return minor;
    }
    let in_force = setting.rates.iter().filter(|rate| rate.from == currency && rate.date <= on);
    let rate = in_force.max_by_key(|rate| rate.date).expect("a rate in force").rate;
    // minor / 10^digits × rate × 10^(digits of the reporting currency)
    let numerator = minor * rate.digits * 10_i128.pow(setting.currency.digits());
    half_even(numerator, 10_i128.pow(currency.digits() + rate.fraction))
}

/// A billion shares are a whole.
pub(crate) const SHARES: i128 = 1_000_000_000;

/// The parts of an amount by shares of a billionth: each rounded down, and what is left one unit each to
/// those of which the most was cut off, of equal ones to the earlier.
pub(crate) fn split(amount: i128, shares: &[i128]) -> Vec<i128> {
    let mut parts: Vec<i128> = shares.iter().map(|share| amount * share / SHARES).collect();
    let left = amount - parts.iter().sum::<i128>();
    let mut by_cut: Vec<usize> = (0..shares.len()).collect();
    by_cut.sort_by_key(|place| (-(amount * shares[*place] % SHARES), *place));
    for place in by_cut.into_iter().take(usize::try_from(left).expect("fewer than there are entries")) {
        parts[place] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_by_their_value() {
        for (text, minor) in [("12.50", 1250), ("-0.01", -1), ("1250e-2", 1250), ("12.500000", 1250), ("7E1", 7000)] {
            assert_eq!(Decimal::read(text).times_ten_to(2), minor, "{text}");
        }
    }

    #[test]
    fn what_is_left_goes_to_the_greatest_fractions() {
        let third = SHARES / 3;
        assert_eq!(split(100, &[third, third, third + 1]), [33, 33, 34]);
        assert_eq!(split(1, &[SHARES / 2, SHARES / 2]), [1, 0]);
        assert_eq!(split(5, &[SHARES / 4, SHARES / 4, SHARES / 2]), [1, 1, 3]);
        assert_eq!(split(7, &[SHARES]), [7]);
        assert_eq!(split(0, &[SHARES / 2, SHARES / 2]), [0, 0]);
    }
}
