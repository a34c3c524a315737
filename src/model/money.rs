//! Money: currencies, exact decimals, and conversion to the reporting currency.

mod decimal;

use std::fmt;
use std::num::NonZeroU8;

use jiff::civil::Date;

pub use self::decimal::Decimal;

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
        let rounded = match self.scale_in_words(amount.unsigned_abs(), digits_up, digits_down) {
            Some(rounded) => rounded.into(),
            None => {
                let numerator = u128::from(amount.unsigned_abs())
                    .checked_mul(self.numerator)?
                    .checked_mul(10_u128.checked_pow(digits_up)?)?;
                let denominator = self.denominator.checked_mul(10_u128.checked_pow(digits_down)?)?;
                divide_half_even(numerator, denominator)
            }
        };
        let rounded = i64::try_from(rounded).ok().filter(|minor| *minor <= LARGEST_AMOUNT)?;
        Some(if amount < 0 { -rounded } else { rounded })
    }

    /// The same of nearly all amounts, which fit one word all along: a processor divides that by itself.
    fn scale_in_words(self, amount: u64, digits_up: u32, digits_down: u32) -> Option<u64> {
        let word = |wide: u128| u64::try_from(wide).ok();
        let numerator = amount.checked_mul(word(self.numerator)?)?.checked_mul(10_u64.checked_pow(digits_up)?)?;
        let denominator = word(self.denominator)?.checked_mul(10_u64.checked_pow(digits_down)?)?;
        let (quotient, rest) = (numerator / denominator, numerator % denominator);
        // Half is rounded to even: up from more than half, and from half itself if the quotient is odd.
        let up = rest > denominator - rest || rest == denominator - rest && quotient % 2 == 1;
        Some(quotient + u64::from(up))
    }
}

fn divide_half_even(numerator: u128, denominator: u128) -> u128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
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
    use proptest::prelude::*;

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

    proptest! {
        /// What fits one word is rounded as what does not.
        #[test]
        fn scaling_in_words_is_scaling(
            amount in 0_u64..10_u64.pow(9),
            numerator in 0_u64..10_u64.pow(9),
            denominator in prop_oneof![Just(1_u64), Just(2), Just(8), Just(1_000), 1..10_u64.pow(9)],
        ) {
            let ratio = Ratio { numerator: numerator.into(), denominator: denominator.into() };
            let wide = divide_half_even(u128::from(amount) * u128::from(numerator), denominator.into());
            prop_assert_eq!(ratio.scale_in_words(amount, 0, 0).map(u128::from), Some(wide));
        }
    }

    #[test]
    fn conversion_between_different_minor_units() {
        let mut rates = Rates::new(currency("JPY"));
        let ratio = Decimal::parse("412.345").unwrap().to_ratio().unwrap();
        rates.add(date(2026, 1, 1), currency("KWD"), ratio);
        assert_eq!(rates.convert(1_500, currency("KWD"), || date(2026, 6, 1)), Ok(619), "618.5175 yen");
    }
}
