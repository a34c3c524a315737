//! Decimal numbers by their digits.

use super::{Currency, LARGEST_AMOUNT, Ratio};

/// Any so many digits fit one word, which is much faster than two.
const FIT_A_WORD: usize = 19;

/// A decimal number read digit by digit, never through a float.
///
/// ```
/// use salespulse::model::money::{Currency, Decimal};
///
/// let usd = Currency::from_code("USD").unwrap();
/// assert_eq!(Decimal::parse("-1250.50").unwrap().minor_units(usd), Some(-125_050));
/// assert_eq!(Decimal::parse("1.255").unwrap().minor_units(usd), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// `None`: more than 38 digits, which no amount or rate can have.
    mantissa: Option<u128>,
    /// Fraction digits: the value is `mantissa / 10^scale`. Negative after a large exponent.
    scale: i64,
}

impl Decimal {
    /// Parses `-?digits[.digits]`; `None` if it is no such text. Only the value counts: zeros at the end of the fraction
    /// are dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = split_sign(text);
        if unsigned.len() <= FIT_A_WORD {
            return Decimal::short(negative, unsigned);
        }
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (unsigned, ""),
        };
        is_digits(whole).then(|| Decimal::new(negative, whole, fraction))
    }

    /// Reads the text of a valid JSON number.
    #[must_use]
    pub fn from_json_number(text: &str) -> Option<Decimal> {
        let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
            return Decimal::parse(text);
        };
        let (negative, unsigned) = split_sign(digits);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if !is_digits(whole) || !(fraction.is_empty() || is_digits(fraction)) {
            return None;
        }
        let joined = format!("{whole}{fraction}");
        let significant = joined.trim_end_matches('0');
        let dropped = joined.len() - significant.len();
        let mut value = Decimal::new(negative, significant, "");
        let shift = i64::try_from(fraction.len()).ok()? - i64::try_from(dropped).ok()?;
        value.scale = if value.is_zero() { 0 } else { shift.saturating_sub(saturating_exponent(exponent)?) };
        Some(value)
    }

    /// Reads `digits[.digits]` of so few digits that they fit one word, in one pass.
    fn short(negative: bool, unsigned: &str) -> Option<Decimal> {
        let mut bytes = unsigned.bytes();
        let (mut whole, mut has_fraction) = (0_u64, false);
        for byte in bytes.by_ref() {
            match byte {
                b'0'..=b'9' => whole = whole * 10 + u64::from(byte - b'0'),
                b'.' => {
                    has_fraction = true;
                    break;
                }
                _ => return None,
            }
        }
        let fraction = bytes.len();
        let digits_before = unsigned.len() - fraction - usize::from(has_fraction);
        if digits_before == 0 || has_fraction && fraction == 0 {
            return None;
        }
        // Zeros at the end do not count, so the last digit that is none decides.
        let (mut all, mut mantissa, mut scale) = (whole, whole, 0);
        for (digits, byte) in (1..).zip(bytes) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            all = all * 10 + u64::from(digit);
            if digit > 0 {
                (mantissa, scale) = (all, digits);
            }
        }
        Some(Decimal { negative, mantissa: Some(mantissa.into()), scale })
    }

    fn new(negative: bool, whole: &str, fraction: &str) -> Decimal {
        let fraction = fraction.trim_end_matches('0');
        let mut digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0');
        let mantissa = if whole.len() + fraction.len() <= FIT_A_WORD {
            Some(u128::from(digits.fold(0_u64, |value, digit| value * 10 + u64::from(digit))))
        } else {
            digits.try_fold(0_u128, |value, digit| value.checked_mul(10)?.checked_add(digit.into()))
        };
        Decimal { negative, mantissa, scale: i64::try_from(fraction.len()).unwrap_or(i64::MAX) }
    }

    /// Whether the value is 0, whatever its sign and digits.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.mantissa == Some(0)
    }

    /// Whether the value is less than 0; `-0` is not.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative && !self.is_zero()
    }

    /// The value in minor units of a currency; `None` if it has more fraction digits than the
    /// currency or is larger than [`LARGEST_AMOUNT`] either way.
    #[must_use]
    pub fn minor_units(self, currency: Currency) -> Option<i64> {
        let spare = i64::from(currency.digits()).checked_sub(self.scale).filter(|spare| *spare >= 0)?;
        let mantissa = self.mantissa?;
        let minor = match u32::try_from(spare).ok().and_then(|spare| 10_u64.checked_pow(spare)) {
            Some(factor) => mantissa.checked_mul(factor.into())?,
            None if mantissa == 0 => 0,
            None => return None,
        };
        let minor = i64::try_from(minor).ok().filter(|minor| *minor <= LARGEST_AMOUNT)?;
        Some(if self.negative { -minor } else { minor })
    }

    /// The value if it is a whole number of things from 0 to 10^15.
    #[must_use]
    pub fn to_count(self) -> Option<i64> {
        let shift = u32::try_from(self.scale.checked_neg()?).ok();
        let count = match (self.mantissa?, shift) {
            (0, _) => 0,
            (mantissa, Some(shift)) => mantissa.checked_mul(10_u128.checked_pow(shift)?)?,
            (_, None) => return None,
        };
        i64::try_from(count).ok().filter(|count| *count <= LARGEST_AMOUNT && !self.is_negative())
    }

    /// The value in parts of [`WHOLE_SHARE`](crate::model::event::WHOLE_SHARE) if it is a share: more than 0, at most 1,
    /// with at most nine fraction digits.
    #[must_use]
    pub fn to_share(self) -> Option<u32> {
        const DIGITS: i64 = 9;
        let spare = u32::try_from(DIGITS.checked_sub(self.scale)?).ok()?;
        let parts = self.mantissa?.checked_mul(10_u128.checked_pow(spare)?)?;
        u32::try_from(parts).ok().filter(|parts| (1..=10_u32.pow(9)).contains(parts) && !self.negative)
    }

    /// The value as a positive fraction of two integers, the second a power of ten; `None` if it
    /// is negative or has more than 18 digits or more than 18 fraction digits.
    #[must_use]
    pub fn to_ratio(self) -> Option<Ratio> {
        const LIMIT: u128 = 1_000_000_000_000_000_000;
        let mantissa = self.mantissa.filter(|mantissa| *mantissa <= LIMIT && !self.is_negative())?;
        let power = |exponent: i64| u32::try_from(exponent).ok().and_then(|exponent| 10_u128.checked_pow(exponent));
        let (numerator, denominator) = if self.scale >= 0 {
            (mantissa, power(self.scale)?)
        } else {
            (mantissa.checked_mul(power(self.scale.checked_neg()?)?)?, 1)
        };
        (numerator <= LIMIT && denominator <= LIMIT).then_some(Ratio { numerator, denominator })
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |unsigned| (true, unsigned))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The exponent of a JSON number; beyond the range of any amount its exact size no longer matters.
fn saturating_exponent(text: &str) -> Option<i64> {
    const HUGE: i64 = 1_000_000_000_000;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(unsigned) {
        return None;
    }
    let size = unsigned.parse::<i64>().unwrap_or(HUGE).min(HUGE);
    Some(if text.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn amounts_by_their_digits() {
        let minor = |text: &str| Decimal::from_json_number(text).and_then(|value| value.minor_units(currency("USD")));
        assert_eq!(minor("1250.50"), Some(125_050));
        assert_eq!(minor("-0"), Some(0));
        assert_eq!(minor("1250.500"), Some(125_050), "only the value counts, not the zeros at its end");
        assert_eq!(minor(&format!("1.{}", "0".repeat(60))), Some(100));
        assert_eq!(minor("1250.505"), None);
        assert_eq!(minor("1.2505e3"), Some(125_050));
        assert_eq!(minor("1250500e-3"), Some(125_050), "an exponent changes nothing of that");
        assert_eq!(minor("1.000E0"), Some(100));
        assert_eq!(minor("1e-3"), None);
        assert_eq!(minor("0e99999999999999999999"), Some(0));
        assert_eq!(minor("1e99999999999999999999"), None);
        assert_eq!(minor("10000000000000.00"), Some(LARGEST_AMOUNT));
        assert_eq!(minor("10000000000000.01"), None);
        assert_eq!(minor(&format!("{}1", "0".repeat(500))), Some(100));
        for text in ["", "-", "1.", ".5", "+1", " 1", "1,0", "1e5", "--1", "１"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_and_shares_have_nine_digits() {
        let count = |text: &str| Decimal::from_json_number(text).and_then(Decimal::to_count);
        assert_eq!(
            ["12", "12.00", "12e1", "0", "-0", "1e15"].map(count),
            [12, 12, 120, 0, 0, LARGEST_AMOUNT].map(Some)
        );
        assert_eq!(["12.5", "-1", "1e16", "1000000000000001", "1e-1"].map(count), [None; 5]);
        let share = |text: &str| Decimal::from_json_number(text).and_then(Decimal::to_share);
        assert_eq!(
            ["1", "0.5", "1e-9", "0.3333333330"].map(share),
            [1_000_000_000, 500_000_000, 1, 333_333_333].map(Some)
        );
        assert_eq!(["0", "-0.5", "1.1", "1e-10", "0.3333333333", "2"].map(share), [None; 6]);
    }

    proptest! {
        /// Digits that fit one word are read as any others are: zeros in front change nothing but the way.
        #[test]
        fn short_and_long_texts_say_the_same(text in "-?[0-9]{0,6}\\.?[0-9]{0,6}[x]{0,1}") {
            let (sign, unsigned) = text.strip_prefix('-').map_or(("", &*text), |unsigned| ("-", unsigned));
            let is_number = unsigned.starts_with(|first: char| first.is_ascii_digit());
            let long = Decimal::parse(&format!("{sign}{}{unsigned}", "0".repeat(20)));
            prop_assert_eq!(Decimal::parse(&text), long.filter(|_| is_number));
        }
    }
}
