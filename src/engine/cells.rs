//! Integer sums of facts by row, metric and segment of time: a group, so that adding, subtracting and merging are exact.

mod changed;
mod deals;
mod difference;
mod plane;
mod reasons;
mod segments;
mod totals;

use std::ops::Range;
use std::sync::Arc;

pub use self::deals::{ClosingDeals, OpenDeals};
pub use self::difference::{Content, Difference};
pub(crate) use self::plane::Plane;
pub use self::segments::{Part, Segment, Segments, Span};
pub use self::totals::{Row, Totals};

use self::changed::Changed;
use self::reasons::Reasons;
use self::segments::NOWHERE;
use crate::engine::facts::{FactKind, Reason};
use crate::engine::meanings::Courses;
use crate::engine::near::prefetch;
use crate::engine::sketch::Sketch;
use crate::model::event::Score;
use crate::model::needs::Needs;

/// What is counted in windows. Pipelines, stages between `lead` and `won`, and open stages are numbered from 0, stages
/// through all pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Journeys of this pipeline created.
    Leads(u8),
    /// Deals of this pipeline won.
    Won(u8),
    /// Journeys that reached this stage between `lead` and `won`.
    Reached(u16),
    /// Deals of this pipeline lost.
    Lost(u8),
    /// Of the journeys of this pipeline created, those won by now.
    CohortWon(u8),
    /// Leads that were answered.
    Responses,
    /// Wins with a known cycle.
    Cycles,
    /// Expected closes that were put off to a later month.
    Slips,
    /// Answers to csat.
    Csat,
    /// Answers to csat of the best or second best score.
    CsatSatisfied,
    /// Answers to nps.
    Nps,
    /// Answers to nps of 9 or 10.
    NpsPromoters,
    /// Answers to nps of 0 to 6.
    NpsDetractors,
    /// Answers to ces.
    Ces,
    /// The sum of scores of ces.
    CesPoints,
    /// Of the journeys created, those that have reached this stage by now.
    Cohort(u16),
}

/// What is summed in windows, beyond 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// Amounts of deals of this pipeline won.
    Revenue(u8),
    /// Cycles of deals won, in milliseconds.
    Cycle,
    /// Amounts of deals lost.
    LostAmount,
    /// Money spent.
    Spend,
    /// Money received.
    Payments,
    /// Money given back.
    Refunds,
}

/// Which plane a metric lies in: what one event changes together lies together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum In {
    /// What is counted in previous and year-ago windows too: entries into stages, and what wins brought.
    Flow,
    /// What becomes of journeys: cohorts, responses, losses and cycles.
    Course,
    /// What stands alone: answers, spending and payments. Many rows have none.
    Beside,
}

/// Where the metrics of a row lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Stages between `lead` and `won` of all pipelines.
    pub between: usize,
    /// Open stages of all pipelines.
    pub open: usize,
    /// How many pipelines there are.
    pub pipelines: usize,
    /// What is counted.
    pub needs: Needs,
}

impl Layout {
    /// For these pipelines, with what is counted.
    #[must_use]
    pub fn new(courses: &Courses, needs: Needs) -> Layout {
        Layout { between: courses.between(), open: courses.open(), pipelines: courses.len(), needs }
    }

    const fn count(self, count: Count) -> (In, usize) {
        let (between, pipelines) = (self.between, self.pipelines);
        match count {
            Count::Leads(pipeline) => (In::Flow, pipeline as usize),
            Count::Won(pipeline) => (In::Flow, pipelines + pipeline as usize),
            Count::Reached(stage) => (In::Flow, 2 * pipelines + stage as usize),
            Count::Cohort(stage) => (In::Course, stage as usize),
            Count::CohortWon(pipeline) => (In::Course, between + pipeline as usize),
            Count::Lost(pipeline) => (In::Course, between + pipelines + pipeline as usize),
            Count::Responses => (In::Course, between + 2 * pipelines),
            Count::Cycles => (In::Course, between + 2 * pipelines + 1),
            Count::Slips => (In::Course, between + 2 * pipelines + 2),
            Count::Csat => (In::Beside, 0),
            Count::CsatSatisfied => (In::Beside, 1),
            Count::Nps => (In::Beside, 2),
            Count::NpsPromoters => (In::Beside, 3),
            Count::NpsDetractors => (In::Beside, 4),
            Count::Ces => (In::Beside, 5),
            Count::CesPoints => (In::Beside, 6),
        }
    }

    const fn sum(sum: Sum) -> (In, usize) {
        match sum {
            Sum::Revenue(pipeline) => (In::Flow, pipeline as usize),
            Sum::Cycle => (In::Course, 0),
            Sum::LostAmount => (In::Course, 1),
            Sum::Spend => (In::Beside, 0),
            Sum::Payments => (In::Beside, 1),
            Sum::Refunds => (In::Beside, 2),
        }
    }

    /// How many counts and sums the planes have.
    const fn widths(self) -> [(usize, usize); 3] {
        let Layout { between, pipelines, .. } = self;
        [(2 * pipelines + between, pipelines), (between + 2 * pipelines + 3, 2), (7, 3)]
    }

    /// The planes of a table without rows.
    fn planes(self, segments: &Segments) -> [Plane; 3] {
        let (fine, coarse) = segments.cells();
        let [flow, course, beside] = self.widths();
        [(fine, flow), (coarse, course), (coarse, beside)]
            .map(|(cells, (counts, sums))| Plane::new(cells, counts, sums))
    }
}

/// The sums of many rows. What its layout does not need has no memory, and is read as nothing.
#[derive(Clone, Debug)]
pub struct Table {
    layout: Layout,
    segments: Arc<Segments>,
    rows: usize,
    /// By [`In`].
    planes: [Plane; 3],
    responses: Vec<Sketch>,
    cycles: Vec<Sketch>,
    open: Vec<OpenDeals>,
    /// Only of as many rows as have had any.
    closing: Vec<ClosingDeals>,
    /// By row and open stage, only of as many rows as have had any: how long deals were there that have left it.
    stage_times: Vec<Sketch>,
    reasons: Reasons,
    /// How many existing events name the row.
    named: Vec<u64>,
    /// Since totals were brought to what the table holds.
    changed: Changed,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(layout: Layout, segments: Arc<Segments>) -> Table {
        Table {
            layout,
            planes: layout.planes(&segments),
            segments,
            rows: 0,
            responses: Vec::new(),
            cycles: Vec::new(),
            open: Vec::new(),
            closing: Vec::new(),
            stage_times: Vec::new(),
            reasons: Reasons::default(),
            named: Vec::new(),
            changed: Changed::default(),
        }
    }

    /// Lets the windows stand elsewhere. The caller then moves the facts that an edge has passed.
    pub fn stand_at(&mut self, segments: Arc<Segments>) {
        self.segments = segments;
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many sums are held, each in all windows: rows times what is counted and summed.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.planes.iter().map(|plane| plane.rows() * plane.metrics()).sum::<usize>() + self.open.len()
    }

    /// Bytes held.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        let sketches = self.responses.iter().chain(&self.cycles).chain(&self.stage_times);
        let sketches = sketches.map(Sketch::heap_bytes).sum::<usize>();
        sketches
            + self.planes.iter().map(Plane::bytes).sum::<usize>()
            + (self.responses.capacity() + self.cycles.capacity() + self.stage_times.capacity()) * size_of::<Sketch>()
            + self.closing.capacity() * size_of::<ClosingDeals>()
            + self.reasons.bytes()
            + self.open.capacity() * size_of::<OpenDeals>()
            + self.named.capacity() * size_of::<u64>()
    }

    /// Makes sure that a row is there. The table doubles, so that rows that come one by one cost little.
    pub fn reserve(&mut self, row: usize) {
        if row < self.rows {
            return;
        }
        let rows = (row + 1).max(self.rows * 2);
        self.rows = rows;
        let (needs, stages) = (self.layout.needs, self.stages());
        let [flow, course, _] = &mut self.planes;
        if needs.has(Needs::ENTRIES) {
            flow.reserve(rows);
        }
        if needs.has(Needs::COURSE) {
            course.reserve(rows);
        }
        if needs.has(Needs::RESPONSE_TIMES) {
            self.responses.resize(rows, Sketch::default());
        }
        if needs.has(Needs::CYCLE_TIMES) {
            self.cycles.resize(rows, Sketch::default());
        }
        if needs.has(Needs::OPEN) {
            self.open.resize(rows * stages, OpenDeals::default());
        }
        self.named.resize(rows, 0);
    }

    /// Notes that a row changes, which is there from now on.
    pub fn touch(&mut self, row: usize) {
        self.reserve(row);
        self.changed.note(row);
    }

    /// Open stages of all pipelines.
    fn stages(&self) -> usize {
        self.layout.open
    }

    /// Adds a windowed fact of a pipeline (`times` = 1) or takes it out (−1).
    pub fn apply(&mut self, row: usize, pipeline: u8, kind: FactKind, segment: Segment, times: i64) {
        match kind {
            FactKind::Created { first, furthest, won, response } => {
                self.count_in(row, Count::Leads(pipeline), segment, times);
                self.reached_by_cohort(row, first, 0..furthest, segment, times);
                self.answered_or_won(row, won.then_some(pipeline), response, segment, times);
            }
            FactKind::Reached { from, to } => {
                (from..=to).for_each(|stage| self.count_in(row, Count::Reached(stage), segment, times));
            }
            FactKind::Won { is_deal, revenue, cycle } => {
                self.count_in(row, Count::Won(pipeline), segment, if is_deal { times } else { 0 });
                if let Some(cycle) = cycle {
                    self.count_in(row, Count::Cycles, segment, times);
                    sketch_in(&mut self.cycles, row, cycle, segment, times);
                    self.sum_in(row, Sum::Cycle, i128::from(cycle), segment, times);
                }
                self.sum_in(row, Sum::Revenue(pipeline), i128::from(revenue), segment, times);
            }
            FactKind::Lost { reason, amount } => {
                if let Some(reason) = reason {
                    self.count_in(row, Count::Lost(pipeline), segment, times);
                    if self.layout.needs.has(Needs::REASONS) && segment.coarse != NOWHERE {
                        self.reasons.add(row, reason, segment.coarse, times);
                    }
                }
                self.sum_in(row, Sum::LostAmount, i128::from(amount), segment, times);
            }
            FactKind::Left { stage, after } => self.left(row, stage, after, segment, times),
            FactKind::Slipped => self.count_in(row, Count::Slips, segment, times),
            FactKind::Spent(amount) => self.sum_in(row, Sum::Spend, i128::from(amount), segment, times),
            FactKind::Paid(amount) => self.sum_in(row, Sum::Payments, i128::from(amount), segment, times),
            FactKind::Refunded(amount) => self.sum_in(row, Sum::Refunds, i128::from(amount), segment, times),
            FactKind::Answered(score) => self.answer(row, score, segment, times),
            FactKind::Open { .. } | FactKind::Closing { .. } => {}
        }
    }

    /// Changes a fact that stays where it is: only in what the two kinds are counted differently.
    pub fn change(&mut self, row: usize, pipeline: u8, from: FactKind, to: FactKind, segment: Segment) {
        match (from, to) {
            (
                FactKind::Created { first, furthest: from, won: was_won, response: was_answered },
                FactKind::Created { furthest: to, won, response, .. },
            ) => {
                self.reached_by_cohort(row, first, from..to, segment, 1);
                self.reached_by_cohort(row, first, to..from, segment, -1);
                let was = was_answered.filter(|_| was_answered != response);
                let is = response.filter(|_| was_answered != response);
                self.answered_or_won(row, (was_won && !won).then_some(pipeline), was, segment, -1);
                self.answered_or_won(row, (won && !was_won).then_some(pipeline), is, segment, 1);
            }
            _ => {
                self.apply(row, pipeline, from, segment, -1);
                self.apply(row, pipeline, to, segment, 1);
            }
        }
    }

    /// A cohort's journey has come so far; `first` is its pipeline's first stage after `lead`.
    fn reached_by_cohort(&mut self, row: usize, first: u16, stages: Range<u8>, segment: Segment, times: i64) {
        stages.for_each(|stage| self.count_in(row, Count::Cohort(first + u16::from(stage)), segment, times));
    }

    fn answered_or_won(&mut self, row: usize, won: Option<u8>, response: Option<u64>, segment: Segment, times: i64) {
        if let Some(pipeline) = won {
            self.count_in(row, Count::CohortWon(pipeline), segment, times);
        }
        if let Some(response) = response {
            self.count_in(row, Count::Responses, segment, times);
            sketch_in(&mut self.responses, row, response, segment, times);
        }
    }

    fn left(&mut self, row: usize, stage: u16, after: u64, segment: Segment, times: i64) {
        self.touch(row);
        if !self.layout.needs.has(Needs::STAGE_TIMES) || segment.coarse == NOWHERE {
            return;
        }
        let stages = self.stages();
        if self.stage_times.len() < (row + 1) * stages {
            self.stage_times.resize(self.rows * stages, Sketch::default());
        }
        sketch_in(&mut self.stage_times, row * stages + usize::from(stage), after, segment, times);
    }

    /// Notes that a deal of a row was lost for a reason, whenever that was (1), or no longer is (−1).
    pub fn note_lost(&mut self, row: usize, reason: Reason, times: i64) {
        self.touch(row);
        if self.layout.needs.has(Needs::REASONS) {
            self.reasons.note(row, reason, times);
        }
    }

    fn answer(&mut self, row: usize, score: Score, segment: Segment, times: i64) {
        match score {
            Score::Csat { score, scale_max } => {
                self.count_in(row, Count::Csat, segment, times);
                if score + 1 >= scale_max {
                    self.count_in(row, Count::CsatSatisfied, segment, times);
                }
            }
            Score::Nps(score) => {
                self.count_in(row, Count::Nps, segment, times);
                match score {
                    0..=6 => self.count_in(row, Count::NpsDetractors, segment, times),
                    9.. => self.count_in(row, Count::NpsPromoters, segment, times),
                    _ => {}
                }
            }
            Score::Ces(score) => {
                self.count_in(row, Count::Ces, segment, times);
                self.count_in(row, Count::CesPoints, segment, times * i64::from(score));
            }
        }
    }

    /// Adds a count to a row in a segment.
    pub fn count_in(&mut self, row: usize, what: Count, segment: Segment, times: i64) {
        let (plane, place) = self.layout.count(what);
        let (plane, cell) = self.plane_mut(row, plane, segment);
        plane.add(row, cell, place, times);
    }

    fn sum_in(&mut self, row: usize, what: Sum, amount: i128, segment: Segment, times: i64) {
        let (plane, place) = Layout::sum(what);
        let (plane, cell) = self.plane_mut(row, plane, segment);
        plane.add_sum(row, cell, place, amount * i128::from(times));
    }

    /// A plane that has the row, and the cell of a segment in it.
    fn plane_mut(&mut self, row: usize, plane: In, segment: Segment) -> (&mut Plane, u8) {
        self.touch(row);
        let (rows, needs) = (self.rows, self.layout.needs);
        let [flow, course, beside] = &mut self.planes;
        match plane {
            In::Flow => (flow, segment.fine),
            In::Course => (course, segment.coarse),
            In::Beside => {
                if needs.has(Needs::BESIDE) {
                    beside.reserve(rows);
                }
                (beside, segment.coarse)
            }
        }
    }

    fn flow(&self) -> &Plane {
        let [flow, ..] = &self.planes;
        flow
    }

    /// Has fetched what a row has in a segment, and at one of its open stages and the next.
    pub(crate) fn prefetch(&self, row: usize, segment: Segment, stage: u16) {
        let place = row * self.stages() + usize::from(stage);
        self.flow().prefetch(row, segment.fine);
        self.open.iter().skip(place).take(2).for_each(prefetch);
        self.named.get(row).into_iter().for_each(prefetch);
        self.stage_times.get(place).into_iter().for_each(Sketch::prefetch);
    }

    /// Has the cohort of a row in a segment fetched.
    pub(crate) fn prefetch_cohort(&self, row: usize, segment: Segment) {
        let [_, course, _] = &self.planes;
        course.prefetch(row, segment.coarse);
    }

    /// The open deals of a row at a stage, to be changed.
    pub fn open_mut(&mut self, row: usize, stage: u16) -> Option<&mut OpenDeals> {
        self.touch(row);
        let stages = self.stages();
        self.open.get_mut(row * stages + usize::from(stage))
    }

    /// What of a row is expected to close, to be changed.
    pub fn closing_mut(&mut self, row: usize) -> Option<&mut ClosingDeals> {
        self.touch(row);
        if self.closing.len() <= row && self.layout.needs.has(Needs::CLOSING) {
            self.closing.resize(self.rows, ClosingDeals::default());
        }
        self.closing.get_mut(row)
    }

    /// Whether any deal ever was expected to close at some time.
    #[must_use]
    pub fn has_closing(&self) -> bool {
        !self.closing.is_empty()
    }

    /// Notes that an existing event names a row (1), or no longer does (−1).
    pub fn name(&mut self, row: usize, times: i64) {
        self.touch(row);
        if let Some(named) = self.named.get_mut(row) {
            *named = named.saturating_add_signed(times);
        }
    }
}

fn sketch_in(sketches: &mut [Sketch], row: usize, value: u64, segment: Segment, times: i64) {
    if let Some(sketch) = sketches.get_mut(row).filter(|_| segment.coarse != NOWHERE) {
        sketch.add(value, segment.coarse, times);
    }
}
