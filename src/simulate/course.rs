//! The course of a journey, step by step: whether it comes to the next stage, when, and what happens on the way.

use super::after_sale;
use super::fact::{Coin, FirstContact, LOST, Line, Sum, VOID, WON};
use super::figures::{
    AMOUNT, ANSWER_MINUTES, BROKEN, CHANNELS, CUSTOMER_BASE, CYCLE_DAYS, LEAST_STEP, NEGOTIATED, NOTICED_WITHIN, PARTS,
    PATIENCE, RENEWED, WITHOUT_CHANNEL, cycle_share, odds, reasons,
};
use super::journey::{Journey, Next};
use super::random::{Actor, Random};
use super::task::Task;
use super::world::World;
use crate::model::time::{DAY, MINUTE};

/// Takes the next step of a journey and notes the one after it.
pub(super) fn step(world: &mut World, at: i64, mut journey: Journey) {
    match journey.next {
        Next::Begin => begin(world, at, &mut journey),
        Next::Advance => advance(world, at, &mut journey),
        Next::Slip => slip(world, at, &mut journey),
        Next::PutOff => put_off(world, at, &mut journey),
        Next::StepBack => {
            world.ledger.stories.stepped_back += 1;
            let stage = journey.stage.saturating_sub(1).max(1);
            journey.move_to(world, at, stage);
            go_on(world, at, &mut journey);
        }
        Next::Void => {
            world.ledger.stories.voided += 1;
            journey.before_void = journey.stage;
            journey.move_to(world, at, VOID);
            if journey.random.chance(odds::REVIVED) {
                later(world, at, &mut journey, Next::Revive, (2, 20));
            }
        }
        Next::Revive => revive(world, at, &mut journey),
        Next::Reopen => {
            world.ledger.stories.reopened += 1;
            let last = journey.line.last_open();
            let stage = if journey.stage == WON { last } else { last - 1 };
            journey.close_at = at + journey.random.between(5, 40) * DAY;
            journey.move_to(world, at, stage);
            later(world, at, &mut journey, Next::Advance, (2, 25));
        }
        Next::Amend => {
            world.ledger.stories.amended += 1;
            haggle(&mut journey, 800, 1_200);
            journey.move_to(world, at, WON);
            after_sale::settle(world, at, &mut journey);
        }
        Next::Drop => {
            world.ledger.stories.dropped += 1;
            own(world, &mut journey);
            journey.move_to(world, at, LOST);
        }
    }
}

fn begin(world: &mut World, at: i64, journey: &mut Journey) {
    let random = &mut journey.random;
    let is_repeat = random.chance(odds::REPEAT);
    let bought_before = if is_repeat { world.buyers.any(random) } else { None };
    journey.tempo = random.quantile(&CYCLE_DAYS) * DAY;
    journey.close_at = at + journey.tempo;
    journey.person = world.staff.pick(random);
    journey.is_customer_known = !random.chance(odds::ANONYMOUS);
    let stories = &mut world.ledger.stories;
    stories.journeys += 1;
    stories.repeat += u64::from(bought_before.is_some());
    journey.customer = bought_before.unwrap_or(journey.number);
    if world.plan.renewals && bought_before.is_some() && journey.random.chance(odds::RENEWAL) {
        stories.renewals += 1;
        journey.line = Line::Renewal;
        journey.channel = Some(CUSTOMER_BASE);
        journey.begin(world, at);
        return later(world, at, journey, Next::Advance, (1, 10));
    }
    let weights = CHANNELS.each_ref().map(|channel| channel.leads);
    journey.channel = Some(journey.random.weighted(&weights));
    if journey.random.chance(odds::WALK_IN) {
        stories.walk_ins += 1;
        let before = journey.random.between(0, 20 * DAY);
        journey.first_contact =
            journey.channel.map(|channel| FirstContact { channel, at: world.pace.stamp(at - before) });
        journey.move_to(world, at, 1);
        return go_on(world, at, journey);
    }
    if journey.random.chance(WITHOUT_CHANNEL) {
        journey.channel = None;
    }
    if journey.random.chance(odds::UNOWNED) {
        journey.person = None;
    }
    journey.begin(world, at);
    if journey.random.chance(odds::VOID) {
        return later(world, at, journey, Next::Void, (1, 20));
    }
    let answered = at + journey.random.quantile(&ANSWER_MINUTES) * MINUTE;
    let answered = world.days.answering(answered, &mut journey.random);
    note(world, answered.max(at + LEAST_STEP), journey, Next::Advance);
}

/// The next stage, or the end.
fn advance(world: &mut World, at: i64, journey: &mut Journey) {
    own(world, journey);
    let mut stage = journey.line.after(journey.stage);
    if !succeeds(world, at, journey, stage) {
        return give_up(world, at, journey);
    }
    let may_skip = stage < journey.line.last_open() && journey.random.chance(odds::SKIP);
    let mut sequence = 0;
    if may_skip && succeeds(world, at, journey, stage + 1) {
        // Some skip the stage, some enter both at once.
        if journey.random.chance(odds::RUSHED) {
            world.ledger.stories.rushed += 1;
            offer(world, journey, stage);
            journey.move_in_turn(world, at, stage, 1);
            sequence = 2;
        }
        stage += 1;
    }
    offer(world, journey, stage);
    journey.move_in_turn(world, at, stage, sequence);
    if stage == 1 {
        after_sale::ask_about_effort(world, at, journey);
    }
    if stage < WON {
        return go_on(world, at, journey);
    }
    world.buyers.add(journey.customer, &mut journey.random);
    after_sale::ask(world, at, journey);
    match journey.random.below(10_000) {
        roll if roll < odds::WON_REOPENED => later(world, at, journey, Next::Reopen, (3, 25)),
        roll if roll < odds::WON_REOPENED + odds::AMENDED => later(world, at, journey, Next::Amend, (1, 12)),
        _ => after_sale::settle(world, at, journey),
    }
}

/// Whether a journey comes to a stage.
fn succeeds(world: &World, at: i64, journey: &mut Journey, stage: u8) -> bool {
    // Nothing is known of who comes without a channel; most of them search.
    let channel = journey.channel.and_then(|channel| CHANNELS.get(channel)).or(CHANNELS.first());
    let steps = channel.map_or([0; 3], |channel| channel.steps);
    let permille = match stage {
        _ if journey.line == Line::Renewal => RENEWED.get(usize::from(stage)).copied().unwrap_or(0),
        1..=3 => steps.get(usize::from(stage) - 1).copied().unwrap_or(0),
        4 => NEGOTIATED,
        _ => world.staff.skill(journey.person, at) * 1_000 / NEGOTIATED,
    };
    let permille = if world.is_broken(at, journey.person, stage) { permille * BROKEN / 1_000 } else { permille };
    journey.random.chance(permille * 10)
}

/// Somebody must own a journey that goes on: the one who did, a colleague, or anybody.
fn own(world: &mut World, journey: &mut Journey) {
    let owner = journey.person.and_then(|person| world.staff.person(person)).copied();
    let hands_over = owner.is_some() && journey.random.chance(odds::HANDOVER);
    match owner {
        Some(owner) if owner.active && !hands_over => {}
        Some(owner) => {
            let colleague = world.staff.colleague(owner.team, &mut journey.random);
            journey.person = colleague.or_else(|| world.staff.pick(&mut journey.random)).or(journey.person);
            world.ledger.stories.handed_over += 1;
        }
        None => journey.person = world.staff.pick(&mut journey.random),
    }
}

/// What is offered at a stage: an amount from `qualified` or `notice` on, a margin from `proposal` or `quote` on.
fn offer(world: &mut World, journey: &mut Journey, stage: u8) {
    let is_renewal = journey.line == Line::Renewal;
    if stage < 2 && !is_renewal {
        return;
    }
    journey.is_customer_known = true;
    let random = &mut journey.random;
    if journey.amount.is_none() {
        let dollars = random.quantile(&AMOUNT);
        let coin = match (world.staff.is_overseas(journey.person), random.chance(2_500)) {
            (false, _) => Coin::Cny,
            (true, false) => Coin::Usd,
            (true, true) => Coin::Eur,
        };
        // In round figures: tens of yuan, half dollars.
        let minor = if coin == Coin::Cny { dollars * 7 / 1_000 * 1_000 } else { dollars / 50 * 50 };
        journey.amount = Some(Sum { minor, coin });
        share(world, journey);
    } else {
        haggle(journey, 900, 1_060);
    }
    let random = &mut journey.random;
    let first_with_margin = if is_renewal { 2 } else { 3 };
    if stage >= first_with_margin && !random.chance(odds::NO_MARGIN) {
        journey.margin = journey.amount.map(|amount| amount.minor * random.between(220, 560) / 1_000);
    }
}

/// Changes the amount by so many permille.
fn haggle(journey: &mut Journey, low: i64, high: i64) {
    let permille = journey.random.between(low, high);
    if let Some(amount) = &mut journey.amount {
        amount.minor = (amount.minor * permille / 1_000).max(100);
    }
}

/// Some deals are won by two, who share what they bring.
fn share(world: &mut World, journey: &mut Journey) {
    if !journey.random.chance(odds::SHARED) {
        return;
    }
    let partner = world.staff.pick(&mut journey.random).filter(|partner| Some(*partner) != journey.person);
    if let Some((partner, permille)) = partner.zip(journey.random.any(&PARTS).copied()) {
        world.ledger.stories.shared += 1;
        journey.partner = Some((partner, permille));
    }
}

/// No next stage: from a proposal on the deal is lost, before that it is left lying and given up later.
fn give_up(world: &mut World, at: i64, journey: &mut Journey) {
    let is_decided = journey.stage >= journey.line.first_decided();
    journey.reason = u8::try_from(journey.random.weighted(reasons(is_decided))).unwrap_or(0);
    let patience = PATIENCE.get(usize::from(journey.stage)).filter(|_| !is_decided);
    if let Some(patience) = patience {
        return match world.pace.chance_by_clock(at, patience.forgotten, &mut journey.random) {
            true => forget(world, at, journey, patience.forgotten_days),
            false => later(world, at, journey, Next::Drop, patience.days),
        };
    }
    journey.move_to(world, at, LOST);
    if journey.random.chance(odds::LOST_REOPENED) {
        later(world, at, journey, Next::Reopen, (15, 60));
    }
}

/// Nobody thinks of the deal any more, nor of its expected close, until it is given up some days later by the clock.
///
/// By the clock, because that is what a deal becomes stalled by: in a faster life as many are forgotten in a day of the
/// clock as in a slow one, and so as many are stalled.
fn forget(world: &mut World, at: i64, journey: &mut Journey, (from, to): (i64, i64)) {
    world.ledger.stories.forgotten += 1;
    let found = world.pace.stamp(at) + journey.random.between(from * DAY, to * DAY);
    let found = world.pace.unstamp(world.days.working(found, &mut journey.random));
    (journey.next, journey.after) = (Next::Drop, None);
    world.agenda.add(found.max(at + LEAST_STEP), Task::Journey(*journey));
}

fn slip(world: &mut World, at: i64, journey: &mut Journey) {
    world.ledger.stories.slipped += 1;
    journey.close_at = journey.close_at.max(at) + journey.random.between(7, 45) * DAY;
    let stage = journey.stage;
    journey.move_to(world, at, stage);
    later(world, at, journey, Next::Advance, (3, 20));
}

fn revive(world: &mut World, at: i64, journey: &mut Journey) {
    world.ledger.stories.revived += 1;
    let stage = journey.before_void.max(1);
    journey.close_at = at + journey.tempo;
    journey.move_to(world, at, stage);
    go_on(world, at, journey);
}

/// Notes the next step after one that went well.
fn go_on(world: &mut World, at: i64, journey: &mut Journey) {
    let share =
        cycle_share(journey.line, journey.line.after(journey.stage)) * journey.random.between(600, 1_400) / 1_000;
    let mut due = at + journey.tempo / 1_000 * share;
    if journey.random.chance(odds::STALL) {
        world.ledger.stories.stalled += 1;
        due += journey.random.between(14, 60) * DAY;
    }
    let next = match journey.random.below(10_000) {
        roll if journey.stage >= 2 && roll < odds::SLIP => Next::Slip,
        roll if journey.stage >= 3 && roll < odds::SLIP + odds::STEP_BACK => Next::StepBack,
        _ => Next::Advance,
    };
    due = world.days.working(due, &mut journey.random);
    if journey.stage == journey.line.last_open() && journey.random.chance(odds::MONTH_END) {
        let month_end = world.days.month_end(due, &mut journey.random);
        due = if month_end - due < 12 * DAY { month_end } else { due };
    }
    let soonest = at + LEAST_STEP + journey.random.below(90 * MINUTE);
    note(world, due.max(soonest), journey, next);
}

/// Notes a step some days later.
fn later(world: &mut World, at: i64, journey: &mut Journey, next: Next, (from, to): (i64, i64)) {
    let due = at + journey.random.between(from * DAY, to * DAY);
    let due = world.days.working(due, &mut journey.random);
    note(world, due.max(at + LEAST_STEP), journey, next);
}

/// Notes a step, and before it that the expected close is put off, if that passes long before.
fn note(world: &mut World, at: i64, journey: &mut Journey, next: Next) {
    let noticed = notices(world, journey).filter(|noticed| *noticed < at);
    (journey.next, journey.after) = match noticed {
        Some(_) => (Next::PutOff, Some((at, next))),
        None => (next, None),
    };
    world.agenda.add(noticed.unwrap_or(at), Task::Journey(*journey));
}

/// When somebody who goes through the open deals notices that this one should have closed; of some nobody does.
fn notices(world: &mut World, journey: &Journey) -> Option<i64> {
    let is_open = (1..WON).contains(&journey.stage);
    let mut random = dice_of_put_off(world, journey);
    if !is_open || random.chance(odds::UNNOTICED) {
        return None;
    }
    let due = journey.close_at + random.between(0, NOTICED_WITHIN);
    Some(world.days.working(due, &mut random).max(journey.close_at))
}

/// The expected close has passed: it is put off, and everything else stays as it was.
fn put_off(world: &mut World, at: i64, journey: &mut Journey) {
    let Some((due, next)) = journey.after.take() else { return };
    world.ledger.stories.put_off += 1;
    let mut random = dice_of_put_off(world, journey).child();
    journey.put_offs = journey.put_offs.saturating_add(1);
    journey.close_at = at + random.between(14, 60) * DAY;
    // What befalls the journey must not depend on how well somebody keeps its dates.
    let own = std::mem::replace(&mut journey.random, random);
    let stage = journey.stage;
    journey.move_to(world, at, stage);
    journey.random = own;
    note(world, due, journey, next);
}

fn dice_of_put_off(world: &World, journey: &Journey) -> Random {
    Random::of(world.plan.seed, Actor::PutOff, journey.number << 8 | u64::from(journey.put_offs))
}
