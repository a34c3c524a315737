//! Instants of the business: Unix milliseconds, their RFC 3339 text, durations and the clock.

mod clock;

pub use self::clock::{Clock, ManualClock};

use std::fmt;

/// An instant as Unix milliseconds, which may lie before 1970.
///
/// ```
/// use salespulse::model::time::Time;
///
/// let time = Time::parse("2026-03-01T08:00:00.1239+08:00").unwrap();
/// assert_eq!(time.to_string(), "2026-03-01T00:00:00.123Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// One second in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// March 1973, the earliest time that may be written as an integer: a smaller one is likely to be in seconds.
const FIRST_INTEGER: i64 = 100_000_000_000;
/// 9999-12-31T23:59:59.999Z, the latest time that may be written as an integer.
const LAST_INTEGER: i64 = 253_402_300_799_999;

/// Beyond all times of events, and far enough from the ends of what calendars can compute.
const MOST_MILLIS: i64 = 300_000_000_000_000;

impl Time {
    /// The earliest representable instant; every event lies after it.
    pub const MIN: Time = Time(i64::MIN);
    /// The latest representable instant; every event lies before it.
    pub const MAX: Time = Time(i64::MAX);

    /// Whether an event can have this time: texts of the years 0 to 9999 with any offset, and timestamps of records.
    pub(crate) const fn is_of_an_event(self) -> bool {
        self.0 > -MOST_MILLIS && self.0 < MOST_MILLIS
    }

    /// The instant this many milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Time {
        Time(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// An integer time of an event: `None` before March 1973, where it would be seconds, and after the year 9999.
    #[must_use]
    pub const fn from_integer(millis: i64) -> Option<Time> {
        if millis < FIRST_INTEGER || millis > LAST_INTEGER { None } else { Some(Time(millis)) }
    }

    /// Parses RFC 3339 with an offset, cut to the millisecond. `t`, `z` and `-00:00` are fine;
    /// second 60, a missing offset and a space between date and time are not. `None` if it is
    /// no such text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Time> {
        let (date_and_time, rest) = text.as_bytes().split_first_chunk::<19>()?;
        let [c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2, b'T' | b't', time @ ..] = date_and_time else { return None };
        let [h1, h2, b':', n1, n2, b':', s1, s2] = time else { return None };
        let (year, month, day) = (two(c1, c2)? * 100 + two(y1, y2)?, two(m1, m2)?, two(d1, d2)?);
        let second = two(s1, s2).filter(|second| *second <= 59)?;
        if !(1..=12).contains(&month) || day < 1 || day > 28 && day > days_in_month(year, month) {
            return None;
        }
        let (fraction, zone) = match rest {
            // Most programs write milliseconds.
            [b'.', f1, f2, f3, zone @ ..] if !zone.first().is_some_and(u8::is_ascii_digit) => {
                (two(f1, f2)? * 10 + two(&b'0', f3)?, zone)
            }
            [b'.', rest @ ..] => fraction_millis(rest)?,
            rest => (0, rest),
        };
        let offset = match zone {
            [b'Z' | b'z'] => 0,
            [b'+', h1, h2, b':', n1, n2] => of_day(h1, h2, n1, n2)?,
            [b'-', h1, h2, b':', n1, n2] => -of_day(h1, h2, n1, n2)?,
            _ => return None,
        };
        let local = days_from_civil(year, month, day) * DAY + of_day(h1, h2, n1, n2)? + second * SECOND;
        Some(Time(local + fraction - offset))
    }

    /// This instant moved by some milliseconds, stopping at the ends of the range.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Time {
        Time(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant, stopping at the ends of the range.
    #[must_use]
    pub const fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The greatest multiple of `step` milliseconds since the Unix epoch that is not after this instant.
    #[must_use]
    pub const fn floor(self, step: i64) -> Time {
        Time(self.0.saturating_sub(self.0.rem_euclid(step)))
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let rest = self.0.rem_euclid(DAY);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            rest / HOUR,
            rest % HOUR / MINUTE,
            rest % MINUTE / SECOND,
            rest % SECOND
        )
    }
}

/// The number of two digits.
#[inline]
fn two(tens: &u8, units: &u8) -> Option<i64> {
    let (tens, units) = (tens.wrapping_sub(b'0'), units.wrapping_sub(b'0'));
    (tens < 10 && units < 10).then(|| i64::from(tens * 10 + units))
}

/// An hour and a minute in milliseconds.
fn of_day(h1: &u8, h2: &u8, n1: &u8, n2: &u8) -> Option<i64> {
    let (hour, minute) = (two(h1, h2)?, two(n1, n2)?);
    (hour <= 23 && minute <= 59).then(|| hour * HOUR + minute * MINUTE)
}

/// One or more fraction digits, of which the first three count, and what follows them.
fn fraction_millis(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let millis = |(byte, scale): (&u8, i64)| i64::from(byte - b'0') * scale;
    (length > 0).then(|| (digits.iter().zip([100, 10, 1]).map(millis).sum(), rest))
}

fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Years are counted from
/// March, so that the leap day is the last of its year.
#[inline]
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date that many days after 1970-01-01: the inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Parses a duration: a whole number and one of `ms s m h d w`, such as `800d`. `None` if it is
/// no such text or longer than 292 million years.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

/// Milliseconds as Prometheus wants them. Of the years up to 9999 a double keeps every millisecond.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "times of events are below 2^53 milliseconds")]
pub fn seconds(millis: i64) -> f64 {
    millis as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_times() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00.5z", 500),
            ("1970-01-01T00:00:00.0019999Z", 1),
            ("1969-12-31T23:59:59.9999Z", -1),
            ("1970-01-01T08:00:00+08:00", 0),
            ("1970-01-01T00:00:00-00:00", 0),
            ("1969-12-31T20:30:00-03:30", 0),
            ("2024-02-29T23:59:59Z", 1_709_251_199_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("0000-01-01T00:00:00Z", -62_135_596_800_000 - 366 * DAY),
            ("1973-03-03T09:46:40Z", FIRST_INTEGER),
            ("9999-12-31T23:59:59.999Z", LAST_INTEGER),
        ] {
            assert_eq!(Time::parse(text), Some(Time(millis)), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_times() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00+8:00",
            "2026-01-01T00:00:00+08",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00Z ",
            "+2026-01-01T00:00:00Z",
            "2026-01-01T00:00Z",
            "２026-01-01T00:00:00Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn text_and_calendar_are_inverse() {
        for days in (-800_000..2_900_000).step_by(37) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(Time::parse("2026-11-24T13:10:31.007Z").unwrap().to_string(), "2026-11-24T13:10:31.007Z");
    }

    #[test]
    fn integers_are_milliseconds_up_to_the_year_9999() {
        assert_eq!(Time::from_integer(FIRST_INTEGER - 1), None);
        assert_eq!(Time::from_integer(LAST_INTEGER + 1), None);
        assert_eq!(Time::from_integer(FIRST_INTEGER), Some(Time(FIRST_INTEGER)));
        assert_eq!([0, -1, 1_795_521_600].map(Time::from_integer), [None; 3], "seconds are no milliseconds");
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("800d"), Some(800 * DAY));
        assert_eq!(parse_duration("15ms"), Some(15));
        assert_eq!(parse_duration("2w"), Some(14 * DAY));
        for text in ["", "d", "1", "1 d", "-1d", "1.5h", "1D", "99999999999999999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
