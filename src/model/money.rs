//! Money: currencies, exact decimals, and conversion to the reporting currency.

use std::fmt;
use std::num::NonZeroU8;

use jiff::civil::Date;

/// At most this many minor units either way, before and after conversion.
pub const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// An active ISO 4217 currency that has minor units: its place in the list, from 1, so that an amount that may be absent
/// needs no more memory than one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(NonZeroU8);

/// ISO 4217 List One as of 2026-01-01: every active code that has minor units, with their number
/// of fraction digits, in alphabetical order.
#[rustfmt::skip]
static CURRENCIES: [([u8; 3], u8); 165] = [
    (*b"AED", 2), (*b"AFN", 2), (*b"ALL", 2), (*b"AMD", 2), (*b"AOA", 2), (*b"ARS", 2),
    (*b"AUD", 2), (*b"AWG", 2), (*b"AZN", 2), (*b"BAM", 2), (*b"BBD", 2), (*b"BDT", 2),
    (*b"BHD", 3), (*b"BIF", 0), (*b"BMD", 2), (*b"BND", 2), (*b"BOB", 2), (*b"BOV", 2),
    (*b"BRL", 2), (*b"BSD", 2), (*b"BTN", 2), (*b"BWP", 2), (*b"BYN", 2), (*b"BZD", 2),
    (*b"CAD", 2), (*b"CDF", 2), (*b"CHE", 2), (*b"CHF", 2), (*b"CHW", 2), (*b"CLF", 4),
    (*b"CLP", 0), (*b"CNY", 2), (*b"COP", 2), (*b"COU", 2), (*b"CRC", 2), (*b"CUP", 2),
    (*b"CVE", 2), (*b"CZK", 2), (*b"DJF", 0), (*b"DKK", 2), (*b"DOP", 2), (*b"DZD", 2),
    (*b"EGP", 2), (*b"ERN", 2), (*b"ETB", 2), (*b"EUR", 2), (*b"FJD", 2), (*b"FKP", 2),
    (*b"GBP", 2), (*b"GEL", 2), (*b"GHS", 2), (*b"GIP", 2), (*b"GMD", 2), (*b"GNF", 0),
    (*b"GTQ", 2), (*b"GYD", 2), (*b"HKD", 2), (*b"HNL", 2), (*b"HTG", 2), (*b"HUF", 2),
    (*b"IDR", 2), (*b"ILS", 2), (*b"INR", 2), (*b"IQD", 3), (*b"IRR", 2), (*b"ISK", 0),
    (*b"JMD", 2), (*b"JOD", 3), (*b"JPY", 0), (*b"KES", 2), (*b"KGS", 2), (*b"KHR", 2),
    (*b"KMF", 0), (*b"KPW", 2), (*b"KRW", 0), (*b"KWD", 3), (*b"KYD", 2), (*b"KZT", 2),
    (*b"LAK", 2), (*b"LBP", 2), (*b"LKR", 2), (*b"LRD", 2), (*b"LSL", 2), (*b"LYD", 3),
    (*b"MAD", 2), (*b"MDL", 2), (*b"MGA", 2), (*b"MKD", 2), (*b"MMK", 2), (*b"MNT", 2),
    (*b"MOP", 2), (*b"MRU", 2), (*b"MUR", 2), (*b"MVR", 2), (*b"MWK", 2), (*b"MXN", 2),
    (*b"MXV", 2), (*b"MYR", 2), (*b"MZN", 2), (*b"NAD", 2), (*b"NGN", 2), (*b"NIO", 2),
    (*b"NOK", 2), (*b"NPR", 2), (*b"NZD", 2), (*b"OMR", 3), (*b"PAB", 2), (*b"PEN", 2),
    (*b"PGK", 2), (*b"PHP", 2), (*b"PKR", 2), (*b"PLN", 2), (*b"PYG", 0), (*b"QAR", 2),
    (*b"RON", 2), (*b"RSD", 2), (*b"RUB", 2), (*b"RWF", 0), (*b"SAR", 2), (*b"SBD", 2),
    (*b"SCR", 2), (*b"SDG", 2), (*b"SEK", 2), (*b"SGD", 2), (*b"SHP", 2), (*b"SLE", 2),
    (*b"SOS", 2), (*b"SRD", 2), (*b"SSP", 2), (*b"STN", 2), (*b"SVC", 2), (*b"SYP", 2),
    (*b"SZL", 2), (*b"THB", 2), (*b"TJS", 2), (*b"TMT", 2), (*b"TND", 3), (*b"TOP", 2),
    (*b"TRY", 2), (*b"TTD", 2), (*b"TWD", 2), (*b"TZS", 2), (*b"UAH", 2), (*b"UGX", 0),
    (*b"USD", 2), (*b"USN", 2), (*b"UYI", 0), (*b"UYU", 2), (*b"UYW", 4), (*b"UZS", 2),
    (*b"VED", 2), (*b"VES", 2), (*b"VND", 0), (*b"VUV", 0), (*b"WST", 2), (*b"XAD", 2),
    (*b"XAF", 0), (*b"XCD", 2), (*b"XCG", 2), (*b"XOF", 0), (*b"XPF", 0), (*b"YER", 2),
    (*b"ZAR", 2), (*b"ZMW", 2), (*b"ZWG", 2),
];

impl Currency {
    /// The currency of an upper-case code such as `CNY`; `None` if it is not in the list.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Currency> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        let index = CURRENCIES.binary_search_by_key(&code, |entry| entry.0).ok()?;
        Currency::from_place(u8::try_from(index).ok()?)
    }

    /// All currencies, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Currency> {
        (0..=u8::MAX).map_while(Currency::from_place)
    }

    /// The currency at this place of the list.
    pub(crate) fn from_place(place: u8) -> Option<Currency> {
        if usize::from(place) < CURRENCIES.len() { NonZeroU8::MIN.checked_add(place).map(Currency) } else { None }
    }

    /// The currency's place in the list.
    pub(crate) const fn place(self) -> u8 {
        self.0.get() - 1
    }

    fn entry(self) -> ([u8; 3], u8) {
        // The index was found in this very table.
        CURRENCIES.get(usize::from(self.place())).copied().unwrap_or_default()
    }

    /// The upper-case ISO 4217 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        CURRENCIES
            .get(usize::from(self.place()))
            .and_then(|entry| std::str::from_utf8(&entry.0).ok())
            .unwrap_or_default()
    }

    /// How many fraction digits an amount may have: 0 to 4.
    #[must_use]
    pub fn digits(self) -> u32 {
        u32::from(self.entry().1)
    }

    /// Minor units in one major unit: 1 to 10,000.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.digits())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money as its event states it, and what it is worth in the reporting currency at
/// the rate in force on the event's local date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Minor units of `currency`.
    pub minor: i64,
    /// The currency of the event.
    pub currency: Currency,
    /// Minor units of the reporting currency, rounded half-even.
    pub reporting_minor: i64,
}

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

    fn new(negative: bool, whole: &str, fraction: &str) -> Decimal {
        /// Any so many digits fit one word, which is much faster than two.
        const FIT_A_WORD: usize = 19;
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

/// A non-negative fraction by which amounts are multiplied: a rate or a probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// At most 10^18.
    pub numerator: u128,
    /// 1 to 10^18.
    pub denominator: u128,
}

impl Ratio {
    /// `amount` × this × 10^`digits_up` / 10^`digits_down`, rounded half-even; `None` beyond [`LARGEST_AMOUNT`].
    #[must_use]
    pub fn scale(self, amount: i64, digits_up: u32, digits_down: u32) -> Option<i64> {
        let numerator = u128::from(amount.unsigned_abs())
            .checked_mul(self.numerator)?
            .checked_mul(10_u128.checked_pow(digits_up)?)?;
        let denominator = self.denominator.checked_mul(10_u128.checked_pow(digits_down)?)?;
        let rounded = divide_half_even(numerator, denominator);
        let rounded = i64::try_from(rounded).ok().filter(|minor| *minor <= LARGEST_AMOUNT)?;
        Some(if amount < 0 { -rounded } else { rounded })
    }
}

fn divide_half_even(numerator: u128, denominator: u128) -> u128 {
    // Nearly all amounts fit one word, whose division a processor does by itself.
    let (quotient, rest) = match (u64::try_from(numerator), u64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => (u128::from(numerator / denominator), u128::from(numerator % denominator)),
        _ => (numerator / denominator, numerator % denominator),
    };
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 == 1,
    };
    quotient + u128::from(up)
}

/// The configured rates: from a local date on, one unit of a currency is so many of the reporting one.
#[derive(Clone, Debug)]
pub struct Rates {
    reporting: Currency,
    /// Per currency, ascending by date.
    rates: std::collections::BTreeMap<Currency, Vec<(Date, Ratio)>>,
}

/// Why an amount cannot be converted to the reporting currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversionError {
    /// No rate of that currency is in force on that date.
    NoRate,
    /// The converted amount is larger than [`LARGEST_AMOUNT`].
    TooLarge,
}

impl Rates {
    /// No rates yet: only the reporting currency itself is known.
    #[must_use]
    pub fn new(reporting: Currency) -> Rates {
        Rates { reporting, rates: std::collections::BTreeMap::new() }
    }

    /// The currency into which all others are converted.
    #[must_use]
    pub fn reporting(&self) -> Currency {
        self.reporting
    }

    /// From `date` on, 1 unit of `from` is `rate` of the reporting currency. False, and nothing
    /// changes, if that day has a rate already.
    pub fn add(&mut self, date: Date, from: Currency, rate: Ratio) -> bool {
        let rates = self.rates.entry(from).or_default();
        match rates.binary_search_by_key(&date, |entry| entry.0) {
            Ok(_) => false,
            Err(place) => {
                rates.insert(place, (date, rate));
                true
            }
        }
    }

    /// All rates, each as a text, in an order that does not depend on how they came.
    #[must_use]
    pub fn listed(&self) -> Vec<String> {
        let of = |(currency, rates): (&Currency, &Vec<(Date, Ratio)>)| {
            let code = currency.code();
            let text = |(date, rate): &(Date, Ratio)| format!("{date} {code} {}/{}", rate.numerator, rate.denominator);
            rates.iter().map(text).collect::<Vec<_>>()
        };
        self.rates.iter().flat_map(of).collect()
    }

    /// Whether any date has a rate for this currency, or it is the reporting currency itself.
    #[must_use]
    pub fn knows(&self, currency: Currency) -> bool {
        currency == self.reporting || self.rates.contains_key(&currency)
    }

    /// Converts minor units of `currency` at the rate in force on the date that `date` gives,
    /// which is asked only where it matters.
    ///
    /// # Errors
    /// [`ConversionError`] when no rate is in force that day, or the result is too large.
    pub fn convert(&self, minor: i64, currency: Currency, date: impl FnOnce() -> Date) -> Result<i64, ConversionError> {
        if currency == self.reporting {
            return Ok(minor);
        }
        let rates = self.rates.get(&currency).ok_or(ConversionError::NoRate)?;
        let date = date();
        let count = rates.partition_point(|entry| entry.0 <= date);
        let (_, rate) = count.checked_sub(1).and_then(|last| rates.get(last)).ok_or(ConversionError::NoRate)?;
        rate.scale(minor, self.reporting.digits(), currency.digits()).ok_or(ConversionError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn currencies_are_sorted_and_exact() {
        assert!(CURRENCIES.is_sorted_by(|left, right| left.0 < right.0));
        assert_eq!(currency("JPY").digits(), 0);
        assert_eq!(currency("KWD").digits(), 3);
        assert_eq!(currency("UYW").minor_per_major(), 10_000);
        for code in ["usd", "XAU", "XXX", "", "US", "USDT", "BGN", "HRK"] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
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

    #[test]
    fn conversion_takes_the_rate_of_the_day_and_rounds_half_even() {
        let mut rates = Rates::new(currency("CNY"));
        let ratio = |text: &str| Decimal::parse(text).unwrap().to_ratio().unwrap();
        assert!(rates.add(date(2026, 1, 1), currency("USD"), ratio("7.10")));
        assert!(rates.add(date(2026, 2, 1), currency("USD"), ratio("0.5")));
        assert!(!rates.add(date(2026, 2, 1), currency("USD"), ratio("1")));
        let convert = |minor, day| rates.convert(minor, currency("USD"), || day);
        assert_eq!(convert(100, date(2026, 1, 31)), Ok(710));
        assert_eq!(convert(100, date(2025, 12, 31)), Err(ConversionError::NoRate));
        assert_eq!(convert(1, date(2026, 2, 1)), Ok(0), "0.5 rounds to the even 0");
        assert_eq!(convert(3, date(2026, 2, 1)), Ok(2), "1.5 rounds to the even 2");
        assert_eq!(convert(-5, date(2026, 2, 1)), Ok(-2));
        assert_eq!(convert(LARGEST_AMOUNT, date(2026, 1, 1)), Err(ConversionError::TooLarge));
        assert_eq!(rates.convert(5, currency("EUR"), || date(2026, 1, 1)), Err(ConversionError::NoRate));
    }

    #[test]
    fn conversion_between_different_minor_units() {
        let mut rates = Rates::new(currency("JPY"));
        let ratio = Decimal::parse("412.345").unwrap().to_ratio().unwrap();
        rates.add(date(2026, 1, 1), currency("KWD"), ratio);
        assert_eq!(rates.convert(1_500, currency("KWD"), || date(2026, 6, 1)), Ok(619), "618.5175 yen");
    }
}
