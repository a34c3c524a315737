//! What is counted because nothing else is shown has the values that it has where everything is counted.

use std::sync::Arc;

use proptest::prelude::*;
use salespulse::engine::Engine;
use salespulse::kpi::exposition::{Format, render};
use salespulse::kpi::{Catalogue, Family};
use salespulse::model::needs::{Counted, Needs};
use salespulse::model::rules::{PerScope, Rules, Scope};

use crate::laws::notation::Script;
use crate::laws::streams::{cases, streams};

/// The rules under which the families that are computed from the same are all that is shown.
fn alone(rules: &Rules, shown: &[&Family]) -> Rules {
    let of = |scope| Some(shown.iter().filter(|it| it.scope() == scope).map(|it| it.name().to_owned()).collect());
    let [rep, team, region, org, channel] = Scope::ALL.map(of);
    let mut rules = Rules { expose: PerScope { rep, team, region, org, channel }, ..rules.clone() };
    rules.counted = Catalogue::new(&rules).expect("a catalogue").needs();
    rules
}

/// What is shown at the end of every chapter.
fn texts(rules: &Rules, script: &Script, shards: usize) -> Vec<String> {
    let (rules, catalogue) = (Arc::new(rules.clone()), Catalogue::new(rules).expect("a catalogue"));
    let mut engine = Engine::new(&rules, shards, script.chapters[0].now);
    let chapters = script.chapters.iter().map(|chapter| {
        for arrival in &chapter.arrivals {
            engine.accept(&arrival.event, chapter.now);
        }
        let mut text = String::new();
        render(&catalogue, &engine.read(chapter.now), Format::Prometheus, &mut text).expect("few series");
        text
    });
    chapters.collect()
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn what_is_not_shown_need_not_be_counted(stream in streams(), shards in 1..3_usize) {
        let script = stream.script();
        let all = Rules { expose: PerScope::default(), counted: Counted::GAUGES, ..script.rules.clone() };
        let catalogue = Catalogue::new(&all).expect("a catalogue");
        let whole = texts(&all, &script, shards);
        let mut kinds: Vec<(bool, Needs)> = Vec::new();
        let kind = |family: &Family| (family.scope() == Scope::Channel, family.needs());
        for family in catalogue.families() {
            if !kinds.contains(&kind(family)) {
                kinds.push(kind(family));
            }
        }
        prop_assert!(kinds.len() > 20, "{kinds:?}");
        for of_kind in kinds {
            let shown: Vec<&Family> = catalogue.families().iter().filter(|it| kind(it) == of_kind).collect();
            let expected = |text: &String| {
                let is_shown = |line: &&str| {
                    let mut words = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ").split([' ', '{']);
                    let name = words.next().unwrap_or_default();
                    !name.starts_with("sales_") || shown.iter().any(|family| family.name() == name)
                };
                text.lines().filter(is_shown).fold(String::new(), |text, line| text + line + "\n")
            };
            for (own, whole) in texts(&alone(&all, &shown), &script, shards).iter().zip(&whole) {
                prop_assert_eq!(own, &expected(whole), "{:?}", of_kind);
            }
        }
    }
}
