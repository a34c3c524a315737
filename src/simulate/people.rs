//! The roster and the targets: who works here, and what they are to reach.

use super::agenda::Task;
use super::fact::{Fact, Whose};
use super::figures::{LEADS_WON, MEAN_AMOUNT, odds};
use super::random::{Actor, Random};
use super::spending;
use super::world::World;
use crate::model::time::{DAY, HOUR};

/// States the whole roster as it is at the beginning.
pub(super) fn introduce(world: &mut World, at: i64) {
    let mut random = Random::of(world.plan.seed, Actor::Week, u64::MAX);
    for place in 0..world.staff.active().len() {
        let Some(person) = world.staff.active().get(place).copied() else { continue };
        let since = world.staff.since(person);
        let row = world.staff.row_of(Some(person));
        world.state_of(at, since, random.id(), Fact::Rep { person, row, active: true });
    }
}

/// The week ends: people hand in their travel, some leave and are replaced, some change team.
pub(super) fn end_week(world: &mut World, at: i64) {
    spending::book_travel(world, at);
    let mut random = Random::of(world.plan.seed, Actor::Week, (at / DAY).unsigned_abs());
    for _ in 0..times_a_week(world, &mut random, odds::LEAVE_PER_YEAR) {
        let Some(person) = random.any(world.staff.active()).copied() else { continue };
        let Some(team) = world.staff.person(person).map(|person| person.team) else { continue };
        let row = world.staff.row_of(Some(person));
        world.staff.leave(person);
        world.state(at, random.id(), Fact::Rep { person, row, active: false });
        let newcomer = world.staff.join(team, at);
        state_present(world, at, &mut random, newcomer);
    }
    let teams = i64::try_from(world.staff.teams().len()).unwrap_or(0);
    for _ in 0..times_a_week(world, &mut random, odds::TRANSFER_PER_YEAR) {
        let Some(person) = random.any(world.staff.active()).copied() else { continue };
        let team = u32::try_from(random.below(teams)).unwrap_or(0);
        let present = world.staff.person(person).map(|person| person.team);
        // The last one of a team stays, so that no team is ever without people.
        let may_go = world.staff.colleague(present.unwrap_or(team), &mut random).is_some_and(|other| other != person);
        if may_go && present != Some(team) {
            world.staff.transfer(person, team);
            state_present(world, at, &mut random, person);
        }
    }
    world.agenda.add(at + 7 * DAY, Task::Week);
}

fn state_present(world: &mut World, at: i64, random: &mut Random, person: u32) {
    let row = world.staff.row_of(Some(person));
    world.state(at, random.id(), Fact::Rep { person, row, active: true });
    world.ledger.stories.moved_people += 1;
}

/// How many people of all this concerns in one week, if it concerns so many of ten thousand in a year.
fn times_a_week(world: &World, random: &mut Random, per_year: i64) -> i64 {
    let people = i64::try_from(world.staff.active().len()).unwrap_or(0);
    let expected = people * per_year / 52;
    expected / 10_000 + i64::from(random.chance(expected % 10_000))
}

/// Sets the targets of a month, and of the quarter and the year that begin with it; at the very beginning of those
/// that it lies in.
pub(super) fn set_targets(world: &mut World, at: i64, month: i32, is_first: bool) {
    let mut random = Random::of(world.plan.seed, Actor::Targets, u64::from(month.unsigned_abs()));
    for months in [1, 3, 12] {
        let first = month - month.rem_euclid(months);
        if first == month || is_first {
            set_targets_for(world, at, &mut random, first, months);
        }
    }
    // Set on the first day of each month at 9 o'clock. What is stamped there lies further on in a faster life.
    let stamp = world.pace.stamp(at);
    let mut day = world.days.day(stamp);
    while day.month == month {
        day = world.days.day(day.end);
    }
    let next = world.pace.unstamp(day.midnight + 9 * HOUR);
    world.agenda.add(next, Task::Targets(month + 1));
}

fn set_targets_for(world: &mut World, at: i64, random: &mut Random, month: i32, months: i32) {
    // What a rep should win by the figures, and a tenth more.
    let people = i64::try_from(world.staff.active().len()).unwrap_or(0).max(1);
    let journeys = i64::try_from(world.plan.journeys_per_week).unwrap_or(i64::MAX / 1_000);
    let wins_permille = i128::from(journeys) * i128::from(months) * 52 / 12 * i128::from(LEADS_WON);
    let fair = wins_permille * i128::from(MEAN_AMOUNT) * 7 / 1_000 * 11 / 10 / i128::from(people);
    let fair = i64::try_from(fair).unwrap_or(i64::MAX).min(1_000_000_000_000);
    let mut of_team = vec![0; world.staff.teams().len()];
    for place in 0..world.staff.active().len() {
        let person = world.staff.active().get(place).and_then(|person| world.staff.person(*person)).copied();
        let Some(person) = person else { continue };
        let amount = (fair * random.between(80, 126) / 100 / 100_000 + 1) * 100_000;
        if let Some(sum) = of_team.get_mut(person.team as usize) {
            *sum += amount;
        }
        set(world, at, random, Whose::Row(person.row), (month, months), amount);
    }
    let org = of_team.iter().sum();
    for (team, amount) in (0..).zip(of_team) {
        set(world, at, random, Whose::Team(team), (month, months), amount);
    }
    set(world, at, random, Whose::Org, (month, months), org);
}

fn set(world: &mut World, at: i64, random: &mut Random, whose: Whose, (month, months): (i32, i32), amount: i64) {
    world.state(at, random.id(), Fact::Target { whose, month, months, amount });
    world.ledger.set_target(whose, month, months, amount);
}
