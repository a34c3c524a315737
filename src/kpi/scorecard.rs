//! The sums of one subject at one instant, and the quotients that several KPIs share.

use crate::engine::board::{CustomerPeriod, Reading, Subject};
use crate::engine::cells::{Count, OpenDeals, Sum, Table};
use crate::model::calendar::PeriodKind;
use crate::model::value::{Value, float, ratio};
use crate::model::window::Window;

/// The surveys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survey {
    /// Customer satisfaction.
    Csat,
    /// Net promoter score.
    Nps,
    /// Customer effort score.
    Ces,
}

impl Survey {
    /// All three.
    pub const ALL: [Survey; 3] = [Survey::Csat, Survey::Nps, Survey::Ces];

    /// The word in the label `survey`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Survey::Csat => "csat",
            Survey::Nps => "nps",
            Survey::Ces => "ces",
        }
    }
}

/// What formulas see: one subject at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Scorecard<'a> {
    reading: &'a Reading,
    table: &'a Table,
    /// Who is told about.
    pub subject: &'a Subject,
}

impl<'a> Scorecard<'a> {
    /// The scorecard of a subject whose sums are in `table`.
    #[must_use]
    pub fn new(reading: &'a Reading, table: &'a Table, subject: &'a Subject) -> Scorecard<'a> {
        Scorecard { reading, table, subject }
    }

    /// A count in a window.
    #[must_use]
    pub fn count(&self, what: Count, window: Window) -> i128 {
        i128::from(self.table.count(self.subject.row, what, window))
    }

    /// A count in the previous window.
    #[must_use]
    pub fn previous_count(&self, what: Count, window: Window) -> i128 {
        i128::from(self.table.previous_count(self.subject.row, what, window))
    }

    /// Journeys that came to a stage after `lead` in a window; at `won` the deals won.
    #[must_use]
    pub fn entries(&self, stage: u8, window: Window) -> i128 {
        self.count(self.entry(stage), window)
    }

    /// What counts the entries of a stage.
    #[must_use]
    pub fn entry(&self, stage: u8) -> Count {
        match stage {
            0 => Count::Leads,
            stage if stage == self.reading.rules.pipeline.won() => Count::Won,
            stage => Count::Reached(stage),
        }
    }

    /// What counts the journeys of a cohort that have come to a stage.
    #[must_use]
    pub fn cohort(&self, stage: u8) -> Count {
        if stage == self.reading.rules.pipeline.won() { Count::CohortWon } else { Count::Cohort(stage) }
    }

    /// A sum in a window.
    #[must_use]
    pub fn sum(&self, what: Sum, window: Window) -> i128 {
        self.table.sum(self.subject.row, what, window)
    }

    /// The revenue of the previous window, in minor units.
    #[must_use]
    pub fn previous_revenue(&self, window: Window) -> i128 {
        self.table.previous_revenue(self.subject.row, window)
    }

    /// A quantile of response times in seconds.
    #[must_use]
    pub fn response(&self, window: Window, percent: u8) -> Option<Value> {
        self.table.response(self.subject.row, window, percent).map(seconds)
    }

    /// A quantile of cycles in seconds.
    #[must_use]
    pub fn cycle(&self, window: Window, percent: u8) -> Option<Value> {
        self.table.cycle(self.subject.row, window, percent).map(seconds)
    }

    /// The mean cycle in milliseconds.
    #[must_use]
    pub fn mean_cycle(&self, window: Window) -> Option<f64> {
        ratio(self.sum(Sum::Cycle, window), self.count(Count::Cycles, window))
    }

    /// Won of all that were won or lost.
    #[must_use]
    pub fn win_ratio(&self, window: Window) -> Option<f64> {
        let won = self.count(Count::Won, window);
        ratio(won, won + self.count(Count::Lost, window))
    }

    /// Revenue by deal, in major units.
    #[must_use]
    pub fn deal_size(&self, window: Window) -> Option<f64> {
        self.per(self.sum(Sum::Revenue, window), self.count(Count::Won, window))
    }

    /// New customers in a window.
    #[must_use]
    pub fn new_customers(&self, window: Window) -> i128 {
        self.subject.new_customers.get(window.index()).copied().unwrap_or(0).into()
    }

    /// Customer acquisition cost (获客成本), in major units.
    #[must_use]
    pub fn cac(&self, window: Window) -> Option<f64> {
        self.per(self.sum(Sum::Spend, window), self.new_customers(window))
    }

    /// An amount of minor units by a number of things, in major units.
    #[must_use]
    pub fn per(&self, minor: i128, number: i128) -> Option<f64> {
        ratio(minor, number * i128::from(self.reading.rules.reporting_currency().minor_per_major()))
    }

    /// An amount of minor units in major units.
    #[must_use]
    pub fn major(&self, minor: f64) -> f64 {
        minor / float(i128::from(self.reading.rules.reporting_currency().minor_per_major()))
    }

    /// The open deals at a stage.
    #[must_use]
    pub fn open(&self, stage: u8) -> OpenDeals {
        self.table.open(self.subject.row, usize::from(stage))
    }

    /// The open deals at all stages.
    #[must_use]
    pub fn all_open(&self) -> OpenDeals {
        (0..self.reading.rules.pipeline.won()).map(|stage| self.open(stage)).fold(OpenDeals::default(), |sum, more| {
            OpenDeals {
                deals: sum.deals + more.deals,
                stalled: sum.stalled + more.stalled,
                amount: sum.amount + more.amount,
                weighted: sum.weighted + more.weighted,
            }
        })
    }

    /// The target of the present period, in minor units.
    #[must_use]
    pub fn target(&self, period: PeriodKind) -> Option<i128> {
        self.subject.targets.get(place(period)).copied().flatten().map(i128::from)
    }

    /// The revenue of the present period to date, in minor units.
    #[must_use]
    pub fn booked(&self, period: PeriodKind) -> i128 {
        self.sum(Sum::Revenue, Window::to_date(period))
    }

    /// Which share of the present period has passed; `None` before any has.
    #[must_use]
    pub fn elapsed(&self, period: PeriodKind) -> Option<f64> {
        self.reading.elapsed.get(place(period)).copied().filter(|share| *share > 0.0)
    }

    /// Booked revenue by target (目标达成率).
    #[must_use]
    pub fn attainment(&self, period: PeriodKind) -> Option<f64> {
        let target = self.target(period).filter(|target| *target > 0)?;
        ratio(self.booked(period), target)
    }

    /// Customers active in a period.
    #[must_use]
    pub fn active(&self, period: CustomerPeriod) -> i128 {
        self.subject.customers.active.get(period as usize).copied().unwrap_or(0).into()
    }

    /// Retained customers of those active in the period before the last (留存率).
    #[must_use]
    pub fn retention(&self) -> Option<f64> {
        ratio(self.subject.customers.retained.into(), self.active(CustomerPeriod::Before))
    }

    /// Months in a customer period.
    #[must_use]
    pub fn customer_period_months(&self) -> i128 {
        self.reading.rules.customer_period.months().into()
    }
}

fn place(period: PeriodKind) -> usize {
    PeriodKind::OF_CUSTOMERS.iter().position(|kind| *kind == period).unwrap_or(0)
}

fn seconds(millis: u64) -> Value {
    Value::Real(float(millis.into()) / 1_000.0)
}
