//! The segments of time between the edges of all counted windows: each fact is counted in one of them.
//!
//! A window is a run of segments, so that its value is the sum of theirs. An event then changes one cell for each
//! metric, however many windows there are, and the clock moves a fact only when an edge passes it.

use crate::model::rules::Rules;
use crate::model::time::Time;
use crate::model::window::{Lanes, Range, Shape, WINDOWS, Window, Windows, join};

/// Which of the spans of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// The window as it is now.
    Present,
    /// The window before it.
    Previous,
    /// The window a year before it.
    YearAgo,
}

impl Part {
    const ALL: [Part; 3] = [Part::Present, Part::Previous, Part::YearAgo];
    /// All but the present.
    pub(super) const PAST: [Part; 2] = [Part::Previous, Part::YearAgo];

    fn is_in(self, used: Lanes, window: Window) -> bool {
        used.bits() >> (self as usize * WINDOWS + window.index()) & 1 == 1
    }

    fn range(self, windows: &Windows, window: Window) -> Range {
        match self {
            Part::Present => windows.range(window),
            Part::Previous => windows.previous(window),
            Part::YearAgo => windows.year_ago(window),
        }
    }
}

/// The cells in which a fact is counted: one among those of all edges, and one among those of the edges of present
/// windows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// For what is counted in previous and year-ago windows, too.
    pub(super) fine: u8,
    /// For what is counted in present windows only.
    pub(crate) coarse: u8,
}

/// No cell: before all edges, or after them.
pub(super) const NOWHERE: u8 = u8::MAX;

/// The cells that a window adds up: from the first up to, not including, the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub(crate) first: u8,
    pub(crate) end: u8,
}

impl Span {
    /// Whether the window adds up a cell.
    #[must_use]
    pub const fn holds(self, cell: u8) -> bool {
        self.first <= cell && cell < self.end
    }
}

/// Where the edges stand at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    used: Lanes,
    /// In an order that time does not change.
    edges: Vec<Edge>,
    /// The same instants, ascending.
    ascending: Vec<Time>,
    /// By how many edges lie at or before a fact: where it is counted.
    places: Vec<Segment>,
    /// By [`Part`] and window, among the fine cells.
    fine: [[Span; WINDOWS]; 3],
    /// Of present windows, among the coarse cells.
    coarse: [Span; WINDOWS],
    /// Of the last local dates, the first one first, among the fine cells; none where no one looks at them.
    days: Vec<Span>,
}

/// What begins or ends a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    identity: (u8, usize),
    at: Time,
    /// Whether it is an edge of a present window.
    is_present: bool,
}

impl Segments {
    /// The segments at `now` of all windows that a KPI needs under these rules.
    #[must_use]
    pub fn at(now: Time, rules: &Rules) -> Segments {
        let used = rules.lanes();
        Segments::of_windows(&rules.windows_at(now, used), used, &rules.midnights(now))
    }

    /// The segments between the edges of the `used` ones of these windows, and between these midnights, the last of which
    /// ends the date that holds now.
    #[must_use]
    pub fn of_windows(windows: &Windows, used: Lanes, midnights: &[Time]) -> Segments {
        let edges = edges(windows, used, midnights);
        let instants = |present_only: bool| {
            let chosen = edges.iter().filter(|edge| edge.is_present || !present_only);
            let mut instants: Vec<Time> = chosen.map(|edge| edge.at).collect();
            instants.sort_unstable();
            instants
        };
        let (ascending, present) = (instants(false), instants(true));
        let spans = |part: Part, ascending: &[Time]| {
            Window::ALL.map(|window| match part.is_in(used, window) {
                true => span(part.range(windows, window), ascending),
                false => Span::default(),
            })
        };
        Segments {
            used,
            places: places(&ascending, &present),
            fine: Part::ALL.map(|part| spans(part, &ascending)),
            coarse: spans(Part::Present, &present),
            days: midnights.windows(2).filter_map(|ends| day(ends, &ascending)).collect(),
            edges,
            ascending,
        }
    }

    /// How many cells a metric has that is counted in previous windows too, and one that is not.
    #[must_use]
    pub fn cells(&self) -> (usize, usize) {
        let present = self.edges.iter().filter(|edge| edge.is_present).count();
        (self.edges.len().saturating_sub(1), present.saturating_sub(1))
    }

    /// The windows that are counted.
    pub fn windows(&self) -> impl Iterator<Item = Window> {
        Window::ALL.into_iter().filter(|window| self.has(*window, Part::Present))
    }

    /// Whether a part of a window is counted.
    #[must_use]
    pub fn has(&self, window: Window, part: Part) -> bool {
        part.is_in(self.used, window)
    }

    /// Where a fact is counted; `None`: in no window, nor will it be unless an edge passes it.
    #[must_use]
    pub fn of(&self, at: Time) -> Option<Segment> {
        let passed = self.ascending.partition_point(|edge| *edge <= at);
        self.places.get(passed).copied().filter(|segment| segment.fine != NOWHERE)
    }

    /// The cells of a part of a window, of what is counted in all parts.
    pub(super) fn fine(&self, window: Window, part: Part) -> Span {
        debug_assert!(self.has(window, part), "{window:?} is not counted");
        self.fine.get(part as usize).and_then(|spans| spans.get(window.index())).copied().unwrap_or_default()
    }

    /// The cells of a present window, of what is counted in present windows only.
    pub(crate) fn coarse(&self, window: Window) -> Span {
        debug_assert!(self.has(window, Part::Present), "{window:?} is not counted");
        self.coarse.get(window.index()).copied().unwrap_or_default()
    }

    /// How many of the last local dates are counted one by one.
    #[must_use]
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// The cells of all present windows that are counted: the fine ones, and the coarse ones.
    pub(super) fn present_lanes(&self) -> [Vec<Span>; 2] {
        [
            self.windows().map(|window| self.fine(window, Part::Present)).collect(),
            self.windows().map(|window| self.coarse(window)).collect(),
        ]
    }

    /// The cells of all previous windows that are counted, of all year-ago ones, and of the last local dates, the last of
    /// which holds now.
    pub(super) fn past_lanes(&self) -> Vec<Span> {
        let parts = Part::PAST.into_iter().flat_map(|part| Window::ALL.map(|window| (window, part)));
        let lanes =
            parts.filter(|(window, part)| self.has(*window, *part)).map(|(window, part)| self.fine(window, part));
        lanes.chain(self.days.iter().copied()).collect()
    }

    /// The spans of time in which a fact may be counted elsewhere than it was at `earlier`: everything that an edge has
    /// passed over, ascending and apart from each other.
    #[must_use]
    pub fn moved_since(&self, earlier: &Segments) -> Vec<Range> {
        let passed = earlier.edges.iter().zip(&self.edges).map(|(from, to)| (from.at, to.at));
        let moved = passed.filter(|(from, to)| from != to);
        join(moved.map(|(from, to)| Range { start: from.min(to), end: from.max(to) }).collect())
    }
}

/// All edges, each once.
fn edges(windows: &Windows, used: Lanes, midnights: &[Time]) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::with_capacity(4 * WINDOWS + midnights.len());
    for part in Part::ALL {
        for window in Window::ALL.into_iter().filter(|window| part.is_in(used, *window)) {
            let range = part.range(windows, window);
            for (is_end, at) in [(false, range.start), (true, range.end)] {
                let identity = identity(window, part, is_end);
                // Present windows come first, so that what they share with others is an edge of theirs.
                if !edges.iter().any(|edge| edge.identity == identity) {
                    edges.push(Edge { identity, at, is_present: part == Part::Present });
                }
            }
        }
    }
    for (ago, at) in midnights.iter().rev().enumerate() {
        let identity = midnight(ago);
        if !edges.iter().any(|edge| edge.identity == identity) {
            edges.push(Edge { identity, at: *at, is_present: false });
        }
    }
    edges
}

/// The identity of a midnight: 0 is the one after today. The first three are edges of windows as well.
fn midnight(ago: usize) -> (u8, usize) {
    let day = Window::Today.index();
    match ago {
        0 => (3, 0),
        1 => (2, day),
        2 => (4, day),
        _ => (9, ago),
    }
}

/// What ends one window and begins another, whatever time it is, is one edge: the midnight after today, the first instant
/// of a period and of the one before it, and the start of a rolling window.
fn identity(window: Window, part: Part, is_end: bool) -> (u8, usize) {
    let own = window.index();
    let of = |kind| Window::to_date(kind).index();
    match (window.shape(), part, is_end) {
        (Shape::Rolling { .. }, Part::Present, false) | (Shape::Rolling { .. }, Part::Previous, true) => (0, own),
        (Shape::Rolling { .. }, Part::Present, true) => (1, own),
        (Shape::ToDate(kind), Part::Present, false) | (Shape::Complete(kind), Part::Present, true) => (2, of(kind)),
        (Shape::ToDate(_), Part::Present, true) => (3, 0),
        (Shape::ToDate(kind), Part::Previous, false)
        | (Shape::Complete(kind), Part::Present, false)
        | (Shape::Complete(kind), Part::Previous, true) => (4, of(kind)),
        (_, Part::Previous, false) => (5, own),
        (_, Part::Previous, true) => (6, own),
        (_, Part::YearAgo, false) => (7, own),
        (_, Part::YearAgo, true) => (8, own),
    }
}

fn places(ascending: &[Time], present: &[Time]) -> Vec<Segment> {
    let cell = |passed: usize, edges: usize| {
        let cell = passed.checked_sub(1).filter(|_| passed < edges);
        cell.and_then(|cell| u8::try_from(cell).ok()).unwrap_or(NOWHERE)
    };
    let place = |passed: usize| {
        let last = passed.checked_sub(1).and_then(|last| ascending.get(last));
        let present_passed = last.map_or(0, |last| present.partition_point(|edge| edge <= last));
        Segment { fine: cell(passed, ascending.len()), coarse: cell(present_passed, present.len()) }
    };
    (0..=ascending.len()).map(place).collect()
}

/// The cells of a day between two midnights.
fn day(ends: &[Time], ascending: &[Time]) -> Option<Span> {
    let [start, end] = *ends.first_chunk()?;
    Some(span(Range { start, end }, ascending))
}

/// The cells of a range both of whose ends are edges.
fn span(range: Range, ascending: &[Time]) -> Span {
    let cell = |at: Time| ascending.partition_point(|edge| *edge <= at).saturating_sub(1);
    let cell = |at: Time| u8::try_from(cell(at)).unwrap_or(NOWHERE);
    Span { first: cell(range.start), end: cell(range.end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::{Calendar, Zone};
    use proptest::prelude::*;

    fn windows(now: i64, used: Lanes) -> Windows {
        Windows::at(Time::from_millis(now), &Zone::new("America/New_York").unwrap(), Calendar::default(), used)
    }

    /// The midnights of the last days, with the hour that a day in spring lacks.
    fn midnights(now: i64) -> Vec<Time> {
        let zone = Zone::new("America/New_York").unwrap();
        let tomorrow = zone.date_of(Time::from_millis(now)).tomorrow().unwrap();
        (0..=7_i32).rev().map(|days| zone.midnight(tomorrow - jiff::Span::new().days(days))).collect()
    }

    /// Any windows, of which some have a previous and some a year-ago one.
    fn used() -> impl Strategy<Value = Lanes> {
        let set = |bits: u32| Window::ALL.into_iter().filter(move |window| bits >> window.index() & 1 == 1);
        (any::<u16>(), any::<u16>(), any::<u16>()).prop_map(move |(present, previous, year_ago)| {
            Lanes::present(set(u32::from(present | previous | year_ago)))
                .with(Lanes::previous(set(u32::from(previous))))
                .with(Lanes::year_ago(set(u32::from(year_ago))))
        })
    }

    #[test]
    fn all_windows_together_fit() {
        let cells = |midnights: &[Time]| {
            Segments::of_windows(&windows(1_790_000_000_000, Lanes::ALL), Lanes::ALL, midnights).cells()
        };
        assert_eq!(cells(&[]), (70, 21));
        assert_eq!(cells(&midnights(1_790_000_000_000)), (75, 21));
    }

    proptest! {
        /// A fact is in a window exactly if the window adds up the cell that the fact is counted in.
        #[test]
        fn cells_are_in_the_windows_that_hold_their_facts(
            now in 1_600_000_000_000_i64..1_800_000_000_000,
            age in -10_000_000_000_i64..70_000_000_000,
            used in used(),
            has_days: bool,
        ) {
            let windows = windows(now, used);
            let midnights = if has_days { midnights(now) } else { Vec::new() };
            let segments = Segments::of_windows(&windows, used, &midnights);
            let mut instants = vec![Time::from_millis(now - age)];
            instants.extend(midnights.iter().flat_map(|edge| [edge.plus(-1), *edge]));
            for (window, part) in Window::ALL.into_iter().flat_map(|window| Part::ALL.map(|part| (window, part))) {
                let range = part.range(&windows, window);
                instants.extend([range.start, range.end].into_iter().flat_map(|edge| [edge.plus(-1), edge]));
            }
            for at in instants {
                let segment = segments.of(at);
                for (window, part) in Window::ALL.into_iter().flat_map(|window| Part::ALL.map(|part| (window, part))) {
                    if !segments.has(window, part) {
                        continue;
                    }
                    let expected = part.range(&windows, window).holds(at);
                    let fine = segment.is_some_and(|it| segments.fine(window, part).holds(it.fine));
                    prop_assert_eq!(fine, expected, "{:?} {:?}", window, part);
                    if part == Part::Present {
                        let coarse = segment.is_some_and(|it| segments.coarse(window).holds(it.coarse));
                        prop_assert_eq!(coarse, expected, "{:?}", window);
                    }
                }
                for (day, ends) in midnights.windows(2).enumerate() {
                    let fine = segment.is_some_and(|it| segments.days[day].holds(it.fine));
                    prop_assert_eq!(fine, ends[0] <= at && at < ends[1], "day {}", day);
                }
            }
        }

        /// What `moved_since` leaves out has not moved.
        #[test]
        fn only_facts_in_moved_spans_change_their_cell(
            start in 1_600_000_000_000_i64..1_800_000_000_000,
            step in -100_000_000_i64..10_000_000_000,
            age in 0_i64..70_000_000_000,
            used in used(),
            has_days: bool,
        ) {
            let at = |now| {
                Segments::of_windows(&windows(now, used), used, &if has_days { midnights(now) } else { Vec::new() })
            };
            let (before, after) = (at(start), at(start + step));
            let fact = Time::from_millis(start + 86_400_000 - age);
            let moved = after.moved_since(&before).iter().any(|span| span.holds(fact));
            prop_assert!(moved || before.of(fact) == after.of(fact));
        }
    }
}
