//! Windows: where each begins and ends at an instant, and the one before it.

use jiff::ToSpan;
use salespulse::model::time::{DAY, HOUR, MINUTE, Time};

use super::local_days::{Length, LocalDays};

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
}

/// Rolling windows: name, length and pane.
const ROLLING: [(&str, i64, i64); 5] = [
    ("1h", HOUR, MINUTE),
    ("24h", DAY, 15 * MINUTE),
    ("7d", 7 * DAY, HOUR),
    ("30d", 30 * DAY, 6 * HOUR),
    ("90d", 90 * DAY, DAY),
];

/// Windows to date: name and period.
pub(crate) const TO_DATE: [(&str, Length); 3] =
    [("mtd", Length::Month), ("qtd", Length::Quarter), ("ytd", Length::Year)];

/// All windows at an instant.
pub(crate) fn all(days: &LocalDays, now: Time) -> Vec<Windowed> {
    let rolling = ROLLING.map(|(name, length, pane)| rolling(name, length, pane, now));
    let to_date = TO_DATE.map(|(name, length)| to_date(name, length, days, now));
    rolling.into_iter().chain(to_date).collect()
}

/// The window of this name.
pub(crate) fn named(windows: &[Windowed], name: &str) -> Windowed {
    *windows.iter().find(|window| window.name == name).expect("a window")
}

/// `end = floor(now/p)·p + p`, `start = end − W`; before it `[start − W, start)`.
fn rolling(name: &'static str, length: i64, pane: i64, now: Time) -> Windowed {
    let end = Time::from_millis(now.millis().div_euclid(pane) * pane + pane);
    let start = end.plus(-length);
    Windowed { name, present: Stretch { start, end }, previous: Stretch { start: start.plus(-length), end: start } }
}

/// From the period's first local midnight to the one after today; before it the same number of local days
/// from the beginning of the period before, as far as that one goes.
fn to_date(name: &'static str, length: Length, days: &LocalDays, now: Time) -> Windowed {
    let today = days.day(now);
    let first_day = length.first_day(today);
    let elapsed = (today - first_day).get_days() + 1;
    let before = length.previous(first_day);
    let before_end = (before + elapsed.days()).min(first_day);
    Windowed {
        name,
        present: Stretch {
            start: days.midnight(first_day),
            end: days.midnight(today.tomorrow().expect("within range")),
        },
        previous: Stretch { start: days.midnight(before), end: days.midnight(before_end) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(window: Stretch) -> [String; 2] {
        [window.start, window.end].map(|time| time.to_string())
    }

    #[test]
    fn windows_at_an_instant() {
        let days = LocalDays::new("Asia/Shanghai");
        // 31 March 00:00 in Shanghai, exactly on panes of a minute, a quarter and an hour.
        let now = Time::parse("2026-03-30T16:00:00Z").unwrap();
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
        ] {
            let window = named(&all(&days, now), name);
            assert_eq!(stretch(window.present), present.map(|text| format!("{text}:00.000Z")), "{name}");
            assert_eq!(stretch(window.previous), previous.map(|text| format!("{text}:00.000Z")), "{name} before");
        }
    }
}
