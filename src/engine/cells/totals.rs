//! What rows add up to in every window: what readings hold.
//!
//! A table counts by segments, so that an event changes few cells. Whoever reads asks for windows, and asks far more often
//! than a row changes. So a row is added up once after it has changed, and all readings until it changes again share that.

mod row;
mod shape;

use std::sync::Arc;

pub use self::row::Row;
use self::shape::{Lanes, Shape};
use super::reasons::LostFor;
use super::{ClosingDeals, Layout, OpenDeals, Segments, Table};
use crate::engine::sketch::Sketch;

/// The totals of many rows, which never change: what has not changed since an earlier reading is shared with it.
#[derive(Clone, Debug)]
pub struct Totals {
    shape: Arc<Shape>,
    /// Where the windows stand. A row that has not changed since they stood elsewhere has nothing that an edge has passed, so
    /// that its cells and its sums are the same.
    segments: Arc<Segments>,
    rows: Arc<Vec<RowTotals>>,
}

/// The totals of one row.
#[derive(Clone, Debug)]
struct RowTotals {
    /// By [`Shape`]; what lies behind its end is 0.
    words: Arc<[i64]>,
    /// Nothing of a row that has none.
    by_segment: Option<Arc<BySegment>>,
}

/// What is told of windows only when somebody asks, since it is no sum.
#[derive(Clone, Debug, Default)]
struct BySegment {
    responses: Sketch,
    cycles: Sketch,
    /// By open stage; none where no deal ever left one.
    stage_times: Vec<Sketch>,
    reasons: LostFor,
}

impl Default for RowTotals {
    fn default() -> RowTotals {
        RowTotals { words: Arc::from([]), by_segment: None }
    }
}

impl RowTotals {
    fn is_shared_with(&self, other: &RowTotals) -> bool {
        Arc::ptr_eq(&self.words, &other.words)
            && self.by_segment.as_ref().map(Arc::as_ptr) == other.by_segment.as_ref().map(Arc::as_ptr)
    }
}

impl Totals {
    /// No rows, of these metrics and windows.
    #[must_use]
    pub fn new(layout: Layout, segments: Arc<Segments>) -> Totals {
        Totals { shape: Arc::new(Shape::new(layout, &segments)), segments, rows: Arc::default() }
    }

    /// No rows, of the same metrics and windows.
    #[must_use]
    pub fn empty_like(&self) -> Totals {
        Totals { shape: Arc::clone(&self.shape), segments: Arc::clone(&self.segments), rows: Arc::default() }
    }

    /// How many rows there are. Those behind them are empty.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing has changed since the others, of which these may be a clone.
    #[must_use]
    pub fn is_shared_with(&self, other: &Totals) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }

    /// Whether an existing event names a row.
    #[must_use]
    pub fn is_named(&self, row: usize) -> bool {
        self.row(row).named() > 0
    }

    /// What is counted.
    pub(super) fn layout(&self) -> Layout {
        self.shape.layout()
    }

    /// Where the windows stand.
    pub(super) fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Bytes held.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        let words = self.rows.iter().map(|row| size_of_val(&*row.words)).sum::<usize>();
        // The lists of sketches are those of the table.
        let by_segment = self.rows.iter().filter_map(|row| row.by_segment.as_ref());
        let sketches = by_segment.map(|of| size_of::<BySegment>() + of.stage_times.len() * size_of::<Sketch>());
        words + sketches.sum::<usize>() + self.rows.capacity() * size_of::<RowTotals>()
    }

    /// Adds how the rows of others have changed, of the same metrics and windows, to the rows that `to` names for them. What
    /// has not changed costs next to nothing.
    pub fn absorb_changes(&mut self, before: &Totals, after: &Totals, to: impl Fn(usize) -> Option<usize>) {
        self.segments = Arc::clone(&after.segments);
        if before.is_shared_with(after) {
            return;
        }
        let rows = Arc::make_mut(&mut self.rows);
        let (nothing, mut changed) = (RowTotals::default(), super::Changed::default());
        for from in 0..before.rows.len().max(after.rows.len()) {
            let [was, is] = [before, after].map(|totals| totals.rows.get(from).unwrap_or(&nothing));
            let Some(to) = to(from).filter(|_| !was.is_shared_with(is)) else { continue };
            if rows.len() <= to {
                rows.resize(to + 1, RowTotals::default());
            }
            let Some(own) = rows.get_mut(to) else { continue };
            self.shape.absorb_change(&mut own.words, &was.words, &is.words);
            if absorb_by_segment(&mut own.by_segment, was.by_segment.as_deref(), is.by_segment.as_deref()) {
                changed.note(to);
            }
        }
        // Once for all that a row has taken in.
        for row in changed.take() {
            let by_segment = rows.get_mut(row).and_then(|row| row.by_segment.as_mut());
            by_segment.into_iter().for_each(|of| Arc::make_mut(of).settle());
        }
    }
}

/// Answers whether anything has changed.
fn absorb_by_segment(own: &mut Option<Arc<BySegment>>, was: Option<&BySegment>, is: Option<&BySegment>) -> bool {
    if was.map(std::ptr::from_ref) == is.map(std::ptr::from_ref) {
        return false;
    }
    let nothing = BySegment::default();
    let [was, is] = [was, is].map(|of| of.unwrap_or(&nothing));
    let own = Arc::make_mut(own.get_or_insert_default());
    own.responses.absorb_change(&was.responses, &is.responses);
    own.cycles.absorb_change(&was.cycles, &is.cycles);
    let stages = was.stage_times.len().max(is.stage_times.len());
    if own.stage_times.len() < stages {
        own.stage_times.resize(stages, Sketch::default());
    }
    let none = Sketch::default();
    for (stage, own) in own.stage_times.iter_mut().enumerate() {
        let [was, is] = [was, is].map(|of| of.stage_times.get(stage).unwrap_or(&none));
        own.absorb_change(was, is);
    }
    own.reasons.absorb_change(&was.reasons, &is.reasons);
    true
}

impl BySegment {
    /// Brings the sketches into their order, so that reading them needs no work.
    fn settle(&mut self) {
        let sketches = [&mut self.responses, &mut self.cycles].into_iter().chain(&mut self.stage_times);
        sketches.for_each(Sketch::settle);
    }

    /// Whether nothing of it has changed since the other one, of which it may be a clone.
    fn is_unchanged(&self, other: &BySegment) -> bool {
        self.responses.is_shared_with(&other.responses)
            && self.cycles.is_shared_with(&other.cycles)
            && self.stage_times.len() == other.stage_times.len()
            && self.stage_times.iter().zip(&other.stage_times).all(|(own, other)| own.is_shared_with(other))
            && self.reasons == other.reasons
    }

    fn is_empty(&self) -> bool {
        self.is_unchanged(&BySegment::default())
    }
}

impl Table {
    /// Brings totals, which were this table's when they were brought here last, to what it holds now.
    pub fn bring(&mut self, totals: &mut Totals) {
        totals.segments = Arc::clone(&self.segments);
        let changed = self.changed.take();
        let Some(last) = changed.iter().max().copied() else { return };
        let rows = Arc::make_mut(&mut totals.rows);
        if rows.len() <= last {
            rows.resize(last + 1, RowTotals::default());
        }
        let lanes = Lanes::of(&self.segments);
        let mut words = Vec::new();
        for row in changed {
            let Some(place) = rows.get_mut(row) else { continue };
            totals.shape.lay(self, row, &lanes, &mut words);
            if *place.words != *words {
                place.words = Arc::from(words.as_slice());
            }
            self.settle(row);
            let by_segment = self.by_segment(row);
            let is_unchanged = place.by_segment.as_ref().is_some_and(|before| by_segment.is_unchanged(before));
            if !is_unchanged {
                place.by_segment = Some(by_segment).filter(|of| !of.is_empty()).map(Arc::new);
            }
        }
    }

    /// What it holds now, added up anew.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let empty = Totals::new(self.layout, Arc::clone(&self.segments));
        let lanes = Lanes::of(&self.segments);
        let mut words = Vec::new();
        let rows = (0..self.rows).map(|row| {
            empty.shape.lay(self, row, &lanes, &mut words);
            RowTotals { words: Arc::from(words.as_slice()), by_segment: Some(Arc::new(self.by_segment(row))) }
        });
        Totals { rows: Arc::new(rows.collect()), ..empty }
    }

    /// Makes the mistake of not noticing what has changed.
    #[cfg(test)]
    pub(crate) fn overlook_changes(&mut self) {
        self.changed.take();
    }

    /// Brings the sketches of a row into their order, so that reading them needs no work.
    fn settle(&mut self, row: usize) {
        let stages = row * self.layout.open..(row + 1) * self.layout.open;
        let stage_times = self.stage_times.get_mut(stages).into_iter().flatten();
        let sketches = self.responses.get_mut(row).into_iter().chain(self.cycles.get_mut(row)).chain(stage_times);
        sketches.for_each(Sketch::settle);
    }

    /// What of a row is told of windows only when somebody asks.
    fn by_segment(&self, row: usize) -> BySegment {
        let stages = row * self.layout.open..(row + 1) * self.layout.open;
        BySegment {
            responses: self.responses.get(row).cloned().unwrap_or_default(),
            cycles: self.cycles.get(row).cloned().unwrap_or_default(),
            stage_times: self.stage_times.get(stages).unwrap_or_default().to_vec(),
            reasons: self.reasons.row(row),
        }
    }

    fn named(&self, row: usize) -> u64 {
        self.named.get(row).copied().unwrap_or(0)
    }

    fn open(&self, row: usize, stage: usize) -> OpenDeals {
        self.open.get(row * self.layout.open + stage).copied().unwrap_or_default()
    }

    fn closing(&self, row: usize) -> Option<&ClosingDeals> {
        self.closing.get(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::facts::FactKind;
    use crate::engine::meanings::Courses;
    use crate::model::money::{Currency, Rates};
    use crate::model::needs::Needs;
    use crate::model::rules::Rules;
    use crate::model::time::Time;

    const NOW: Time = Time::from_millis(1_790_000_000_000);

    #[test]
    fn a_reading_shares_the_rows_that_have_not_changed_since_the_last_one() {
        let rules = Rules::new(Rates::new(Currency::from_code("CNY").unwrap()));
        let segments = |now| Arc::new(Segments::at(now, &rules));
        let layout = Layout::new(&Courses::new(&rules), Needs::GAUGES);
        let mut table = Table::new(layout, segments(NOW));
        let won = FactKind::Won { is_deal: true, revenue: 5, cycle: Some(9) };
        (0..3).for_each(|row| table.apply(row, 0, won, segments(NOW).of(NOW.plus(-1)).unwrap(), 1));
        let mut totals = Totals::new(layout, segments(NOW));
        table.bring(&mut totals);
        let first = totals.clone();

        let later = segments(NOW.plus(1));
        table.stand_at(Arc::clone(&later));
        table.bring(&mut totals);
        assert!(totals.is_shared_with(&first), "only the clock has moved");

        table.apply(1, 0, won, later.of(NOW).unwrap(), 1);
        table.bring(&mut totals);
        let shared = totals.rows.iter().zip(&*first.rows).map(|(now, before)| now.is_shared_with(before));
        assert_eq!(shared.collect::<Vec<_>>(), [true, false, true]);
    }
}
