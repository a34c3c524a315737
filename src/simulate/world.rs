//! Everything there is in a simulation, and how facts leave it.

use super::Plan;
use super::agenda::{Agenda, Task};
use super::days::Days;
use super::delivery::Delivery;
use super::fact::{Fact, Statement};
use super::figures::{HOURS, WEEKDAYS};
use super::journey::Journey;
use super::ledger::Ledger;
use super::random::{Actor, Random};
use super::rates::Rates;
use super::staff::Staff;
use super::{after_sale, course, people, spending};
use crate::model::time::{DAY, HOUR};

/// From when on life goes so many times faster than its clock: instants after `from` are stamped closer together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// From this instant on.
    pub from: i64,
    /// So many times.
    pub times: i64,
}

impl Pace {
    /// What the clock shows at an instant of the organisation's life.
    pub(super) fn stamp(self, at: i64) -> i64 {
        if at <= self.from { at } else { self.from + (at - self.from) / self.times }
    }

    /// The first instant of life at which the clock shows this.
    pub(super) fn unstamp(self, stamp: i64) -> i64 {
        if stamp <= self.from {
            stamp
        } else {
            self.from.saturating_add((stamp - self.from).saturating_mul(self.times))
        }
    }
}

/// The stage of a team that hardly anybody reaches any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    /// The team.
    pub team: u32,
    /// The stage.
    pub stage: u8,
    /// From this instant on.
    pub from: i64,
}

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
    pub agenda: Agenda,
    /// What was.
    pub ledger: Ledger,
    /// How many journeys are on the agenda or have begun.
    pub begun: u64,
    /// Where facts go.
    pub delivery: Delivery,
}

impl World {
    /// Notes everything with which a simulation begins.
    pub(super) fn open(&mut self) {
        let start = self.plan.start.millis();
        let day = self.days.day(start);
        people::introduce(self, start);
        people::set_targets(self, start, day.month, true);
        self.agenda.add(start, Task::Hour);
        // The first evening, and the first Friday evening, that are still to come.
        let evening = if start < day.midnight + 17 * HOUR { day } else { self.days.day(day.end) };
        self.agenda.add(evening.midnight + 22 * HOUR, Task::Spend);
        let until_friday = i64::try_from((11 - evening.weekday) % 7).unwrap_or(0);
        self.agenda.add(evening.midnight + until_friday * DAY + 18 * HOUR, Task::Week);
    }

    /// Does what is due next.
    pub(super) fn act(&mut self) {
        match self.agenda.take() {
            Some((at, Task::Hour)) => self.begin_hour(at),
            Some((at, Task::Journey(journey))) => course::step(self, at, journey),
            Some((at, Task::Bill(bill))) => after_sale::pay(self, at, bill),
            Some((at, Task::Survey(survey))) => after_sale::answer(self, at, survey),
            Some((at, Task::Spend)) => spending::book_day(self, at),
            Some((at, Task::Week)) => people::end_week(self, at),
            Some((at, Task::Targets(month))) => people::set_targets(self, at, month, false),
            None => {}
        }
    }

    /// Notes the journeys that begin within an hour, and the next hour.
    fn begin_hour(&mut self, at: i64) {
        let day = self.days.day(at);
        let hour = usize::try_from((at - day.midnight) / HOUR).unwrap_or(0);
        let weight = WEEKDAYS.get(day.weekday).copied().unwrap_or(0) * HOURS.get(hour).copied().unwrap_or(0);
        let weights: i64 = WEEKDAYS.iter().sum::<i64>() * HOURS.iter().sum::<i64>();
        let mut random = Random::of(self.plan.seed, Actor::Hour, (at / HOUR).unsigned_abs());
        let noise = u64::try_from(random.between(500, 1_501)).unwrap_or(1_000);
        let expected =
            u128::from(self.plan.journeys_per_week) * u128::from(weight.unsigned_abs()) * u128::from(noise) * 10
                / u128::from(weights.unsigned_abs());
        let expected = i64::try_from(expected).unwrap_or(0);
        let journeys = expected / 10_000 + i64::from(random.chance(expected % 10_000));
        for _ in 0..journeys {
            self.begun += 1;
            let journey = Journey::new(self.plan.seed, self.begun);
            self.agenda.add(at + random.below(HOUR), Task::Journey(journey));
        }
        self.agenda.add(at + HOUR, Task::Hour);
    }

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
