//! The simulator's own truths: what it made happen, kept by simple bookkeeping and not by reading its own events.
//!
//! Once a simulation has ended, the gauges of whoever read all its events must say the same, whatever befell the
//! events on their way.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::fact::{WON, Whose};

/// What happened in a month to one rep in a team. Money is minor units of the reporting currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Journeys begun.
    pub leads: i64,
    /// Journeys that reached each stage between `lead` and `won`.
    pub reached: [i64; 4],
    /// Deals won.
    pub won: i64,
    /// Deals lost.
    pub lost: i64,
    /// Amounts of deals won.
    pub revenue: i64,
    /// Deals won whose beginning is known.
    pub cycles: i64,
    /// Milliseconds from begun to won.
    pub cycle_millis: i64,
    /// Money spent.
    pub spend: i64,
    /// Money received.
    pub payments: i64,
    /// Money given back.
    pub refunds: i64,
    /// Answers to csat, nps and ces.
    pub answers: [i64; 3],
    /// Answers to csat of the best or second best score.
    pub satisfied: i64,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: &Tally) {
        let pairs = [
            (&mut self.leads, other.leads),
            (&mut self.won, other.won),
            (&mut self.lost, other.lost),
            (&mut self.revenue, other.revenue),
            (&mut self.cycles, other.cycles),
            (&mut self.cycle_millis, other.cycle_millis),
            (&mut self.spend, other.spend),
            (&mut self.payments, other.payments),
            (&mut self.refunds, other.refunds),
            (&mut self.satisfied, other.satisfied),
        ];
        let reached = self.reached.iter_mut().zip(other.reached);
        let answers = self.answers.iter_mut().zip(other.answers);
        pairs.into_iter().chain(reached).chain(answers).for_each(|(sum, more)| *sum += more);
    }
}

/// Deals that are open at a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenTally {
    /// How many.
    pub deals: i64,
    /// Their amounts, in minor units of the reporting currency.
    pub amount: i64,
}

/// How often each thing happened that makes a simulation like life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stories {
    /// Journeys begun, those without a lead included.
    pub journeys: u64,
    /// Journeys that began without a lead.
    pub walk_ins: u64,
    /// Journeys of customers who had bought before.
    pub repeat: u64,
    /// Deals whose expected close slipped.
    pub slipped: u64,
    /// Steps before which a deal stalled.
    pub stalled: u64,
    /// Deals that fell back a stage.
    pub stepped_back: u64,
    /// Deals handed to a colleague.
    pub handed_over: u64,
    /// Won or lost deals that were opened again.
    pub reopened: u64,
    /// Won deals whose amount was amended.
    pub amended: u64,
    /// Journeys voided.
    pub voided: u64,
    /// Voided journeys that were revived.
    pub revived: u64,
    /// People who joined, left or changed team.
    pub moved_people: u64,
}

/// Where something was booked: a month counted from year 0, and a row.
pub(super) type Booking = (i32, u32);

/// All truths. Rows are reps in teams; [`Simulation::subject`](super::Simulation::subject) names them.
#[derive(Debug, Default)]
pub struct Ledger {
    months: HashMap<Booking, Tally, RandomState>,
    open: HashMap<u32, [OpenTally; WON as usize], RandomState>,
    /// How many deals each customer has won and not taken back.
    wins: HashMap<u64, i64, RandomState>,
    targets: BTreeMap<(Whose, i32, i32), i64>,
    /// What happened how often.
    pub stories: Stories,
}

impl Ledger {
    /// What was booked on a row in the months from `first` to `last`, counted from year 0.
    #[must_use]
    pub fn tally(&self, row: u32, first: i32, last: i32) -> Tally {
        let mut sum = Tally::default();
        for month in first..=last {
            if let Some(tally) = self.months.get(&(month, row)) {
                sum.add(tally);
            }
        }
        sum
    }

    /// What was booked on all rows in all months.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut sum = Tally::default();
        self.months.values().for_each(|tally| sum.add(tally));
        sum
    }

    /// The open deals of a row at each stage from `lead` to the last before `won`.
    #[must_use]
    pub fn open(&self, row: u32) -> [OpenTally; WON as usize] {
        self.open.get(&row).copied().unwrap_or_default()
    }

    /// How many customers have bought.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.wins.values().filter(|wins| **wins > 0).count()
    }

    /// A row's target for so many months from a first one.
    #[must_use]
    pub fn target_of_row(&self, row: u32, month: i32, months: i32) -> Option<i64> {
        self.targets.get(&(Whose::Row(row), month, months)).copied()
    }

    /// The organisation's target for so many months from a first one.
    #[must_use]
    pub fn target(&self, month: i32, months: i32) -> Option<i64> {
        self.targets.get(&(Whose::Org, month, months)).copied()
    }

    pub(super) fn book(&mut self, booking: Booking, what: impl FnOnce(&mut Tally)) {
        what(self.months.entry(booking).or_default());
    }

    /// A journey reached a stage between `lead` and `won`, or did not after all.
    pub(super) fn reach(&mut self, booking: Booking, stage: u8, by: i64) {
        self.book(booking, |tally| {
            if let Some(count) = tally.reached.get_mut(usize::from(stage).wrapping_sub(1)) {
                *count += by;
            }
        });
    }

    /// A deal of this amount is open at a stage, or no longer.
    pub(super) fn stand(&mut self, row: u32, stage: u8, amount: i64, by: i64) {
        if let Some(open) = self.open.entry(row).or_default().get_mut(usize::from(stage)) {
            open.deals += by;
            open.amount += by * amount;
        }
    }

    /// A customer bought, or did not after all.
    pub(super) fn buy(&mut self, customer: u64, by: i64) {
        *self.wins.entry(customer).or_default() += by;
    }

    pub(super) fn set_target(&mut self, whose: Whose, month: i32, months: i32, amount: i64) {
        self.targets.insert((whose, month, months), amount);
    }
}
