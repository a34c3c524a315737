//! The organisation lives: what it begins with, and what is done when its time has come.

use super::figures::{HOURS, WEEKDAYS};
use super::journey::Journey;
use super::random::{Actor, Random};
use super::task::Task;
use super::world::World;
use super::{after_sale, course, people, spending, targets};
use crate::model::time::{DAY, HOUR};

/// Notes everything with which a simulation begins.
pub(super) fn open(world: &mut World) {
    let start = world.plan.start.millis();
    let day = world.days.day(start);
    people::introduce(world, start);
    targets::review(world, start);
    world.agenda.add(start, Task::Hour);
    // The first evening, and the first Friday evening, that are still to come.
    let evening = if start < day.midnight + 17 * HOUR { day } else { world.days.day(day.end) };
    world.agenda.add(evening.midnight + 22 * HOUR, Task::Spend);
    let until_friday = i64::try_from((11 - evening.weekday) % 7).unwrap_or(0);
    world.agenda.add(evening.midnight + until_friday * DAY + 18 * HOUR, Task::Week);
}

/// Does what is due next.
pub(super) fn act(world: &mut World) {
    match world.agenda.take() {
        Some((at, Task::Hour)) => begin_hour(world, at),
        Some((at, Task::Journey(journey))) => course::step(world, at, journey),
        Some((at, Task::Bill(bill))) => after_sale::pay(world, at, bill),
        Some((at, Task::Survey(survey))) => after_sale::answer(world, at, survey),
        Some((at, Task::Spend)) => spending::book_day(world, at),
        Some((at, Task::Week)) => people::end_week(world, at),
        Some((at, Task::Targets)) => targets::review(world, at),
        None => {}
    }
}

/// Notes the journeys that begin within an hour, and the next hour.
fn begin_hour(world: &mut World, at: i64) {
    let day = world.days.day(at);
    let hour = usize::try_from((at - day.midnight) / HOUR).unwrap_or(0);
    let weight = WEEKDAYS.get(day.weekday).copied().unwrap_or(0) * HOURS.get(hour).copied().unwrap_or(0);
    let weights: i64 = WEEKDAYS.iter().sum::<i64>() * HOURS.iter().sum::<i64>();
    let mut random = Random::of(world.plan.seed, Actor::Hour, (at / HOUR).unsigned_abs());
    let noise = u64::try_from(random.between(500, 1_501)).unwrap_or(1_000);
    let expected =
        u128::from(world.plan.journeys_per_week) * u128::from(weight.unsigned_abs()) * u128::from(noise) * 10
            / u128::from(weights.unsigned_abs());
    let expected = i64::try_from(expected).unwrap_or(0);
    let journeys = expected / 10_000 + i64::from(random.chance(expected % 10_000));
    for _ in 0..journeys {
        world.begun += 1;
        let journey = Journey::new(world.plan.seed, world.begun);
        world.agenda.add(at + random.below(HOUR), Task::Journey(journey));
    }
    world.agenda.add(at + HOUR, Task::Hour);
}
