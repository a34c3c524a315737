//! Local dates, their midnights and calendar periods, found by trying.

use jiff::civil::{Date, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};
use salespulse::model::event::{Period, PeriodPart};
use salespulse::model::time::Time;

use super::windows::Stretch;

/// How long a calendar period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Month,
    Quarter,
    Year,
}

impl Length {
    pub(crate) const fn months(self) -> i8 {
        match self {
            Length::Month => 1,
            Length::Quarter => 3,
            Length::Year => 12,
        }
    }

    /// The first day of the period that holds a date.
    pub(crate) fn first_day(self, day: Date) -> Date {
        let month = (day.month() - 1) / self.months() * self.months() + 1;
        date(day.year(), month, 1)
    }

    /// The first day of the period after the one that begins on `first_day`.
    pub(crate) fn next(self, first_day: Date) -> Date {
        first_day + Span::new().months(self.months())
    }

    /// The first day of the period before the one that begins on `first_day`.
    pub(crate) fn previous(self, first_day: Date) -> Date {
        first_day - Span::new().months(self.months())
    }
}

/// The days of a time zone.
#[derive(Debug)]
pub(crate) struct LocalDays {
    zone: TimeZone,
}

impl LocalDays {
    pub(crate) fn new(zone: &str) -> LocalDays {
        LocalDays { zone: TimeZone::get(zone).expect("a known time zone") }
    }

    /// The local date of an instant.
    pub(crate) fn date(&self, time: Time) -> Date {
        self.zone.to_datetime(timestamp(time)).date()
    }

    /// The day that holds an instant: from its midnight up to the next. That is the date on the wall but
    /// where the clock went back over midnight, and the wall shows yesterday again.
    pub(crate) fn day(&self, time: Time) -> Date {
        let wall = self.date(time);
        let around = [wall.tomorrow(), Ok(wall), wall.yesterday()].map(|day| day.expect("within range"));
        *around.iter().find(|day| self.midnight(**day) <= time).expect("one of them has begun")
    }

    /// The first instant of a date. The candidates are its 00:00 at every offset in force around it and
    /// every change of offset around it; a date that never was begins when the next one does.
    pub(crate) fn midnight(&self, day: Date) -> Time {
        let middle = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).expect("within range");
        let (first, last) = (middle - 49.hours(), middle + 49.hours());
        let changes: Vec<Timestamp> =
            self.zone.following(first).map(|change| change.timestamp()).take_while(|change| *change <= last).collect();
        let instants = changes.iter().copied().chain([first]);
        let offsets: Vec<Offset> = instants.map(|instant| self.zone.to_offset(instant)).collect();
        let midnights = offsets.iter().map(|offset| offset.to_timestamp(day.at(0, 0, 0, 0)).expect("within range"));
        let candidates = midnights.chain(changes.iter().copied());
        let found = candidates.map(time).filter(|candidate| self.date(*candidate) == day).min();
        found.unwrap_or_else(|| self.midnight(day.tomorrow().expect("within range")))
    }

    /// The calendar period of this length that holds an instant's local date.
    pub(crate) fn period_of(&self, length: Length, now: Time) -> Stretch {
        self.period_from(length, length.first_day(self.day(now)))
    }

    /// The period of this length that begins on `first_day`.
    pub(crate) fn period_from(&self, length: Length, first_day: Date) -> Stretch {
        Stretch { start: self.midnight(first_day), end: self.midnight(length.next(first_day)) }
    }

    /// Where the period of a target begins and ends.
    pub(crate) fn of_target(&self, period: Period) -> Stretch {
        let (length, month) = match period.part {
            PeriodPart::Month(month) => (Length::Month, month),
            PeriodPart::Quarter(quarter) => (Length::Quarter, quarter * 3 - 2),
            PeriodPart::Year => (Length::Year, 1),
            PeriodPart::Half(_) | PeriodPart::Week(_) => panic!("no target has it"),
        };
        self.period_from(length, date(period.year, month, 1))
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
            assert_eq!(LocalDays::new(zone).midnight(day).to_string().replace(".000Z", "Z"), midnight, "{zone} {day}");
        }
    }

    #[test]
    fn periods_begin_and_end() {
        let day = date(2024, 2, 29);
        for (length, first, next, previous) in [
            (Length::Month, date(2024, 2, 1), date(2024, 3, 1), date(2024, 1, 1)),
            (Length::Quarter, date(2024, 1, 1), date(2024, 4, 1), date(2023, 10, 1)),
            (Length::Year, date(2024, 1, 1), date(2025, 1, 1), date(2023, 1, 1)),
        ] {
            assert_eq!(length.first_day(day), first);
            assert_eq!((length.next(first), length.previous(first)), (next, previous));
        }
    }
}
