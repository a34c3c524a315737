//! A journey begins and moves, and the ledger's books follow.

use super::fact::{Fact, LOST, Move, Share, VOID, WON};
use super::journey::Journey;
use super::ledger::{Booking, Expected, Parts};
use super::world::World;
use crate::model::time::DAY;

impl Journey {
    /// The journey begins with a lead.
    pub(super) fn begin(&mut self, world: &mut World, at: i64) {
        let row = world.staff.row_of(self.person);
        let (journey, line, customer, channel) = (self.number, self.line, self.named_customer(), self.channel);
        let stamp = world.state(at, self.random.id(), Fact::Lead { journey, line, customer, row, channel });
        let booking = (world.days.day(stamp).month, row);
        self.books.created = Some((stamp, booking));
        self.books.row = row;
        self.books.parts = Parts::whole(row, 0);
        world.ledger.create(booking, line, 1);
        world.ledger.stand(row, line, 0, self.books.parts, 1);
    }

    /// The journey moves to a stage.
    pub(super) fn move_to(&mut self, world: &mut World, at: i64, stage: u8) {
        self.move_in_turn(world, at, stage, 0);
    }

    /// The journey moves to a stage, with a turn among the moves of one instant; the books follow.
    pub(super) fn move_in_turn(&mut self, world: &mut World, at: i64, stage: u8, sequence: u8) {
        let row = world.staff.row_of(self.person);
        let share = self.share(world, row);
        let is_open = (1..WON).contains(&stage);
        if is_open {
            // Nobody expects a deal to close before tomorrow.
            self.close_at = self.close_at.max(at + DAY);
        }
        let close_at = is_open.then(|| world.pace.stamp(self.close_at));
        let moved = Move {
            journey: self.number,
            line: self.line,
            stage,
            sequence,
            customer: self.named_customer(),
            row,
            amount: self.amount,
            margin: self.margin,
            close_at,
            share,
            reason: if stage == LOST { self.reason } else { 0 },
            first_contact: self.first_contact.take(),
        };
        self.books.started = self.books.started.or(moved.first_contact.map(|contact| contact.at));
        let stamp = world.state(at, self.random.id(), Fact::Move(moved));
        let month = world.days.day(stamp).month;
        self.take_out(world);
        if stage != VOID && self.stage == VOID {
            self.keep(world, 1);
        }
        if let Some(amount) = self.amount {
            self.books.worth = world.rates.reporting(amount, month);
        }
        self.slip(world, (month, row), close_at);
        self.reach(world, (month, row), if stage == LOST { 0 } else { stage });
        if self.stage != stage {
            self.books.closed = None;
        }
        self.stage = stage;
        self.books.row = row;
        self.books.parts = Parts::shared(row, self.books.worth, share);
        if stage == VOID {
            self.keep(world, -1);
        } else if stage >= WON {
            let (closed_at, booking) = self.books.closed.unwrap_or((stamp, (month, row)));
            self.books.closed = Some((closed_at, booking));
            if share.is_none() {
                self.books.parts = Parts::whole(booking.1, self.books.worth);
            }
            self.close(world, 1);
        } else {
            world.ledger.stand(row, self.line, stage, self.books.parts, 1);
            if let Some(close) = self.books.close {
                world.ledger.expect(self.number, Some(Expected { close, row, parts: self.books.parts }));
            }
        }
    }

    /// With whom the money is shared now. The partner may have changed team, or have become the owner.
    fn share(&self, world: &World, row: u32) -> Option<Share> {
        let (person, permille) = self.partner?;
        let partner = world.staff.row_of(Some(person));
        Some(Share { row: partner, permille: if partner == row { 0 } else { permille } })
    }

    /// Notes when the deal is expected to close, and books it if that is a later month than before.
    fn slip(&mut self, world: &mut World, booking: Booking, close: Option<i64>) {
        let Some(close) = close else { return };
        let before = self.books.close.replace(close);
        if before.is_some_and(|before| world.days.day(before).month < world.days.day(close).month) {
            world.ledger.book(booking, |tally| tally.slips += 1);
        }
    }

    /// Books the stages up to this one that have not been reached before.
    fn reach(&mut self, world: &mut World, booking: Booking, stage: u8) {
        if stage > WON {
            return;
        }
        for (place, known) in (1..=stage.min(self.line.last_open())).zip(&mut self.books.reached) {
            if known.is_none() {
                *known = Some(booking);
                world.ledger.reach(booking, self.line, place, 1);
            }
        }
    }

    /// Takes the present standing out of the books: it is about to change.
    fn take_out(&self, world: &mut World) {
        match self.stage {
            VOID => {}
            WON | LOST => self.close(world, -1),
            stage if self.books.created.is_some() || self.books.reached.iter().any(Option::is_some) => {
                world.ledger.stand(self.books.row, self.line, stage, self.books.parts, -1);
                world.ledger.expect(self.number, None);
            }
            _ => {}
        }
    }

    /// Books that it is won or lost, or that it is not.
    fn close(&self, world: &mut World, by: i64) {
        let Some((closed_at, booking)) = self.books.closed else { return };
        let began = self.books.created.map(|(created_at, _)| created_at).or(self.books.started);
        let (is_won, is_renewal) = (self.stage == WON, self.line.is_renewal());
        world.ledger.book(booking, |tally| {
            if !is_won {
                tally.lost += by;
                tally.renewals.lost += by * i64::from(is_renewal);
                if let Some(count) = tally.reasons.get_mut(usize::from(self.reason)) {
                    *count += by;
                }
                return;
            }
            tally.won += by;
            tally.renewals.won += by * i64::from(is_renewal);
            if let Some(began) = began {
                tally.cycles += by;
                tally.cycle_millis += by * (closed_at - began);
            }
        });
        for (row, worth) in self.books.parts.each() {
            world.ledger.book((booking.0, row), |tally| {
                let worth = by * worth;
                if is_won {
                    tally.revenue += worth;
                    tally.renewals.revenue += worth * i64::from(is_renewal);
                } else {
                    tally.lost_amount += worth;
                }
            });
        }
        if is_won {
            world.ledger.buy(self.customer, by);
        }
    }

    /// Books that it began and what it reached, or that it did not: a void journey has no facts. None slips before.
    fn keep(&self, world: &mut World, by: i64) {
        if let Some((_, booking)) = self.books.created {
            world.ledger.create(booking, self.line, by);
        }
        for (place, booking) in (1..).zip(self.books.reached) {
            if let Some(booking) = booking {
                world.ledger.reach(booking, self.line, place, by);
            }
        }
    }
}
