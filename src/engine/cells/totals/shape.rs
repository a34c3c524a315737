//! Which word of a row's totals holds what.

use std::ops::Range;
use std::sync::Arc;

use crate::engine::cells::plane::{split, wide};
use crate::engine::cells::{ClosingDeals, Count, In, Layout, OpenDeals, Part, Segments, Span, Sum, Table};
use crate::model::needs::Needs;
use crate::model::window::{WINDOWS, Window};

/// A word for each count and lane, and two for each sum and lane, plane by plane. A lane is a window of one of the parts, or
/// a local date; what is of no window has one lane. What is read most lies together: present windows.
#[derive(Debug)]
pub(super) struct Shape {
    layout: Layout,
    /// By window, the lane of the present one.
    present: [Option<u8>; WINDOWS],
    /// By part and window, the lanes of the past ones.
    past: [[Option<u8>; WINDOWS]; 2],
    /// The lanes of the last local dates, among those of the past.
    days: Range<usize>,
    now: Section,
    /// Stages whose open deals are counted.
    open: usize,
    /// By [`In`], present windows.
    planes: [Section; 3],
    /// What is counted in past windows, too.
    flow_of_past: Section,
    /// As many words as a row has at most.
    nothing: Box<[i64]>,
}

/// The cells of all lanes.
pub(super) struct Lanes {
    present: [Vec<Span>; 2],
    past: Vec<Span>,
}

impl Lanes {
    pub(super) fn of(segments: &Segments) -> Lanes {
        Lanes { present: segments.present_lanes(), past: segments.past_lanes() }
    }
}

/// Where the words of a plane lie.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    start: usize,
    lanes: usize,
    counts: usize,
    sums: usize,
}

impl Section {
    fn range(self) -> Range<usize> {
        self.start..self.start + (self.counts + 2 * self.sums) * self.lanes
    }

    fn count(self, words: &[i64], place: usize, lane: usize) -> i64 {
        let word = words.get(self.start + place * self.lanes + lane).filter(|_| place < self.counts);
        word.copied().unwrap_or(0)
    }

    fn sum(self, words: &[i64], place: usize, lane: usize) -> i128 {
        let at = self.start + self.counts * self.lanes + 2 * (place * self.lanes + lane);
        let halves = words.get(at..).and_then(<[i64]>::first_chunk).filter(|_| place < self.sums);
        halves.copied().map_or(0, wide)
    }

    /// Its words, or as many zeros where the row ends before them.
    fn of<'a>(self, words: &'a [i64], nothing: &'a [i64]) -> &'a [i64] {
        words.get(self.range()).or_else(|| nothing.get(self.range())).unwrap_or_default()
    }

    /// Puts a value to its place, which is there.
    fn put(self, words: &mut [i64], place: usize, lane: usize, count: i64) {
        words.get_mut(self.start + place * self.lanes + lane).into_iter().for_each(|word| *word = count);
    }

    fn put_sum(self, words: &mut [i64], place: usize, lane: usize, sum: i128) {
        let at = self.start + self.counts * self.lanes + 2 * (place * self.lanes + lane);
        let halves = words.get_mut(at..).and_then(<[i64]>::first_chunk_mut);
        halves.into_iter().for_each(|halves| *halves = split(sum));
    }

    /// Adds how the words of a row have changed to those of another.
    fn absorb_change(self, own: &mut [i64], was: &[i64], is: &[i64]) {
        let counts = self.counts * self.lanes;
        let ((own, own_sums), (was, was_sums), (is, is_sums)) =
            (own.split_at_mut(counts), was.split_at(counts), is.split_at(counts));
        own.iter_mut().zip(was.iter().zip(is)).for_each(|(own, (was, is))| *own += is - was);
        let changes = was_sums.as_chunks().0.iter().zip(is_sums.as_chunks().0);
        for (own, (was, is)) in own_sums.as_chunks_mut().0.iter_mut().zip(changes).filter(|(_, (was, is))| was != is) {
            *own = split(wide(*own) + wide(*is) - wide(*was));
        }
    }
}

/// The lanes of all windows of which a part is counted, the next one first.
fn ranked(segments: &Segments, part: Part, next: &mut u8) -> [Option<u8>; WINDOWS] {
    Window::ALL.map(|window| {
        segments.has(window, part).then(|| {
            *next += 1;
            *next - 1
        })
    })
}

fn lane(lanes: &[Option<u8>; WINDOWS], window: Window) -> Option<usize> {
    let lane = lanes.get(window.index()).copied().flatten();
    debug_assert!(lane.is_some(), "{window:?} is not counted");
    lane.map(usize::from)
}

/// The word that says how many existing events name the row.
const NAMED: usize = 0;

/// The words of a stage's open deals, and how many are stalled.
const fn open_counts(stage: usize) -> [usize; 2] {
    [1 + 2 * stage, 2 + 2 * stage]
}

/// The sums of a stage's open deals: their amounts, and the weighted ones.
const fn open_sums(stage: usize) -> [usize; 2] {
    [2 * stage, 2 * stage + 1]
}

impl Shape {
    pub(super) fn new(layout: Layout, segments: &Segments) -> Shape {
        let mut next = 0;
        let present = ranked(segments, Part::Present, &mut next);
        let (lanes, mut next) = (usize::from(next), 0);
        let past = Part::PAST.map(|part| ranked(segments, part, &mut next));
        let days = usize::from(next)..usize::from(next) + segments.days();
        let mut start = 0;
        let mut section = |is_needed: bool, lanes: usize, (counts, sums): (usize, usize)| {
            let section = if is_needed { Section { start, lanes, counts, sums } } else { Section::default() };
            start = start.max(section.range().end);
            section
        };
        let has = |needs: Needs| usize::from(layout.needs.has(needs));
        let (open, closing) = (layout.open * has(Needs::OPEN), has(Needs::CLOSING));
        let now = section(true, 1, (1 + 2 * open + closing, 2 * open + 5 * closing));
        let [flow, course, beside] = layout.widths();
        let [has_flow, has_course, has_beside] =
            [Needs::ENTRIES, Needs::COURSE, Needs::BESIDE].map(|needs| layout.needs.has(needs));
        let (flow, course) = (section(has_flow, lanes, flow), section(has_course, lanes, course));
        let flow_of_past = section(has_flow, days.end, layout.widths()[0]);
        // Of many rows there is nothing of the last, which then is left out.
        let planes = [flow, course, section(has_beside, lanes, beside)];
        Shape { layout, present, past, days, now, open, planes, flow_of_past, nothing: vec![0; start].into() }
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// How many of the last local dates have a lane.
    pub(super) fn days(&self) -> usize {
        self.days.len()
    }

    fn section(&self, plane: In) -> Section {
        self.planes.get(plane as usize).copied().unwrap_or_default()
    }

    fn lane(&self, window: Window) -> Option<usize> {
        lane(&self.present, window)
    }

    fn past_lane(&self, window: Window, part: Part) -> Option<usize> {
        let place = Part::PAST.iter().position(|past| *past == part)?;
        lane(self.past.get(place)?, window)
    }

    /// A count in a window; 0 of what is not counted.
    pub(super) fn count(&self, words: &[i64], what: Count, window: Window) -> i64 {
        let (plane, place) = self.layout.count(what);
        self.lane(window).map_or(0, |lane| self.section(plane).count(words, place, lane))
    }

    /// A sum in a window; 0 of what is not summed.
    pub(super) fn sum(&self, words: &[i64], what: Sum, window: Window) -> i128 {
        let (plane, place) = Layout::sum(what);
        self.lane(window).map_or(0, |lane| self.section(plane).sum(words, place, lane))
    }

    /// A count in a past window; 0 of what is counted in present windows only.
    pub(super) fn past_count(&self, words: &[i64], what: Count, window: Window, part: Part) -> i64 {
        let (plane, place) = self.layout.count(what);
        let lane = self.past_lane(window, part).filter(|_| plane == In::Flow);
        lane.map_or(0, |lane| self.flow_of_past.count(words, place, lane))
    }

    /// Revenue in a past window.
    pub(super) fn past_revenue(&self, words: &[i64], pipeline: u8, window: Window, part: Part) -> i128 {
        let (_, place) = Layout::sum(Sum::Revenue(pipeline));
        self.past_lane(window, part).map_or(0, |lane| self.flow_of_past.sum(words, place, lane))
    }

    /// A count on one of the last local dates; 0 of what is counted in present windows only.
    pub(super) fn day_count(&self, words: &[i64], what: Count, day: usize) -> i64 {
        let (plane, place) = self.layout.count(what);
        let lane = self.days.clone().nth(day).filter(|_| plane == In::Flow);
        lane.map_or(0, |lane| self.flow_of_past.count(words, place, lane))
    }

    /// Revenue on one of the last local dates.
    pub(super) fn day_revenue(&self, words: &[i64], pipeline: u8, day: usize) -> i128 {
        let (_, place) = Layout::sum(Sum::Revenue(pipeline));
        self.days.clone().nth(day).map_or(0, |lane| self.flow_of_past.sum(words, place, lane))
    }

    /// The words of past windows and of days.
    pub(super) fn past<'a>(&'a self, words: &'a [i64]) -> &'a [i64] {
        self.flow_of_past.of(words, &self.nothing)
    }

    /// How many existing events name the row.
    pub(super) fn named(&self, words: &[i64]) -> i64 {
        self.now.count(words, NAMED, 0)
    }

    /// The open deals at a stage.
    pub(super) fn open(&self, words: &[i64], stage: usize) -> OpenDeals {
        if stage >= self.open {
            return OpenDeals::default();
        }
        let [deals, stalled] = open_counts(stage).map(|place| self.now.count(words, place, 0));
        let [amount, weighted] = open_sums(stage).map(|place| self.now.sum(words, place, 0));
        OpenDeals { deals, stalled, amount, weighted }
    }

    /// What is expected to close.
    pub(super) fn closing(&self, words: &[i64]) -> ClosingDeals {
        let (count, sum) = (1 + 2 * self.open, 2 * self.open);
        let sum = |place: usize| self.now.sum(words, sum + place, 0);
        ClosingDeals {
            overdue: self.now.count(words, count, 0),
            overdue_amount: sum(0),
            periods: [[sum(1), sum(2)], [sum(3), sum(4)]],
        }
    }

    /// Lays down what a row of a table adds up to in these lanes.
    pub(super) fn lay(&self, table: &Table, row: usize, lanes: &Lanes, words: &mut Vec<i64>) {
        words.clear();
        words.resize(self.nothing.len(), 0);
        let now = self.now;
        now.put(words, NAMED, 0, i64::try_from(table.named(row)).unwrap_or(i64::MAX));
        for stage in 0..self.open {
            let open = table.open(row, stage);
            let [deals, stalled] = open_counts(stage);
            now.put(words, deals, 0, open.deals);
            now.put(words, stalled, 0, open.stalled);
            let [amount, weighted] = open_sums(stage);
            now.put_sum(words, amount, 0, open.amount);
            now.put_sum(words, weighted, 0, open.weighted);
        }
        if let Some(closing) = table.closing(row) {
            now.put(words, 1 + 2 * self.open, 0, closing.overdue);
            let sums = [closing.overdue_amount].into_iter().chain(closing.periods.into_iter().flatten());
            sums.enumerate().for_each(|(place, sum)| now.put_sum(words, 2 * self.open + place, 0, sum));
        }
        let ([flow, course, beside], [of_flow, of_course, of_beside]) = (&table.planes, self.planes);
        let [fine, coarse] = &lanes.present;
        let laid = [
            (flow, fine, of_flow),
            (flow, &lanes.past, self.flow_of_past),
            (course, coarse, of_course),
            (beside, coarse, of_beside),
        ];
        for (plane, lanes, section) in laid {
            words.get_mut(section.range()).into_iter().for_each(|totals| plane.add_up(row, lanes, totals));
        }
        if row >= beside.rows() {
            words.truncate(words.len() - of_beside.range().len());
        }
    }

    /// Adds how the words of a row have changed to those of another.
    pub(super) fn absorb_change(&self, own: &mut Arc<[i64]>, was: &[i64], is: &[i64]) {
        let length = own.len().max(was.len()).max(is.len());
        if own.len() < length {
            *own = own.iter().copied().chain(std::iter::repeat(0)).take(length).collect();
        }
        let own = Arc::make_mut(own);
        for section in [self.now, self.flow_of_past].iter().chain(&self.planes) {
            let [was, is] = [was, is].map(|words| section.of(words, &self.nothing));
            if let Some(own) = own.get_mut(section.range()).filter(|_| was != is) {
                section.absorb_change(own, was, is);
            }
        }
    }
}
