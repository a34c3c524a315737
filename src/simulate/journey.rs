//! One journey: what it is, and how the ledger keeps it.

use super::fact::{Fact, LOST, Sum, VOID, WON};
use super::ledger::Booking;
use super::random::{Actor, Random};
use super::world::World;
use crate::model::time::DAY;

/// What happens to a journey next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It begins.
    Begin,
    /// It comes to the next stage, or does not.
    Advance,
    /// Its expected close slips.
    Slip,
    /// It falls back a stage.
    StepBack,
    /// It is voided.
    Void,
    /// It is revived.
    Revive,
    /// It is opened again.
    Reopen,
    /// Its amount is amended after the win.
    Amend,
}

/// A journey that still has something before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journey {
    /// Its number, from which its id is made.
    pub number: u64,
    /// Its die.
    pub random: Random,
    /// What happens next.
    pub next: Next,
    /// Who buys.
    pub customer: u64,
    /// Whether events name the customer already.
    pub is_customer_known: bool,
    /// Who sells.
    pub person: Option<u32>,
    /// Where it came from; `None` where that is not known, or it has no lead.
    pub channel: Option<usize>,
    /// How long it would take from lead to won.
    pub tempo: i64,
    /// Where it stands: 0 is `lead`, then the stages to won, lost and void.
    pub stage: u8,
    /// Where it stood before it was voided.
    pub before_void: u8,
    /// The amount, once there is an offer.
    pub amount: Option<Sum>,
    /// The expected gross profit, once it is known.
    pub margin: Option<i64>,
    /// When it is expected to close.
    pub close_at: i64,
    /// What the ledger keeps of it.
    pub books: Books,
}

/// Where the ledger keeps a journey.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Books {
    /// When it began, and where that is booked.
    pub created: Option<(i64, Booking)>,
    /// Where each reached stage is booked.
    pub reached: [Option<Booking>; 4],
    /// Where its win or loss is booked, and when that was.
    pub closed: Option<(i64, Booking)>,
    /// The row it stands in while it is open.
    pub row: u32,
    /// Its amount in minor units of the reporting currency.
    pub worth: i64,
}

impl Journey {
    /// A journey that has not begun.
    pub(super) fn new(seed: u64, number: u64) -> Journey {
        Journey {
            number,
            random: Random::of(seed, Actor::Journey, number),
            next: Next::Begin,
            customer: 0,
            is_customer_known: true,
            person: None,
            channel: None,
            tempo: 0,
            stage: 0,
            before_void: 0,
            amount: None,
            margin: None,
            close_at: 0,
            books: Books::default(),
        }
    }

    /// Who events name as the customer.
    pub(super) fn named_customer(&self) -> Option<u64> {
        self.is_customer_known.then_some(self.customer)
    }

    /// The journey begins with a lead.
    pub(super) fn begin(&mut self, world: &mut World, at: i64) {
        let row = world.staff.row_of(self.person);
        let fact = Fact::Lead { journey: self.number, customer: self.named_customer(), row, channel: self.channel };
        let stamp = world.state(at, self.random.id(), fact);
        let booking = (world.days.day(stamp).month, row);
        self.books.created = Some((stamp, booking));
        self.books.row = row;
        world.ledger.book(booking, |tally| tally.leads += 1);
        world.ledger.stand(row, 0, 0, 1);
    }

    /// The journey moves to a stage, and the books follow.
    pub(super) fn move_to(&mut self, world: &mut World, at: i64, stage: u8) {
        let row = world.staff.row_of(self.person);
        let fact = Fact::Move {
            journey: self.number,
            stage,
            customer: self.named_customer(),
            row,
            amount: self.amount,
            margin: self.margin,
            // Nobody expects a deal to close before tomorrow.
            close_at: (1..WON).contains(&stage).then(|| world.pace.stamp(self.close_at.max(at + DAY))),
        };
        let stamp = world.state(at, self.random.id(), fact);
        let month = world.days.day(stamp).month;
        self.take_out(world);
        if stage != VOID && self.stage == VOID {
            self.keep(world, 1);
        }
        if let Some(amount) = self.amount {
            self.books.worth = world.rates.reporting(amount, month);
        }
        self.reach(world, (month, row), if stage == LOST { 0 } else { stage });
        if self.stage != stage {
            self.books.closed = None;
        }
        self.stage = stage;
        self.books.row = row;
        if stage == VOID {
            self.keep(world, -1);
        } else if stage >= WON {
            self.books.closed = self.books.closed.or(Some((stamp, (month, row))));
            self.close(world, 1);
        } else {
            world.ledger.stand(row, stage, self.books.worth, 1);
        }
    }

    /// Books the stages up to this one that have not been reached before.
    fn reach(&mut self, world: &mut World, booking: Booking, stage: u8) {
        if stage > WON {
            return;
        }
        for (place, known) in (1..=stage).zip(&mut self.books.reached) {
            if known.is_none() {
                *known = Some(booking);
                world.ledger.reach(booking, place, 1);
            }
        }
    }

    /// Takes the present state out of the books: it is about to change.
    fn take_out(&self, world: &mut World) {
        match self.stage {
            VOID => {}
            WON | LOST => self.close(world, -1),
            stage if self.books.created.is_some() || self.books.reached.iter().any(Option::is_some) => {
                world.ledger.stand(self.books.row, stage, self.books.worth, -1);
            }
            _ => {}
        }
    }

    /// Books that it is won or lost, or that it is not.
    fn close(&self, world: &mut World, by: i64) {
        let Some((closed_at, booking)) = self.books.closed else { return };
        let cycle = self.books.created.map(|(created_at, _)| closed_at - created_at);
        let is_won = self.stage == WON;
        let worth = self.books.worth;
        world.ledger.book(booking, |tally| {
            if !is_won {
                tally.lost += by;
                return;
            }
            tally.won += by;
            tally.revenue += by * worth;
            if let Some(cycle) = cycle {
                tally.cycles += by;
                tally.cycle_millis += by * cycle;
            }
        });
        if is_won {
            world.ledger.buy(self.customer, by);
        }
    }

    /// Books that it began and what it reached, or that it did not: a void journey has no facts.
    fn keep(&self, world: &mut World, by: i64) {
        if let Some((_, booking)) = self.books.created {
            world.ledger.book(booking, |tally| tally.leads += by);
        }
        for (place, booking) in (1..).zip(self.books.reached) {
            if let Some(booking) = booking {
                world.ledger.reach(booking, place, by);
            }
        }
    }
}
