//! Everything there is in a simulation, and how facts leave it.

use super::agenda::Agenda;
use super::days::Days;
use super::delivery::Delivery;
use super::fact::{Fact, Statement};
use super::ledger::Ledger;
use super::plan::{Broken, Pace, Plan};
use super::random::Random;
use super::rates::Rates;
use super::staff::Staff;
use super::task::Task;

/// Those who bought lately and may buy again: the last so many wins, so that who bought twice is asked twice.
#[derive(Debug)]
pub(super) struct Buyers {
    last: Vec<u64>,
    most: usize,
}

impl Buyers {
    /// Some months' worth of wins.
    pub(super) fn new(journeys_per_week: u64) -> Buyers {
        let most = usize::try_from(journeys_per_week.saturating_mul(2)).unwrap_or(usize::MAX);
        Buyers { last: Vec::new(), most: most.clamp(20, 100_000) }
    }

    /// Somebody bought. When there are too many, somebody else is forgotten.
    pub(super) fn add(&mut self, customer: u64, random: &mut Random) {
        if self.last.len() < self.most {
            return self.last.push(customer);
        }
        let place = usize::try_from(random.below(i64::try_from(self.most).unwrap_or(0))).unwrap_or(0);
        if let Some(entry) = self.last.get_mut(place) {
            *entry = customer;
        }
    }

    /// Somebody who bought.
    pub(super) fn any(&self, random: &mut Random) -> Option<u64> {
        random.any(&self.last).copied()
    }
}

/// The whole simulation but for what becomes of its facts on their way.
#[derive(Debug)]
pub(super) struct World {
    /// What was asked for.
    pub plan: Plan,
    /// How fast life goes.
    pub pace: Pace,
    /// What is broken.
    pub broken: Option<Broken>,
    /// The calendar.
    pub days: Days,
    /// Who sells.
    pub staff: Staff,
    /// Who bought.
    pub buyers: Buyers,
    /// Exchange rates.
    pub rates: Rates,
    /// What is to come.
    pub agenda: Agenda<Task>,
    /// What was.
    pub ledger: Ledger,
    /// When targets were last looked at, by the clock.
    pub reviewed: Option<i64>,
    /// How many journeys are on the agenda or have begun.
    pub begun: u64,
    /// Where facts go.
    pub delivery: Delivery,
}

impl World {
    /// A fact is stated as it happens; answers what the clock shows.
    pub(super) fn state(&mut self, at: i64, id: u128, fact: Fact) -> i64 {
        self.state_of(at, at, id, fact)
    }

    /// A fact is stated that happened before; answers what the clock showed then.
    pub(super) fn state_of(&mut self, at: i64, happened_at: i64, id: u128, fact: Fact) -> i64 {
        let stamp = self.pace.stamp(happened_at);
        self.delivery.send(at, Statement { id, at: stamp, fact });
        stamp
    }

    /// Whether hardly anybody of a person's team reaches a stage any more.
    pub(super) fn is_broken(&self, at: i64, person: Option<u32>, stage: u8) -> bool {
        self.broken.is_some_and(|broken| {
            let team = person.and_then(|person| self.staff.person(person)).map(|person| person.team);
            broken.stage == stage && at >= broken.from && team == Some(broken.team)
        })
    }
}
