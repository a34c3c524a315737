//! The windows of every KPI: where each begins and ends at an instant, and which ones hold a fact.

use std::ops::AddAssign;

use jiff::ToSpan;

use crate::model::calendar::{PeriodKind, Zone, next_day};
use crate::model::time::{DAY, HOUR, MINUTE, Time};

/// The windows over which KPIs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Window {
    /// One rolling hour in panes of a minute.
    Hour,
    /// 24 rolling hours in panes of 15 minutes.
    Day,
    /// 7 rolling days in panes of an hour.
    Week,
    /// 30 rolling days in panes of 6 hours.
    Month,
    /// 90 rolling days in panes of a day.
    Quarter,
    /// The calendar month to date.
    MonthToDate,
    /// The calendar quarter to date.
    QuarterToDate,
    /// The calendar year to date.
    YearToDate,
}

/// How many windows there are.
pub const WINDOWS: usize = 8;

impl Window {
    /// All windows; each one's place here is its bit in [`Lanes`].
    pub const ALL: [Window; WINDOWS] = [
        Window::Hour,
        Window::Day,
        Window::Week,
        Window::Month,
        Window::Quarter,
        Window::MonthToDate,
        Window::QuarterToDate,
        Window::YearToDate,
    ];

    /// The word in the label `window` and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Window::Hour => "1h",
            Window::Day => "24h",
            Window::Week => "7d",
            Window::Month => "30d",
            Window::Quarter => "90d",
            Window::MonthToDate => "mtd",
            Window::QuarterToDate => "qtd",
            Window::YearToDate => "ytd",
        }
    }

    /// The window of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Window> {
        Window::ALL.into_iter().find(|window| window.name() == name)
    }

    /// This window's place in [`Window::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The length and the pane of a rolling window, in milliseconds.
    #[must_use]
    pub const fn rolling(self) -> Option<(i64, i64)> {
        match self {
            Window::Hour => Some((HOUR, MINUTE)),
            Window::Day => Some((DAY, 15 * MINUTE)),
            Window::Week => Some((7 * DAY, HOUR)),
            Window::Month => Some((30 * DAY, 6 * HOUR)),
            Window::Quarter => Some((90 * DAY, DAY)),
            Window::MonthToDate | Window::QuarterToDate | Window::YearToDate => None,
        }
    }

    /// The period of a window to date.
    #[must_use]
    pub const fn period(self) -> Option<PeriodKind> {
        match self {
            Window::MonthToDate => Some(PeriodKind::Month),
            Window::QuarterToDate => Some(PeriodKind::Quarter),
            Window::YearToDate => Some(PeriodKind::Year),
            _ => None,
        }
    }
}

/// A span of time: from its start up to, not including, its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first instant inside.
    pub start: Time,
    /// The first instant after it.
    pub end: Time,
}

impl Range {
    /// Holds nothing.
    const NOWHERE: Range = Range { start: Time::MAX, end: Time::MAX };

    /// Whether an instant lies inside.
    #[must_use]
    pub fn holds(self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}

/// The windows that hold a fact: bit `i` is the window at place `i` of [`Window::ALL`], bit `8 + i` its
/// previous one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lanes(u16);

impl Lanes {
    /// Adds to what is counted in the present windows that hold the fact.
    pub fn add_current<T: Copy + Default + AddAssign>(self, cell: &mut [T; WINDOWS], amount: T) {
        add(self.0, cell, amount);
    }

    /// Adds to what is counted in the previous windows that hold the fact.
    pub fn add_previous<T: Copy + Default + AddAssign>(self, cell: &mut [T; WINDOWS], amount: T) {
        add(self.0 >> WINDOWS, cell, amount);
    }

    /// Those that are here and not there.
    #[must_use]
    pub const fn without(self, other: Lanes) -> Lanes {
        Lanes(self.0 & !other.0)
    }

    /// Whether no window holds the fact.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

fn add<T: Copy + Default + AddAssign>(bits: u16, cell: &mut [T; WINDOWS], amount: T) {
    for (window, value) in cell.iter_mut().enumerate() {
        // Nothing is added rather than skipped: which windows hold a fact is chance, and a processor guesses it badly.
        *value += if bits >> window & 1 == 1 { amount } else { T::default() };
    }
}

/// Where all windows stand at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The windows in the order of [`Window::ALL`], then their previous ones.
    ranges: [Range; 2 * WINDOWS],
}

impl Windows {
    /// The windows at `now` in the organisation's time zone.
    #[must_use]
    pub fn at(now: Time, zone: &Zone) -> Windows {
        let pairs = Window::ALL.map(|window| match (window.rolling(), window.period()) {
            (Some((length, pane)), _) => rolling(now, length, pane),
            (None, Some(kind)) => to_date(now, kind, zone),
            (None, None) => [Range::NOWHERE; 2],
        });
        let mut ranges = [Range::NOWHERE; 2 * WINDOWS];
        let both = pairs.iter().map(|pair| pair[0]).chain(pairs.iter().map(|pair| pair[1]));
        ranges.iter_mut().zip(both).for_each(|(place, range)| *place = range);
        Windows { ranges }
    }

    /// Where a window begins and ends.
    #[must_use]
    pub fn range(&self, window: Window) -> Range {
        self.ranges.get(window.index()).copied().unwrap_or(Range::NOWHERE)
    }

    /// Where the window before a window begins and ends.
    #[must_use]
    pub fn previous(&self, window: Window) -> Range {
        self.ranges.get(WINDOWS + window.index()).copied().unwrap_or(Range::NOWHERE)
    }

    /// The windows that hold a fact at `time`.
    #[must_use]
    pub fn lanes(&self, time: Time) -> Lanes {
        let bits = self.ranges.iter().rev().fold(0, |bits, range| bits << 1 | u16::from(range.holds(time)));
        Lanes(bits)
    }

    /// The spans of time in which a fact may be in other windows than it was at `earlier`: everything
    /// that a start or an end has passed over, ascending and apart from each other.
    #[must_use]
    pub fn moved_since(&self, earlier: &Windows) -> Vec<Range> {
        let edges = |windows: &Windows| windows.ranges.map(|range| [range.start, range.end]);
        let passed = edges(earlier).into_iter().flatten().zip(edges(self).into_iter().flatten());
        let spans = passed.map(|(from, to)| Range { start: from.min(to), end: from.max(to) });
        join(spans.collect())
    }
}

/// Sorts spans, drops empty ones and joins those that touch.
#[must_use]
pub fn join(mut spans: Vec<Range>) -> Vec<Range> {
    spans.retain(|span| span.start < span.end);
    spans.sort_unstable_by_key(|span| span.start);
    let mut joined: Vec<Range> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

fn rolling(now: Time, length: i64, pane: i64) -> [Range; 2] {
    let end = now.floor(pane).plus(pane);
    let start = end.plus(-length);
    [Range { start, end }, Range { start: start.plus(-length), end: start }]
}

fn to_date(now: Time, kind: PeriodKind, zone: &Zone) -> [Range; 2] {
    let today = zone.day_of(now);
    let first = kind.first_day(today);
    let before = kind.previous(first);
    let elapsed_days = i64::from((today - first).get_days()) + 1;
    let before_end = before.checked_add(elapsed_days.days()).map_or(first, |end| end.min(first));
    [
        Range { start: zone.midnight(first), end: zone.midnight(next_day(today)) },
        Range { start: zone.midnight(before), end: zone.midnight(before_end) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(now: &str, zone: &str) -> Windows {
        Windows::at(Time::parse(now).unwrap(), &Zone::new(zone).unwrap())
    }

    fn text(range: Range) -> String {
        format!("{} {}", range.start, range.end).replace(":00.000Z", "")
    }

    #[test]
    fn rolling_windows_end_after_the_pane_that_holds_now() {
        let windows = at("2026-03-31T10:07:30Z", "UTC");
        assert_eq!(text(windows.range(Window::Hour)), "2026-03-31T09:08 2026-03-31T10:08");
        assert_eq!(text(windows.range(Window::Day)), "2026-03-30T10:15 2026-03-31T10:15");
        assert_eq!(text(windows.range(Window::Week)), "2026-03-24T11:00 2026-03-31T11:00");
        assert_eq!(text(windows.range(Window::Month)), "2026-03-01T12:00 2026-03-31T12:00");
        assert_eq!(text(windows.range(Window::Quarter)), "2026-01-01T00:00 2026-04-01T00:00");
        assert_eq!(text(windows.previous(Window::Hour)), "2026-03-31T08:08 2026-03-31T09:08");
    }

    #[test]
    fn windows_to_date_compare_the_same_number_of_days() {
        let windows = at("2026-03-31T10:07:30Z", "UTC");
        assert_eq!(text(windows.range(Window::MonthToDate)), "2026-03-01T00:00 2026-04-01T00:00");
        // 31 days of March against all 28 of February.
        assert_eq!(text(windows.previous(Window::MonthToDate)), "2026-02-01T00:00 2026-03-01T00:00");
        // 90 days of the first quarter against 90 of the 92 before.
        assert_eq!(text(windows.previous(Window::QuarterToDate)), "2025-10-01T00:00 2025-12-30T00:00");
        assert_eq!(text(windows.previous(Window::YearToDate)), "2025-01-01T00:00 2025-04-01T00:00");
    }

    #[test]
    fn the_day_turns_at_the_local_midnight() {
        let windows = at("2026-02-28T16:00:00Z", "Asia/Shanghai");
        assert_eq!(text(windows.range(Window::MonthToDate)), "2026-02-28T16:00 2026-03-01T16:00");
        assert_eq!(text(windows.previous(Window::MonthToDate)), "2026-01-31T16:00 2026-02-01T16:00");
    }

    proptest! {
        /// What `moved_since` leaves out has not moved.
        #[test]
        fn only_facts_in_moved_spans_change_lanes(
            start in 1_600_000_000_000_i64..1_800_000_000_000,
            step in -100_000_000_i64..10_000_000_000,
            age in 0_i64..70_000_000_000,
        ) {
            let zone = Zone::new("America/New_York").unwrap();
            let before = Windows::at(Time::from_millis(start), &zone);
            let after = Windows::at(Time::from_millis(start + step), &zone);
            let fact = Time::from_millis(start + 86_400_000 - age);
            let moved = after.moved_since(&before).iter().any(|span| span.holds(fact));
            prop_assert!(moved || before.lanes(fact) == after.lanes(fact));
        }
    }
}
