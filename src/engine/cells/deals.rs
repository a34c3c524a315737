//! The deals that are open now.

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

/// The open deals of a row that are expected to close at some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosingDeals {
    /// How many should have closed by now.
    pub overdue: i64,
    /// The sum of their amounts.
    pub overdue_amount: i128,
    /// By the period in which they are expected to close, the month and the quarter that hold now: the sums of their
    /// amounts and of their weighted amounts.
    pub periods: [[i128; 2]; 2],
}

impl ClosingDeals {
    /// Adds what others count for.
    pub fn add(&mut self, other: &ClosingDeals) {
        self.overdue += other.overdue;
        self.overdue_amount += other.overdue_amount;
        for (own, more) in self.periods.iter_mut().flatten().zip(other.periods.iter().flatten()) {
            *own += more;
        }
    }
}
