//! The organisation's calendar: local dates, midnights and periods in its time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use crate::model::event::{Period, PeriodPart};
use crate::model::time::Time;

/// A time zone of the IANA database that is built into the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    /// The zone of this IANA name, such as `Asia/Shanghai`; `None` if there is none.
    #[must_use]
    pub fn new(name: &str) -> Option<Zone> {
        let zone = if name == "UTC" { TimeZone::UTC } else { jiff::tz::db().get(name).ok()? };
        Some(Zone { zone, name: name.to_owned() })
    }

    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Zone {
        Zone { zone: TimeZone::UTC, name: "UTC".to_owned() }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The date that a calendar on the wall shows at this instant.
    #[must_use]
    pub fn date_of(&self, time: Time) -> Date {
        self.zone.to_datetime(timestamp(time)).date()
    }

    /// The day that holds this instant, counted from midnight to midnight. It differs from
    /// [`date_of`](Zone::date_of) only where a clock is set back across midnight.
    #[must_use]
    pub fn day_of(&self, time: Time) -> Date {
        let date = self.date_of(time);
        let next = next_day(date);
        if self.midnight(next) <= time { next } else { date }
    }

    /// The first instant of a date. Where the clock skips midnight this is the instant of the
    /// skip, where midnight comes twice it is the first of the two.
    #[must_use]
    pub fn midnight(&self, date: Date) -> Time {
        let ambiguous = self.zone.to_ambiguous_timestamp(DateTime::from(date));
        let first = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(DateTime::from(date))
            }
            AmbiguousOffset::Gap { before, .. } => before.to_timestamp(DateTime::from(date)).map(|late| {
                // With the offset before the skip, midnight would be at or after the skip itself.
                let after_late = late.checked_add(1.nanosecond()).unwrap_or(late);
                self.zone.preceding(after_late).next().map_or(late, |transition| transition.timestamp())
            }),
        };
        first.map_or(if date.year() < 0 { Time::MIN } else { Time::MAX }, |first| {
            Time::from_millis(first.as_millisecond())
        })
    }

    /// The first instant of a period and the first instant after it.
    #[must_use]
    pub fn bounds(&self, period: Period) -> (Time, Time) {
        let kind = PeriodKind::of(period.part);
        let first = match period.part {
            PeriodPart::Month(month) => Date::new(period.year, month, 1),
            PeriodPart::Quarter(quarter) => Date::new(period.year, quarter * 3 - 2, 1),
            PeriodPart::Year => Date::new(period.year, 1, 1),
        };
        let first = first.unwrap_or(Date::MAX);
        (self.midnight(first), kind.next(first).map_or(Time::MAX, |next| self.midnight(next)))
    }
}

/// Instants beyond what the calendar can show stand at its ends, some 10,000 years away.
fn timestamp(time: Time) -> Timestamp {
    let end = if time.millis() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(time.millis()).unwrap_or(end)
}

/// The date after this one; the last date of the calendar has none and stays.
#[must_use]
pub fn next_day(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

/// The kinds of calendar periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

impl PeriodKind {
    /// All three, shortest first.
    pub const ALL: [PeriodKind; 3] = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];

    /// The word in labels and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PeriodKind::Month => "month",
            PeriodKind::Quarter => "quarter",
            PeriodKind::Year => "year",
        }
    }

    /// How many months it is long: 1, 3 or 12.
    #[must_use]
    pub const fn months(self) -> i8 {
        match self {
            PeriodKind::Month => 1,
            PeriodKind::Quarter => 3,
            PeriodKind::Year => 12,
        }
    }

    const fn of(part: PeriodPart) -> PeriodKind {
        match part {
            PeriodPart::Month(_) => PeriodKind::Month,
            PeriodPart::Quarter(_) => PeriodKind::Quarter,
            PeriodPart::Year => PeriodKind::Year,
        }
    }

    /// The first day of the period that holds a date.
    #[must_use]
    pub fn first_day(self, date: Date) -> Date {
        let month = (date.month() - 1) / self.months() * self.months() + 1;
        Date::new(date.year(), month, 1).unwrap_or(date)
    }

    /// The first day of the period after the one that begins on `first_day`; `None` after year 9999.
    #[must_use]
    pub fn next(self, first_day: Date) -> Option<Date> {
        first_day.checked_add(self.months().months()).ok()
    }

    /// The first day of the period before the one that begins on `first_day`.
    #[must_use]
    pub fn previous(self, first_day: Date) -> Date {
        first_day.checked_sub(self.months().months()).unwrap_or(Date::MIN)
    }

    /// The period that begins on `first_day`, as targets name it.
    #[must_use]
    pub fn period(self, first_day: Date) -> Period {
        let part = match self {
            PeriodKind::Month => PeriodPart::Month(first_day.month()),
            PeriodKind::Quarter => PeriodPart::Quarter((first_day.month() - 1) / 3 + 1),
            PeriodKind::Year => PeriodPart::Year,
        };
        Period { year: first_day.year(), part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn midnight(zone: &str, day: Date) -> String {
        Zone::new(zone).unwrap().midnight(day).to_string()
    }

    #[test]
    fn odd_midnights() {
        assert_eq!(midnight("Asia/Shanghai", date(2026, 3, 1)), "2026-02-28T16:00:00.000Z");
        // São Paulo skipped midnight when summer time began: the day's first instant was 01:00.
        assert_eq!(midnight("America/Sao_Paulo", date(2018, 11, 4)), "2018-11-04T03:00:00.000Z");
        // Havana sets its clocks back from 01:00 to 00:00: the first of two midnights counts.
        assert_eq!(midnight("America/Havana", date(2025, 11, 2)), "2025-11-02T04:00:00.000Z");
        // Toronto skipped from 23:30 to 00:30: the day began at 00:30, not at 01:00.
        assert_eq!(midnight("America/Toronto", date(1919, 3, 31)), "1919-03-31T04:30:00.000Z");
        // Apia had no 30 December 2011 at all.
        assert_eq!(midnight("Pacific/Apia", date(2011, 12, 30)), "2011-12-30T10:00:00.000Z");
        assert_eq!(midnight("Pacific/Apia", date(2011, 12, 31)), "2011-12-30T10:00:00.000Z");
    }

    #[test]
    fn every_instant_lies_in_its_day() {
        for name in ["UTC", "America/St_Johns", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"]
        {
            let zone = Zone::new(name).unwrap();
            for step in 0..3_000 {
                let time = Time::from_millis(1_000_000_000_000 + step * 11 * crate::model::time::HOUR);
                let day = zone.day_of(time);
                assert!(zone.midnight(day) <= time && time < zone.midnight(next_day(day)), "{name} {time}");
            }
        }
    }

    #[test]
    fn periods_and_their_bounds() {
        let day = date(2024, 2, 29);
        assert_eq!(PeriodKind::Quarter.first_day(day), date(2024, 1, 1));
        assert_eq!(PeriodKind::Quarter.previous(date(2024, 1, 1)), date(2023, 10, 1));
        assert_eq!(PeriodKind::Month.next(date(2023, 12, 1)), Some(date(2024, 1, 1)));
        let zone = Zone::new("Asia/Shanghai").unwrap();
        let (start, end) = zone.bounds(PeriodKind::Quarter.period(date(2024, 1, 1)));
        assert_eq!(start.to_string(), "2023-12-31T16:00:00.000Z");
        assert_eq!(end.to_string(), "2024-03-31T16:00:00.000Z");
        assert_eq!(zone.bounds(Period { year: 9999, part: PeriodPart::Year }).1, Time::MAX);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let zone = Zone::new("Asia/Shanghai").unwrap();
        for time in [Time::MIN, Time::MAX] {
            let _ = zone.day_of(time);
        }
    }
}
