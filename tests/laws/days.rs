//! Each of the last local dates is counted as the window `yesterday` counts it on the day after, and `today` on the day
//! itself: dates have no law of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use proptest::prelude::*;
use salespulse::engine::Engine;
use salespulse::engine::board::{Reading, SubjectName};
use salespulse::kpi::{Catalogue, Family, Query};
use salespulse::model::event::Event;
use salespulse::model::needs::Counted;
use salespulse::model::rules::{Rules, Scope};
use salespulse::model::time::{HOUR, Time};
use salespulse::model::value::Value;
use salespulse::model::window::{DAYS, Window};

use crate::laws::streams::{cases, streams};

const KPIS: [&str; 3] = ["revenue", "won", "leads"];

/// What each rep has by a KPI, in the order in which `of` says it.
fn by_rep(reading: &Reading, of: impl Fn(usize) -> Vec<Value>) -> BTreeMap<SubjectName, Vec<i128>> {
    let whole = |value| match value {
        Value::Count(whole) | Value::Money(whole) => whole,
        Value::Real(_) => panic!("a quotient is not counted by date"),
    };
    let subjects = reading.subjects.rep.iter().enumerate();
    subjects.map(|(place, subject)| (subject.name.clone(), of(place).into_iter().map(whole).collect())).collect()
}

fn in_window(family: &Family, window: Window, reading: &Reading) -> BTreeMap<SubjectName, Vec<i128>> {
    let instance = family.instance(&[("window", window.name())], &reading.rules).expect("the rules have it");
    let query = Query::new(family, instance, reading);
    by_rep(reading, |place| vec![query.value(place).expect("a sum has a value")])
}

fn days_are_yesterdays(rules: &Arc<Rules>, reading: &Reading, events: &[Event<'static>]) -> Result<(), TestCaseError> {
    let catalogue = Catalogue::whole(rules).expect("a catalogue");
    let today = rules.zone.date_of(reading.now);
    for kpi in KPIS {
        let family = catalogue.find(Scope::Rep, kpi).expect("reps have it");
        let instance = family.instance(&[("window", Window::Today.name())], rules).expect("the rules have it");
        let days = by_rep(reading, |place| family.days(instance, reading, place).expect("dates are counted"));
        let present = in_window(family, Window::Today, reading);
        for ago in 0..DAYS {
            let expected = if ago == 0 {
                present.clone()
            } else {
                // An hour of the day after, by whoever begins then.
                let after = today - i64::try_from(ago - 1).expect("few").days();
                let then = rules.zone.midnight(after).plus(HOUR).min(reading.now);
                if rules.zone.date_of(then) != after {
                    // Samoa had no 30 December 2011, so that nobody asked on it.
                    continue;
                }
                let forgotten = rules.horizon(then)..rules.horizon(reading.now);
                if events.iter().any(|event| forgotten.contains(&event.occurred_at)) {
                    // Forgetting moves what is first: whoever asked then knew of an earlier lead.
                    continue;
                }
                in_window(family, Window::Yesterday, &replay(rules, events, then))
            };
            for (name, values) in &days {
                prop_assert_eq!(values.len(), DAYS);
                // Whom no event names that existed then had nothing.
                let expected = expected.get(name).map_or(0, |values| values[0]);
                prop_assert_eq!(values[DAYS - 1 - ago], expected, "{} of {:?}, {} days ago", kpi, name, ago);
            }
        }
    }
    Ok(())
}

fn replay(rules: &Arc<Rules>, events: &[Event<'static>], now: Time) -> Reading {
    let mut engine = Engine::new(rules, 1, now);
    for event in events {
        engine.accept(event, now);
    }
    engine.read(now)
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn each_of_the_last_dates_is_yesterday_of_the_day_after(stream in streams(), shards in 1..4_usize) {
        let script = stream.script();
        let mut rules = script.rules.clone();
        rules.counted = Counted::PAGE;
        rules.windows.rep = vec![Window::Month, Window::Today, Window::Yesterday];
        let rules = Arc::new(rules);
        // It lives through all chapters, so that midnights pass over what it has counted.
        let mut engine = Engine::new(&rules, shards, script.chapters[0].now);
        let mut events = Vec::new();
        for chapter in &script.chapters {
            for arrival in &chapter.arrivals {
                engine.accept(&arrival.event, chapter.now);
                events.push(arrival.event.clone());
            }
            days_are_yesterdays(&rules, &engine.read(chapter.now), &events)?;
        }
    }
}
