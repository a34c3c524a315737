//! Integer sums of facts by row, metric and segment of time: a group, so that adding, subtracting and merging are exact.

mod difference;
mod plane;
mod segments;

use std::sync::Arc;

pub use self::difference::{Content, Difference};
pub(crate) use self::plane::Plane;
pub use self::segments::{Part, Segment, Segments, Span};

use self::segments::NOWHERE;
use crate::engine::facts::FactKind;
use crate::engine::sketch::Sketch;
use crate::model::event::Score;
use crate::model::window::Window;

/// What is counted in windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Journeys created.
    Leads,
    /// Deals won.
    Won,
    /// Journeys that reached this stage between `lead` and `won`, from 1.
    Reached(u8),
    /// Deals lost.
    Lost,
    /// Of the journeys created, those won by now.
    CohortWon,
    /// Leads that were answered.
    Responses,
    /// Wins with a known cycle.
    Cycles,
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
    /// Of the journeys created, those that have reached this stage by now, from 1.
    Cohort(u8),
}

/// What is summed in windows, beyond 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Sum {
    /// Amounts of deals won.
    Revenue,
    /// Cycles of deals won, in milliseconds.
    Cycle,
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

/// The place of revenue among the sums of its plane.
const REVENUE: usize = 0;

/// Where the metrics of a row lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    between: usize,
}

impl Layout {
    const fn count(self, count: Count) -> (In, usize) {
        let between = self.between;
        match count {
            Count::Leads => (In::Flow, 0),
            Count::Won => (In::Flow, 1),
            Count::Reached(stage) => (In::Flow, 1 + stage as usize),
            Count::Cohort(stage) => (In::Course, stage as usize - 1),
            Count::CohortWon => (In::Course, between),
            Count::Responses => (In::Course, between + 1),
            Count::Lost => (In::Course, between + 2),
            Count::Cycles => (In::Course, between + 3),
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
            Sum::Revenue => (In::Flow, REVENUE),
            Sum::Cycle => (In::Course, 0),
            Sum::Spend => (In::Beside, 0),
            Sum::Payments => (In::Beside, 1),
            Sum::Refunds => (In::Beside, 2),
        }
    }

    /// The planes of a table without rows.
    fn planes(self, segments: &Segments) -> [Plane; 3] {
        let (fine, coarse) = segments.cells();
        [Plane::new(fine, 2 + self.between, 1), Plane::new(coarse, 4 + self.between, 1), Plane::new(coarse, 7, 3)]
    }
}

/// The deals that are open now at one stage of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenDeals {
    /// How many.
    pub deals: i64,
    /// How many of them are stalled.
    pub stalled: i64,
    /// The sum of their amounts.
    pub amount: i128,
    /// The sum of their amounts times the stage's probability, each rounded.
    pub weighted: i128,
}

/// The sums of many rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    layout: Layout,
    segments: Arc<Segments>,
    rows: usize,
    /// By [`In`].
    planes: [Plane; 3],
    responses: Vec<Sketch>,
    cycles: Vec<Sketch>,
    open: Vec<OpenDeals>,
    /// How many existing events name the row.
    named: Vec<u64>,
}

impl Table {
    /// A table without rows for a pipeline with so many stages between `lead` and `won`.
    #[must_use]
    pub fn new(between: usize, segments: Arc<Segments>) -> Table {
        let layout = Layout { between };
        Table {
            layout,
            planes: layout.planes(&segments),
            segments,
            rows: 0,
            responses: Vec::new(),
            cycles: Vec::new(),
            open: Vec::new(),
            named: Vec::new(),
        }
    }

    /// A table without rows of the same metrics and windows.
    #[must_use]
    pub fn empty_like(&self) -> Table {
        Table::new(self.layout.between, Arc::clone(&self.segments))
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
        let sketches = self.responses.iter().chain(&self.cycles).map(Sketch::heap_bytes).sum::<usize>();
        sketches
            + self.planes.iter().map(Plane::bytes).sum::<usize>()
            + (self.responses.capacity() + self.cycles.capacity()) * size_of::<Sketch>()
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
        let [flow, course, _] = &mut self.planes;
        flow.reserve(rows);
        course.reserve(rows);
        self.responses.resize(rows, Sketch::default());
        self.cycles.resize(rows, Sketch::default());
        self.open.resize(rows * self.stages(), OpenDeals::default());
        self.named.resize(rows, 0);
    }

    /// Open stages: `lead` and those between it and `won`.
    fn stages(&self) -> usize {
        self.layout.between + 1
    }

    /// Adds a windowed fact (`times` = 1) or takes it out (−1).
    pub fn apply(&mut self, row: usize, kind: FactKind, segment: Segment, times: i64) {
        match kind {
            FactKind::Created { furthest, won, response } => {
                self.count_in(row, Count::Leads, segment, times);
                self.reached_by_cohort(row, 0, furthest, segment, times);
                self.answered_or_won(row, won, response, segment, times);
            }
            FactKind::Reached { from, to } => {
                (from..=to).for_each(|stage| self.count_in(row, Count::Reached(stage), segment, times));
            }
            FactKind::Won { revenue, cycle } => {
                self.count_in(row, Count::Won, segment, times);
                if let Some(cycle) = cycle {
                    self.count_in(row, Count::Cycles, segment, times);
                    sketch_in(&mut self.cycles, row, cycle, segment, times);
                    self.sum_in(row, Sum::Cycle, i128::from(cycle), segment, times);
                }
                self.sum_in(row, Sum::Revenue, i128::from(revenue), segment, times);
            }
            FactKind::Lost => self.count_in(row, Count::Lost, segment, times),
            FactKind::Spent(amount) => self.sum_in(row, Sum::Spend, i128::from(amount), segment, times),
            FactKind::Paid(amount) => self.sum_in(row, Sum::Payments, i128::from(amount), segment, times),
            FactKind::Refunded(amount) => self.sum_in(row, Sum::Refunds, i128::from(amount), segment, times),
            FactKind::Answered(score) => self.answer(row, score, segment, times),
            FactKind::Open { .. } => {}
        }
    }

    /// Changes a fact that stays where it is: only in what the two kinds are counted differently.
    pub fn change(&mut self, row: usize, from: FactKind, to: FactKind, segment: Segment) {
        match (from, to) {
            (
                FactKind::Created { furthest: from, won: was_won, response: was_answered },
                FactKind::Created { furthest: to, won, response },
            ) => {
                self.reached_by_cohort(row, from, to, segment, 1);
                self.reached_by_cohort(row, to, from, segment, -1);
                let was = was_answered.filter(|_| was_answered != response);
                let is = response.filter(|_| was_answered != response);
                self.answered_or_won(row, was_won && !won, was, segment, -1);
                self.answered_or_won(row, won && !was_won, is, segment, 1);
            }
            _ => {
                self.apply(row, from, segment, -1);
                self.apply(row, to, segment, 1);
            }
        }
    }

    /// A cohort's journey that had come as far as `from` has come to `to`.
    fn reached_by_cohort(&mut self, row: usize, from: u8, to: u8, segment: Segment, times: i64) {
        (from + 1..=to).for_each(|stage| self.count_in(row, Count::Cohort(stage), segment, times));
    }

    fn answered_or_won(&mut self, row: usize, won: bool, response: Option<u64>, segment: Segment, times: i64) {
        if won {
            self.count_in(row, Count::CohortWon, segment, times);
        }
        if let Some(response) = response {
            self.count_in(row, Count::Responses, segment, times);
            sketch_in(&mut self.responses, row, response, segment, times);
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
        self.reserve(row);
        let rows = self.rows;
        let [flow, course, beside] = &mut self.planes;
        match plane {
            In::Flow => (flow, segment.fine),
            In::Course => (course, segment.coarse),
            In::Beside => {
                beside.reserve(rows);
                (beside, segment.coarse)
            }
        }
    }

    fn flow(&self) -> &Plane {
        let [flow, ..] = &self.planes;
        flow
    }

    /// Looks at what of a row lies in memory of its own.
    pub(crate) fn look_at(&self, row: usize, segment: Segment) -> u64 {
        let [flow, course, _] = &self.planes;
        let open = self.open.get(row * self.stages()).map_or(0, |open| open.deals.cast_unsigned());
        let named = self.named.get(row).copied().unwrap_or(0);
        flow.look_at(row, segment.fine) ^ course.look_at(row, segment.coarse) ^ open ^ named
    }

    /// A plane, and the cells of a window in it.
    fn plane(&self, plane: In, window: Window) -> (&Plane, Span) {
        let [flow, course, beside] = &self.planes;
        match plane {
            In::Flow => (flow, self.segments.fine(window, Part::Present)),
            In::Course => (course, self.segments.coarse(window)),
            In::Beside => (beside, self.segments.coarse(window)),
        }
    }

    /// The open deals of a row at a stage, to be changed.
    pub fn open_mut(&mut self, row: usize, stage: u8) -> Option<&mut OpenDeals> {
        self.reserve(row);
        let stages = self.stages();
        self.open.get_mut(row * stages + usize::from(stage))
    }

    /// Notes that an existing event names a row (1), or no longer does (−1).
    pub fn name(&mut self, row: usize, times: i64) {
        self.reserve(row);
        if let Some(named) = self.named.get_mut(row) {
            *named = named.saturating_add_signed(times);
        }
    }

    /// Whether an existing event names a row.
    #[must_use]
    pub fn is_named(&self, row: usize) -> bool {
        self.named.get(row).is_some_and(|named| *named > 0)
    }

    /// A count of a row in a window.
    #[must_use]
    pub fn count(&self, row: usize, what: Count, window: Window) -> i64 {
        let (plane, place) = self.layout.count(what);
        let (plane, span) = self.plane(plane, window);
        plane.count(row, span, place)
    }

    /// A count of a row in the previous window; 0 for counts that have none.
    #[must_use]
    pub fn previous_count(&self, row: usize, what: Count, window: Window) -> i64 {
        match self.layout.count(what) {
            (In::Flow, place) => self.flow().count(row, self.segments.fine(window, Part::Previous), place),
            _ => 0,
        }
    }

    /// A sum of a row in a window.
    #[must_use]
    pub fn sum(&self, row: usize, what: Sum, window: Window) -> i128 {
        let (plane, place) = Layout::sum(what);
        let (plane, span) = self.plane(plane, window);
        plane.sum(row, span, place)
    }

    /// The revenue of a row in the previous window.
    #[must_use]
    pub fn previous_revenue(&self, row: usize, window: Window) -> i128 {
        self.flow().sum(row, self.segments.fine(window, Part::Previous), REVENUE)
    }

    /// The revenue of a row in the window a year before.
    #[must_use]
    pub fn year_ago_revenue(&self, row: usize, window: Window) -> i128 {
        self.flow().sum(row, self.segments.fine(window, Part::YearAgo), REVENUE)
    }

    /// A quantile of a row's response times in a window, in milliseconds.
    #[must_use]
    pub fn response(&self, row: usize, window: Window, percent: u8) -> Option<u64> {
        self.responses.get(row)?.quantile(self.segments.coarse(window), percent)
    }

    /// A quantile of a row's cycles in a window, in milliseconds.
    #[must_use]
    pub fn cycle(&self, row: usize, window: Window, percent: u8) -> Option<u64> {
        self.cycles.get(row)?.quantile(self.segments.coarse(window), percent)
    }

    /// Brings the sketches into their order, so that reading them needs no work.
    pub fn settle(&mut self) {
        self.responses.iter_mut().chain(&mut self.cycles).for_each(Sketch::settle);
    }

    /// The open deals of a row at a stage.
    #[must_use]
    pub fn open(&self, row: usize, stage: usize) -> OpenDeals {
        let stages = self.stages();
        let open = self.open.get(row * stages + stage).filter(|_| stage < stages);
        open.copied().unwrap_or_default()
    }

    /// Adds the rows of another table, whose windows stand where these do, to the rows that `to` names for them.
    pub fn absorb(&mut self, other: &Table, mut to: impl FnMut(usize) -> Option<usize>) {
        for from in 0..other.rows {
            if let Some(to) = to(from) {
                self.reserve(to);
                self.absorb_row(to, other, from);
            }
        }
        self.settle();
    }

    fn absorb_row(&mut self, to: usize, other: &Table, from: usize) {
        for (own, more) in self.planes.iter_mut().zip(&other.planes) {
            if from < more.rows() {
                own.reserve(self.rows);
                own.absorb_row(to, more, from);
            }
        }
        if let (Some(own), Some(more)) = (self.responses.get_mut(to), other.responses.get(from)) {
            own.absorb(more);
        }
        if let (Some(own), Some(more)) = (self.cycles.get_mut(to), other.cycles.get(from)) {
            own.absorb(more);
        }
        if let (Some(own), Some(more)) = (self.named.get_mut(to), other.named.get(from)) {
            *own += more;
        }
        let stages = self.stages();
        let own = self.open.get_mut(to * stages..).unwrap_or_default().iter_mut().take(stages);
        for (own, more) in own.zip(other.open.get(from * stages..).unwrap_or_default()) {
            own.deals += more.deals;
            own.stalled += more.stalled;
            own.amount += more.amount;
            own.weighted += more.weighted;
        }
    }
}

fn sketch_in(sketches: &mut [Sketch], row: usize, value: u64, segment: Segment, times: i64) {
    if let Some(sketch) = sketches.get_mut(row).filter(|_| segment.coarse != NOWHERE) {
        sketch.add(value, segment.coarse, times);
    }
}
