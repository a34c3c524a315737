//! A campaign's cost, spread over its days.
//!
//! Zoho's `Actual_Cost` is one number that grows and is edited. KPIs need to know when money was spent, so it is spread over
//! the days of the campaign until its last edit, in shares that add up to it exactly.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::Reading;
use crate::connect::json::Json;
use crate::connect::mapping::{Document, FaultCode, Setting};
use crate::model::money::{Currency, Decimal};
use crate::model::time::Time;

/// The longest campaign, in days.
const LONGEST: i64 = 3_660;

/// The documents of a campaign.
pub(super) fn documents(campaign: &Json, setting: &Setting, reading: &mut Reading) {
    let name = format!("campaign {}", campaign.word("/id").unwrap_or_default());
    if campaign.at("/Actual_Cost").is_none() {
        return reading.skip(&name, "has no Actual_Cost yet");
    }
    match campaign_documents(campaign, setting) {
        Ok(documents) => reading.documents.extend(documents),
        Err(message) => reading.fault(FaultCode::Invalid, name, message),
    }
}

/// One document for each day of a campaign.
///
/// # Errors
/// A sentence on what of the campaign cannot be read.
pub fn campaign_documents(campaign: &Json, setting: &Setting) -> Result<Vec<Document>, String> {
    let document = |(day, share): (String, String)| {
        let parts = [("campaign", campaign.clone()), ("day", Json::text_of(day)), ("share", Json::text_of(share))];
        Document::new("spend", Json::object(parts))
    };
    Ok(days(campaign, setting)?.into_iter().map(document).collect())
}

/// The days of a campaign with their shares of its cost, which add up to it exactly.
fn days(campaign: &Json, setting: &Setting) -> Result<Vec<(String, String)>, String> {
    let Some(cost) = campaign.word("/Actual_Cost") else { return Ok(Vec::new()) };
    let code = campaign.word("/Currency").or(setting.currency.as_deref()).unwrap_or_default();
    let currency = Currency::from_code(code).ok_or_else(|| format!("its Currency {code:?} is no ISO 4217 code"))?;
    let decimal = Decimal::from_json_number(cost);
    let minor = decimal.and_then(|cost| cost.minor_units(currency)).filter(|minor| *minor >= 0);
    let minor = minor.ok_or_else(|| format!("its Actual_Cost {cost:?} is no amount of {code}"))?;
    let date = |pointer: &str| campaign.word(pointer).and_then(|text| text.get(..10)?.parse::<Date>().ok());
    let (start, end) = (date("/Start_Date").or(date("/End_Date")), date("/End_Date").or(date("/Start_Date")));
    let (Some(start), Some(end)) = (start, end) else {
        return Err("it has neither Start_Date nor End_Date, so nobody knows when its cost was spent".to_owned());
    };
    // What is known today was not spent tomorrow.
    let edited = campaign.word("/Modified_Time").and_then(Time::parse).and_then(|time| {
        Timestamp::from_millisecond(time.millis()).ok().map(|edited| setting.zone.to_datetime(edited).date())
    });
    let end = edited.map_or(end, |edited| end.min(edited)).max(start);
    let count = i64::from((end - start).get_days()) + 1;
    if count > LONGEST {
        return Err(format!("it lasts {count} days; at most {LONGEST} are spread"));
    }
    let (share, rest) = (minor / count, minor % count);
    (0..count)
        .map(|number| {
            let day = Span::new().try_days(number).and_then(|days| start.checked_add(days));
            let day = day.map_err(|error| error.to_string())?;
            Ok((day.to_string(), written(share + i64::from(number < rest), currency)))
        })
        .collect()
}

/// Minor units as a decimal text.
fn written(minor: i64, currency: Currency) -> String {
    let per_major = currency.minor_per_major();
    match usize::try_from(currency.digits()) {
        Ok(0) | Err(_) => minor.to_string(),
        Ok(digits) => format!("{}.{:0digits$}", minor / per_major, minor % per_major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(cost: &str, currency: &str, start: &str, end: &str, edited: &str) -> Vec<(String, String)> {
        let campaign = format!(
            r#"{{"Actual_Cost":{cost},"Currency":"{currency}","Start_Date":"{start}","End_Date":"{end}",
               "Modified_Time":"{edited}"}}"#
        );
        days(&Json::parse(campaign.as_bytes()).unwrap(), &Setting::default()).unwrap()
    }

    #[test]
    fn shares_add_up_to_the_cost() {
        let late = "2027-01-01T00:00:00Z";
        for (cost, currency, minor) in [
            ("1000", "CNY", 100_000),
            ("0.05", "CNY", 5),
            ("1234567890123.45", "USD", 123_456_789_012_345),
            ("7", "JPY", 7),
        ] {
            let shares = shares(cost, currency, "2026-11-01", "2026-11-07", late);
            assert_eq!(shares.len(), 7);
            let currency = Currency::from_code(currency).unwrap();
            let sum: i64 =
                shares.iter().map(|(_, share)| Decimal::parse(share).unwrap().minor_units(currency).unwrap()).sum();
            assert_eq!(sum, minor);
        }
    }

    #[test]
    fn nothing_is_spent_after_the_last_edit() {
        let shares = shares("10", "CNY", "2026-11-01", "2026-11-30", "2026-11-02T09:00:00Z");
        let expected = [("2026-11-01", "5.00"), ("2026-11-02", "5.00")];
        assert_eq!(shares, expected.map(|(day, share)| (day.to_owned(), share.to_owned())));
    }
}
