//! Instants and dates in the forms in which CRMs write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::connect::json::Json;
use crate::model::time::{SECOND, Time};

/// RFC 3339 as the contract takes it: an offset without a colon gets one, and that of UTC becomes `Z`.
pub(in crate::connect) fn normalised(text: &str) -> Option<String> {
    if Time::parse(text).is_some() {
        return Some(text.to_owned());
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let (hours, minutes) = offset.split_at_checked(3)?;
    let written = if offset == "+0000" { format!("{local}Z") } else { format!("{local}{hours}:{minutes}") };
    Time::parse(&written).map(|_| written)
}

/// Unix milliseconds of an instant: RFC 3339, or a whole number of milliseconds, as a number or as a text.
pub(in crate::connect) fn millis(value: &Json) -> Option<i64> {
    match value {
        Json::Number(digits) => digits.parse().ok(),
        Json::Text(text) => match text.parse() {
            Ok(millis) => Some(millis),
            Err(_) => Time::parse(&normalised(text)?).map(Time::millis),
        },
        _ => None,
    }
}

/// A number of `unit`s since 1970 as milliseconds; a text that is a time stays one.
pub(super) fn of_unit(value: &Json, to_millis: impl FnOnce(i64) -> Option<i64>) -> Option<Json> {
    let digits = match value {
        Json::Number(digits) | Json::Text(digits) => digits,
        _ => return None,
    };
    match digits.parse() {
        Ok(number) => to_millis(number).map(Json::number_of),
        Err(_) => normalised(digits).map(Json::Text),
    }
}

/// The date that many days after 1970-01-01.
pub(super) fn date_of_days(value: &Json) -> Option<Json> {
    let (Json::Number(digits) | Json::Text(digits)) = value else { return None };
    match digits.parse::<i64>() {
        Ok(days) => {
            let span = jiff::Span::new().try_days(days).ok()?;
            Some(Json::Text(jiff::civil::date(1970, 1, 1).checked_add(span).ok()?.to_string()))
        }
        Err(_) => digits.parse::<Date>().ok().map(|date| Json::Text(date.to_string())),
    }
}

/// An instant without the fraction of its second.
pub(super) fn whole_seconds(value: &Json) -> Option<Json> {
    match value {
        Json::Number(digits) => {
            let millis: i64 = digits.parse().ok()?;
            Some(Json::number_of(millis - millis.rem_euclid(SECOND)))
        }
        Json::Text(text) => {
            let text = normalised(text)?;
            let Some((whole, fraction)) = text.split_once('.') else { return Some(Json::Text(text)) };
            let zone = fraction.trim_start_matches(|char: char| char.is_ascii_digit());
            Some(Json::Text(format!("{whole}{zone}")))
        }
        _ => None,
    }
}

/// A wall clock's time in a format of `strptime`, in a time zone.
pub(super) fn local(text: &str, format: &str, zone: &TimeZone) -> Option<String> {
    let broken = BrokenDownTime::parse(format, text).ok()?;
    let time = broken.to_datetime().or_else(|_| broken.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
    in_zone(time, zone)
}

/// A date at a time of its day.
pub(super) fn date_at(text: &str, hour: i8, minute: i8, zone: &TimeZone) -> Option<String> {
    // A time after the date is cut off: the CRM wrote a date with a midnight that means nothing.
    let date: Date = text.get(..10)?.parse().ok()?;
    in_zone(date.at(hour, minute, 0, 0), zone)
}

/// RFC 3339 of a wall clock's time.
fn in_zone(time: DateTime, zone: &TimeZone) -> Option<String> {
    let zoned = time.to_zoned_datetime(zone.clone()).ok()?;
    let seconds = zoned.offset().seconds();
    let local = zoned.strftime("%Y-%m-%dT%H:%M:%S");
    if seconds == 0 {
        return Some(format!("{local}Z"));
    }
    let minutes = seconds.unsigned_abs() / 60;
    Some(format!("{local}{}{:02}:{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60))
}

/// The first day of a period of the contract.
pub(super) fn period_start(text: &str) -> Option<String> {
    let (year, part) = text.split_at_checked(4)?;
    let year: i16 = year.parse().ok()?;
    let first = |month: i8| Date::new(year, month, 1).ok();
    let part = part.strip_prefix('-').unwrap_or(part);
    let date = match (part.get(..1), part.get(1..)) {
        (None, _) => first(1),
        (Some("Q"), Some(quarter)) => {
            first((quarter.parse::<i8>().ok()?.checked_sub(1)?).checked_mul(3)?.checked_add(1)?)
        }
        (Some("H"), Some(half)) => first((half.parse::<i8>().ok()?.checked_sub(1)?).checked_mul(6)?.checked_add(1)?),
        (Some("W"), Some(week)) => {
            let week: i8 = week.parse().ok()?;
            jiff::civil::ISOWeekDate::new(year, week, jiff::civil::Weekday::Monday).ok().map(|day| day.date())
        }
        _ => first(part.parse().ok()?),
    };
    date.map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_get_the_form_of_the_contract() {
        for (text, written) in [
            ("2026-11-03T03:00:00.000+0000", Some("2026-11-03T03:00:00.000Z")),
            ("2026-11-03T03:00:00+0830", Some("2026-11-03T03:00:00+08:30")),
            ("2026-11-03T03:00:00-05:00", Some("2026-11-03T03:00:00-05:00")),
            ("2026-11-03T03:00:00", None),
            ("2026-11-03", None),
            ("", None),
        ] {
            assert_eq!(normalised(text).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn instants_of_any_form_are_milliseconds() {
        assert_eq!(millis(&Json::text_of("2026-11-05T10:59:58+08:00")), Some(1_793_847_598_000));
        assert_eq!(millis(&Json::number_of(1_793_847_598_000_i64)), Some(1_793_847_598_000));
        assert_eq!(millis(&Json::Number("1.5".to_owned())), None);
        let micros = of_unit(&Json::number_of(1_794_301_200_123_456_i64), |micros| Some(micros.div_euclid(1000)));
        assert_eq!(micros, Some(Json::number_of(1_794_301_200_123_i64)));
        let text = "2026-11-10T09:00:00.123456Z";
        assert_eq!(of_unit(&Json::text_of(text), |_| None), Some(Json::text_of(text)));
        assert_eq!(
            whole_seconds(&Json::text_of("2026-11-13T03:00:00.217Z")),
            Some(Json::text_of("2026-11-13T03:00:00Z"))
        );
        assert_eq!(date_of_days(&Json::number_of(20_767)), Some(Json::text_of("2026-11-10")));
    }

    #[test]
    fn dates_belong_to_a_zone() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(date_at("2026-11-30", 0, 0, &shanghai).as_deref(), Some("2026-11-30T00:00:00+08:00"));
        assert_eq!(date_at("2026-11-30", 12, 0, &TimeZone::UTC).as_deref(), Some("2026-11-30T12:00:00Z"));
        // The day after begins at one o'clock where a clock was put forward at midnight.
        let cairo = TimeZone::get("Africa/Cairo").unwrap();
        assert_eq!(date_at("2026-04-24", 0, 0, &cairo).as_deref(), Some("2026-04-24T01:00:00+03:00"));
        assert_eq!(date_at("30.11.2026", 0, 0, &shanghai), None);
        let written = local("2026-11-02 02:15:00", "%Y-%m-%d %H:%M:%S", &TimeZone::UTC);
        assert_eq!(written.as_deref(), Some("2026-11-02T02:15:00Z"));
    }

    #[test]
    fn periods_begin_on_their_first_day() {
        for (period, day) in [
            ("2026-11", Some("2026-11-01")),
            ("2026-Q4", Some("2026-10-01")),
            ("2026-H2", Some("2026-07-01")),
            ("2026", Some("2026-01-01")),
            ("2026-W07", Some("2026-02-09")),
            ("2026-13", None),
            ("2026-Q5", None),
            ("", None),
        ] {
            assert_eq!(period_start(period).as_deref(), day, "{period}");
        }
    }
}
