//! Damages records: their fields, what stands around them, and their bytes.

use std::collections::{BTreeMap, BTreeSet};

use salespulse::model::event::EventType;
use salespulse::model::time::{DAY, HOUR};
use serde_json::value::RawValue;

use super::dice::Dice;
use super::{Mutant, pool};
use crate::contract::examples;
use crate::contract::schemas::fields_of;
use crate::contract::setting::NOW;

/// A record to damage: its type and its members as JSON text, in their order.
pub(super) struct Base {
    kind: EventType,
    members: Vec<(String, String)>,
}

/// Every valid example that is a plain object.
pub(super) fn bases() -> Vec<Base> {
    let plain = |example: examples::Example| {
        let object: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&example.value).ok()?;
        let members = object.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect();
        (example.record().headers.cloud_event().id.is_none()).then_some(Base { kind: example.kind, members })
    };
    examples::load("valid").into_iter().filter_map(plain).collect()
}

/// One damaged record.
pub(super) fn mutant(dice: &mut Dice, bases: &[Base]) -> Mutant {
    // Every type is as likely as any other, however many examples it has.
    let kind = *dice.pick(&EventType::ALL);
    let of_kind: Vec<&Base> = bases.iter().filter(|base| base.kind == kind).collect();
    let mut members = dice.pick(&of_kind).members.clone();
    let fields: Vec<String> = fields_of(kind).into_iter().collect();
    for _ in 0..dice.below(4) {
        damage_member(dice, &mut members, &fields);
    }
    let mut mutant = Mutant {
        topic_type: Some(kind),
        may_be_framed: dice.percent(80),
        starts_file: dice.percent(20),
        ..Mutant::default()
    };
    if dice.percent(8) {
        add_headers(dice, &mut members, &mut mutant);
    }
    let text = if dice.percent(10) { wrap(dice, members) } else { object(dice, &members) };
    mutant.value = text.into_bytes();
    if dice.percent(9) {
        damage_bytes(dice, &mut mutant.value);
    }
    if dice.percent(4) {
        mutant.value.splice(0..0, *b"\xef\xbb\xbf");
    }
    if dice.percent(8) {
        frame(dice, &mut mutant.value);
    }
    if dice.percent(3) {
        pad(dice, &mut mutant.value);
    }
    mutant.topic_type = match dice.below(30) {
        0 => Some(*dice.pick(&EventType::ALL)),
        1..=4 => None,
        _ => mutant.topic_type,
    };
    let ages = [0, -1, 1, -HOUR, DAY, -DAY, -2 * DAY, -400 * DAY, 30 * DAY];
    mutant.timestamp = dice.percent(40).then(|| NOW.plus(*dice.pick(&ages)));
    mutant
}

fn damage_member(dice: &mut Dice, members: &mut Vec<(String, String)>, fields: &[String]) {
    if members.is_empty() {
        return;
    }
    let place = dice.below(members.len());
    match dice.below(24) {
        0 => {
            members.remove(place);
        }
        1 => members[place].1 = "null".to_owned(),
        2..=8 => members[place].1 = pool::value(dice, &members[place].0),
        9 | 10 => {
            let key = members[place].0.clone();
            let value = pool::value(dice, &key);
            let to = if dice.percent(50) { 0 } else { members.len() };
            members.insert(to, (key, value));
        }
        11 => rename(dice, &mut members[place].0),
        12 => members.push((dice.pick(&["note", "Type", "data", "specversion", ""]).to_string(), pool::nested(dice))),
        13..=16 => {
            let kept: Vec<&String> =
                fields.iter().filter(|field| !members.iter().any(|(key, _)| key == *field)).collect();
            let key = if kept.is_empty() { members[place].0.clone() } else { (*dice.pick(&kept)).clone() };
            set(dice, members, &key, place);
        }
        _ => {
            // The fields with rules of their own, amounts together with their currency.
            for key in [
                "amount",
                "currency",
                "margin",
                "stage",
                "pipeline",
                "splits",
                "measure",
                "period",
                "score",
                "occurred_at",
            ] {
                if fields.iter().any(|field| field == key) && dice.percent(45) {
                    set(dice, members, key, place);
                }
            }
        }
    }
}

fn set(dice: &mut Dice, members: &mut Vec<(String, String)>, key: &str, place: usize) {
    let value = pool::value(dice, key);
    match members.iter_mut().find(|(name, _)| name == key) {
        Some(member) => member.1 = value,
        None => members.insert(place, (key.to_owned(), value)),
    }
}

/// Another spelling of a key: the same one by escapes, or another one.
fn rename(dice: &mut Dice, key: &mut String) {
    let Some(first) = key.chars().next().filter(char::is_ascii_lowercase) else { return };
    let rest = key[1..].to_owned();
    *key = match dice.below(4) {
        0 | 1 => format!("\\u{:04x}{rest}", u32::from(first)),
        2 => format!("{}{rest}", first.to_ascii_uppercase()),
        _ => format!("{key} "),
    };
}

fn object(dice: &mut Dice, members: &[(String, String)]) -> String {
    let gap = *dice.pick(&["", "", "", " ", "\n", "\t\r\n  "]);
    let comma = format!("{gap},{gap}");
    let written: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\"{gap}:{gap}{value}")).collect();
    format!("{gap}{{{gap}{}{gap}}}{gap}", written.join(&comma))
}

/// A CloudEvents envelope around the members, some of which move into its attributes.
fn wrap(dice: &mut Dice, mut members: Vec<(String, String)>) -> String {
    let mut envelope = vec![("source".to_owned(), "\"/crm\"".to_owned())];
    for (field, attribute) in [("event_id", "id"), ("occurred_at", "time"), ("type", "type")] {
        let moved = members.iter().position(|(key, _)| key == field).filter(|_| dice.percent(60));
        let value = match moved {
            Some(place) => members.remove(place).1,
            None => pool::value(dice, attribute),
        };
        if moved.is_some() || dice.percent(40) {
            envelope.push((attribute.to_owned(), value));
        }
    }
    let version = *dice.pick(&["\"1.0\"", "\"1.0\"", "\"1.0\"", "\"\"", "1.0", "null", "[]"]);
    envelope.insert(dice.below(envelope.len()), ("specversion".to_owned(), version.to_owned()));
    let data = if dice.percent(90) { object(dice, &members) } else { pool::value(dice, "data") };
    envelope.insert(dice.below(envelope.len() + 1), ("data".to_owned(), data));
    if dice.percent(10) {
        let key = dice.pick(&["data", "specversion", "id", "event_id", "lead_id"]).to_string();
        let value = pool::value(dice, &key);
        envelope.push((key, value));
    }
    object(dice, &envelope)
}

/// CloudEvents headers, in place of members or against them.
fn add_headers(dice: &mut Dice, members: &mut Vec<(String, String)>, mutant: &mut Mutant) {
    for field in ["event_id", "occurred_at", "type"] {
        let place = members.iter().position(|(key, _)| key == field).filter(|_| dice.percent(60));
        let value = match place {
            Some(place) => members.remove(place).1,
            None => pool::value(dice, field),
        };
        let text = serde_json::from_str::<String>(&value).unwrap_or(value).into_bytes();
        let header = match dice.below(12) {
            0 => None,
            1 => Some(b"\xff\xfe".to_vec()),
            _ => Some(text),
        };
        match field {
            "event_id" => mutant.ce_id = header,
            "occurred_at" => mutant.ce_time = header,
            _ => mutant.ce_type = header,
        }
    }
}

fn damage_bytes(dice: &mut Dice, value: &mut Vec<u8>) {
    const BYTES: [&[u8]; 20] = [
        b"\0",
        b"\x01",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xef\xbb\xbf",
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\x7f",
        b"\x1f",
        b"1",
        b"e",
    ];
    for _ in 0..=dice.below(2) {
        let place = dice.below(value.len().max(1));
        match dice.below(5) {
            0 => value.truncate(place),
            1 if !value.is_empty() => {
                value.remove(place);
            }
            2 if !value.is_empty() => value[place] ^= 1 << dice.below(8),
            3 => value.extend(*dice.pick(&BYTES)),
            _ => {
                let at = place.min(value.len());
                value.splice(at..at, dice.pick(&BYTES).iter().copied());
            }
        }
    }
}

fn frame(dice: &mut Dice, value: &mut Vec<u8>) {
    let prefix: &[u8] = match dice.below(8) {
        0..=2 => b"\0\0\0\0\x2a",
        3 | 4 => b"\x010123456789abcdef",
        5 => b"\0\0\0\0",
        6 => b"\x01\0\0\0\x2a",
        _ => b"\x02\0\0\0\x2a",
    };
    value.splice(0..0, prefix.iter().copied());
}

/// White space up to about the greatest length of a value.
fn pad(dice: &mut Dice, value: &mut Vec<u8>) {
    let length = *dice.pick(&[65_535, 65_536, 65_537, 65_538, 70_000]);
    if value.len() < length {
        value.resize(length, b' ');
    }
}

#[test]
fn every_field_is_damaged() {
    let bases = bases();
    let seen: BTreeSet<EventType> = bases.iter().map(|base| base.kind).collect();
    assert_eq!(seen.len(), EventType::ALL.len());
    let mutant = |number| mutant(&mut Dice::new(7, number), &bases).value;
    assert_eq!(mutant(1), mutant(1), "the same number is the same record");
    assert_ne!(mutant(1), mutant(2));
}
