//! The law of order: a reading depends on the set of events and the instant alone.

use std::collections::BTreeSet;

use proptest::prelude::*;
use salespulse::model::event::{Body, Event, Retraction};
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::laws::notation::Script;
use crate::laws::streams::{cases, last_instant, streams};
use crate::laws::subject::Subject;

fn events(script: &Script) -> Vec<Event<'static>> {
    script.chapters.iter().flat_map(|chapter| chapter.arrivals.iter().map(|arrival| arrival.event.clone())).collect()
}

/// The exposition of a new engine that got these events in this order.
fn text_of(rules: &Rules, events: &[Event<'static>], shards: usize, now: Time) -> String {
    let mut subject = Subject::new(rules, shards, now);
    events.iter().for_each(|event| subject.accept(event, now));
    subject.text(now)
}

/// The retraction of an event's fact, with the highest version and the greatest hash there are.
fn retraction_of(event: &Event<'static>, now: Time) -> Event<'static> {
    let lead_id = match &event.body {
        Body::Lead(lead) => Some(lead.lead_id.clone()),
        Body::StageChange(change) => Some(change.lead_id.clone()),
        Body::Retraction(retraction) => retraction.lead_id.clone(),
        _ => None,
    };
    let body = Body::Retraction(Retraction { kind: event.body.kind(), lead_id });
    Event { version: u64::MAX, hash: u64::MAX, occurred_at: now, recorded_at: now, body, ..event.clone() }
}

/// The first line in which two expositions differ.
fn same(left: &str, right: &str, context: &str) -> Result<(), String> {
    if left == right {
        return Ok(());
    }
    let only_in = |text: &str, other: &str| {
        let others: BTreeSet<&str> = other.lines().collect();
        text.lines().find(|line| !others.contains(line)).map(str::to_owned)
    };
    Err(format!("{context}: {:?} became {:?}", only_in(left, right), only_in(right, left)))
}

/// A long-lived engine that took every reading of a script.
fn lived_through(script: &Script, shards: usize) -> Subject {
    let mut subject = Subject::new(&script.rules, shards, script.chapters[0].now);
    for chapter in &script.chapters {
        chapter.arrivals.iter().for_each(|arrival| subject.accept(&arrival.event, chapter.now));
        subject.text(chapter.now);
    }
    subject
}

/// Some events twice or more in any order and then all of them backwards, over several shards.
fn order_changes_nothing(script: &Script, order: &[prop::sample::Index], shards: usize) -> Result<(), String> {
    let (events, now) = (events(script), last_instant(script));
    let mut shuffled: Vec<Event<'static>> = Vec::new();
    if !events.is_empty() {
        shuffled.extend(order.iter().map(|index| index.get(&events).clone()));
    }
    shuffled.extend(events.iter().rev().cloned());
    let [straight, shuffled] =
        [(&events, 1), (&shuffled, shards)].map(|(events, shards)| text_of(&script.rules, events, shards, now));
    same(&straight, &shuffled, "another order")
}

fn retracting_everything_leaves_nothing(script: &Script, shards: usize) -> Result<(), String> {
    let now = last_instant(script);
    let mut subject = lived_through(script, shards);
    events(script).iter().for_each(|event| subject.accept(&retraction_of(event, now), now));
    same(&text_of(&script.rules, &[], 1, now), &subject.text(now), "everything retracted")
}

fn readings_change_nothing(script: &Script, shards: usize) -> Result<(), String> {
    let events = events(script);
    let mut subject = lived_through(script, shards);
    let instants: Vec<Time> = script.chapters.iter().map(|chapter| chapter.now).collect();
    // At the end, back step by step, and at the end again.
    for now in instants.iter().rev().chain(instants.last()) {
        same(&text_of(&script.rules, &events, 1, *now), &subject.text(*now), &format!("read at {now}"))?;
    }
    Ok(())
}

/// All laws of order on one script.
pub(crate) fn holds(script: &Script) -> Result<(), String> {
    order_changes_nothing(script, &[], 3)?;
    retracting_everything_leaves_nothing(script, 2)?;
    readings_change_nothing(script, 2)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn order_duplicates_and_shards_change_no_byte(
        stream in streams(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        shards in 2..6_usize,
    ) {
        order_changes_nothing(&stream.script(), &order, shards).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn retracting_everything_leaves_an_empty_board(stream in streams(), shards in 1..4_usize) {
        retracting_everything_leaves_nothing(&stream.script(), shards).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn readings_in_between_and_a_clock_that_steps_back_change_no_byte(stream in streams(), shards in 1..4_usize) {
        readings_change_nothing(&stream.script(), shards).map_err(TestCaseError::fail)?;
    }
}
