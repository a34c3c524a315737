//! What everybody is to reach: revenue in months, quarters and years, of teams in weeks too; and deals in a month.
//!
//! By the figures a rep should win so much, and a tenth more is asked; less while the organisation is new, and nothing for
//! the part of a period in which it did not exist, since deals take weeks and it begins with none. Units are set for reps alone: those of teams, of the
//! organisation and of longer periods roll up.

use super::fact::{Fact, Whose};
use super::figures::{LEADS_WON, MEAN_AMOUNT, RENEWALS};
use super::period::Span;
use super::random::{Actor, Random};
use super::task::Task;
use super::world::World;
use crate::model::event::Measure;
use crate::model::time::{DAY, HOUR, MINUTE};

/// When targets are set on the first day of a period.
const SET_AT: i64 = 9 * HOUR;
/// In a faster life a period holds many of life's. What is to be reached in it is then looked at so often,
const REVIEW: i64 = 7 * DAY;
/// and set so far ahead.
const AHEAD: i64 = 45 * DAY;
/// So long an organisation is new,
const NEW: i64 = 90 * DAY;
/// and of what it will be asked for then, it is asked for this part on its first day, in permille; from there it grows evenly.
const ASKED_AT_FIRST: i64 = 400;
/// The least days of a year, by which figures of a year are divided.
const YEAR_DAYS: i128 = 365;

/// Sets the targets of the periods that have begun since the last review; in a faster life, of all that hold now.
pub(super) fn review(world: &mut World, at: i64) {
    let stamp = world.pace.stamp(at);
    let is_fast = at >= world.pace.from;
    // What holds when all begins is set at once, and not again at its hour.
    let last = world.reviewed;
    world.reviewed = Some(if last.is_none() { stamp + SET_AT } else { stamp });
    let mut random = Random::of(world.plan.seed, Actor::Targets, (stamp / MINUTE).unsigned_abs());
    let date = world.days.day(stamp).date;
    for span in Span::holding(date) {
        let (begin, end) = span.bounds(&world.plan.zone);
        if is_fast || last.is_none_or(|last| last < begin + SET_AT) {
            let until = if is_fast { at + AHEAD } else { end };
            let begin = world.pace.unstamp(begin);
            set_targets_for(world, at, &mut random, span, begin, until);
        }
    }
    let [week, month, ..] = Span::holding(date).map(|span| span.bounds(&world.plan.zone).1 + SET_AT);
    let turn = world.pace.unstamp(week.min(month));
    let next = if is_fast { turn.min(at + REVIEW) } else { turn.min(world.pace.from.max(at + 1)) };
    world.agenda.add(next, Task::Targets);
}

/// Sets what is to be reached in a period, of which this part of life is sold.
fn set_targets_for(world: &mut World, at: i64, random: &mut Random, span: Span, begin: i64, until: i64) {
    let people = i64::try_from(world.staff.active().len()).unwrap_or(0).max(1);
    let (renewals, renewed) = if world.plan.renewals { RENEWALS } else { (0, 0) };
    let won_permille = (LEADS_WON * (1_000 - renewals) + renewed * renewals) / 1_000;
    let start = world.plan.start.millis();
    let asked = asked(until - start) - asked(begin - start);
    // Wins of one in a thousand years of this length.
    let wins = i128::from(world.plan.journeys_per_week) * 52 * i128::from(won_permille) * asked
        / (1_000 * YEAR_DAYS * i128::from(DAY))
        / i128::from(people);
    let fair = wins * i128::from(MEAN_AMOUNT) * 7 / 1_000 * 11 / 10;
    let fair = i64::try_from(fair).unwrap_or(i64::MAX).min(1_000_000_000_000);
    let deals = i64::try_from(wins * 11 / 10_000).unwrap_or(i64::MAX).max(1);
    let is_week = matches!(span, Span::Week(_));
    let mut of_team = vec![0; world.staff.teams().len()];
    for place in 0..world.staff.active().len() {
        let person = world.staff.active().get(place).and_then(|person| world.staff.person(*person)).copied();
        let Some(person) = person else { continue };
        let percent = random.between(80, 126);
        let amount = (fair * percent / 100 / 100_000 + 1) * 100_000;
        if let Some(sum) = of_team.get_mut(person.team as usize) {
            *sum += amount;
        }
        if is_week {
            continue;
        }
        let row = Whose::Row(person.row);
        set(world, at, random, row, span, (Measure::Revenue, amount));
        if matches!(span, Span::Months { months: 1, .. }) {
            set(world, at, random, row, span, (Measure::Won, (deals * percent / 100).max(1)));
        }
    }
    let org = of_team.iter().sum();
    for (team, amount) in (0..).zip(of_team) {
        set(world, at, random, Whose::Team(team), span, (Measure::Revenue, amount));
    }
    // The organisation's week is the sum of its teams'.
    if !is_week {
        set(world, at, random, Whose::Org, span, (Measure::Revenue, org));
    }
}

/// What is asked of an organisation in so much life since its beginning: permille of what is sold in a millisecond, by
/// milliseconds.
fn asked(life: i64) -> i128 {
    let (life, all) = (i128::from(life.max(0)), i128::from(NEW));
    let new = life.min(all);
    let grown = i128::from(1_000 - ASKED_AT_FIRST) * new * new / (2 * all);
    i128::from(ASKED_AT_FIRST) * new + grown + (life - new) * 1_000
}

fn set(world: &mut World, at: i64, random: &mut Random, whose: Whose, span: Span, (measure, amount): (Measure, i64)) {
    world.state(at, random.id(), Fact::Target { whose, span, measure, amount });
    world.ledger.set_target(whose, span, measure, amount);
}
