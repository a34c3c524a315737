//! Times: the schema has judged their form, here they get their value.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;

use super::json::Json;

/// Unix milliseconds of a time whose form the schema takes; `None` if there is no such day, or the
/// number is written with a point or an exponent.
pub(super) fn millis(time: &Json) -> Option<i64> {
    match time {
        Json::Number(_) => time.integer()?.parse().ok(),
        Json::Text(text) => text_millis(text),
        _ => None,
    }
}

fn text_millis(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let day = Date::new(text[0..4].parse().ok()?, text[5..7].parse().ok()?, text[8..10].parse().ok()?).ok()?;
    let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
    let midnight: DateTime = day.at(0, 0, 0, 0);
    let days: SignedDuration = midnight.duration_since(epoch);
    let of_day = (number(11..13) * 60 + number(14..16)) * 60 + number(17..19);
    let end = text.find(['Z', 'z', '+']).or_else(|| text.rfind('-')).unwrap();
    let fraction = text[19..end].strip_prefix('.').unwrap_or("");
    let thousandths: i64 = format!("{fraction}000")[..3].parse().unwrap();
    let offset_minutes = match &text[end..end + 1] {
        "Z" | "z" => 0,
        sign => {
            let minutes = number(end + 1..end + 3) * 60 + number(end + 4..end + 6);
            if sign == "-" { -minutes } else { minutes }
        }
    };
    Some((days.as_secs() + of_day - offset_minutes * 60) * 1000 + thousandths)
}

/// The date on the wall in Asia/Shanghai.
pub(super) fn local_date(millis: i64) -> Date {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    match Timestamp::from_millisecond(millis) {
        Ok(instant) => zone.to_datetime(instant).date(),
        Err(_) if millis < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

#[test]
fn texts_have_their_values() {
    let value = |text: &str| text_millis(text);
    assert_eq!(value("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(value("1970-01-01t08:00:00.1239+08:00"), Some(123));
    assert_eq!(value("1969-12-31T20:30:00.5-03:30"), Some(500));
    assert_eq!(value("2026-11-24T12:00:00-00:00"), Some(crate::contract::setting::NOW.millis()));
    assert_eq!(value("2026-02-29T12:00:00Z"), None);
    assert_eq!(value("0000-02-29T00:00:00Z"), Some(-62_162_121_600_000));
    assert_eq!(local_date(1_767_196_800_000).to_string(), "2026-01-01");
    assert_eq!(local_date(1_767_196_799_999).to_string(), "2025-12-31");
}
