//! The reporting currency and `[[fx]]`: what other currencies are worth in it, from which date on.

use jiff::civil::Date;

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;
use super::value::Value;
use crate::model::money::{Currency, Decimal, Rates, Ratio};

pub(super) fn read(settings: &Settings) -> Result<Rates, ConfigError> {
    let currency = |value: &Value| Currency::from_code(value.text()?);
    let reporting = settings.required(&KeyPath::new("org.reporting_currency"), currency)?;
    let mut rates = Rates::new(reporting);
    for row in settings.rows(&KeyPath::new("fx")) {
        let date = settings.required(&row.child("date"), date)?;
        let from = row.child("from");
        let currency = settings.required(&from, |value| currency(value).filter(|currency| *currency != reporting))?;
        let rate = settings.required(&row.child("rate"), |value| value.decimal().and_then(as_rate))?;
        if !rates.add(date, currency, rate) {
            return Err(
                settings.refuse(&from, format!("given once for {date}; another [[fx]] has that date and currency"))
            );
        }
    }
    Ok(rates)
}

fn as_rate(value: Decimal) -> Option<Ratio> {
    value.to_ratio().filter(|ratio| ratio.numerator > 0)
}

/// A date as a text, or as TOML's own local date.
fn date(value: &Value) -> Option<Date> {
    let (Value::Text(text) | Value::Date(text)) = value else { return None };
    // jiff reads more forms than people expect here, such as 20260101 and whole instants.
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_one_form() {
        let read = |text: &str| date(&Value::Text(text.to_owned()));
        assert_eq!(read("2024-02-29"), Some(jiff::civil::date(2024, 2, 29)));
        for text in ["2023-02-29", "20260101", "2026-1-1", "2026-01-01T00:00:00Z", "2026-W01-01", "", "２026-01-1"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(date(&Value::Integer("2026".to_owned())), None);
    }
}
