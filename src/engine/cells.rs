//! Integer sums of facts by row, metric and window: a group, so that adding, subtracting and merging are exact.

mod difference;

pub use self::difference::{Content, Difference};

use crate::engine::facts::{Fact, FactKind};
use crate::engine::sketch::Sketch;
use crate::model::event::Score;
use crate::model::window::{Lanes, WINDOWS, Window};

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

const SUMS: usize = 5;
/// Counts before the stages: leads and won, which are counted in previous windows too, as the stages are.
const HEAD: usize = 2;
/// Counts between the stages reached and the cohorts.
const MIDDLE: usize = 11;

/// Where the counts of a row lie: those with a previous window first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    between: usize,
}

impl Layout {
    const fn place(self, count: Count) -> usize {
        let middle = HEAD + self.between;
        match count {
            Count::Leads => 0,
            Count::Won => 1,
            Count::Reached(stage) => HEAD + stage as usize - 1,
            Count::Lost => middle,
            Count::CohortWon => middle + 1,
            Count::Responses => middle + 2,
            Count::Cycles => middle + 3,
            Count::Csat => middle + 4,
            Count::CsatSatisfied => middle + 5,
            Count::Nps => middle + 6,
            Count::NpsPromoters => middle + 7,
            Count::NpsDetractors => middle + 8,
            Count::Ces => middle + 9,
            Count::CesPoints => middle + 10,
            Count::Cohort(stage) => middle + MIDDLE + stage as usize - 1,
        }
    }

    const fn width(self) -> usize {
        HEAD + self.between + MIDDLE + self.between
    }

    const fn previous_width(self) -> usize {
        HEAD + self.between
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

/// The sums of many rows. One cache line holds a count of a row in all its windows, since a fact adds to most of
/// them at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    layout: Layout,
    rows: usize,
    counts: Vec<[i64; WINDOWS]>,
    previous_counts: Vec<[i64; WINDOWS]>,
    sums: Vec<[i128; WINDOWS]>,
    previous_revenue: Vec<[i128; WINDOWS]>,
    responses: Vec<Sketch>,
    cycles: Vec<Sketch>,
    open: Vec<OpenDeals>,
    /// How many existing events name the row.
    named: Vec<u64>,
}

impl Table {
    /// A table without rows for a pipeline with so many stages between `lead` and `won`.
    #[must_use]
    pub fn new(between: usize) -> Table {
        Table {
            layout: Layout { between },
            rows: 0,
            counts: Vec::new(),
            previous_counts: Vec::new(),
            sums: Vec::new(),
            previous_revenue: Vec::new(),
            responses: Vec::new(),
            cycles: Vec::new(),
            open: Vec::new(),
            named: Vec::new(),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many sums are held, each in all windows: rows times what is counted and summed.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.counts.len() + self.sums.len() + self.open.len()
    }

    /// Bytes held.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        let sketches = self.responses.iter().chain(&self.cycles).map(Sketch::heap_bytes).sum::<usize>();
        sketches
            + (self.counts.capacity() + self.previous_counts.capacity()) * size_of::<[i64; WINDOWS]>()
            + (self.sums.capacity() + self.previous_revenue.capacity()) * size_of::<[i128; WINDOWS]>()
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
        self.counts.resize(rows * self.layout.width(), [0; WINDOWS]);
        self.previous_counts.resize(rows * self.layout.previous_width(), [0; WINDOWS]);
        self.sums.resize(rows * SUMS, [0; WINDOWS]);
        self.previous_revenue.resize(rows, [0; WINDOWS]);
        self.responses.resize(rows, Sketch::default());
        self.cycles.resize(rows, Sketch::default());
        self.open.resize(rows * self.stages(), OpenDeals::default());
        self.named.resize(rows, 0);
    }

    /// Open stages: `lead` and those between it and `won`.
    fn stages(&self) -> usize {
        self.layout.between + 1
    }

    /// Adds a windowed fact (`times` = 1) or takes it out (−1). Of a fact in no window nothing is counted.
    pub fn apply(&mut self, row: usize, fact: &Fact, lanes: Lanes, times: i64) {
        if lanes.is_empty() {
            return;
        }
        self.reserve(row);
        let mut count = |what| self.count_in(row, what, lanes, times);
        match fact.kind {
            FactKind::Created { furthest, won, response } => {
                count(Count::Leads);
                (1..=furthest).for_each(|stage| count(Count::Cohort(stage)));
                if won {
                    count(Count::CohortWon);
                }
                if let Some(response) = response {
                    count(Count::Responses);
                    sketch_in(&mut self.responses, row, response, lanes, times);
                }
            }
            FactKind::Reached { from, to } => (from..=to).for_each(|stage| count(Count::Reached(stage))),
            FactKind::Won { revenue, cycle } => {
                count(Count::Won);
                if let Some(cycle) = cycle {
                    count(Count::Cycles);
                    sketch_in(&mut self.cycles, row, cycle, lanes, times);
                    self.sum_in(row, Sum::Cycle, i128::from(cycle), lanes, times);
                }
                self.sum_in(row, Sum::Revenue, i128::from(revenue), lanes, times);
            }
            FactKind::Lost => count(Count::Lost),
            FactKind::Spent(amount) => self.sum_in(row, Sum::Spend, i128::from(amount), lanes, times),
            FactKind::Paid(amount) => self.sum_in(row, Sum::Payments, i128::from(amount), lanes, times),
            FactKind::Refunded(amount) => self.sum_in(row, Sum::Refunds, i128::from(amount), lanes, times),
            FactKind::Answered(score) => self.answer(row, score, lanes, times),
            FactKind::Open { .. } => {}
        }
    }

    fn answer(&mut self, row: usize, score: Score, lanes: Lanes, times: i64) {
        match score {
            Score::Csat { score, scale_max } => {
                self.count_in(row, Count::Csat, lanes, times);
                if score + 1 >= scale_max {
                    self.count_in(row, Count::CsatSatisfied, lanes, times);
                }
            }
            Score::Nps(score) => {
                self.count_in(row, Count::Nps, lanes, times);
                match score {
                    0..=6 => self.count_in(row, Count::NpsDetractors, lanes, times),
                    9.. => self.count_in(row, Count::NpsPromoters, lanes, times),
                    _ => {}
                }
            }
            Score::Ces(score) => {
                self.count_in(row, Count::Ces, lanes, times);
                self.count_in(row, Count::CesPoints, lanes, times * i64::from(score));
            }
        }
    }

    /// Adds a count to a row in the given windows.
    pub fn count_in(&mut self, row: usize, what: Count, lanes: Lanes, times: i64) {
        self.reserve(row);
        let place = self.layout.place(what);
        if let Some(cell) = self.counts.get_mut(row * self.layout.width() + place) {
            lanes.add_current(cell, times);
        }
        if place >= self.layout.previous_width() {
            return;
        }
        if let Some(cell) = self.previous_counts.get_mut(row * self.layout.previous_width() + place) {
            lanes.add_previous(cell, times);
        }
    }

    fn sum_in(&mut self, row: usize, what: Sum, amount: i128, lanes: Lanes, times: i64) {
        let amount = amount * i128::from(times);
        if let Some(cell) = self.sums.get_mut(row * SUMS + what as usize) {
            lanes.add_current(cell, amount);
        }
        if what != Sum::Revenue {
            return;
        }
        if let Some(cell) = self.previous_revenue.get_mut(row) {
            lanes.add_previous(cell, amount);
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
        let cell = self.counts.get(row * self.layout.width() + self.layout.place(what));
        cell.filter(|_| row < self.rows).and_then(|cell| cell.get(window.index())).copied().unwrap_or(0)
    }

    /// A count of a row in the previous window; 0 for counts that have none.
    #[must_use]
    pub fn previous_count(&self, row: usize, what: Count, window: Window) -> i64 {
        let (place, width) = (self.layout.place(what), self.layout.previous_width());
        let cell = self.previous_counts.get(row * width + place);
        cell.filter(|_| place < width && row < self.rows)
            .and_then(|cell| cell.get(window.index()))
            .copied()
            .unwrap_or(0)
    }

    /// A sum of a row in a window.
    #[must_use]
    pub fn sum(&self, row: usize, what: Sum, window: Window) -> i128 {
        let cell = self.sums.get(row * SUMS + what as usize);
        cell.and_then(|cell| cell.get(window.index())).copied().unwrap_or(0)
    }

    /// The revenue of a row in the previous window.
    #[must_use]
    pub fn previous_revenue(&self, row: usize, window: Window) -> i128 {
        self.previous_revenue.get(row).and_then(|cell| cell.get(window.index())).copied().unwrap_or(0)
    }

    /// A quantile of a row's response times in a window, in milliseconds.
    #[must_use]
    pub fn response(&self, row: usize, window: Window, percent: u8) -> Option<u64> {
        self.responses.get(row)?.quantile(window.index(), percent)
    }

    /// A quantile of a row's cycles in a window, in milliseconds.
    #[must_use]
    pub fn cycle(&self, row: usize, window: Window, percent: u8) -> Option<u64> {
        self.cycles.get(row)?.quantile(window.index(), percent)
    }

    /// The open deals of a row at a stage.
    #[must_use]
    pub fn open(&self, row: usize, stage: usize) -> OpenDeals {
        let stages = self.stages();
        let open = self.open.get(row * stages + stage).filter(|_| stage < stages);
        open.copied().unwrap_or_default()
    }

    /// Adds the rows of another table of the same pipeline to the rows that `to` names for them.
    pub fn absorb(&mut self, other: &Table, mut to: impl FnMut(usize) -> Option<usize>) {
        for from in 0..other.rows {
            if let Some(to) = to(from) {
                self.reserve(to);
                self.absorb_row(to, other, from);
            }
        }
    }

    fn absorb_row(&mut self, to: usize, other: &Table, from: usize) {
        let (width, previous, stages) = (self.layout.width(), self.layout.previous_width(), self.stages());
        add_cells(&mut self.counts, &other.counts, to, from, width);
        add_cells(&mut self.previous_counts, &other.previous_counts, to, from, previous);
        add_cells(&mut self.sums, &other.sums, to, from, SUMS);
        add_cells(&mut self.previous_revenue, &other.previous_revenue, to, from, 1);
        if let (Some(own), Some(more)) = (self.responses.get_mut(to), other.responses.get(from)) {
            own.absorb(more);
        }
        if let (Some(own), Some(more)) = (self.cycles.get_mut(to), other.cycles.get(from)) {
            own.absorb(more);
        }
        if let (Some(own), Some(more)) = (self.named.get_mut(to), other.named.get(from)) {
            *own += more;
        }
        let own = self.open.iter_mut().skip(to * stages).take(stages);
        for (own, more) in own.zip(other.open.iter().skip(from * stages)) {
            own.deals += more.deals;
            own.stalled += more.stalled;
            own.amount += more.amount;
            own.weighted += more.weighted;
        }
    }
}

fn sketch_in(sketches: &mut [Sketch], row: usize, value: u64, lanes: Lanes, times: i64) {
    if let Some(sketch) = sketches.get_mut(row) {
        sketch.add(value, lanes, times);
    }
}

fn add_cells<T: Copy + std::ops::AddAssign>(
    own: &mut [[T; WINDOWS]],
    other: &[[T; WINDOWS]],
    to: usize,
    from: usize,
    width: usize,
) {
    let own = own.iter_mut().skip(to * width).take(width);
    for (own, more) in own.zip(other.iter().skip(from * width)) {
        own.iter_mut().zip(more).for_each(|(value, more)| *value += *more);
    }
}
