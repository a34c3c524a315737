//! After the sale: customers pay in instalments, get some of it back, and say how they liked it.

use super::fact::{Fact, Sum};
use super::figures::odds;
use super::journey::Journey;
use super::random::Random;
use super::task::{Bill, Instalment, Question, Survey, Task};
use super::world::World;
use crate::model::time::{DAY, HOUR};

/// How a bill is paid: in full; half and half; and the usual 30 % down, 60 % on delivery, 10 % when the warranty ends.
const IN_FULL: [Instalment; 1] = [(1_000, 5, 45)];
const IN_HALVES: [Instalment; 2] = [(500, 1, 10), (500, 20, 60)];
const BY_DELIVERY: [Instalment; 3] = [(300, 1, 7), (600, 30, 60), (100, 90, 150)];

/// Shares of the scores, from the lowest on: assumed, around the figures usual for business customers.
const CSAT: [i64; 5] = [4, 5, 13, 40, 38];
const NPS: [i64; 11] = [2, 1, 1, 2, 2, 5, 7, 12, 20, 24, 24];
const CES: [i64; 7] = [3, 4, 7, 12, 22, 30, 22];

/// Sends the bill of a won deal.
pub(super) fn settle(world: &mut World, at: i64, journey: &mut Journey) {
    let Some(amount) = journey.amount else { return };
    let plan: &[Instalment] = match journey.random.weighted(&[50, 15, 35]) {
        0 => &IN_FULL,
        1 => &IN_HALVES,
        _ => &BY_DELIVERY,
    };
    let (random, person) = (journey.random.child(), journey.person);
    let bill = Bill { random, journey: journey.number, customer: journey.customer, person, amount, plan, next: 0 };
    expect(world, at, bill);
}

/// Notes the next instalment, or that money goes back.
fn expect(world: &mut World, at: i64, mut bill: Bill) {
    let (from, to) = match bill.plan.get(bill.next) {
        Some((_, from, to)) => (*from, *to),
        None if bill.next == bill.plan.len() && bill.random.chance(odds::REFUND) => (5, 40),
        None => return,
    };
    let due = at + bill.random.between(from * DAY, to * DAY);
    let due = world.days.working(due, &mut bill.random).max(at + HOUR);
    world.agenda.add(due, Task::Bill(bill));
}

/// An instalment comes in, or money goes back.
pub(super) fn pay(world: &mut World, at: i64, mut bill: Bill) {
    let instalment = bill.plan.get(bill.next).copied();
    let permille = instalment.map_or_else(|| bill.random.between(100, 1_001), |(permille, ..)| permille);
    let amount = Sum { minor: (bill.amount.minor * permille / 1_000).max(1), ..bill.amount };
    let row = world.staff.row_of(bill.person);
    let refund = instalment.is_none();
    let fact = Fact::Payment { refund, amount, journey: bill.journey, customer: bill.customer, row };
    let stamp = world.state(at, bill.random.id(), fact);
    let month = world.days.day(stamp).month;
    let worth = world.rates.reporting(amount, month);
    world.ledger.book((month, row), |tally| if refund { tally.refunds += worth } else { tally.payments += worth });
    bill.next += 1;
    expect(world, at, bill);
}

/// Some of those who bought answer how satisfied they are, and whether they would recommend us.
pub(super) fn ask(world: &mut World, at: i64, journey: &mut Journey) {
    if journey.random.chance(4_500) {
        send(world, at, journey, Question::Csat, (2, 12));
    }
    if journey.random.chance(3_000) {
        send(world, at, journey, Question::Nps, (20, 45));
    }
}

/// Some of those who were contacted answer how easy it was.
pub(super) fn ask_about_effort(world: &mut World, at: i64, journey: &mut Journey) {
    if journey.random.chance(800) {
        send(world, at, journey, Question::Ces, (1, 4));
    }
}

fn send(world: &mut World, at: i64, journey: &mut Journey, question: Question, (from, to): (i64, i64)) {
    let due = at + journey.random.between(from * DAY, to * DAY);
    // What else befalls the journey must not roll the same as the answer.
    let random = journey.random.child();
    let survey =
        Survey { random, question, journey: journey.number, customer: journey.customer, person: journey.person };
    world.agenda.add(due, Task::Survey(survey));
}

/// A customer answers.
pub(super) fn answer(world: &mut World, at: i64, mut survey: Survey) {
    let random = &mut survey.random;
    let roll = |random: &mut Random, weights: &[i64]| i64::try_from(random.weighted(weights)).unwrap_or(0);
    let (name, kind, score, scale_max) = match survey.question {
        Question::Csat => match (roll(random, &CSAT) + 1, random.chance(1_500)) {
            // Some ask on a scale of ten.
            (score, true) => ("csat", 0, score * 2 - random.below(2), Some(10)),
            (score, false) => ("csat", 0, score, None),
        },
        Question::Nps => ("nps", 1, roll(random, &NPS), None),
        Question::Ces => ("ces", 2, roll(random, &CES) + 1, None),
    };
    let id = random.id();
    let row = world.staff.row_of(survey.person);
    let Survey { journey, customer, .. } = survey;
    let stamp = world.state(at, id, Fact::Feedback { survey: name, score, scale_max, journey, customer, row });
    let booking = (world.days.day(stamp).month, row);
    world.ledger.book(booking, |tally| {
        if let Some(answers) = tally.answers.get_mut(kind) {
            *answers += 1;
        }
        tally.satisfied += i64::from(kind == 0 && score >= scale_max.unwrap_or(5) - 1);
    });
}
