//! The roster: who works here.

use super::fact::Fact;
use super::figures::odds;
use super::random::{Actor, Random};
use super::spending;
use super::task::Task;
use super::world::World;
use crate::model::time::DAY;

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
