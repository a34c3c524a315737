//! The windows of every KPI: where each begins and ends at an instant, and which ones hold a fact.

use std::ops::AddAssign;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::model::calendar::{Calendar, PeriodKind, Zone};
use crate::model::time::{DAY, HOUR, MINUTE, Time};

/// The windows over which KPIs are computed. Weeks, quarters, halves and years are those of the organisation's calendar.
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
    /// The month to date.
    MonthToDate,
    /// The quarter to date.
    QuarterToDate,
    /// The year to date.
    YearToDate,
    /// The local date that holds now.
    Today,
    /// The week to date.
    WeekToDate,
    /// The local date before the one that holds now.
    Yesterday,
    /// The week before the one that holds now.
    LastWeek,
    /// The month before the one that holds now.
    LastMonth,
    /// The quarter before the one that holds now.
    LastQuarter,
    /// The year before the one that holds now.
    LastYear,
    /// The half to date: what a half's target is held against. It is no window that a scope can expose.
    HalfToDate,
}

/// How many windows there are.
pub const WINDOWS: usize = 16;

/// How many local dates are counted one by one where somebody looks at them: the one that holds now and those before it.
pub const DAYS: usize = 7;

/// What a window is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many milliseconds that end with the pane that holds now.
    Rolling {
        /// How long the window is.
        length: i64,
        /// How long a pane is.
        pane: i64,
    },
    /// The period that holds now, up to the end of today.
    ToDate(PeriodKind),
    /// The whole period before the one that holds now.
    Complete(PeriodKind),
}

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
        Window::Today,
        Window::WeekToDate,
        Window::Yesterday,
        Window::LastWeek,
        Window::LastMonth,
        Window::LastQuarter,
        Window::LastYear,
        Window::HalfToDate,
    ];

    /// Those that a scope has unless it is configured otherwise; reps have fewer.
    pub const USUAL: [Window; 8] = [
        Window::Hour,
        Window::Day,
        Window::Week,
        Window::Month,
        Window::Quarter,
        Window::MonthToDate,
        Window::QuarterToDate,
        Window::YearToDate,
    ];

    /// Those that reps have unless they are configured otherwise.
    pub const USUAL_OF_REPS: [Window; 5] =
        [Window::Day, Window::Week, Window::Month, Window::MonthToDate, Window::QuarterToDate];

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
            Window::Today => "today",
            Window::WeekToDate => "wtd",
            Window::Yesterday => "yesterday",
            Window::LastWeek => "last_week",
            Window::LastMonth => "last_month",
            Window::LastQuarter => "last_quarter",
            Window::LastYear => "last_year",
            Window::HalfToDate => "htd",
        }
    }

    /// The window of this name that a scope can expose.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Window> {
        Window::ALL.into_iter().find(|window| window.name() == name && *window != Window::HalfToDate)
    }

    /// This window's place in [`Window::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What it is made of.
    #[must_use]
    pub const fn shape(self) -> Shape {
        match self {
            Window::Hour => Shape::Rolling { length: HOUR, pane: MINUTE },
            Window::Day => Shape::Rolling { length: DAY, pane: 15 * MINUTE },
            Window::Week => Shape::Rolling { length: 7 * DAY, pane: HOUR },
            Window::Month => Shape::Rolling { length: 30 * DAY, pane: 6 * HOUR },
            Window::Quarter => Shape::Rolling { length: 90 * DAY, pane: DAY },
            Window::Today => Shape::ToDate(PeriodKind::Day),
            Window::WeekToDate => Shape::ToDate(PeriodKind::Week),
            Window::MonthToDate => Shape::ToDate(PeriodKind::Month),
            Window::QuarterToDate => Shape::ToDate(PeriodKind::Quarter),
            Window::HalfToDate => Shape::ToDate(PeriodKind::Half),
            Window::YearToDate => Shape::ToDate(PeriodKind::Year),
            Window::Yesterday => Shape::Complete(PeriodKind::Day),
            Window::LastWeek => Shape::Complete(PeriodKind::Week),
            Window::LastMonth => Shape::Complete(PeriodKind::Month),
            Window::LastQuarter => Shape::Complete(PeriodKind::Quarter),
            Window::LastYear => Shape::Complete(PeriodKind::Year),
        }
    }

    /// The period to date that this window is, if targets are set for its kind.
    #[must_use]
    pub fn period(self) -> Option<PeriodKind> {
        match self.shape() {
            Shape::ToDate(kind) => PeriodKind::OF_TARGETS.into_iter().find(|known| *known == kind),
            Shape::Rolling { .. } | Shape::Complete(_) => None,
        }
    }

    /// The window to date of a period.
    #[must_use]
    pub const fn to_date(kind: PeriodKind) -> Window {
        match kind {
            PeriodKind::Day => Window::Today,
            PeriodKind::Week => Window::WeekToDate,
            PeriodKind::Month => Window::MonthToDate,
            PeriodKind::Quarter => Window::QuarterToDate,
            PeriodKind::Half => Window::HalfToDate,
            PeriodKind::Year => Window::YearToDate,
        }
    }

    /// How many days events must count for this window's year-ago values to be exposed; `None`: it has none.
    #[must_use]
    pub const fn year_ago_days(self) -> Option<i64> {
        match self {
            Window::Today => Some(367),
            Window::WeekToDate => Some(371),
            Window::MonthToDate => Some(397),
            Window::LastMonth => Some(428),
            Window::QuarterToDate => Some(458),
            Window::LastQuarter => Some(550),
            Window::YearToDate => Some(731),
            Window::LastYear => Some(1_096),
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

/// A set of windows, their previous and their year-ago ones, such as those that hold a fact: bit `i` is the window at
/// place `i` of [`Window::ALL`], bit `16 + i` its previous one, bit `32 + i` its year-ago one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lanes(u64);

/// How many windows there are with their previous and year-ago ones.
const RANGES: usize = 3 * WINDOWS;

impl Lanes {
    /// None at all.
    pub const NONE: Lanes = Lanes(0);
    /// All there are.
    pub const ALL: Lanes = Lanes((1 << RANGES) - 1);

    /// These windows as they are now.
    #[must_use]
    pub fn present(windows: impl IntoIterator<Item = Window>) -> Lanes {
        Lanes(windows.into_iter().fold(0, |bits, window| bits | 1 << window.index()))
    }

    /// The windows before these.
    #[must_use]
    pub fn previous(windows: impl IntoIterator<Item = Window>) -> Lanes {
        Lanes(Lanes::present(windows).0 << WINDOWS)
    }

    /// The windows a year before these.
    #[must_use]
    pub fn year_ago(windows: impl IntoIterator<Item = Window>) -> Lanes {
        Lanes(Lanes::present(windows).0 << (2 * WINDOWS))
    }

    /// Adds to what is counted in the present windows that hold the fact.
    pub fn add_current<T: Copy + Default + AddAssign>(self, cell: &mut [T], amount: T) {
        add(self.0, cell, amount);
    }

    /// Adds to what is counted in the previous windows that hold the fact.
    pub fn add_previous<T: Copy + Default + AddAssign>(self, cell: &mut [T], amount: T) {
        add(self.0 >> WINDOWS, cell, amount);
    }

    /// The bits: places of present, previous and year-ago windows, from the lowest.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Those here or there.
    #[must_use]
    pub const fn with(self, other: Lanes) -> Lanes {
        Lanes(self.0 | other.0)
    }

    /// Those that are here and there.
    #[must_use]
    pub const fn within(self, other: Lanes) -> Lanes {
        Lanes(self.0 & other.0)
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

fn add<T: Copy + Default + AddAssign>(bits: u64, cell: &mut [T], amount: T) {
    for (window, value) in cell.iter_mut().enumerate() {
        // Nothing is added rather than skipped: which windows hold a fact is chance, and a processor guesses it badly.
        *value += if bits >> window & 1 == 1 { amount } else { T::default() };
    }
}

/// Where windows stand at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The windows in the order of [`Window::ALL`], then their previous ones, then their year-ago ones.
    ranges: [Range; RANGES],
    /// Those that are looked at; the ranges of all others hold nothing.
    used: Lanes,
}

impl Windows {
    /// The windows of `used` at `now` in the organisation's time zone and calendar; all others hold nothing.
    #[must_use]
    pub fn at(now: Time, zone: &Zone, calendar: Calendar, used: Lanes) -> Windows {
        let today = zone.date_of(now);
        let mut ranges = [Range::NOWHERE; RANGES];
        for window in Window::ALL {
            let place = window.index();
            let is_used = |part: usize| used.0 >> (part * WINDOWS + place) & 1 == 1;
            for part in (0..3).filter(|part| is_used(*part)) {
                let range = match (window.shape(), part) {
                    (Shape::Rolling { length, pane }, _) => rolling(now, length, pane, part),
                    (Shape::ToDate(kind), _) => to_date(today, kind, part, zone, calendar),
                    (Shape::Complete(kind), _) => complete(today, kind, part, zone, calendar),
                };
                if let Some(slot) = ranges.get_mut(part * WINDOWS + place) {
                    *slot = range;
                }
            }
        }
        Windows { ranges, used }
    }

    /// Where a window begins and ends.
    #[must_use]
    pub fn range(&self, window: Window) -> Range {
        self.part(window, 0)
    }

    /// Where the window before a window begins and ends.
    #[must_use]
    pub fn previous(&self, window: Window) -> Range {
        self.part(window, 1)
    }

    /// Where the window a year before a window begins and ends.
    #[must_use]
    pub fn year_ago(&self, window: Window) -> Range {
        self.part(window, 2)
    }

    fn part(&self, window: Window, part: usize) -> Range {
        self.ranges.get(part * WINDOWS + window.index()).copied().unwrap_or(Range::NOWHERE)
    }

    /// The windows that hold a fact at `time`.
    #[must_use]
    pub fn lanes(&self, time: Time) -> Lanes {
        let mut left = self.used.0;
        let mut bits = 0;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let holds = self.ranges.get(place as usize).is_some_and(|range| range.holds(time));
            bits |= u64::from(holds) << place;
        }
        Lanes(bits)
    }

    /// The spans of time in which a fact may be in other windows than it was at `earlier`: everything
    /// that a start or an end has passed over, ascending and apart from each other.
    #[must_use]
    pub fn moved_since(&self, earlier: &Windows) -> Vec<Range> {
        let edges = |windows: &Windows| windows.ranges.map(|range| [range.start, range.end]);
        let passed = edges(earlier).into_iter().flatten().zip(edges(self).into_iter().flatten());
        let spans = passed.map(|(from, to)| Range { start: from.min(to), end: from.max(to) });
        join(spans.filter(|span| span.start < span.end).collect())
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

/// Part 0 is the present window, 1 the one before; a year ago there is none.
fn rolling(now: Time, length: i64, pane: i64, part: usize) -> Range {
    let end = now.floor(pane).plus(pane);
    let start = end.plus(-length);
    match part {
        0 => Range { start, end },
        1 => Range { start: start.plus(-length), end: start },
        _ => Range::NOWHERE,
    }
}

/// The period to date, the same number of days of the one before, or of the one a year before.
fn to_date(today: Date, kind: PeriodKind, part: usize, zone: &Zone, calendar: Calendar) -> Range {
    let first = calendar.first_day(kind, today);
    let elapsed_days = i64::from((today - first).get_days()) + 1;
    let first = match part {
        0 => first,
        1 => kind.previous(first),
        _ => year_before(first, kind),
    };
    let whole = kind.next(first).unwrap_or(Date::MAX);
    let end = first.checked_add(elapsed_days.days()).map_or(whole, |end| end.min(whole));
    Range { start: zone.midnight(first), end: zone.midnight(end) }
}

/// The period before the one that holds today, the one before that, or the one a year before.
fn complete(today: Date, kind: PeriodKind, part: usize, zone: &Zone, calendar: Calendar) -> Range {
    let last = kind.previous(calendar.first_day(kind, today));
    let first = match part {
        0 => last,
        1 => kind.previous(last),
        _ if matches!(kind, PeriodKind::Day | PeriodKind::Week) => return Range::NOWHERE,
        _ => year_before(last, kind),
    };
    Range { start: zone.midnight(first), end: zone.midnight(kind.next(first).unwrap_or(Date::MAX)) }
}

/// The first day of the period a year before: of a week the one that began 364 days before, so that weekdays agree.
fn year_before(first_day: Date, kind: PeriodKind) -> Date {
    let before = match kind {
        PeriodKind::Week => first_day.checked_sub(364.days()),
        // Of 29 February it is the 28th.
        _ => first_day.checked_sub(1.year()),
    };
    before.unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests;
