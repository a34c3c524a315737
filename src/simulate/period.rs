//! The periods for which targets are set.

use jiff::civil::{Date, Weekday};

use crate::model::calendar::Zone;
use crate::model::time::{DAY, Time};

/// A period that has a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// So many months from a first one, counted from year 0.
    Months {
        /// The first.
        month: i32,
        /// How many: 1, 3 or 12.
        months: i32,
    },
    /// The week that begins on this Monday.
    Week(Date),
}

impl Span {
    /// The week, the month, the quarter and the year that hold a date.
    #[must_use]
    pub fn holding(date: Date) -> [Span; 4] {
        let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
        let of = |months: i32| Span::Months { month: month - month.rem_euclid(months), months };
        let monday = if date.weekday() == Weekday::Monday { date } else { last_monday(date) };
        [Span::Week(monday), of(1), of(3), of(12)]
    }

    /// Its name in a target.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Span::Months { month, months } => {
                let (year, place) = (month.div_euclid(12), month.rem_euclid(12));
                match months {
                    1 => format!("{year:04}-{:02}", place + 1),
                    3 => format!("{year:04}-Q{}", place / 3 + 1),
                    _ => format!("{year:04}"),
                }
            }
            Span::Week(monday) => {
                let week = monday.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
        }
    }

    /// Its first instant and the first after it.
    pub(super) fn bounds(self, zone: &Zone) -> (i64, i64) {
        let midnight = |date: Date| zone.midnight(date).millis();
        match self {
            Span::Months { month, months } => (midnight(first_day(month)), midnight(first_day(month + months))),
            Span::Week(monday) => {
                // The Monday after it, whatever the clock does in between.
                let next = zone.date_of(Time::from_millis(midnight(monday) + 7 * DAY + DAY / 2));
                (midnight(monday), midnight(next))
            }
        }
    }
}

fn last_monday(date: Date) -> Date {
    date.nth_weekday(-1, Weekday::Monday).unwrap_or(date)
}

/// The first day of a month that is counted from year 0.
fn first_day(month: i32) -> Date {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    let place = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    Date::new(year, place, 1).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn periods_are_named_as_targets_name_them() {
        let names = |date| Span::holding(date).map(Span::name);
        assert_eq!(names(date(2026, 11, 15)), ["2026-W46", "2026-11", "2026-Q4", "2026"]);
        assert_eq!(names(date(2027, 1, 1)), ["2026-W53", "2027-01", "2027-Q1", "2027"]);
        assert_eq!(names(date(2026, 3, 2)), ["2026-W10", "2026-03", "2026-Q1", "2026"]);
    }

    #[test]
    fn a_period_lasts_until_the_next() {
        let zone = Zone::new("America/New_York").unwrap();
        for span in Span::holding(date(2026, 3, 8)) {
            let (begin, end) = span.bounds(&zone);
            let next = Span::holding(zone.date_of(Time::from_millis(end)));
            assert!(next.iter().any(|next| next.bounds(&zone).0 == end), "{span:?}");
            assert!(begin < end);
        }
    }
}
