//! One value of a KPI, exact as long as it can be.

use salespulse::model::money::Currency;

/// A fraction of two exact integers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fraction {
    numerator: i128,
    /// Above 0.
    denominator: i128,
}

impl Fraction {
    /// Whether this is strictly greater, exactly.
    pub(crate) fn exceeds(self, other: Fraction) -> bool {
        let left = self.numerator.checked_mul(other.denominator).expect("small enough to multiply");
        let right = other.numerator.checked_mul(self.denominator).expect("small enough to multiply");
        left > right
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// `numerator / denominator`; undefined, thus `None`, where the denominator is 0.
pub(crate) fn ratio(numerator: i128, denominator: i128) -> Option<Fraction> {
    match denominator {
        0 => None,
        1.. => Some(Fraction { numerator, denominator }),
        _ => Some(Fraction { numerator: -numerator, denominator: -denominator }),
    }
}

/// The value of a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// An exact one.
    Exact(Fraction),
    /// A product of fractions, or a quantile.
    Real(f64),
}

impl Value {
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Value::Exact(fraction) => fraction.to_f64(),
            Value::Real(value) => value,
        }
    }
}

/// One value of a KPI: its name behind the scope's prefix, and the labels beside the scope's own.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) kpi: &'static str,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) value: Value,
}

impl Sample {
    pub(crate) fn with(mut self, label: &'static str, value: &str) -> Sample {
        self.labels.push((label, value.to_owned()));
        self
    }
}

/// A number of things.
pub(crate) fn count(kpi: &'static str, things: usize) -> Sample {
    exact(kpi, ratio(things as i128, 1)).expect("1 is not 0")
}

/// An exact value, if it is defined.
pub(crate) fn exact(kpi: &'static str, value: Option<Fraction>) -> Option<Sample> {
    value.map(|value| Sample { kpi, labels: Vec::new(), value: Value::Exact(value) })
}

/// An inexact value, if it is defined.
pub(crate) fn real(kpi: &'static str, value: Option<f64>) -> Option<Sample> {
    value.map(|value| Sample { kpi, labels: Vec::new(), value: Value::Real(value) })
}

/// The reporting currency: how it is labelled, and how minor units are told as major ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reporting {
    code: &'static str,
    minor_per_major: i128,
}

impl Reporting {
    pub(crate) fn new(currency: Currency) -> Reporting {
        Reporting { code: currency.code(), minor_per_major: i128::from(currency.minor_per_major()) }
    }

    /// A sum of money.
    pub(crate) fn sum(self, kpi: &'static str, minor: i128) -> Sample {
        self.per(kpi, minor, 1).expect("1 is not 0")
    }

    /// Money divided by a number of things, if there are any.
    pub(crate) fn per(self, kpi: &'static str, minor: i128, things: i128) -> Option<Sample> {
        exact(kpi, ratio(minor, things * self.minor_per_major)).map(|sample| sample.with("currency", self.code))
    }

    /// An inexact amount in minor units.
    pub(crate) fn real(self, kpi: &'static str, minor: Option<f64>) -> Option<Sample> {
        let major = minor.map(|minor| minor / self.minor_per_major as f64);
        real(kpi, major).map(|sample| sample.with("currency", self.code))
    }
}
