//! Values as JSON.

use serde::Serialize;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::kpi::Unit;
use crate::model::money::Currency;
use crate::model::value::Value;

/// A value: counts are whole numbers; money is text in major units, since sums may exceed what a float holds exactly;
/// everything else is the shortest number that reads back the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Number {
    /// A count.
    Whole(i64),
    /// A quotient.
    Real(f64),
    /// Money.
    Text(String),
}

impl Number {
    /// A value of a KPI of this unit, money in this currency.
    #[must_use]
    pub(crate) fn new(value: Value, unit: Unit, currency: Currency) -> Number {
        match value {
            Value::Count(count) => i64::try_from(count).map_or_else(|_| Number::Text(count.to_string()), Number::Whole),
            Value::Money(minor) => Number::Text(money(minor, currency)),
            // A quotient of money is no whole number of minor units: the digits of the exposition, as text.
            Value::Real(real) if unit == Unit::Money => Number::Text(ryu::Buffer::new().format(real).to_owned()),
            Value::Real(real) => Number::Real(real),
        }
    }
}

/// An amount of minor units in major ones, with exactly the currency's digits.
fn money(minor: i128, currency: Currency) -> String {
    let digits = currency.digits() as usize;
    let per_major = i128::from(currency.minor_per_major()).unsigned_abs();
    let sign = if minor < 0 { "-" } else { "" };
    let (major, rest) = (minor.unsigned_abs() / per_major, minor.unsigned_abs() % per_major);
    if digits == 0 { format!("{sign}{major}") } else { format!("{sign}{major}.{rest:0digits$}") }
}

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        let types = [Type::Number, Type::String];
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter(types))
            .description(Some("A count is a whole number, money a text in major units, a quotient a number."))
            .into()
    }
}

impl ToSchema for Number {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_digits_of_its_currency() {
        let currency = |code| Currency::from_code(code).unwrap();
        for (minor, code, text) in [
            (19_167_544, "CNY", "191675.44"),
            (100, "CNY", "1.00"),
            (-5, "EUR", "-0.05"),
            (0, "EUR", "0.00"),
            (12, "JPY", "12"),
            (1_002_003, "KWD", "1002.003"),
        ] {
            assert_eq!(Number::new(Value::Money(minor), Unit::Money, currency(code)), Number::Text(text.to_owned()));
        }
        let json = |value, unit| serde_json::to_string(&Number::new(value, unit, currency("CNY"))).unwrap();
        assert_eq!(json(Value::Count(13), Unit::Count), "13");
        assert_eq!(json(Value::Real(4.078_200_851_063_83), Unit::Ratio), "4.07820085106383");
        assert_eq!(json(Value::Real(1_250.5), Unit::Money), "\"1250.5\"");
    }
}
