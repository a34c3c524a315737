//! What is spent to win customers: advertising per channel, team and day, and travel per rep.

use super::fact::{Coin, Fact, Sum};
use super::figures::{CHANNELS, odds};
use super::random::{Actor, Random};
use super::task::Task;
use super::world::World;
use crate::model::time::{DAY, HOUR, MINUTE};

/// When a day's advertising is booked.
const BOOKED_AT: i64 = 22 * HOUR;

/// Books a day's advertising of every team, and notes the next day's.
pub(super) fn book_day(world: &mut World, at: i64) {
    let day = world.days.day(at);
    let leads: i64 = CHANNELS.iter().map(|channel| channel.leads).sum();
    let people = i64::try_from(world.staff.active().len()).unwrap_or(0).max(1);
    let weekly = i64::try_from(world.plan.journeys_per_week).unwrap_or(i64::MAX / 1_000_000_000);
    for number in 0..world.staff.teams().len() {
        let actor = at / HOUR * 10_000 + i64::try_from(number).unwrap_or(0);
        let mut random = Random::of(world.plan.seed, Actor::Spend, actor.unsigned_abs());
        let Some(team) = world.staff.teams().get(number) else { continue };
        let (size, row) = (world.staff.size(team), team.row);
        for (place, channel) in CHANNELS.iter().enumerate().filter(|(_, channel)| channel.cost > 0) {
            // What as many leads cost as the team should get on a day; less at weekends.
            let fair = i128::from(channel.cost) * i128::from(weekly * channel.leads) * i128::from(size)
                / i128::from(7 * leads * people);
            let percent = if day.weekday < 5 { random.between(85, 136) } else { random.between(45, 90) };
            let minor = i64::try_from(fair).unwrap_or(i64::MAX / 200) * percent / 100;
            let minor = if random.chance(odds::CREDIT_NOTE) { -minor / 3 } else { minor };
            if minor != 0 {
                let amount = Sum { minor, coin: Coin::Cny };
                spend(world, at, &mut random, amount, Some(place), channel.campaign, row);
            }
        }
    }
    world.agenda.add(day.end + BOOKED_AT, Task::Spend);
}

/// Books what people spent on their way in a week.
pub(super) fn book_travel(world: &mut World, at: i64) {
    let mut random = Random::of(world.plan.seed, Actor::Travel, (at / DAY).unsigned_abs());
    for place in 0..world.staff.active().len() {
        if !random.chance(2_500) {
            continue;
        }
        let person = world.staff.active().get(place).copied();
        let row = world.staff.row_of(person);
        let amount = match world.staff.is_overseas(person) {
            true => Sum { minor: random.between(4_000, 90_000), coin: Coin::Usd },
            false => Sum { minor: random.between(8_000, 260_000), coin: Coin::Cny },
        };
        spend(world, at, &mut random, amount, None, None, row);
    }
    let people = i64::try_from(world.staff.active().len()).unwrap_or(0);
    let brand = Sum { minor: people * random.between(5_000, 15_000), coin: Coin::Cny };
    spend(world, at, &mut random, brand, None, Some("品牌"), super::staff::NOBODY);
}

fn spend(
    world: &mut World,
    at: i64,
    random: &mut Random,
    amount: Sum,
    channel: Option<usize>,
    campaign: Option<&'static str>,
    row: u32,
) {
    let spent_at = at - random.below(30 * MINUTE);
    let stamp = world.state_of(at, spent_at, random.id(), Fact::Spend { amount, channel, campaign, row });
    let month = world.days.day(stamp).month;
    let worth = world.rates.reporting(amount, month);
    world.ledger.book((month, row), |tally| tally.spend += worth);
}
