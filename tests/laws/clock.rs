//! The law of the clock: however it jumps, a reading is that of its instant and of all events.

use std::sync::Arc;

use proptest::prelude::*;
use salespulse::model::event::Event;
use salespulse::model::rules::Rules;
use salespulse::model::time::{Clock, DAY, HOUR, ManualClock, Time};
use salespulse::service::horizon_clock::HorizonClock;

use crate::laws::notation::Script;
use crate::laws::streams::cases;
use crate::laws::subject::Subject;

/// The shortest retention that the told windows allow.
const RULES: &str = "retention 92d\ncustomer_period month\nwindows rep 1h\nwindows team 30d\nwindows org 1h 24h 7d 30d mtd\n\
                     windows channel mtd\n";
/// Where the clock begins; events lie on both sides.
const START: &str = "2026-06-15T21:00:00Z";
/// How far events lie from it, and how far the clock jumps, in days.
const DAYS: i64 = 150;

/// An event by its kind, its journey, and when it happened.
type Told = (u8, u8, i64);
/// The clock jumps to so many hours after the start, and then events arrive.
type Jump = (i64, Vec<Told>);

fn start() -> Time {
    Time::parse(START).expect("a time")
}

/// The rules, and the events of each jump. Nothing is in the future where it is written down.
fn script(jumps: &[Jump]) -> (Rules, Vec<Vec<Event<'static>>>) {
    let mut text = RULES.to_owned();
    for (number, (_, events)) in jumps.iter().enumerate() {
        for (place, (kind, journey, hours)) in events.iter().enumerate() {
            let (at, id) = (start().plus(hours * HOUR), format!("id=e{number}-{place}"));
            text += &match kind {
                0 => format!("lead {at} L{journey} rep=ann team=east channel=web customer=c{} {id}\n", journey % 2),
                1 => format!("stage {at} L{journey} won 5 CNY rep=ann team=east {id}\n"),
                2 => format!("stage {at} L{journey} contacted rep=bob team=west {id}\n"),
                _ => format!("spend {at} 3 CNY rep=bob team=west channel=fair {id}\n"),
            };
        }
        text += &format!("at {}\n", start().plus(2 * DAYS * DAY));
    }
    let script = Script::parse(&text);
    let events =
        |chapter: crate::laws::notation::Chapter| chapter.arrivals.into_iter().map(|arrival| arrival.event).collect();
    (script.rules, script.chapters.into_iter().map(events).collect())
}

/// What a new engine says that has been told everything at this instant.
fn replayed(rules: &Rules, events: &[Event<'static>], now: Time) -> String {
    let mut subject = Subject::new(rules, 1, now);
    events.iter().for_each(|event| subject.accept(event, now));
    subject.text(now)
}

/// Lets the clock jump; answers how often it could not be followed.
fn a_clock_that_jumps_changes_no_byte(jumps: &[Jump], shards: usize) -> Result<u32, String> {
    let (rules, arrivals) = script(jumps);
    let manual: &'static ManualClock = Box::leak(Box::new(ManualClock::at(start())));
    let present = HorizonClock::new(Clock::Manual(manual), Arc::new(rules.clone()));
    let mut subject = Subject::new(&rules, shards, present.now());
    let (mut known, mut held) = (Vec::new(), 0);
    for ((hours, _), events) in jumps.iter().zip(arrivals) {
        manual.set(start().plus(hours * HOUR));
        events.iter().for_each(|event| subject.accept(event, present.now()));
        known.extend(events);
        let now = present.now();
        held += u32::from(present.ahead_millis() > 0);
        if subject.text(now) != replayed(&rules, &known, now) {
            return Err(format!("after a jump to {}, read at {now}", start().plus(hours * HOUR)));
        }
    }
    Ok(held)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_reading_after_any_jump_of_the_clock_is_a_replay_s(
        jumps in prop::collection::vec(
            (
                -DAYS * 24..DAYS * 24,
                prop::collection::vec((0..4_u8, 0..6_u8, -DAYS * 24..DAYS * 24), 0..20),
            ),
            2..8,
        ),
        shards in 1..4_usize,
    ) {
        a_clock_that_jumps_changes_no_byte(&jumps, shards).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_clock_that_went_back_over_the_horizon_is_not_followed() {
    // At the start the spend counts; a hundred days later it is forgotten, and back at the start nobody knows it.
    let jumps = [(0, vec![(3, 0, -24)]), (100 * 24, Vec::new()), (0, vec![(3, 0, -48)])];
    assert_eq!(a_clock_that_jumps_changes_no_byte(&jumps, 1), Ok(1));
}
