//! Windows: where each begins and ends at an instant, the one before it, and the one a year before.

use jiff::ToSpan;
use jiff::civil::Date;
use salespulse::model::time::{DAY, HOUR, MINUTE, Time};

use super::calendar::{Calendar, Length};
use super::setting::Setting;

/// From `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: Time,
    pub(crate) end: Time,
}

impl Stretch {
    pub(crate) fn holds(self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}

/// A window at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windowed {
    pub(crate) name: &'static str,
    pub(crate) present: Stretch,
    pub(crate) previous: Stretch,
    pub(crate) year_ago: Option<Stretch>,
}

/// Rolling windows: name, length and pane.
const ROLLING: [(&str, i64, i64); 5] = [
    ("1h", HOUR, MINUTE),
    ("24h", DAY, 15 * MINUTE),
    ("7d", 7 * DAY, HOUR),
    ("30d", 30 * DAY, 6 * HOUR),
    ("90d", 90 * DAY, DAY),
];

/// Windows to date: name, period, and the days of retention that the year-ago window asks for.
const TO_DATE: [(&str, Length, i64); 5] = [
    ("today", Length::Day, 367),
    ("wtd", Length::Week, 371),
    ("mtd", Length::Month, 397),
    ("qtd", Length::Quarter, 458),
    ("ytd", Length::Year, 731),
];

/// Complete windows: the same; those without such a number have no year-ago window.
const COMPLETE: [(&str, Length, Option<i64>); 5] = [
    ("yesterday", Length::Day, None),
    ("last_week", Length::Week, None),
    ("last_month", Length::Month, Some(428)),
    ("last_quarter", Length::Quarter, Some(550)),
    ("last_year", Length::Year, Some(1096)),
];

/// All windows at an instant.
pub(crate) fn all(setting: &Setting, days: &Calendar, now: Time) -> Vec<Windowed> {
    let rolling = ROLLING.map(|(name, length, pane)| rolling(name, length, pane, now));
    let covers = |least: i64| setting.retention >= least * DAY;
    let to_date = TO_DATE.map(|(name, length, least)| {
        let year_ago = covers(least).then(|| year_ago_to_date(length, days, now));
        Windowed { name, present: to_date(length, days, now), previous: previous_to_date(length, days, now), year_ago }
    });
    let complete = COMPLETE.map(|(name, length, least)| {
        let year_ago = least.is_some_and(covers);
        complete(name, length, year_ago, days, now)
    });
    rolling.into_iter().chain(to_date).chain(complete).collect()
}

/// The window of this name.
pub(crate) fn named(windows: &[Windowed], name: &str) -> Windowed {
    *windows.iter().find(|window| window.name == name).expect("a window")
}

/// `end = floor(now/p)·p + p`, `start = end − W`; before it `[start − W, start)`.
fn rolling(name: &'static str, length: i64, pane: i64, now: Time) -> Windowed {
    let end = Time::from_millis(now.millis().div_euclid(pane) * pane + pane);
    let start = end.plus(-length);
    let previous = Stretch { start: start.plus(-length), end: start };
    Windowed { name, present: Stretch { start, end }, previous, year_ago: None }
}

/// From the period's first local midnight to the one after today.
pub(crate) fn to_date(length: Length, days: &Calendar, now: Time) -> Stretch {
    let today = days.day(now);
    let first_day = days.first_day(length, today);
    Stretch { start: days.midnight(first_day), end: days.midnight(today.tomorrow().expect("within range")) }
}

/// As many local days from `first_day` on as have begun of the period that holds now, up to `end` at most.
fn elapsed(length: Length, days: &Calendar, now: Time, first_day: Date, end: Date) -> Stretch {
    let today = days.day(now);
    let elapsed = (today - days.first_day(length, today)).get_days() + 1;
    Stretch { start: days.midnight(first_day), end: days.midnight((first_day + elapsed.days()).min(end)) }
}

fn previous_to_date(length: Length, days: &Calendar, now: Time) -> Stretch {
    let first_day = days.first_day(length, days.day(now));
    elapsed(length, days, now, length.previous(first_day), first_day)
}

fn year_ago_to_date(length: Length, days: &Calendar, now: Time) -> Stretch {
    let first_day = days.first_day(length, days.day(now));
    let year_ago = match length {
        Length::Week => first_day - 364.days(),
        // Of 29 February the 28th.
        _ => first_day - 1.year(),
    };
    elapsed(length, days, now, year_ago, length.next(year_ago))
}

/// The whole period before the one that holds now, and the one before it.
fn complete(name: &'static str, length: Length, has_year_ago: bool, days: &Calendar, now: Time) -> Windowed {
    let first_day = length.previous(days.first_day(length, days.day(now)));
    Windowed {
        name,
        present: days.period_from(length, first_day),
        previous: days.period_from(length, length.previous(first_day)),
        year_ago: has_year_ago.then(|| days.period_from(length, first_day - 1.year())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(org: &str) -> Setting {
        let head = "[org]\nreporting_currency = \"CNY\"\ntimezone = \"Asia/Shanghai\"\n";
        Setting::read(&format!("retention = \"1096d\"\n{head}{org}\n[pipeline]\nstages = [\"lead\", \"won\"]\n"))
    }

    /// The window of a name at an instant: its present, previous and year-ago stretch.
    fn at(org: &str, now: &str, name: &str) -> [Option<Stretch>; 3] {
        let setting = setting(org);
        let windows = all(&setting, &Calendar::new(&setting), Time::parse(now).unwrap());
        let window = named(&windows, name);
        [Some(window.present), Some(window.previous), window.year_ago]
    }

    fn text(stretch: Stretch) -> [String; 2] {
        [stretch.start, stretch.end].map(|time| time.to_string())
    }

    #[test]
    fn windows_at_an_instant() {
        // 31 March 00:00 in Shanghai, exactly on panes of a minute, a quarter and an hour.
        let now = "2026-03-30T16:00:00Z";
        for (name, present, previous) in [
            ("1h", ["2026-03-30T15:01", "2026-03-30T16:01"], ["2026-03-30T14:01", "2026-03-30T15:01"]),
            ("24h", ["2026-03-29T16:15", "2026-03-30T16:15"], ["2026-03-28T16:15", "2026-03-29T16:15"]),
            ("7d", ["2026-03-23T17:00", "2026-03-30T17:00"], ["2026-03-16T17:00", "2026-03-23T17:00"]),
            ("30d", ["2026-02-28T18:00", "2026-03-30T18:00"], ["2026-01-29T18:00", "2026-02-28T18:00"]),
            ("90d", ["2025-12-31T00:00", "2026-03-31T00:00"], ["2025-10-02T00:00", "2025-12-31T00:00"]),
            // 31 days are more than February has.
            ("mtd", ["2026-02-28T16:00", "2026-03-31T16:00"], ["2026-01-31T16:00", "2026-02-28T16:00"]),
            ("qtd", ["2025-12-31T16:00", "2026-03-31T16:00"], ["2025-09-30T16:00", "2025-12-29T16:00"]),
            ("ytd", ["2025-12-31T16:00", "2026-03-31T16:00"], ["2024-12-31T16:00", "2025-03-31T16:00"]),
            // A Tuesday.
            ("today", ["2026-03-30T16:00", "2026-03-31T16:00"], ["2026-03-29T16:00", "2026-03-30T16:00"]),
            ("wtd", ["2026-03-29T16:00", "2026-03-31T16:00"], ["2026-03-22T16:00", "2026-03-24T16:00"]),
            ("yesterday", ["2026-03-29T16:00", "2026-03-30T16:00"], ["2026-03-28T16:00", "2026-03-29T16:00"]),
            ("last_week", ["2026-03-22T16:00", "2026-03-29T16:00"], ["2026-03-15T16:00", "2026-03-22T16:00"]),
            ("last_month", ["2026-01-31T16:00", "2026-02-28T16:00"], ["2025-12-31T16:00", "2026-01-31T16:00"]),
            ("last_quarter", ["2025-09-30T16:00", "2025-12-31T16:00"], ["2025-06-30T16:00", "2025-09-30T16:00"]),
            ("last_year", ["2024-12-31T16:00", "2025-12-31T16:00"], ["2023-12-31T16:00", "2024-12-31T16:00"]),
        ] {
            let [seen, seen_before, _] = at("", now, name);
            assert_eq!(seen.map(text), Some(present.map(|text| format!("{text}:00.000Z"))), "{name}");
            assert_eq!(seen_before.map(text), Some(previous.map(|text| format!("{text}:00.000Z"))), "{name} before");
        }
    }

    #[test]
    fn a_year_ago() {
        let of_years = |name: &str, now: &str| at("", now, name)[2].map(text);
        let stretch = |days: [&str; 2]| Some(days.map(|day| format!("{day}T16:00:00.000Z")));
        for (name, now, year_ago) in [
            // 29 February 12:00 in Shanghai: the 28th, and all of the February before.
            ("today", "2024-02-29T04:00:00Z", stretch(["2023-02-27", "2023-02-28"])),
            ("mtd", "2024-02-29T04:00:00Z", stretch(["2023-01-31", "2023-02-28"])),
            ("mtd", "2025-02-28T04:00:00Z", stretch(["2024-01-31", "2024-02-28"])),
            ("last_month", "2025-03-01T04:00:00Z", stretch(["2024-01-31", "2024-02-29"])),
            // Thursday of a week that began on 26 February 2024; 364 days before that is 27 February 2023.
            ("wtd", "2024-02-29T04:00:00Z", stretch(["2023-02-26", "2023-03-02"])),
            ("last_quarter", "2026-03-30T16:00:00Z", stretch(["2024-09-30", "2024-12-31"])),
            ("last_year", "2026-03-30T16:00:00Z", stretch(["2023-12-31", "2024-12-31"])),
            ("yesterday", "2026-03-30T16:00:00Z", None),
            ("last_week", "2026-03-30T16:00:00Z", None),
            ("30d", "2026-03-30T16:00:00Z", None),
        ] {
            assert_eq!(of_years(name, now), year_ago, "{name} at {now}");
        }
    }
}
