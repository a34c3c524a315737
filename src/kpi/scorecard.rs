//! The sums of one subject at one instant, and the quotients that several KPIs share.

use crate::engine::board::{CustomerPeriod, Reading, Subject};
use crate::engine::cells::{ClosingDeals, Count, OpenDeals, Row, Sum, Totals};
use crate::kpi::StageOf;
use crate::model::calendar::PeriodKind;
use crate::model::event::Measure;
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
    row: Row<'a>,
    /// Who has a scorecard.
    pub subject: &'a Subject,
}

impl<'a> Scorecard<'a> {
    /// The scorecard of a subject, who has a row in these totals.
    #[must_use]
    pub fn new(reading: &'a Reading, totals: &'a Totals, subject: &'a Subject) -> Scorecard<'a> {
        Scorecard { reading, row: totals.row(subject.row), subject }
    }

    /// A count in a window.
    #[must_use]
    pub fn count(&self, what: Count, window: Window) -> i128 {
        i128::from(self.row.count(what, window))
    }

    /// A count in the previous window.
    #[must_use]
    pub fn previous_count(&self, what: Count, window: Window) -> i128 {
        i128::from(self.row.previous_count(what, window))
    }

    /// All pipelines.
    fn pipelines(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).take(self.reading.courses.len())
    }

    /// What is counted of each pipeline, of all of them in a window.
    #[must_use]
    pub fn count_all(&self, what: fn(u8) -> Count, window: Window) -> i128 {
        self.pipelines().map(|pipeline| self.count(what(pipeline), window)).sum()
    }

    /// Journeys created in the previous window.
    #[must_use]
    pub fn previous_leads(&self, window: Window) -> i128 {
        self.pipelines().map(|pipeline| self.previous_count(Count::Leads(pipeline), window)).sum()
    }

    /// Deals won in the previous window.
    #[must_use]
    pub fn previous_won(&self, window: Window) -> i128 {
        self.pipelines().map(|pipeline| self.previous_count(Count::Won(pipeline), window)).sum()
    }

    /// Journeys that came to a stage in a window; at `lead` those created, at `won` the deals won.
    #[must_use]
    pub fn entries(&self, stage: StageOf, window: Window) -> i128 {
        self.count(self.entry(stage), window)
    }

    /// What counts the entries of a stage.
    #[must_use]
    pub fn entry(&self, stage: StageOf) -> Count {
        let StageOf { pipeline, index } = stage;
        match self.reading.courses.get(pipeline) {
            _ if index == 0 => Count::Leads(pipeline),
            Some(course) if index < course.won => Count::Reached(course.between(index)),
            _ => Count::Won(pipeline),
        }
    }

    /// What counts the journeys of a cohort that have come to a stage.
    #[must_use]
    pub fn cohort(&self, stage: StageOf) -> Count {
        match self.reading.courses.get(stage.pipeline) {
            Some(course) if stage.index < course.won => Count::Cohort(course.between(stage.index)),
            _ => Count::CohortWon(stage.pipeline),
        }
    }

    /// A sum in a window.
    #[must_use]
    pub fn sum(&self, what: Sum, window: Window) -> i128 {
        self.row.sum(what, window)
    }

    /// The revenue of a window, in minor units.
    #[must_use]
    pub fn revenue(&self, window: Window) -> i128 {
        self.pipelines().map(|pipeline| self.sum(Sum::Revenue(pipeline), window)).sum()
    }

    /// The revenue of the previous window, in minor units.
    #[must_use]
    pub fn previous_revenue(&self, window: Window) -> i128 {
        let of = |pipeline| self.row.previous_revenue(pipeline, window);
        self.pipelines().map(of).sum()
    }

    /// The revenue of the window a year before, in minor units.
    #[must_use]
    pub fn year_ago_revenue(&self, window: Window) -> i128 {
        let of = |pipeline| self.row.year_ago_revenue(pipeline, window);
        self.pipelines().map(of).sum()
    }

    /// How many of the last local dates are counted one by one.
    #[must_use]
    pub fn days(&self) -> usize {
        self.row.days()
    }

    /// A count on one of the last local dates.
    #[must_use]
    pub fn day_count(&self, what: Count, day: usize) -> i128 {
        i128::from(self.row.day_count(what, day))
    }

    /// What is counted of each pipeline, of all of them on one of the last local dates.
    #[must_use]
    pub fn day_count_all(&self, what: fn(u8) -> Count, day: usize) -> i128 {
        self.pipelines().map(|pipeline| self.day_count(what(pipeline), day)).sum()
    }

    /// The revenue of one of the last local dates, in minor units.
    #[must_use]
    pub fn day_revenue(&self, day: usize) -> i128 {
        self.pipelines().map(|pipeline| self.row.day_revenue(pipeline, day)).sum()
    }

    /// A quantile of how long deals that left an open stage in a window were there, in seconds.
    #[must_use]
    pub fn stage_time(&self, stage: StageOf, window: Window, percent: u8) -> Option<Value> {
        let course = self.reading.courses.get(stage.pipeline)?;
        self.row.stage_time(course.open(stage.index), window, percent).map(seconds)
    }

    /// How many deals left an open stage in a window.
    #[must_use]
    pub fn stage_times(&self, stage: StageOf, window: Window) -> i128 {
        let course = self.reading.courses.get(stage.pipeline);
        let times = course.map(|course| self.row.stage_times(course.open(stage.index), window));
        times.unwrap_or(0).into()
    }

    /// Deals lost in a window for the reason at a place of the reading; `None` where no deal ever was.
    #[must_use]
    pub fn lost_for(&self, reason: usize, window: Window) -> Option<i128> {
        let own =
            self.row.reasons().filter(|(of, deals)| *deals > 0 && self.reading.reasons.place(*of) == Some(reason));
        own.map(|(of, _)| i128::from(self.row.lost_for(of, window))).reduce(|sum, more| sum + more)
    }

    /// A quantile of response times in seconds.
    #[must_use]
    pub fn response(&self, window: Window, percent: u8) -> Option<Value> {
        self.row.response(window, percent).map(seconds)
    }

    /// A quantile of cycles in seconds.
    #[must_use]
    pub fn cycle(&self, window: Window, percent: u8) -> Option<Value> {
        self.row.cycle(window, percent).map(seconds)
    }

    /// The mean cycle in milliseconds.
    #[must_use]
    pub fn mean_cycle(&self, window: Window) -> Option<f64> {
        ratio(self.sum(Sum::Cycle, window), self.count(Count::Cycles, window))
    }

    /// Won of all that were won or lost.
    #[must_use]
    pub fn win_ratio(&self, window: Window) -> Option<f64> {
        let won = self.count_all(Count::Won, window);
        ratio(won, won + self.count_all(Count::Lost, window))
    }

    /// Revenue per deal, in major units.
    #[must_use]
    pub fn deal_size(&self, window: Window) -> Option<f64> {
        self.per(self.revenue(window), self.count_all(Count::Won, window))
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

    /// An amount of minor units divided by a number of things, in major units.
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
    pub fn open(&self, stage: StageOf) -> OpenDeals {
        let course = self.reading.courses.get(stage.pipeline);
        course.map(|course| self.row.open(course.open(stage.index))).unwrap_or_default()
    }

    /// The open deals at all stages.
    #[must_use]
    pub fn all_open(&self) -> OpenDeals {
        let stages = 0..u16::try_from(self.reading.courses.open()).unwrap_or(u16::MAX);
        stages.map(|stage| self.row.open(stage)).fold(OpenDeals::default(), |sum, more| OpenDeals {
            deals: sum.deals + more.deals,
            stalled: sum.stalled + more.stalled,
            amount: sum.amount + more.amount,
            weighted: sum.weighted + more.weighted,
        })
    }

    /// The open deals that are expected to close.
    #[must_use]
    pub fn closing(&self) -> ClosingDeals {
        self.row.closing()
    }

    /// The amounts and the weighted amounts of the open deals that are expected to close in the present month or quarter,
    /// in minor units.
    #[must_use]
    pub fn closing_in(&self, period: PeriodKind) -> [i128; 2] {
        let [month, quarter] = self.closing().periods;
        if period == PeriodKind::Month { month } else { quarter }
    }

    /// What is to be reached in a present period: minor units or things.
    #[must_use]
    pub fn goal(&self, measure: Measure, period: PeriodKind) -> Option<i128> {
        self.subject.goals.as_ref()?.get(measure as usize)?.get(place(period)).copied().flatten()
    }

    /// What was reached of a measure in a present period to date: minor units or things.
    #[must_use]
    pub fn reached(&self, measure: Measure, period: PeriodKind) -> i128 {
        let window = Window::to_date(period);
        match measure {
            Measure::Revenue => self.revenue(window),
            Measure::Payments => self.sum(Sum::Payments, window),
            Measure::Won => self.count_all(Count::Won, window),
            Measure::Leads => self.count_all(Count::Leads, window),
            Measure::NewCustomers => self.new_customers(window),
        }
    }

    /// A number of what a measure is measured in.
    #[must_use]
    pub fn measured(&self, measure: Measure, number: i128) -> Value {
        if measure.is_money() { Value::Money(number) } else { Value::Count(number) }
    }

    /// The target of the present period, in minor units.
    #[must_use]
    pub fn target(&self, period: PeriodKind) -> Option<i128> {
        self.goal(Measure::Revenue, period)
    }

    /// The revenue of the present period to date, in minor units.
    #[must_use]
    pub fn booked(&self, period: PeriodKind) -> i128 {
        self.reached(Measure::Revenue, period)
    }

    /// Which share of the present period has passed; `None` before any has.
    #[must_use]
    pub fn elapsed(&self, period: PeriodKind) -> Option<f64> {
        self.reading.elapsed.get(place(period)).copied().filter(|share| *share > 0.0)
    }

    /// What was reached of a measure divided by its target (目标达成率).
    #[must_use]
    pub fn attainment(&self, measure: Measure, period: PeriodKind) -> Option<f64> {
        let target = self.goal(measure, period).filter(|target| *target > 0)?;
        ratio(self.reached(measure, period), target)
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
    PeriodKind::OF_TARGETS.iter().position(|kind| *kind == period).unwrap_or(usize::MAX)
}

fn seconds(millis: u64) -> Value {
    Value::Real(float(millis.into()) / 1_000.0)
}
