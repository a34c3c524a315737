//! Local dates, their midnights and the periods of the calendar, found by trying.

use jiff::civil::{Date, Weekday, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};
use salespulse::model::time::Time;

use super::setting::Setting;
use super::windows::Stretch;

/// How long a period is. Quarters, halves and years are the fiscal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Length {
    Day,
    Week,
    Month,
    Quarter,
    Half,
    Year,
}

impl Length {
    /// The length that a word of the configuration or of a label stands for.
    pub(crate) fn from_word(word: &str) -> Length {
        match word {
            "week" => Length::Week,
            "month" => Length::Month,
            "quarter" => Length::Quarter,
            "half" => Length::Half,
            "year" => Length::Year,
            other => panic!("no such period: {other}"),
        }
    }

    /// How many months it has: none, if it is counted in days.
    pub(crate) const fn months(self) -> i8 {
        match self {
            Length::Day | Length::Week => 0,
            Length::Month => 1,
            Length::Quarter => 3,
            Length::Half => 6,
            Length::Year => 12,
        }
    }

    /// The first day of the period after the one that begins on `first_day`.
    pub(crate) fn next(self, first_day: Date) -> Date {
        first_day.saturating_add(self.span())
    }

    /// The first day of the period before the one that begins on `first_day`.
    pub(crate) fn previous(self, first_day: Date) -> Date {
        first_day.saturating_sub(self.span())
    }

    fn span(self) -> Span {
        match self {
            Length::Day => 1.day(),
            Length::Week => 7.days(),
            other => i64::from(other.months()).months(),
        }
    }
}

/// The days of a time zone, and how an organisation counts its weeks and years.
#[derive(Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    fiscal_year_starts: i8,
    named_by_end: bool,
    week_starts: Weekday,
}

impl Calendar {
    pub(crate) fn new(setting: &Setting) -> Calendar {
        Calendar {
            zone: TimeZone::get(&setting.zone).expect("a known time zone"),
            fiscal_year_starts: setting.fiscal_year_starts,
            named_by_end: setting.named_by_end,
            week_starts: setting.week_starts,
        }
    }

    /// What the wall shows at an instant.
    fn wall(&self, time: Time) -> Date {
        self.zone.to_datetime(timestamp(time)).date()
    }

    /// The date that an instant lies in: from its midnight up to the next. That is the date on the wall but
    /// where the clock went back over midnight, and the wall shows yesterday again.
    pub(crate) fn day(&self, time: Time) -> Date {
        let wall = self.wall(time);
        let around = [wall.tomorrow(), Ok(wall), wall.yesterday()].into_iter().flatten();
        around.into_iter().find(|day| self.midnight(*day) <= time).expect("one of them has begun")
    }

    /// The first instant of a date. The candidates are its 00:00 at every offset in force around it and
    /// every change of offset around it; a date that never was begins when the next one does.
    pub(crate) fn midnight(&self, day: Date) -> Time {
        let Ok(middle) = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)) else { return Time::MAX };
        let (first, last) = (middle.saturating_sub(49.hours()), middle.saturating_add(49.hours()));
        let (first, last) = (first.expect("a span of hours"), last.expect("a span of hours"));
        let changes: Vec<Timestamp> =
            self.zone.following(first).map(|change| change.timestamp()).take_while(|change| *change <= last).collect();
        let instants = changes.iter().copied().chain([first]);
        let offsets: Vec<Offset> = instants.map(|instant| self.zone.to_offset(instant)).collect();
        let midnights = offsets.iter().filter_map(|offset| offset.to_timestamp(day.at(0, 0, 0, 0)).ok());
        let candidates = midnights.chain(changes.iter().copied());
        let found = candidates.map(time).filter(|candidate| self.wall(*candidate) == day).min();
        found.unwrap_or_else(|| day.tomorrow().map_or(Time::MAX, |next| self.midnight(next)))
    }

    /// The first day of the period that holds a date.
    pub(crate) fn first_day(&self, length: Length, day: Date) -> Date {
        match length {
            Length::Day => day,
            Length::Week => day.saturating_sub(i64::from(self.week_starts.until(day.weekday())).days()),
            other => {
                let since_start = (day.month() - self.fiscal_year_starts).rem_euclid(12);
                day.first_of_month().saturating_sub(i64::from(since_start % other.months()).months())
            }
        }
    }

    /// The period of this length that begins on `first_day`.
    pub(crate) fn period_from(&self, length: Length, first_day: Date) -> Stretch {
        Stretch { start: self.midnight(first_day), end: self.midnight(length.next(first_day)) }
    }

    /// The period of this length that holds an instant.
    pub(crate) fn period_of(&self, length: Length, now: Time) -> Stretch {
        self.period_from(length, self.first_day(length, self.day(now)))
    }

    /// The period that a target names: `2026-11`, `2026-Q4`, `2026-H1`, `2026`, `2026-W07`.
    pub(crate) fn named(&self, name: &str) -> Stretch {
        let (length, first_day) = self.first_day_of(name);
        self.period_from(length, first_day)
    }

    /// How long the period of this name is, and its first day.
    pub(crate) fn first_day_of(&self, name: &str) -> (Length, Date) {
        let (year, part) = name.split_once('-').unwrap_or((name, ""));
        let year: i16 = year.parse().expect("a year");
        let number = |digits: &str| -> i64 { digits.parse().expect("a number") };
        match part.as_bytes().first() {
            None => (Length::Year, self.fiscal_year(year)),
            Some(b'H') => (Length::Half, self.fiscal_year(year) + (6 * (number(&part[1..]) - 1)).months()),
            Some(b'Q') => (Length::Quarter, self.fiscal_year(year) + (3 * (number(&part[1..]) - 1)).months()),
            Some(b'W') => (Length::Week, self.first_week(year) + (7 * (number(&part[1..]) - 1)).days()),
            Some(_) => (Length::Month, date(year, i8::try_from(number(part)).expect("a month"), 1)),
        }
    }

    /// The first day of the fiscal year of this name.
    fn fiscal_year(&self, name: i16) -> Date {
        let begins_a_year_before = self.named_by_end && self.fiscal_year_starts > 1;
        date(if begins_a_year_before { name - 1 } else { name }, self.fiscal_year_starts, 1)
    }

    /// The first day of the week that holds 4 January.
    fn first_week(&self, year: i16) -> Date {
        self.first_day(Length::Week, date(year, 1, 4))
    }

    /// The number of the last week of a year: 52 or 53.
    pub(crate) fn weeks_of(&self, year: i16) -> i64 {
        i64::from((self.first_week(year + 1) - self.first_week(year)).get_days()) / 7
    }
}

fn timestamp(time: Time) -> Timestamp {
    Timestamp::from_millisecond(time.millis()).expect("within range")
}

fn time(timestamp: Timestamp) -> Time {
    Time::from_millis(timestamp.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(org: &str) -> Calendar {
        let text = format!("[org]\nreporting_currency = \"CNY\"\n{org}\n[pipeline]\nstages = [\"lead\", \"won\"]\n");
        Calendar::new(&Setting::read(&text))
    }

    #[test]
    fn odd_midnights() {
        for (zone, day, midnight) in [
            ("UTC", date(2026, 3, 1), "2026-03-01T00:00:00Z"),
            ("Asia/Kathmandu", date(2026, 3, 1), "2026-02-28T18:15:00Z"),
            // The clock jumps from 24:00 to 01:00.
            ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00Z"),
            // The clock goes back from 24:00 to 23:00: the day before has 25 hours.
            ("America/Sao_Paulo", date(2018, 2, 18), "2018-02-18T03:00:00Z"),
            // The clock goes back from 01:00 to 00:00: midnight comes twice.
            ("America/Havana", date(2025, 11, 2), "2025-11-02T04:00:00Z"),
            // Samoa skipped 2011-12-30 as it crossed the date line.
            ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00Z"),
            // The clock went back from 00:01 to 23:01 of the day before.
            ("America/St_Johns", date(2009, 11, 1), "2009-11-01T02:30:00Z"),
        ] {
            let midnight_of = calendar(&format!("timezone = \"{zone}\"")).midnight(day);
            assert_eq!(midnight_of.to_string().replace(".000Z", "Z"), midnight, "{zone} {day}");
        }
    }

    #[test]
    fn a_date_lasts_to_the_next_midnight_whatever_the_wall_shows() {
        let days = calendar("timezone = \"America/St_Johns\"");
        for (instant, day) in [("2009-11-01T02:29:59Z", 31), ("2009-11-01T02:30:00Z", 1), ("2009-11-01T02:45:00Z", 1)] {
            assert_eq!(days.day(Time::parse(instant).unwrap()).day(), day, "{instant}");
        }
    }

    #[test]
    fn periods_begin_and_end() {
        let day = date(2024, 2, 29);
        let days = calendar("");
        for (length, first, next, previous) in [
            (Length::Day, date(2024, 2, 29), date(2024, 3, 1), date(2024, 2, 28)),
            (Length::Week, date(2024, 2, 26), date(2024, 3, 4), date(2024, 2, 19)),
            (Length::Month, date(2024, 2, 1), date(2024, 3, 1), date(2024, 1, 1)),
            (Length::Quarter, date(2024, 1, 1), date(2024, 4, 1), date(2023, 10, 1)),
            (Length::Half, date(2024, 1, 1), date(2024, 7, 1), date(2023, 7, 1)),
            (Length::Year, date(2024, 1, 1), date(2025, 1, 1), date(2023, 1, 1)),
        ] {
            let first_day = days.first_day(length, day);
            assert_eq!((first_day, length.next(first), length.previous(first)), (first, next, previous));
        }
    }

    #[test]
    fn fiscal_periods_begin_with_the_fiscal_year() {
        let april = calendar("fiscal_year_starts = 4");
        for (length, first) in [
            (Length::Month, date(2024, 2, 1)),
            (Length::Quarter, date(2024, 1, 1)),
            (Length::Half, date(2023, 10, 1)),
            (Length::Year, date(2023, 4, 1)),
        ] {
            assert_eq!(april.first_day(length, date(2024, 2, 29)), first);
        }
    }

    #[test]
    fn names_of_periods() {
        let start = "fiscal_year_starts = 4\nfiscal_year_named_by = \"start\"";
        for (org, name, first) in [
            ("", "2026", date(2026, 1, 1)),
            ("", "2026-H2", date(2026, 7, 1)),
            ("", "2026-W01", date(2025, 12, 29)),
            ("", "2026-W53", date(2026, 12, 28)),
            ("week_starts = \"sunday\"", "2026-W01", date(2026, 1, 4)),
            ("fiscal_year_starts = 4", "2026", date(2025, 4, 1)),
            ("fiscal_year_starts = 4", "2026-Q4", date(2026, 1, 1)),
            ("fiscal_year_starts = 4", "2026-11", date(2026, 11, 1)),
            (start, "2026", date(2026, 4, 1)),
            (start, "2026-H1", date(2026, 4, 1)),
            (start, "2026-Q4", date(2027, 1, 1)),
            ("fiscal_year_named_by = \"start\"", "2026", date(2026, 1, 1)),
        ] {
            assert_eq!(calendar(org).first_day_of(name).1, first, "{org} {name}");
        }
        assert_eq!([2020, 2021, 2026].map(|year| calendar("").weeks_of(year)), [53, 52, 53]);
        assert_eq!([2020, 2025, 2026].map(|year| calendar("week_starts = \"sunday\"").weeks_of(year)), [53, 53, 52]);
    }
}
