//! The organisation's calendar: local dates, midnights, weeks and fiscal periods in its time zone.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};

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

    /// An instant as RFC 3339 text with milliseconds and the zone's offset.
    #[must_use]
    pub fn text(&self, time: Time) -> String {
        timestamp(time).to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }

    /// The date that holds this instant, counted from midnight to midnight. It differs from what a calendar on the wall
    /// shows only where a clock is set back across midnight.
    #[must_use]
    pub fn date_of(&self, time: Time) -> Date {
        let date = self.zone.to_datetime(timestamp(time)).date();
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

/// The kinds of periods. Quarters, halves and years are fiscal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// A local date.
    Day,
    /// A week.
    Week,
    /// A calendar month.
    Month,
    /// A quarter of a fiscal year.
    Quarter,
    /// A half of a fiscal year.
    Half,
    /// A fiscal year.
    Year,
}

impl PeriodKind {
    /// Those for which targets are set, shortest first.
    pub const OF_TARGETS: [PeriodKind; 5] =
        [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Half, PeriodKind::Year];
    /// Those in which customers are called active, shortest first.
    pub const OF_CUSTOMERS: [PeriodKind; 3] = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];

    /// The word in labels and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PeriodKind::Day => "day",
            PeriodKind::Week => "week",
            PeriodKind::Month => "month",
            PeriodKind::Quarter => "quarter",
            PeriodKind::Half => "half",
            PeriodKind::Year => "year",
        }
    }

    /// How many months it is long; 0 for days and weeks.
    #[must_use]
    pub const fn months(self) -> i8 {
        match self {
            PeriodKind::Day | PeriodKind::Week => 0,
            PeriodKind::Month => 1,
            PeriodKind::Quarter => 3,
            PeriodKind::Half => 6,
            PeriodKind::Year => 12,
        }
    }

    /// The kind of a period that is named.
    #[must_use]
    pub const fn of(part: PeriodPart) -> PeriodKind {
        match part {
            PeriodPart::Month(_) => PeriodKind::Month,
            PeriodPart::Quarter(_) => PeriodKind::Quarter,
            PeriodPart::Half(_) => PeriodKind::Half,
            PeriodPart::Year => PeriodKind::Year,
            PeriodPart::Week(_) => PeriodKind::Week,
        }
    }

    /// How long it is, in the calendar's own terms.
    fn length(self) -> Span {
        match self {
            PeriodKind::Day => 1.days(),
            PeriodKind::Week => 7.days(),
            _ => self.months().months(),
        }
    }

    /// The first day of the period after the one that begins on `first_day`; `None` after year 9999.
    #[must_use]
    pub fn next(self, first_day: Date) -> Option<Date> {
        first_day.checked_add(self.length()).ok()
    }

    /// The first day of the period before the one that begins on `first_day`.
    #[must_use]
    pub fn previous(self, first_day: Date) -> Date {
        first_day.checked_sub(self.length()).unwrap_or(Date::MIN)
    }
}

/// Which calendar year a fiscal year is named by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamedBy {
    /// The one that holds its last day.
    #[default]
    End,
    /// The one that holds its first day.
    Start,
}

/// When fiscal years and weeks begin. It speaks of dates; a [`Zone`] says when they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The month in which a fiscal year begins, 1 to 12.
    pub fiscal_year_starts: i8,
    /// Which calendar year a fiscal year is named by.
    pub fiscal_year_named_by: NamedBy,
    /// The first day of a week.
    pub week_starts: Weekday,
}

impl Default for Calendar {
    /// Fiscal years are calendar years, and weeks begin on Monday.
    fn default() -> Calendar {
        Calendar { fiscal_year_starts: 1, fiscal_year_named_by: NamedBy::End, week_starts: Weekday::Monday }
    }
}

/// A week belongs to the year that holds its fourth day.
const DAYS_BEFORE_THE_FOURTH: i64 = 3;

impl Calendar {
    /// The first day of the period that holds a date.
    #[must_use]
    pub fn first_day(self, kind: PeriodKind, date: Date) -> Date {
        match kind {
            PeriodKind::Day => date,
            PeriodKind::Week => {
                let into = date.weekday().since(self.week_starts);
                date.checked_sub(i64::from(into).days()).unwrap_or(Date::MIN)
            }
            _ => {
                let into = (date.month() - self.fiscal_year_starts).rem_euclid(12) % kind.months();
                let month = Date::new(date.year(), date.month(), 1).unwrap_or(date);
                month.checked_sub(into.months()).unwrap_or(Date::MIN)
            }
        }
    }

    /// The period that begins on `first_day`, as targets name it; `None` for a day, which has no name.
    #[must_use]
    pub fn period(self, kind: PeriodKind, first_day: Date) -> Option<Period> {
        let part = match kind {
            PeriodKind::Day => return None,
            PeriodKind::Week => return self.week(first_day),
            PeriodKind::Month => {
                return Some(Period { year: first_day.year(), part: PeriodPart::Month(first_day.month()) });
            }
            PeriodKind::Quarter => PeriodPart::Quarter(self.months_into_year(first_day) / 3 + 1),
            PeriodKind::Half => PeriodPart::Half(self.months_into_year(first_day) / 6 + 1),
            PeriodKind::Year => PeriodPart::Year,
        };
        let year_began = first_day.month() >= self.fiscal_year_starts;
        let first_year = first_day.year() - if year_began { 0 } else { 1 };
        Some(Period { year: first_year + self.name_after_first_year(), part })
    }

    /// The first day of a period and the first day after it; `None` in the place of a day that no calendar can show,
    /// or of a week that its year does not have.
    #[must_use]
    pub fn dates(self, period: Period) -> (Option<Date>, Option<Date>) {
        let of_year = |months: i8| {
            let year = period.year.checked_sub(self.name_after_first_year())?;
            Date::new(year, self.fiscal_year_starts, 1).ok()?.checked_add(months.months()).ok()
        };
        let first = match period.part {
            PeriodPart::Month(month) => Date::new(period.year, month, 1).ok(),
            PeriodPart::Quarter(quarter) => of_year((quarter - 1) * 3),
            PeriodPart::Half(half) => of_year((half - 1) * 6),
            PeriodPart::Year => of_year(0),
            PeriodPart::Week(week) => self.first_day_of_week(period.year, week),
        };
        (first, first.and_then(|first| PeriodKind::of(period.part).next(first)))
    }

    /// Whether a period is one that there is: the 53rd week is one of some years only.
    #[must_use]
    pub fn has(self, period: Period) -> bool {
        let PeriodPart::Week(week) = period.part else { return true };
        let first = self.first_day_of_week(period.year, week);
        let fourth = first.and_then(|first| first.checked_add(DAYS_BEFORE_THE_FOURTH.days()).ok());
        fourth.is_some_and(|fourth| fourth.year() == period.year)
    }

    fn months_into_year(self, date: Date) -> i8 {
        (date.month() - self.fiscal_year_starts).rem_euclid(12)
    }

    /// How much later a fiscal year's name is than the calendar year of its first day.
    const fn name_after_first_year(self) -> i16 {
        match self.fiscal_year_named_by {
            NamedBy::End if self.fiscal_year_starts > 1 => 1,
            NamedBy::End | NamedBy::Start => 0,
        }
    }

    fn week(self, first_day: Date) -> Option<Period> {
        let year =
            first_day.checked_add(DAYS_BEFORE_THE_FOURTH.days()).map_or(first_day.year(), |fourth| fourth.year());
        let days = (first_day - self.first_day_of_week(year, 1)?).get_days();
        Some(Period { year, part: PeriodPart::Week(i8::try_from(days / 7 + 1).ok()?) })
    }

    /// The first week holds 4 January, whatever day it begins on.
    fn first_day_of_week(self, year: i16, week: i8) -> Option<Date> {
        let first = self.first_day(PeriodKind::Week, Date::new(year, 1, 4).ok()?);
        first.checked_add((i64::from(week) * 7 - 7).days()).ok()
    }
}

impl Zone {
    /// The first instant of a period of this calendar and the first instant after it.
    #[must_use]
    pub fn bounds(&self, calendar: Calendar, period: Period) -> (Time, Time) {
        let (first, next) = calendar.dates(period);
        let start = |date: Option<Date>| date.map_or(Time::MAX, |date| self.midnight(date));
        (start(first), start(next))
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
                let day = zone.date_of(time);
                assert!(zone.midnight(day) <= time && time < zone.midnight(next_day(day)), "{name} {time}");
            }
        }
    }

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    #[test]
    fn periods_and_their_bounds() {
        let calendar = Calendar::default();
        let day = date(2024, 2, 29);
        assert_eq!(calendar.first_day(PeriodKind::Quarter, day), date(2024, 1, 1));
        assert_eq!(PeriodKind::Quarter.previous(date(2024, 1, 1)), date(2023, 10, 1));
        assert_eq!(PeriodKind::Month.next(date(2023, 12, 1)), Some(date(2024, 1, 1)));
        let zone = Zone::new("Asia/Shanghai").unwrap();
        let (start, end) = zone.bounds(calendar, period("2024-Q1"));
        assert_eq!(start.to_string(), "2023-12-31T16:00:00.000Z");
        assert_eq!(end.to_string(), "2024-03-31T16:00:00.000Z");
        assert_eq!(zone.bounds(calendar, period("9999")).1, Time::MAX);
    }

    #[test]
    fn fiscal_years_are_named_by_their_last_or_first_day() {
        let april =
            |named_by| Calendar { fiscal_year_starts: 4, fiscal_year_named_by: named_by, ..Calendar::default() };
        for (calendar, text, first, next) in [
            (april(NamedBy::End), "2026", date(2025, 4, 1), date(2026, 4, 1)),
            (april(NamedBy::Start), "2026", date(2026, 4, 1), date(2027, 4, 1)),
            (april(NamedBy::End), "2026-H2", date(2025, 10, 1), date(2026, 4, 1)),
            (april(NamedBy::End), "2026-Q4", date(2026, 1, 1), date(2026, 4, 1)),
            (april(NamedBy::Start), "2026-Q4", date(2027, 1, 1), date(2027, 4, 1)),
            (april(NamedBy::End), "2026-02", date(2026, 2, 1), date(2026, 3, 1)),
            (Calendar::default(), "2026-H1", date(2026, 1, 1), date(2026, 7, 1)),
        ] {
            assert_eq!(calendar.dates(period(text)), (Some(first), Some(next)), "{text}");
            assert_eq!(calendar.period(PeriodKind::of(period(text).part), first), Some(period(text)));
        }
    }

    #[test]
    fn weeks_belong_to_the_year_of_their_fourth_day() {
        let from = |week_starts| Calendar { week_starts, ..Calendar::default() };
        for (week_starts, text, first) in [
            (Weekday::Monday, "2026-W01", date(2025, 12, 29)),
            (Weekday::Monday, "2026-W53", date(2026, 12, 28)),
            (Weekday::Sunday, "2026-W01", date(2026, 1, 4)),
            (Weekday::Saturday, "2026-W01", date(2026, 1, 3)),
        ] {
            let calendar = from(week_starts);
            assert_eq!(calendar.dates(period(text)).0, Some(first), "{text}");
            assert_eq!(calendar.period(PeriodKind::Week, first), Some(period(text)));
            assert!(calendar.has(period(text)));
        }
        assert!(!from(Weekday::Monday).has(period("2025-W53")));
        assert!(!from(Weekday::Sunday).has(period("2026-W53")) && from(Weekday::Sunday).has(period("2025-W53")));
        let _ = from(Weekday::Saturday).has(period("9999-W53"));
    }

    /// Every date lies in the period that is named after it, and names are in one piece.
    #[test]
    fn periods_cover_all_dates() {
        for starts in 1..=12 {
            for (week_starts, named_by) in
                [(Weekday::Monday, NamedBy::End), (Weekday::Sunday, NamedBy::Start), (Weekday::Thursday, NamedBy::End)]
            {
                let calendar = Calendar { fiscal_year_starts: starts, fiscal_year_named_by: named_by, week_starts };
                for day in (0..1_500).map(|days| date(2023, 1, 1) + days.days()) {
                    for kind in PeriodKind::OF_TARGETS {
                        let first = calendar.first_day(kind, day);
                        let named = calendar.period(kind, first).unwrap();
                        let next = kind.next(first).unwrap();
                        assert_eq!(calendar.dates(named), (Some(first), Some(next)), "{day} {kind:?} {named:?}");
                        assert!(first <= day && day < next && calendar.has(named));
                    }
                }
            }
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let zone = Zone::new("Asia/Shanghai").unwrap();
        for time in [Time::MIN, Time::MAX] {
            let _ = zone.date_of(time);
        }
    }
}
