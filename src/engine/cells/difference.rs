//! Where two tables that should be equal are not.

use super::{ClosingDeals, Count, OpenDeals, Part, Sketch, Sum, Table};
use crate::model::window::Window;

/// A cell that is not the same in two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its row.
    pub row: usize,
    /// What it holds.
    pub what: Content,
    /// The window; `None` for what is of no window.
    pub window: Option<Window>,
    /// Whether it is of the previous window.
    pub is_previous: bool,
    /// What the table holds.
    pub own: i128,
    /// What the other one holds.
    pub other: i128,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A count.
    Count(Count),
    /// A sum.
    Sum(Sum),
    /// How many responses took about so many milliseconds.
    Responses(u64),
    /// How many cycles took about so many milliseconds.
    Cycles(u64),
    /// How many deals are open at a stage.
    Open(u16),
    /// How many of them are stalled.
    Stalled(u16),
    /// The sum of their amounts.
    OpenAmount(u16),
    /// The sum of their weighted amounts.
    OpenWeighted(u16),
    /// How many deals left an open stage after about so many milliseconds.
    StageTimes(u16, u64),
    /// How many deals are overdue.
    Overdue,
    /// The sum of their amounts.
    OverdueAmount,
    /// Amounts of deals that are expected to close in the month or the quarter, or weighted ones.
    ClosingAmount,
    /// For how many reasons another number of deals was lost.
    Reasons,
    /// How many existing events name the row.
    Named,
    /// What is in no present or previous window, and may come into one as the clock moves.
    Waiting,
}

/// Tells what of a row differs: what it is, the window and whether it is a previous one, and both values.
type Tell<'a> = dyn FnMut(Content, Option<Window>, bool, [i128; 2]) + 'a;

const SUMS_OF_ALL: [Sum; 5] = [Sum::Cycle, Sum::LostAmount, Sum::Spend, Sum::Payments, Sum::Refunds];

impl Table {
    /// The cells in which this table differs from another of the same pipeline. Rows that one of them does not have are
    /// empty there.
    #[must_use]
    pub fn differences(&self, other: &Table) -> Vec<Difference> {
        let mut differences = Vec::new();
        for row in 0..self.rows.max(other.rows) {
            let mut tell = |what, window, is_previous, [own, other]: [i128; 2]| {
                if own != other {
                    differences.push(Difference { row, what, window, is_previous, own, other });
                }
            };
            self.compare_windows(other, row, &mut tell);
            self.compare_sketches(other, row, &mut tell);
            self.compare_open(other, row, &mut tell);
            self.compare_beside(other, row, &mut tell);
            let named = |table: &Table| table.named.get(row).copied().unwrap_or(0);
            tell(Content::Named, None, false, [i128::from(named(self)), i128::from(named(other))]);
        }
        differences
    }

    fn compare_windows(&self, other: &Table, row: usize, tell: &mut Tell<'_>) {
        let mut differs = false;
        let mut compare = |what, window, is_previous, both: [i128; 2]| {
            differs |= both[0] != both[1];
            tell(what, Some(window), is_previous, both);
        };
        for window in self.segments.windows() {
            let has_previous = self.segments.has(window, Part::Previous);
            for what in self.layout.counts() {
                let both = [self, other].map(|table| i128::from(table.count(row, what, window)));
                compare(Content::Count(what), window, false, both);
                if has_previous {
                    let both = [self, other].map(|table| i128::from(table.previous_count(row, what, window)));
                    compare(Content::Count(what), window, true, both);
                }
            }
            for what in self.layout.sums() {
                let both = [self, other].map(|table| table.sum(row, what, window));
                compare(Content::Sum(what), window, false, both);
            }
            for pipeline in self.layout.pipelines().filter(|_| has_previous) {
                let both = [self, other].map(|table| table.previous_revenue(row, pipeline, window));
                compare(Content::Sum(Sum::Revenue(pipeline)), window, true, both);
            }
        }
        if !differs {
            let words = self.planes.iter().zip(&other.planes).map(|(own, other)| own.differing_words(other, row));
            tell(Content::Waiting, None, false, [words.sum(), 0]);
        }
    }

    fn compare_sketches(&self, other: &Table, row: usize, tell: &mut Tell<'_>) {
        let stages = self.stages();
        let mut compare = |own: &[Sketch], others: &[Sketch], place: usize, content: &dyn Fn(u64) -> Content| {
            let nothing = Sketch::default();
            let [own, others] = [own, others].map(|sketches| sketches.get(place).unwrap_or(&nothing));
            for (millis, segment, counts) in own.differences(others) {
                let windows = self.segments.windows();
                let mut holding = windows.filter(|window| self.segments.coarse(*window).holds(segment)).peekable();
                let counts = counts.map(i128::from);
                if holding.peek().is_none() {
                    tell(Content::Waiting, None, false, counts);
                }
                holding.for_each(|window| tell(content(millis), Some(window), false, counts));
            }
        };
        compare(&self.responses, &other.responses, row, &Content::Responses);
        compare(&self.cycles, &other.cycles, row, &Content::Cycles);
        for stage in 0..u16::try_from(stages).unwrap_or(u16::MAX) {
            let place = row * stages + usize::from(stage);
            compare(&self.stage_times, &other.stage_times, place, &|millis| Content::StageTimes(stage, millis));
        }
    }

    fn compare_beside(&self, other: &Table, row: usize, tell: &mut Tell<'_>) {
        let closing = [self, other].map(|table| table.closing(row));
        let mut tell = |what, both| tell(what, None, false, both);
        tell(Content::Overdue, closing.map(|closing| closing.overdue.into()));
        tell(Content::OverdueAmount, closing.map(|closing| closing.overdue_amount));
        for place in 0..4 {
            let of = |closing: ClosingDeals| closing.periods.as_flattened().get(place).copied().unwrap_or(0);
            tell(Content::ClosingAmount, closing.map(of));
        }
        tell(Content::Reasons, self.reasons.differing(&other.reasons, row));
    }

    fn compare_open(&self, other: &Table, row: usize, tell: &mut Tell<'_>) {
        for stage in 0..u16::try_from(self.stages()).unwrap_or(u16::MAX) {
            let open = [self, other].map(|table| table.open(row, stage));
            let mut tell = |what, value: fn(OpenDeals) -> i128| tell(what, None, false, open.map(value));
            tell(Content::Open(stage), |open| open.deals.into());
            tell(Content::Stalled(stage), |open| open.stalled.into());
            tell(Content::OpenAmount(stage), |open| open.amount);
            tell(Content::OpenWeighted(stage), |open| open.weighted);
        }
    }
}

impl super::Layout {
    fn pipelines(self) -> std::ops::Range<u8> {
        0..u8::try_from(self.pipelines).unwrap_or(u8::MAX)
    }

    /// All that is counted.
    fn counts(self) -> impl Iterator<Item = Count> {
        let stages = 0..u16::try_from(self.between).unwrap_or(u16::MAX);
        let stages = stages.flat_map(|stage| [Count::Reached(stage), Count::Cohort(stage)]);
        let pipelines =
            self.pipelines().flat_map(|of| [Count::Leads(of), Count::Won(of), Count::Lost(of), Count::CohortWon(of)]);
        let others = [
            Count::Responses,
            Count::Cycles,
            Count::Slips,
            Count::Csat,
            Count::CsatSatisfied,
            Count::Nps,
            Count::NpsPromoters,
            Count::NpsDetractors,
            Count::Ces,
            Count::CesPoints,
        ];
        pipelines.chain(others).chain(stages)
    }

    /// All that is summed.
    fn sums(self) -> impl Iterator<Item = Sum> {
        self.pipelines().map(Sum::Revenue).chain(SUMS_OF_ALL)
    }
}

#[cfg(test)]
mod tests;
