//! One journey: what it is, and where the ledger keeps it.

use super::fact::{FirstContact, Line, Sum};
use super::ledger::{Booking, Parts};
use super::random::{Actor, Random};

/// What happens to a journey next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It begins.
    Begin,
    /// It comes to the next stage, or does not.
    Advance,
    /// Its expected close slips.
    Slip,
    /// Its expected close has passed, and somebody puts it off; what was to happen next still is.
    PutOff,
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
    /// It is given up at last.
    Drop,
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
    /// New business, or a renewal.
    pub line: Line,
    /// Who buys.
    pub customer: u64,
    /// Whether events name the customer already.
    pub is_customer_known: bool,
    /// Who sells.
    pub person: Option<u32>,
    /// With whom the deal's money is shared, and how much of it in permille.
    pub partner: Option<(u32, u16)>,
    /// Where it came from; `None` where that is not known.
    pub channel: Option<usize>,
    /// The first contact, where no lead has it.
    pub first_contact: Option<FirstContact>,
    /// How long it would take from lead to won.
    pub tempo: i64,
    /// Where it stands: 0 is `lead`, then the stages to won, lost and void.
    pub stage: u8,
    /// Where it stood before it was voided.
    pub before_void: u8,
    /// The amount, once there is an offer.
    pub amount: Option<Sum>,
    /// The expected gross profit, once it is given.
    pub margin: Option<i64>,
    /// When it is expected to close.
    pub close_at: i64,
    /// How often that was put off because it had passed, and what happens after the next time.
    pub put_offs: u8,
    pub after: Option<(i64, Next)>,
    /// Why it is lost.
    pub reason: u8,
    /// What the ledger keeps of it.
    pub books: Books,
}

/// Where the ledger keeps a journey.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Books {
    /// When it began, and where that is booked.
    pub created: Option<(i64, Booking)>,
    /// The first contact of one without a lead.
    pub started: Option<i64>,
    /// Where each reached stage is booked.
    pub reached: [Option<Booking>; 4],
    /// Where its win or loss is booked, and when that was.
    pub closed: Option<(i64, Booking)>,
    /// The row it stands in while it is open.
    pub row: u32,
    /// Its amount in minor units of the reporting currency.
    pub worth: i64,
    /// Its amount, shared.
    pub parts: Parts,
    /// When it is expected to close.
    pub close: Option<i64>,
}

impl Journey {
    /// A journey that has not begun.
    pub(super) fn new(seed: u64, number: u64) -> Journey {
        Journey {
            number,
            random: Random::of(seed, Actor::Journey, number),
            next: Next::Begin,
            line: Line::New,
            customer: 0,
            is_customer_known: true,
            person: None,
            partner: None,
            channel: None,
            first_contact: None,
            tempo: 0,
            stage: 0,
            before_void: 0,
            amount: None,
            margin: None,
            close_at: 0,
            put_offs: 0,
            after: None,
            reason: 0,
            books: Books::default(),
        }
    }

    /// Who events name as the customer.
    pub(super) fn named_customer(&self) -> Option<u64> {
        self.is_customer_known.then_some(self.customer)
    }
}
