//! The law of order: a reading depends on the set of events and the instant alone.

use proptest::prelude::*;
use salespulse::event::{Body, Event, Retraction};
use salespulse::rules::Rules;
use salespulse::time::Time;

use crate::notation::Script;
use crate::streams::{cases, last_instant, streams};
use crate::subject::Subject;

fn events(script: &Script) -> Vec<Event<'static>> {
    script.chapters.iter().flat_map(|chapter| chapter.arrivals.iter().map(|(_, event)| event.clone())).collect()
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

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn order_duplicates_and_shards_change_no_byte(
        stream in streams(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        shards in 2..6_usize,
    ) {
        let script = stream.script();
        let (events, now) = (events(&script), last_instant(&script));
        // Some events twice or more in any order, then all of them backwards.
        let mut shuffled: Vec<Event<'static>> = Vec::new();
        if !events.is_empty() {
            shuffled.extend(order.iter().map(|index| index.get(&events).clone()));
        }
        shuffled.extend(events.iter().rev().cloned());
        prop_assert_eq!(text_of(&script.rules, &events, 1, now), text_of(&script.rules, &shuffled, shards, now));
    }

    #[test]
    fn retracting_everything_leaves_an_empty_board(stream in streams(), shards in 1..4_usize) {
        let script = stream.script();
        let now = last_instant(&script);
        let mut subject = Subject::new(&script.rules, shards, script.chapters[0].now);
        for chapter in &script.chapters {
            chapter.arrivals.iter().for_each(|(_, event)| subject.accept(event, chapter.now));
            subject.text(chapter.now);
        }
        events(&script).iter().for_each(|event| subject.accept(&retraction_of(event, now), now));
        prop_assert_eq!(subject.text(now), text_of(&script.rules, &[], 1, now));
    }

    #[test]
    fn readings_in_between_and_a_clock_that_steps_back_change_no_byte(stream in streams(), shards in 1..4_usize) {
        let script = stream.script();
        let (events, now) = (events(&script), last_instant(&script));
        let mut subject = Subject::new(&script.rules, shards, script.chapters[0].now);
        for chapter in &script.chapters {
            chapter.arrivals.iter().for_each(|(_, event)| subject.accept(event, chapter.now));
            subject.text(chapter.now);
        }
        prop_assert_eq!(subject.text(now), text_of(&script.rules, &events, 1, now), "stepping to {}", now);
        for chapter in script.chapters.iter().rev() {
            let expected = text_of(&script.rules, &events, 1, chapter.now);
            prop_assert_eq!(subject.text(chapter.now), expected, "back at {}", chapter.now);
        }
        prop_assert_eq!(subject.text(now), text_of(&script.rules, &events, 1, now), "again at {}", now);
    }
}
