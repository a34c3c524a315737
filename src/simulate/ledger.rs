//! The simulator's own truths: what it made happen, kept by simple bookkeeping and not by reading its own events.
//!
//! Once a simulation has ended, the gauges of whoever read all its events must say the same, whatever befell the
//! events on their way.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::fact::{Line, REASONS, Share, WON, Whose};
use super::period::Span;
use crate::model::event::Measure;
use crate::model::time::Time;

/// What happened in one line of business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineTally {
    /// Journeys begun.
    pub leads: i64,
    /// Deals won.
    pub won: i64,
    /// Deals lost.
    pub lost: i64,
    /// Amounts of deals won.
    pub revenue: i64,
}

/// What happened in a month to one rep in a team. Money is minor units of the reporting currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Journeys begun.
    pub leads: i64,
    /// Journeys that reached each stage between `lead` and `won`, by line.
    pub reached: [[i64; 4]; 2],
    /// Deals won.
    pub won: i64,
    /// Deals lost.
    pub lost: i64,
    /// Of the deals lost, those for each of [`Ledger::reasons`].
    pub reasons: [i64; REASONS.len()],
    /// Amounts of deals won.
    pub revenue: i64,
    /// Amounts of deals lost.
    pub lost_amount: i64,
    /// How often a deal's expected close moved to a later month.
    pub slips: i64,
    /// Of all this, what were renewals.
    pub renewals: LineTally,
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
            (&mut self.lost_amount, other.lost_amount),
            (&mut self.slips, other.slips),
            (&mut self.renewals.leads, other.renewals.leads),
            (&mut self.renewals.won, other.renewals.won),
            (&mut self.renewals.lost, other.renewals.lost),
            (&mut self.renewals.revenue, other.renewals.revenue),
            (&mut self.cycles, other.cycles),
            (&mut self.cycle_millis, other.cycle_millis),
            (&mut self.spend, other.spend),
            (&mut self.payments, other.payments),
            (&mut self.refunds, other.refunds),
            (&mut self.satisfied, other.satisfied),
        ];
        let reached = self.reached.as_flattened_mut().iter_mut().zip(other.reached.into_iter().flatten());
        let answers = self.answers.iter_mut().zip(other.answers);
        let reasons = self.reasons.iter_mut().zip(other.reasons);
        let lists = reached.chain(answers).chain(reasons);
        pairs.into_iter().chain(lists).for_each(|(sum, more)| *sum += more);
    }

    /// What happened in one line of business.
    #[must_use]
    pub const fn line(&self, line: Line) -> LineTally {
        let (all, renewals) = (self, self.renewals);
        match line {
            Line::Renewal => renewals,
            Line::New => LineTally {
                leads: all.leads - renewals.leads,
                won: all.won - renewals.won,
                lost: all.lost - renewals.lost,
                revenue: all.revenue - renewals.revenue,
            },
        }
    }
}

/// A deal's money, shared between one row and another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts([(u32, i64); 2]);

impl Parts {
    /// All of it of one row.
    pub(super) const fn whole(row: u32, worth: i64) -> Parts {
        Parts([(row, worth), (row, 0)])
    }

    /// The owner's part first. What is cut off goes to whoever loses more by it, of equals to the owner.
    pub(super) fn shared(owner: u32, worth: i64, share: Option<Share>) -> Parts {
        let Some(Share { row, permille }) = share.filter(|share| share.permille > 0) else {
            return Parts::whole(owner, worth);
        };
        let cut = |permille: i64| {
            let product = i128::from(worth) * i128::from(permille);
            (i64::try_from(product / 1_000).unwrap_or(i64::MAX), product % 1_000)
        };
        let permille = i64::from(permille);
        let ((own, own_rest), (other, other_rest)) = (cut(1_000 - permille), cut(permille));
        let left = worth - own - other;
        if own_rest >= other_rest {
            Parts([(owner, own + left), (row, other)])
        } else {
            Parts([(owner, own), (row, other + left)])
        }
    }

    /// Each part that is not nothing.
    pub(super) fn each(self) -> impl Iterator<Item = (u32, i64)> {
        self.0.into_iter().filter(|(_, worth)| *worth != 0)
    }
}

/// An open deal that is expected to close.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// When.
    pub close: i64,
    /// The row it stands in.
    pub row: u32,
    /// Its amount.
    pub parts: Parts,
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
    /// Journeys that are renewals.
    pub renewals: u64,
    /// Deals whose money is shared.
    pub shared: u64,
    /// Stages that were passed through in one instant.
    pub rushed: u64,
    /// Deals given up after nothing had happened for a while.
    pub dropped: u64,
    /// Deals whose expected close slipped.
    pub slipped: u64,
    /// Deals whose expected close was put off because it had passed.
    pub put_off: u64,
    /// Deals that nobody thought of for weeks.
    pub forgotten: u64,
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
    open: HashMap<u32, [[OpenTally; WON as usize]; 2], RandomState>,
    /// The open deals that are expected to close, by journey.
    expected: HashMap<u64, Expected, RandomState>,
    /// How many deals each customer has won and not taken back.
    wins: HashMap<u64, i64, RandomState>,
    targets: BTreeMap<(Whose, Span, Measure), i64>,
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

    /// The open deals of a row at each stage of a line from `lead` to the last before `won`.
    #[must_use]
    pub fn open(&self, row: u32, line: Line) -> [OpenTally; WON as usize] {
        self.open.get(&row).and_then(|lines| lines.get(line as usize)).copied().unwrap_or_default()
    }

    /// The open deals of a row that were expected to close before an instant.
    #[must_use]
    pub fn overdue(&self, row: u32, before: Time) -> OpenTally {
        let mut sum = OpenTally::default();
        for Expected { row: own, parts, .. } in self.expected.values().filter(|deal| deal.close < before.millis()) {
            sum.deals += i64::from(*own == row);
            sum.amount += parts.each().filter(|(part, _)| *part == row).map(|(_, worth)| worth).sum::<i64>();
        }
        sum
    }

    /// Why deals are lost, in the order of [`Tally::reasons`].
    #[must_use]
    pub const fn reasons() -> [&'static str; REASONS.len()] {
        REASONS
    }

    /// How many customers have bought.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.wins.values().filter(|wins| **wins > 0).count()
    }

    /// A row's target for a period.
    #[must_use]
    pub fn target_of_row(&self, row: u32, span: Span, measure: Measure) -> Option<i64> {
        self.targets.get(&(Whose::Row(row), span, measure)).copied()
    }

    /// The target for a period of a team, by its place among [`Simulation::teams`](super::Simulation::teams).
    #[must_use]
    pub fn target_of_team(&self, team: u32, span: Span, measure: Measure) -> Option<i64> {
        self.targets.get(&(Whose::Team(team), span, measure)).copied()
    }

    /// The organisation's target for a period.
    #[must_use]
    pub fn target(&self, span: Span, measure: Measure) -> Option<i64> {
        self.targets.get(&(Whose::Org, span, measure)).copied()
    }

    pub(super) fn book(&mut self, booking: Booking, what: impl FnOnce(&mut Tally)) {
        what(self.months.entry(booking).or_default());
    }

    /// A journey began, or did not after all.
    pub(super) fn create(&mut self, booking: Booking, line: Line, by: i64) {
        self.book(booking, |tally| {
            tally.leads += by;
            tally.renewals.leads += by * i64::from(line.is_renewal());
        });
    }

    /// A journey reached a stage between `lead` and `won`, or did not after all.
    pub(super) fn reach(&mut self, booking: Booking, line: Line, stage: u8, by: i64) {
        self.book(booking, |tally| {
            let stages = tally.reached.get_mut(line as usize);
            if let Some(count) = stages.and_then(|stages| stages.get_mut(usize::from(stage).wrapping_sub(1))) {
                *count += by;
            }
        });
    }

    /// A deal is open at a stage, or no longer.
    pub(super) fn stand(&mut self, row: u32, line: Line, stage: u8, parts: Parts, by: i64) {
        if let Some(open) = self.open_at(row, line, stage) {
            open.deals += by;
        }
        for (row, worth) in parts.each() {
            if let Some(open) = self.open_at(row, line, stage) {
                open.amount += by * worth;
            }
        }
    }

    fn open_at(&mut self, row: u32, line: Line, stage: u8) -> Option<&mut OpenTally> {
        self.open.entry(row).or_default().get_mut(line as usize)?.get_mut(usize::from(stage))
    }

    /// A journey is open and expected to close, or no longer.
    pub(super) fn expect(&mut self, journey: u64, expected: Option<Expected>) {
        match expected {
            Some(expected) => {
                self.expected.insert(journey, expected);
            }
            None => {
                self.expected.remove(&journey);
            }
        }
    }

    /// A customer bought, or did not after all.
    pub(super) fn buy(&mut self, customer: u64, by: i64) {
        *self.wins.entry(customer).or_default() += by;
    }

    pub(super) fn set_target(&mut self, whose: Whose, span: Span, measure: Measure, amount: i64) {
        self.targets.insert((whose, span, measure), amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_goes_to_whoever_loses_more() {
        let parts = |worth, permille| Parts::shared(1, worth, Some(Share { row: 2, permille })).0;
        assert_eq!(parts(100, 500), [(1, 50), (2, 50)]);
        assert_eq!(parts(101, 500), [(1, 51), (2, 50)], "of equals to the owner");
        assert_eq!(parts(10, 333), [(1, 7), (2, 3)]);
        assert_eq!(parts(2, 333), [(1, 1), (2, 1)], "1.334 and 0.666");
        assert_eq!(parts(5, 0), [(1, 5), (1, 0)]);
    }
}
