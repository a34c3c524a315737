//! Records: whatever bytes come, the decoder answers, says the same again and whatever stands around them; and what it
//! accepts is counted once, however often it comes. What it should answer is `tests/contract`'s to say.

use std::sync::{Arc, OnceLock};

use salespulse::config::Config;
use salespulse::contract::decode::{Decoded, Decoder, LARGEST_VALUE, Record};
use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::event::Event;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::dice::Dice;
use crate::fuzz::mutate::damage;

const EVENTS: &str = include_str!("../../examples/small-team/events.jsonl");
/// 2026-11-15T16:00:00Z, the instant of the example.
const NOW: Time = Time::from_millis(1_794_758_400_000);

fn mutant(dice: &mut Dice) -> Vec<u8> {
    let lines: Vec<&str> = EVENTS.lines().collect();
    let mut bytes = lines[dice.below(lines.len())].as_bytes().to_vec();
    if dice.percent(20) {
        // A field of another event, so that it comes twice or where it has no place.
        let other = lines[dice.below(lines.len())];
        let field = other.split(",\"").nth(dice.below(6)).unwrap_or_default();
        let end = bytes.len() - 1;
        bytes.splice(end..end, format!(",\"{field}").into_bytes());
    }
    if dice.percent(80) {
        damage(dice, &mut bytes);
    }
    bytes
}

fn team() -> Arc<Rules> {
    static TEAM: OnceLock<Arc<Rules>> = OnceLock::new();
    let text = include_str!("../../examples/small-team/salespulse.toml");
    Arc::clone(TEAM.get_or_init(|| Arc::new(Config::of_text(text, "team", &[]).unwrap().rules)))
}

fn record(value: &[u8]) -> Record<'_> {
    Record { value: Some(value), ..Record::default() }
}

fn check(input: &[u8]) -> Result<(), String> {
    let rules = team();
    let decoder = Decoder::new(Arc::clone(&rules));
    let told = decoder.decode(&record(input), NOW);
    let padded = [b" \t", input, b"\r\n"].concat();
    let again = decoder.decode(&record(&padded), NOW);
    // White space may be what makes it too long, or what a broken text needs to be another.
    if let (Ok(Decoded::Event(event)), false) = (&told, padded.len() > LARGEST_VALUE) {
        // The hash is one of all bytes.
        let is_same = |again: &Event<'_>| Event { hash: event.hash, ..again.clone() } == *event;
        if !matches!(&again, Ok(Decoded::Event(again)) if is_same(again)) {
            return Err(format!("{told:?} becomes {again:?} between white space"));
        }
    }
    match told {
        Ok(Decoded::Event(event)) => {
            let (mut once, mut twice) = (Engine::new(&rules, 1, NOW), Engine::new(&rules, 2, NOW));
            once.accept(&event, NOW);
            let (first, second) = (twice.accept(&event, NOW), twice.accept(&event, NOW));
            if first.duplicate || !(second.duplicate || second.expired) {
                return Err(format!("{first:?}, and then {second:?}"));
            }
            if text(&mut once, &rules)? == text(&mut twice, &rules)? {
                Ok(())
            } else {
                Err("it counts twice".to_owned())
            }
        }
        Ok(Decoded::Tombstone) => Err("a value is no tombstone".to_owned()),
        Err(rejection) if rejection.message.is_empty() => Err("a refusal without a sentence".to_owned()),
        Err(_) => Ok(()),
    }
}

fn text(engine: &mut Engine, rules: &Rules) -> Result<String, String> {
    let (catalogue, mut text) = (Catalogue::new(rules)?, String::new());
    render(&catalogue, &engine.read(NOW), Format::Prometheus, &mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

#[test]
fn a_record_is_refused_with_a_sentence_or_counted_once() {
    for line in EVENTS.lines() {
        assert!(Decoder::new(team()).decode(&record(line.as_bytes()), NOW).is_ok(), "{line}");
    }
    crate::fuzz::run("records", 4_000, mutant, check);
}
