//! The connectors: damaged answers of CRMs, damaged messages of hooks and topics, damaged files of sources.

use std::sync::Arc;

use salespulse::connect::desk::Batch;
use salespulse::connect::events::Gate;
use salespulse::connect::messages::{Message, take};
use salespulse::connect::sources::{Defaults, Source, load};
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::model::time::Time;

use crate::crm::{ZOHO, damaged, rules};
use crate::dice::Dice;
use crate::fuzz::mutate::damage;

/// Two sources, one with rules of its own and a table; a third is [`ZOHO`].
const SOURCES: &str = r#"[connect]
listen = "127.0.0.1:9465"

[source.books]
kind = "webhook"
each = "/data"
timezone = "Asia/Shanghai"
[source.books.verify]
hmac_sha256 = "x-signature"
secret_file = "/run/secrets/books"
[[source.books.map]]
when = [{ at = "/event", is = ["paid", "refunded"] }, { at = "/void", exists = false }]
to = "payment"
event_id = "payment:{/id}"
version = ["/updated | live", "/paid | past"]
occurred_at = "/paid | local '%Y-%m-%d %H:%M:%S' UTC"
amount = "/amount | money ','"
currency = "/currency | default $currency"
rep_id = "/rep | trim | lookup reps else pass"

[source.rows]
kind = "debezium"
topics = ["crm.public.payments"]

[source.books.tables.reps]
"501" = "wang"
"*" = "li"

"#;

/// What lies in topics: a name for the source, and a message.
const MESSAGES: [(&str, &str); 4] = [
    (
        "books",
        r#"{"event":"paid","data":[{"id":9007199254740993,"event":"paid","updated":1794301200000,"paid":"2026-11-10 09:00:00","amount":"1,234.50","rep":" 501"}]}"#,
    ),
    (
        "books",
        r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"data":[{"id":1,"event":"paid","updated":1794301200000,"paid":"2026-11-10 09:00:00","amount":"1"}]}}"#,
    ),
    (
        "rows",
        r#"{"schema":{"fields":[{"field":"after","fields":[{"field":"amount","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}},{"field":"paid_at","name":"io.debezium.time.MicroTimestamp"}]}]},"payload":{"op":"u","after":{"id":7,"amount":"AfwC","paid_at":1794301200123456,"currency":"CNY"},"ts_us":1794301200345000}}"#,
    ),
    (
        "rows",
        r#"{"op":"d","before":{"id":7,"amount":"0.00","paid_at":0},"after":null,"source":{"ts_ms":1794301200345},"ts_us":1794301200345000}"#,
    ),
];

/// A file of three sources.
fn text() -> String {
    format!("{SOURCES}{ZOHO}interval = \"1m\"\n")
}

fn sources() -> Vec<Source> {
    load(&text(), "sources.toml", &Defaults::default()).expect("it is right").into_values().collect()
}

/// The name of a source in a line, and the message.
fn message(dice: &mut Dice) -> Vec<u8> {
    let (source, text) = MESSAGES[dice.below(MESSAGES.len())];
    let mut bytes = text.as_bytes().to_vec();
    damage(dice, &mut bytes);
    [source.as_bytes(), b"\n", &bytes].concat()
}

/// Every message becomes events that the decoder takes, or is a dead letter byte for byte, or holds no fact.
fn check_message(sources: &[Source], input: &[u8]) -> Result<(), String> {
    let rules = Arc::new(rules());
    let place = input.iter().position(|byte| *byte == b'\n').ok_or("no name of a source")?;
    let (name, bytes) = (&input[..place], &input[place + 1..]);
    let source = sources.iter().find(|source| source.name.as_bytes() == name).ok_or("no such source")?;
    let (gate, now, mut batch) =
        (Gate::new(Arc::clone(&rules)), Time::from_millis(1_796_000_000_000), Batch::default());
    let message = Message { from: &source.name, bytes, key: None, headers: &[] };
    let is_told = take(source, message, &|_| None, &gate, now, &mut batch);
    for event in &batch.events {
        let line = event.to_json();
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        if !matches!(Decoder::new(Arc::clone(&rules)).decode(&record, now), Ok(Decoded::Event(_))) {
            return Err(format!("{line} is no event"));
        }
    }
    if batch.letters.iter().any(|letter| letter.body != bytes) {
        return Err("a dead letter holds something else".to_owned());
    }
    if is_told == (batch.events.is_empty() && batch.letters.is_empty()) {
        return Err("what it became is not what it says".to_owned());
    }
    Ok(())
}

fn file(dice: &mut Dice) -> Vec<u8> {
    let text = text();
    let mut lines: Vec<&str> = text.lines().collect();
    for _ in 0..dice.below(3) {
        let (place, other) = (dice.below(lines.len()), dice.below(lines.len()));
        match dice.below(3) {
            0 => drop(lines.remove(place)),
            1 => lines.insert(place, lines[other]),
            _ => lines.swap(place, other),
        }
    }
    let mut bytes = lines.join("\n").into_bytes();
    if dice.percent(70) {
        damage(dice, &mut bytes);
    }
    bytes
}

/// A file is read, or refused with the line and what is wrong there.
fn check_file(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let Err(fault) = load(&text, "sources.toml", &Defaults::default()) else { return Ok(()) };
    let is_there = (1..=text.lines().count() + 1).contains(&fault.line);
    let told = fault.to_string();
    if is_there && told.contains(&fault.key) && !fault.message.is_empty() {
        Ok(())
    } else {
        Err(format!("the message names no place: {told}"))
    }
}

#[test]
fn damaged_answers_of_a_crm_end_a_cycle_and_nothing_else() {
    let make = |dice: &mut Dice| dice.below(1 << 30).to_string().into_bytes();
    crate::fuzz::run("answers", 200, make, |input| {
        let seed = std::str::from_utf8(input).ok().and_then(|text| text.trim().parse().ok()).ok_or("no seed")?;
        damaged::try_damaged(seed, damage);
        Ok(())
    });
}

#[test]
fn a_damaged_message_is_an_event_or_a_dead_letter() {
    let sources = sources();
    for (name, text) in MESSAGES {
        let input = [name.as_bytes(), b"\n", text.as_bytes()].concat();
        assert_eq!(check_message(&sources, &input), Ok(()), "{text}");
    }
    crate::fuzz::run("messages", 4_000, message, |input| check_message(&sources, input));
}

#[test]
fn a_file_of_sources_is_read_or_refused_with_its_place() {
    assert_eq!(sources().len(), 3);
    crate::fuzz::run("sources", 3_000, file, check_file);
}
