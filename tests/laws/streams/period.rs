//! Names of periods around an instant.

use jiff::civil::Date;
use salespulse::model::time::Time;

use crate::laws::twin::calendar::{Calendar, Length};
use crate::laws::twin::setting::Setting;

/// How many names there are to choose from.
pub(crate) const NAMES: u8 = 16;

/// A month, a quarter or a year in place of a week or a half.
pub(crate) const fn first_version(number: u8) -> u8 {
    match number % NAMES {
        7..=13 => number % 7,
        other => other,
    }
}

/// A period that holds an instant, or one near to it.
pub(crate) fn name(number: u8, setting: &Setting, at: Time) -> String {
    let days = Calendar::new(setting);
    let around = |length: Length| {
        let first = days.first_day(length, days.day(at));
        [first, length.previous(first), length.next(first)]
    };
    let (length, place) = match number % NAMES {
        0..=2 => (Length::Month, 0),
        3 => (Length::Month, 2),
        4 | 5 => (Length::Quarter, 0),
        6 => (Length::Quarter, 1),
        7..=9 => (Length::Week, 0),
        10 => (Length::Week, 1),
        11 | 12 => (Length::Half, 0),
        13 => (Length::Half, 1),
        14 => (Length::Year, 0),
        _ => (Length::Year, 1),
    };
    of_first_day(&days, length, around(length)[place])
}

/// The name of the period of this length that begins on a day, found by trying.
pub(crate) fn of_first_day(days: &Calendar, length: Length, first_day: Date) -> String {
    let year = first_day.year();
    if length == Length::Month {
        return format!("{year:04}-{:02}", first_day.month());
    }
    let (mark, last) = match length {
        Length::Quarter => ("-Q", 4),
        Length::Half => ("-H", 2),
        _ => ("-W", 53),
    };
    for year in year - 1..=year + 1 {
        let whole = format!("{year:04}");
        if length == Length::Year && days.first_day_of(&whole).1 == first_day {
            return whole;
        }
        let digits = if length == Length::Week { 2 } else { 1 };
        let last = if length == Length::Week { days.weeks_of(year) } else { last };
        let names = (1..=last).map(|part| format!("{year:04}{mark}{part:0digits$}"));
        let found = names.filter(|_| length != Length::Year).find(|name| days.first_day_of(name).1 == first_day);
        if let Some(name) = found {
            return name;
        }
    }
    panic!("no {length:?} begins on {first_day}")
}

#[test]
fn weeks_have_one_name() {
    let setting = crate::laws::notation::Script::parse("").setting;
    let days = Calendar::new(&setting);
    for (first, name) in [((2025, 12, 29), "2026-W01"), ((2026, 12, 28), "2026-W53"), ((2021, 1, 4), "2021-W01")] {
        let first = jiff::civil::date(first.0, first.1, first.2);
        assert_eq!(of_first_day(&days, Length::Week, first), name);
    }
}
