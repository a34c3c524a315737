//! Where two tables that should be equal are not.

use super::totals::Row;
use super::{ClosingDeals, Count, OpenDeals, Part, Segments, Sketch, Sum, Table, Totals};
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
    /// What is in no present or previous window: a year ago, on one of the days, or where a window may come to.
    Waiting,
}

/// Tells what of a row differs: what it is, the window and whether it is a previous one, and both values.
type Tell<'a> = dyn FnMut(Content, Option<Window>, bool, [i128; 2]) + 'a;

const SUMS_OF_ALL: [Sum; 5] = [Sum::Cycle, Sum::LostAmount, Sum::Spend, Sum::Payments, Sum::Refunds];

impl Table {
    /// The cells in which this table differs from another of the same metrics, whose windows stand where these do. Rows that
    /// one of them does not have are empty there.
    #[must_use]
    pub fn differences(&self, other: &Table) -> Vec<Difference> {
        self.differences_as_told(&self.totals(), other)
    }

    /// The same, where these totals are told of this table.
    pub(in crate::engine) fn differences_as_told(&self, told: &Totals, other: &Table) -> Vec<Difference> {
        let totals = other.totals();
        let waiting = |row: usize| {
            let words = self.planes.iter().zip(&other.planes).map(|(own, other)| own.differing_words(other, row));
            words.sum::<i128>() + told.row(row).differing_words_of_past(&totals.row(row))
        };
        told.differing(&totals, &waiting)
    }
}

impl Totals {
    /// In what these totals differ from others of the same metrics, whose windows stand where these do.
    #[must_use]
    pub fn differences(&self, other: &Totals) -> Vec<Difference> {
        self.differing(other, &|row| self.row(row).differing_words(&other.row(row)))
    }

    /// The same; `waiting` counts what else of a row differs, where no present or previous window does.
    fn differing(&self, other: &Totals, waiting: &dyn Fn(usize) -> i128) -> Vec<Difference> {
        let mut differences = Vec::new();
        for row in 0..self.rows().max(other.rows()) {
            let mut tell = |what, window, is_previous, [own, other]: [i128; 2]| {
                if own != other {
                    differences.push(Difference { row, what, window, is_previous, own, other });
                }
            };
            let both = Both { rows: [self, other].map(|totals| totals.row(row)), of: self };
            if !both.compare_windows(&mut tell) {
                tell(Content::Waiting, None, false, [waiting(row), 0]);
            }
            both.compare_sketches(&mut tell);
            both.compare_open(&mut tell);
            both.compare_beside(&mut tell);
            tell(Content::Named, None, false, both.rows.map(|row| row.named().into()));
        }
        differences
    }
}

/// A row in two totals.
struct Both<'a> {
    rows: [Row<'a>; 2],
    of: &'a Totals,
}

impl Both<'_> {
    /// Answers whether anything differs.
    fn compare_windows(&self, tell: &mut Tell<'_>) -> bool {
        let mut differs = false;
        let mut compare = |what, window, is_previous, both: [i128; 2]| {
            differs |= both[0] != both[1];
            tell(what, Some(window), is_previous, both);
        };
        let (segments, layout) = (self.segments(), self.of.layout());
        for window in segments.windows() {
            let has_previous = segments.has(window, Part::Previous);
            for what in layout.counts() {
                compare(Content::Count(what), window, false, self.rows.map(|row| row.count(what, window).into()));
                if has_previous {
                    let both = self.rows.map(|row| row.previous_count(what, window).into());
                    compare(Content::Count(what), window, true, both);
                }
            }
            for what in layout.sums() {
                compare(Content::Sum(what), window, false, self.rows.map(|row| row.sum(what, window)));
            }
            for pipeline in layout.pipelines().filter(|_| has_previous) {
                let both = self.rows.map(|row| row.previous_revenue(pipeline, window));
                compare(Content::Sum(Sum::Revenue(pipeline)), window, true, both);
            }
        }
        differs
    }

    fn segments(&self) -> &Segments {
        self.of.segments()
    }

    fn compare_sketches(&self, tell: &mut Tell<'_>) {
        let mut compare = |of: &dyn Fn(&Row<'_>) -> Option<Sketch>, content: &dyn Fn(u64) -> Content| {
            let [own, others] = self.rows.map(|row| of(&row).unwrap_or_default());
            for (millis, segment, counts) in own.differences(&others) {
                let windows = self.segments().windows();
                let mut holding = windows.filter(|window| self.segments().coarse(*window).holds(segment)).peekable();
                let counts = counts.map(i128::from);
                if holding.peek().is_none() {
                    tell(Content::Waiting, None, false, counts);
                }
                holding.for_each(|window| tell(content(millis), Some(window), false, counts));
            }
        };
        compare(&|row| row.responses().cloned(), &Content::Responses);
        compare(&|row| row.cycles().cloned(), &Content::Cycles);
        for stage in 0..self.of.layout().stages() {
            compare(&|row| row.stage_times_at(stage).cloned(), &|millis| Content::StageTimes(stage, millis));
        }
    }

    fn compare_beside(&self, tell: &mut Tell<'_>) {
        let closing = self.rows.map(|row| row.closing());
        let mut tell = |what, both| tell(what, None, false, both);
        tell(Content::Overdue, closing.map(|closing| closing.overdue.into()));
        tell(Content::OverdueAmount, closing.map(|closing| closing.overdue_amount));
        for place in 0..4 {
            let of = |closing: ClosingDeals| closing.periods.as_flattened().get(place).copied().unwrap_or(0);
            tell(Content::ClosingAmount, closing.map(of));
        }
        let [own, other] = self.rows.map(|row| row.lost().cloned().unwrap_or_default());
        tell(Content::Reasons, own.differing(&other));
    }

    fn compare_open(&self, tell: &mut Tell<'_>) {
        for stage in 0..self.of.layout().stages() {
            let open = self.rows.map(|row| row.open(stage));
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

    fn stages(self) -> u16 {
        u16::try_from(self.open).unwrap_or(u16::MAX)
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
