//! What befalls facts on their way: late, twice, wrong and corrected, taken back, and beyond use.
//!
//! Nothing here changes what is true: whoever applies the event contract to all records has the very same events in
//! the end, however much of this there is.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::fact::{Fact, Move, Statement};
use super::random::{Actor, Random};
use crate::contract::decode::RejectionCode;
use crate::model::time::{DAY, HOUR, MINUTE, SECOND};

/// A journey with this bit was never begun: somebody entered it by mistake.
const MISTAKEN: u64 = 1 << 63;
/// How long records of a good connection are on their way.
const LATENCY: (i64, i64) = (200, 5 * SECOND);

/// What a record says of its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The statement.
    Plain,
    /// That it never happened.
    Retraction,
    /// Nothing that can be used; rejected with this code.
    Unusable(RejectionCode),
}

/// A record on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    /// When it arrives, in the organisation's life.
    pub arrival: i64,
    sent: u64,
    /// What it is about.
    pub statement: Statement,
    /// Its version of it.
    pub version: u64,
    /// What it says.
    pub form: Form,
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Parcel) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Parcel {}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Parcel) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parcel {
    fn cmp(&self, other: &Parcel) -> Ordering {
        (self.arrival, self.sent).cmp(&(other.arrival, other.sent))
    }
}

/// How many records of each kind there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// All records.
    pub records: u64,
    /// Facts that arrived late.
    pub late: u64,
    /// Facts that arrived twice.
    pub repeated: u64,
    /// Facts that were stated wrongly first.
    pub corrected: u64,
    /// Facts that never happened and were taken back.
    pub retracted: u64,
    /// Facts that were taken back by mistake and restored.
    pub restored: u64,
    /// Records beyond use, by the place of their code in [`RejectionCode::ALL`].
    pub rejected: [u64; RejectionCode::ALL.len()],
}

/// The way of records.
#[derive(Debug)]
pub(super) struct Delivery {
    seed: u64,
    /// Of ten thousand facts, those that something befalls.
    disorder: i64,
    /// Of ten thousand facts, those before which a record beyond use arrives.
    bad: i64,
    under_way: BinaryHeap<Reverse<Parcel>>,
    sent: u64,
    next_fault: usize,
    /// What there was.
    pub deliveries: Deliveries,
}

impl Delivery {
    pub(super) fn new(seed: u64, disorder: u32, bad: u32) -> Delivery {
        Delivery {
            seed,
            disorder: i64::from(disorder),
            bad: i64::from(bad),
            under_way: BinaryHeap::new(),
            sent: 0,
            next_fault: 0,
            deliveries: Deliveries::default(),
        }
    }

    /// When the next record arrives.
    pub(super) fn next_arrival(&self) -> Option<i64> {
        self.under_way.peek().map(|Reverse(parcel)| parcel.arrival)
    }

    /// Takes the record that arrives next.
    pub(super) fn take(&mut self) -> Option<Parcel> {
        self.under_way.pop().map(|Reverse(parcel)| parcel)
    }

    /// A fact is stated at `at` and begins its way.
    pub(super) fn send(&mut self, at: i64, statement: Statement) {
        let [low, high] = [statement.id >> 64, statement.id & u128::from(u64::MAX)].map(u64::try_from);
        let number = low.unwrap_or(0) ^ high.unwrap_or(0).rotate_left(1);
        let mut random = Random::of(self.seed, Actor::Delivery, number);
        let arrival = at + random.between(LATENCY.0, LATENCY.1);
        if random.chance(self.bad) {
            self.spoil(at, &statement);
        }
        if random.chance(self.disorder) {
            self.disturb(arrival, statement, &mut random);
        } else {
            self.post(arrival, statement, 0, Form::Plain);
        }
    }

    fn post(&mut self, arrival: i64, statement: Statement, version: u64, form: Form) {
        self.sent += 1;
        self.deliveries.records += 1;
        self.under_way.push(Reverse(Parcel { arrival, sent: self.sent, statement, version, form }));
    }

    fn disturb(&mut self, arrival: i64, statement: Statement, random: &mut Random) {
        let sooner_or_later = |random: &mut Random| arrival + random.between(MINUTE, 3 * DAY);
        match random.weighted(&[38, 30, 18, 10, 4]) {
            0 => {
                self.deliveries.late += 1;
                let late = arrival + random.between(HOUR, 3 * DAY);
                self.post(late, statement, 0, Form::Plain);
            }
            1 => {
                self.deliveries.repeated += 1;
                self.post(arrival, statement, 0, Form::Plain);
                let again = sooner_or_later(random);
                self.post(again, statement, 0, Form::Plain);
            }
            2 => {
                // Wrong first and right later; at times the right one overtakes the wrong one.
                self.deliveries.corrected += 1;
                let (first, second) = (arrival, sooner_or_later(random));
                let (wrong, right) = if random.chance(1_000) { (second, first) } else { (first, second) };
                self.post(wrong, mistake(statement, random), 0, Form::Plain);
                self.post(right, statement, 1, Form::Plain);
            }
            3 => {
                self.deliveries.retracted += 1;
                self.post(arrival, statement, 0, Form::Plain);
                let phantom = phantom(statement, random);
                let (first, second) = (sooner_or_later(random), sooner_or_later(random));
                self.post(first, phantom, 0, Form::Plain);
                self.post(second, phantom, 1, Form::Retraction);
            }
            _ => {
                self.deliveries.restored += 1;
                self.post(arrival, statement, 0, Form::Plain);
                let (first, second) = (sooner_or_later(random), sooner_or_later(random));
                self.post(first, statement, 1, Form::Retraction);
                self.post(second, statement, 2, Form::Plain);
            }
        }
    }

    /// A record beyond use arrives just before the fact. The codes take turns, so that each occurs; a fault that
    /// this fact cannot have waits for the next one.
    fn spoil(&mut self, arrival: i64, statement: &Statement) {
        let place = self.next_fault % RejectionCode::ALL.len();
        let Some(code) = RejectionCode::ALL.get(place).copied() else { return };
        // Large ones come in every eighth turn only: they would be most of the bytes, and of the first lines.
        let turn = self.next_fault / RejectionCode::ALL.len();
        if code == RejectionCode::TooLarge && turn % 8 != 3 {
            self.next_fault += 1;
            return self.spoil(arrival, statement);
        }
        if !can_have(&statement.fact, code) {
            return;
        }
        self.next_fault += 1;
        if let Some(count) = self.deliveries.rejected.get_mut(place) {
            *count += 1;
        }
        self.post(arrival, *statement, 0, Form::Unusable(code));
    }
}

fn can_have(fact: &Fact, code: RejectionCode) -> bool {
    match code {
        RejectionCode::UnknownStage => matches!(fact, Fact::Move(_)),
        RejectionCode::InvalidAmount | RejectionCode::UnknownCurrency => {
            matches!(fact, Fact::Move(Move { amount: Some(_), .. }) | Fact::Spend { .. } | Fact::Payment { .. })
        }
        // A target is never in the future: its period says when it holds.
        RejectionCode::InFuture => !matches!(fact, Fact::Target { .. }),
        _ => true,
    }
}

/// The same event, wrong in something.
fn mistake(mut statement: Statement, random: &mut Random) -> Statement {
    statement.at -= random.between(MINUTE, DAY);
    match &mut statement.fact {
        Fact::Lead { channel, .. } => *channel = None,
        Fact::Move(Move { amount: Some(amount), .. }) | Fact::Payment { amount, .. } | Fact::Spend { amount, .. } => {
            // A point left out.
            amount.minor *= 10;
        }
        Fact::Move(Move { row, .. }) => *row = super::staff::NOBODY,
        Fact::Feedback { score, .. } => *score = 1,
        Fact::Target { amount, .. } => *amount *= 10,
        Fact::Rep { active, .. } => *active = !*active,
    }
    statement
}

/// An event like this one that never happened.
fn phantom(mut statement: Statement, random: &mut Random) -> Statement {
    statement.id = random.id();
    if let Fact::Lead { journey, .. } = &mut statement.fact {
        *journey |= MISTAKEN;
    }
    mistake(statement, random)
}
