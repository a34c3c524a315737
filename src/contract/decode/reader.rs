//! Reads fields by their rules and notes what is wrong with them.

use super::faults::Faults;
use super::fields::{Fields, Key};
use super::json::{Raw, elements};
use super::{Rejection, RejectionCode};
use crate::model::event::Text;
use crate::model::id::LONGEST_ID;
use crate::model::money::{ConversionError, Currency, Decimal, Money};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// The longest text of a user's own that a sentence repeats, in characters.
pub(super) const LONGEST_SHOWN: usize = 40;

/// Which amounts a field allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Any,
    NotNegative,
    Positive,
}

/// What the field `currency` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum CurrencyField {
    Absent,
    /// Present but no known currency; its fault is noted.
    Unusable,
    Known(Currency),
}

/// The fields of one record and the faults found in them so far.
#[derive(Debug)]
pub(super) struct Reader<'a, 'r> {
    fields: &'r Fields<'a>,
    rules: &'r Rules,
    faults: Faults,
}

impl<'a, 'r> Reader<'a, 'r> {
    pub(super) fn new(fields: &'r Fields<'a>, rules: &'r Rules) -> Reader<'a, 'r> {
        Reader { fields, rules, faults: Faults::default() }
    }

    pub(super) fn rules(&self) -> &'r Rules {
        self.rules
    }

    pub(super) fn note(&mut self, code: RejectionCode, key: Key, message: impl FnOnce() -> String) {
        self.faults.note(code, key, message);
    }

    pub(super) fn into_fault(self) -> Option<Rejection> {
        self.faults.into_first()
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.fields.get(key).is_some()
    }

    fn missing(&mut self, key: Key) {
        self.note(RejectionCode::MissingField, key, || format!("\"{}\" is required and absent or null", key.name()));
    }

    pub(super) fn invalid(&mut self, key: Key, allowed: &str) {
        self.note(RejectionCode::InvalidField, key, || format!("\"{}\" must be {allowed}", key.name()));
    }

    /// A field that must be there; its absence is noted.
    fn required(&mut self, key: Key) -> Option<Raw<'a>> {
        let value = self.fields.get(key);
        if value.is_none() {
            self.missing(key);
        }
        value
    }

    /// An optional id of 1 to 128 bytes.
    pub(super) fn id(&mut self, key: Key) -> Option<Text<'a>> {
        let value = self.fields.get(key)?;
        if let Raw::String(string) = value {
            let text = string.text();
            if (1..=LONGEST_ID).contains(&text.len()) {
                return Some(text);
            }
        }
        self.invalid(key, "a string of 1 to 128 bytes");
        None
    }

    /// An id that must be there.
    pub(super) fn required_id(&mut self, key: Key) -> Option<Text<'a>> {
        self.required(key)?;
        self.id(key)
    }

    /// An optional string of any length.
    pub(super) fn string(&mut self, key: Key) -> Option<Text<'a>> {
        match self.fields.get(key)? {
            Raw::String(string) => Some(string.text()),
            _ => {
                self.invalid(key, "a string");
                None
            }
        }
    }

    /// A string that must be there.
    pub(super) fn required_string(&mut self, key: Key) -> Option<Text<'a>> {
        self.required(key)?;
        self.string(key)
    }

    /// An optional `true` or `false`.
    pub(super) fn bool(&mut self, key: Key) -> Option<bool> {
        match self.fields.get(key)? {
            Raw::Bool(value) => Some(value),
            _ => {
                self.invalid(key, "true or false");
                None
            }
        }
    }

    /// An optional list of objects, each as the fields it has; `allowed` says how many there may be.
    pub(super) fn objects(&mut self, key: Key, most: usize, allowed: &str) -> Option<Vec<Fields<'a>>> {
        let objects = match self.fields.get(key)? {
            Raw::Array(text) => {
                let object = |element: Option<Raw<'a>>| match element {
                    Some(Raw::Object(text)) => Fields::scanned(text),
                    _ => None,
                };
                elements(text).into_iter().map(object).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        let objects = objects.filter(|objects| (1..=most).contains(&objects.len()));
        if objects.is_none() {
            self.invalid(key, allowed);
        }
        objects
    }

    /// Reads a part of the record as if it were all of it; its faults count as the record's.
    pub(super) fn within<T>(&mut self, part: &Fields<'a>, read: impl FnOnce(&mut Reader<'a, '_>) -> T) -> T {
        let mut reader = Reader { fields: part, rules: self.rules, faults: std::mem::take(&mut self.faults) };
        let answer = read(&mut reader);
        self.faults = reader.faults;
        answer
    }

    /// An optional word of a closed list; `allowed` says which.
    pub(super) fn word<T>(&mut self, key: Key, allowed: &str, find: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let found = match self.fields.get(key)? {
            Raw::String(string) => find(&string.text()),
            _ => None,
        };
        if found.is_none() {
            self.invalid(key, allowed);
        }
        found
    }

    /// A word that must be there.
    pub(super) fn required_word<T>(
        &mut self,
        key: Key,
        allowed: &str,
        find: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.required(key)?;
        self.word(key, allowed, find)
    }

    /// An optional whole number; `allowed` says which.
    pub(super) fn integer<T>(&mut self, key: Key, allowed: &str, find: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let found = match self.fields.get(key)? {
            Raw::Number(digits) if is_integer(digits) => find(if digits == "-0" { "0" } else { digits }),
            _ => None,
        };
        if found.is_none() {
            self.invalid(key, allowed);
        }
        found
    }

    /// A whole number that must be there.
    pub(super) fn required_integer<T>(
        &mut self,
        key: Key,
        allowed: &str,
        find: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.required(key)?;
        self.integer(key, allowed, find)
    }

    /// An optional time: RFC 3339 with offset, or integer Unix milliseconds.
    pub(super) fn time(&mut self, key: Key) -> Option<Time> {
        let value = self.fields.get(key)?;
        let time = match value {
            Raw::String(string) => Time::parse(&string.text()),
            Raw::Number(digits) if is_integer(digits) => digits.parse().ok().and_then(Time::from_integer),
            Raw::Number(_) => None,
            Raw::Bool(_) | Raw::Object(_) | Raw::Array(_) => {
                self.invalid(key, "an RFC 3339 time with offset or integer Unix milliseconds");
                return None;
            }
        };
        if time.is_none() {
            self.note(RejectionCode::InvalidTime, key, || {
                format!(
                    "\"{}\" is not a time; write RFC 3339 with an offset, such as 2026-03-01T08:00:00+08:00, or integer Unix milliseconds from 100000000000 (March 1973)",
                    key.name()
                )
            });
        }
        time
    }

    /// A time that must be there.
    pub(super) fn required_time(&mut self, key: Key) -> Option<Time> {
        self.required(key)?;
        self.time(key)
    }

    /// The field `currency`.
    pub(super) fn currency(&mut self) -> CurrencyField {
        let string = match self.fields.get(Key::Currency) {
            None => return CurrencyField::Absent,
            Some(Raw::String(string)) => string.text(),
            Some(_) => {
                self.invalid(Key::Currency, "a string, an ISO 4217 code such as \"CNY\"");
                return CurrencyField::Unusable;
            }
        };
        let reporting = self.rules.reporting_currency();
        if *string == *reporting.code() {
            return CurrencyField::Known(reporting);
        }
        if let Some(currency) = Currency::from_code(&string) {
            return CurrencyField::Known(currency);
        }
        self.note(RejectionCode::UnknownCurrency, Key::Currency, || {
            let code: String = string.chars().take(LONGEST_SHOWN).collect();
            format!("\"currency\" {code:?} is not an active ISO 4217 code with minor units, in upper case")
        });
        CurrencyField::Unusable
    }

    /// The field `currency`, which must be there.
    pub(super) fn required_currency(&mut self) -> CurrencyField {
        self.required(Key::Currency);
        self.currency()
    }

    /// An amount that must be there.
    pub(super) fn required_money(
        &mut self,
        key: Key,
        sign: Sign,
        currency: CurrencyField,
        at: Option<Time>,
    ) -> Option<Money> {
        self.required(key)?;
        self.money(key, sign, currency, at)
    }

    /// An optional amount in the given currency, converted at the rate in force at `at`.
    pub(super) fn money(&mut self, key: Key, sign: Sign, currency: CurrencyField, at: Option<Time>) -> Option<Money> {
        self.fields.get(key)?;
        if matches!(currency, CurrencyField::Absent) {
            self.missing(Key::Currency);
        }
        let decimal = self.decimal(key, sign)?;
        let CurrencyField::Known(currency) = currency else { return None };
        let Some(minor) = decimal.minor_units(currency) else {
            self.note(RejectionCode::InvalidAmount, key, || {
                let digits = currency.digits();
                format!(
                    "\"{}\" must have at most {digits} fraction digits in {currency:?} and be at most 10^15 minor units either way",
                    key.name()
                )
            });
            return None;
        };
        self.convert(key, minor, currency, at).map(|reporting_minor| Money { minor, currency, reporting_minor })
    }

    /// A count that must be there, written as an amount.
    pub(super) fn required_count(&mut self, key: Key) -> Option<i64> {
        self.required(key)?;
        let decimal = self.decimal(key, Sign::NotNegative)?;
        let count = decimal.to_count();
        if count.is_none() {
            self.amount_fault(key, "must be a whole number of at most 10^15");
        }
        count
    }

    /// A number that must be there, of whatever unit.
    pub(super) fn required_decimal(&mut self, key: Key, sign: Sign) -> Option<Decimal> {
        self.required(key)?;
        self.decimal(key, sign)
    }

    /// An optional number by its digits.
    fn decimal(&mut self, key: Key, sign: Sign) -> Option<Decimal> {
        let decimal = match self.fields.get(key)? {
            Raw::String(string) => Decimal::parse(&string.text()),
            Raw::Number(digits) => Decimal::from_json_number(digits),
            Raw::Bool(_) | Raw::Object(_) | Raw::Array(_) => {
                self.invalid(key, "a decimal string such as \"1250.50\" or a number");
                return None;
            }
        };
        let Some(decimal) = decimal else {
            self.amount_fault(key, "is not a decimal such as \"1250.50\" (-?digits[.digits])");
            return None;
        };
        match sign {
            Sign::NotNegative if decimal.is_negative() => self.amount_fault(key, "must not be negative"),
            Sign::Positive if decimal.is_negative() || decimal.is_zero() => {
                self.amount_fault(key, "must be greater than 0");
            }
            _ => {}
        }
        Some(decimal)
    }

    fn amount_fault(&mut self, key: Key, what: &str) {
        self.note(RejectionCode::InvalidAmount, key, || format!("\"{}\" {what}", key.name()));
    }

    fn convert(&mut self, key: Key, minor: i64, currency: Currency, at: Option<Time>) -> Option<i64> {
        let rules = self.rules;
        let reporting = rules.reporting_currency();
        if !rules.rates.knows(currency) {
            self.faults.note_conversion(RejectionCode::UnknownCurrency, Key::Currency, || {
                format!("\"currency\" {currency:?} has no rate to {reporting:?}; configure one in [[fx]]")
            });
            return None;
        }
        // Without a valid time there is no date and so no rate; that fault is noted where the time is read.
        let at = if currency == reporting { at.unwrap_or_default() } else { at? };
        match rules.rates.convert(minor, currency, || rules.zone.date_of(at)) {
            Ok(converted) => Some(converted),
            Err(ConversionError::NoRate) => {
                self.faults.note_conversion(RejectionCode::UnknownCurrency, Key::Currency, || {
                    let date = rules.zone.date_of(at);
                    format!("\"currency\" {currency:?} has no rate to {reporting:?} in force on {date}; configure one in [[fx]]")
                });
                None
            }
            Err(ConversionError::TooLarge) => {
                self.faults.note_conversion(RejectionCode::InvalidAmount, key, || {
                    format!("\"{}\" is more than 10^15 minor units of {reporting:?} after conversion", key.name())
                });
                None
            }
        }
    }
}

fn is_integer(digits: &str) -> bool {
    !digits.contains(['.', 'e', 'E'])
}
