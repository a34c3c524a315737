//! Records that cannot be used: kept byte for byte, told by code, and before their offset counts.

use crate::harness::process::Signal;
use crate::harness::reader::{Stored, all_committed, committed, read_all, reset_to_end};
use crate::harness::service::{RULES, SOON};
use crate::harness::topics::KINDS;
use crate::harness::{Broker, Producer, Sent, ServiceBuilder, Topics, shared_broker, wait_until};
use crate::integration::events::{ORG_LEADS, ORG_SPEND, garbage, lead, now, spend, spend_value};

/// The most bytes that a value may have.
const LARGEST: usize = 64 * 1024;

/// The headers that every dead letter has after those of its record.
const ERROR_HEADERS: [&str; 6] = ["topic", "partition", "offset", "timestamp", "code", "message"];

/// A lead whose value is exactly so long.
fn lead_of_size(topics: &Topics, id: &str, bytes: usize) -> Sent {
    let mut sent = lead(topics, id);
    let value = sent.value.as_mut().expect("a lead has a value");
    let rest = bytes - value.len() - r#","x":"""#.len();
    value.truncate(value.len() - 1);
    value.extend_from_slice(format!(r#","x":"{}"}}"#, "x".repeat(rest)).as_bytes());
    assert_eq!(value.len(), bytes);
    sent
}

/// For each code a record that has this fault, and the spellings of it that a topic adds.
fn faulty(topics: &Topics) -> Vec<(&'static str, Sent)> {
    let to = |kind: &str, value: &str| Sent::new(&topics.name(kind), "k", value);
    let at = format!(r#""occurred_at":{}"#, now());
    let soon = now() + 48 * 3_600_000;
    vec![
        ("too_large", lead_of_size(topics, "large", LARGEST + 1)),
        ("too_large", Sent::new(&topics.name("spend"), "m", vec![0xff; 1_000_000])),
        ("not_json", to("lead", "{\"event_id\":").header("a", Some(b"1")).header("b", None).header("a", Some(b"2"))),
        (
            "not_json",
            Sent::new(&topics.name("feedback"), "", b"{\"event_id\":\"\xff\"}".to_vec()).header("", Some(b"")),
        ),
        ("not_json", to("payment", "")),
        ("unknown_type", to("lead", &format!(r#"{{"type":"visit","event_id":"1",{at},"lead_id":"1"}}"#))),
        (
            "type_mismatch",
            to("lead", &format!(r#"{{"type":"spend","event_id":"1",{at}}}"#)).header("ce_id", Some(b"\x00\xff")),
        ),
        ("missing_field", to("spend", &format!(r#"{{"event_id":"1",{at},"amount":"1.00"}}"#))),
        ("missing_field", to("rep", &format!(r#"{{"event_id":"1",{at},"rep_id":null,"team_id":"t"}}"#))),
        ("invalid_field", to("lead", &format!(r#"{{"event_id":"1",{at},"lead_id":7}}"#))),
        (
            "invalid_field",
            to(
                "target",
                &format!(r#"{{"event_id":"1",{at},"scope":"galaxy","period":"2026","amount":"1","currency":"EUR"}}"#),
            ),
        ),
        ("unknown_stage", to("stage_change", &format!(r#"{{"event_id":"1",{at},"lead_id":"k","stage":"dreaming"}}"#))),
        ("invalid_amount", to("spend", &spend_value("1", "1.234"))),
        ("unknown_currency", to("spend", &spend_value("1", "1.00").replace("EUR", "GBP"))),
        ("unknown_currency", to("spend", &spend_value("1", "1.00").replace("EUR", "XYZ"))),
        ("invalid_time", to("lead", r#"{"event_id":"1","occurred_at":"yesterday","lead_id":"k"}"#)),
        ("in_future", to("lead", &format!(r#"{{"event_id":"1","occurred_at":{soon},"lead_id":"k"}}"#))),
        ("not_json", Sent { key: None, ..to("spend", "no key") }),
        ("not_json", Sent { key: Some(vec![0, 0xff, 0x80]), ..to("rep", "a key of bytes") }),
    ]
}

/// The records of all topics, each with its topic's name.
fn all_records(broker: &Broker, topics: &Topics) -> Vec<(String, Stored)> {
    let inputs = KINDS.iter().filter(|kind| **kind != "dead_letters").map(|kind| topics.name(kind));
    inputs
        .flat_map(|name| read_all(&broker.client(), &name).into_iter().map(move |stored| (name.clone(), stored)))
        .collect()
}

/// The dead letter of a record is that record with six headers more.
fn assert_is_copy(letter: &Stored, record: &Stored, code: &str) {
    assert_eq!(letter.key, record.key, "{code}");
    assert_eq!(letter.value.as_ref().map(Vec::len), record.value.as_ref().map(Vec::len), "{code}");
    assert!(letter.value == record.value, "{code}: the value differs");
    let (own, added) = letter.headers.split_at(record.headers.len());
    assert_eq!(own, record.headers, "{code}");
    let names: Vec<&str> = added.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ERROR_HEADERS.map(|name| format!("salespulse.error.{name}")), "{code}");
    assert_eq!(letter.header("salespulse.error.code"), code);
    assert_eq!(letter.header("salespulse.error.timestamp"), record.timestamp.to_string());
    assert!(letter.header("salespulse.error.message").contains(' '), "{code}: a sentence");
}

#[test]
fn every_code_reaches_the_dead_letter_topic_byte_for_byte() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let producer = Producer::new(&broker.client(), &[]);
    let faulty = faulty(&topics);
    producer.send_all(faulty.iter().map(|(_, sent)| sent));
    producer.send_all(&[lead_of_size(&topics, "largest", LARGEST)]);

    // Offsets are committed when a snapshot is durable.
    let builder = ServiceBuilder::new(broker, &topics).snapshot("interval", "1s").logging("info,salespulse=debug");
    let service = builder.start();
    service.wait_for(ORG_LEADS, 1.0);
    for code in salespulse::contract::decode::RejectionCode::ALL.map(salespulse::contract::decode::RejectionCode::name)
    {
        let expected = faulty.iter().filter(|(other, _)| *other == code).count();
        assert!(expected > 0, "no record here has the fault {code}");
        service.wait_rejected(code, u32::try_from(expected).expect("few").into());
    }
    service.wait_for("salespulse_dead_letters_total", u32::try_from(faulty.len()).expect("few").into());

    let letters = read_all(&broker.client(), &topics.name("dead_letters"));
    assert_eq!(letters.len(), faulty.len());
    let records = all_records(broker, &topics);
    for (topic, record) in &records {
        let place = [topic.clone(), record.partition.to_string(), record.offset.to_string()];
        let header = |letter: &Stored, name: &str| letter.header(&format!("salespulse.error.{name}")).to_owned();
        let is_copy = |letter: &&Stored| ["topic", "partition", "offset"].map(|name| header(letter, name)) == place;
        let copies: Vec<&Stored> = letters.iter().filter(is_copy).collect();
        let sent = faulty
            .iter()
            .find(|(_, sent)| sent.topic == *topic && sent.value == record.value && sent.key == record.key);
        match (copies.as_slice(), sent) {
            ([letter], Some((code, sent))) => {
                assert_eq!(sent.headers, record.headers, "the broker keeps headers as they are");
                assert_is_copy(letter, record, code);
            }
            ([], None) => {}
            _ => panic!("{} copies of {place:?}, which should be {sent:?}", copies.len()),
        }
    }
    // Values may be anything, personal data too.
    let log = service.log();
    for value in ["visit", "galaxy", "dreaming", "GBP", "yesterday", "a key of bytes"] {
        assert!(!log.contains(value), "the log quotes {value:?}");
    }
    wait_until("all offsets are committed", SOON, || all_done(broker, &records, builder.group()).then_some(()));
}

/// Whether the group has committed the end of every partition that holds a record.
fn all_done(broker: &Broker, records: &[(String, Stored)], group: &str) -> bool {
    let places: Vec<_> = records.iter().map(|(topic, record)| (topic.as_str(), record.partition)).collect();
    let committed = all_committed(&broker.client(), group, &places);
    records.iter().zip(committed).all(|((_, record), committed)| committed.is_some_and(|offset| offset > record.offset))
}

#[test]
fn a_restart_does_not_repeat_dead_letters_below_the_committed_offset() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let producer = Producer::new(&broker.client(), &[]);
    producer.send_all(&[garbage(&topics, "one"), spend(&topics, "s", "2.00"), garbage(&topics, "two")]);
    let builder = ServiceBuilder::new(broker, &topics);

    let mut service = builder.start();
    service.wait_rejected("not_json", 2.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    assert!(all_done(broker, &all_records(broker, &topics), builder.group()), "an orderly end commits what is done");

    let mut service = builder.start();
    service.wait_for(ORG_SPEND, 2.0);
    producer.send_all(&[garbage(&topics, "three")]);
    service.wait_for("salespulse_dead_letters_total", 1.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    let letters = read_all(&broker.client(), &topics.name("dead_letters"));
    let values: Vec<_> = letters
        .iter()
        .map(|letter| String::from_utf8_lossy(letter.value.as_ref().expect("a value")).into_owned())
        .collect();
    assert_eq!(values, ["garbage one", "garbage two", "garbage three"]);
}

#[test]
fn what_other_rules_reject_is_dead_lettered_although_it_was_done() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let producer = Producer::new(&broker.client(), &[]);
    let dollars = spend_value("s", "2.00").replace("EUR", "USD");
    producer.send_all(&[garbage(&topics, "one"), Sent::new(&topics.name("spend"), "s", dollars.as_str())]);
    let builder = ServiceBuilder::new(broker, &topics);
    let mut service = builder.start();
    service.wait_for(ORG_SPEND, 1.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    assert!(all_done(broker, &all_records(broker, &topics), builder.group()));

    let others = builder.rules(&RULES.replace("USD", "GBP"));
    let mut service = others.start();
    service.wait_for("salespulse_dead_letters_total", 2.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    let mut service = others.start();
    service.wait_rejected("unknown_currency", 1.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0), "the same rules send nothing again");

    let letters = read_all(&broker.client(), &topics.name("dead_letters"));
    let mut values: Vec<_> = letters.into_iter().filter_map(|letter| String::from_utf8(letter.value?).ok()).collect();
    values.sort();
    assert_eq!(values, ["garbage one".to_owned(), "garbage one".to_owned(), dollars]);
}

#[test]
fn offsets_that_an_administrator_resets_settle_no_dead_letter() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let producer = Producer::new(&broker.client(), &[]);
    producer.send_all(&[lead(&topics, "a")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 1.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    producer.send_all(&[garbage(&topics, "kept"), spend(&topics, "s", "2.00")]);
    let inputs: Vec<String> =
        KINDS.iter().filter(|kind| **kind != "dead_letters").map(|kind| topics.name(kind)).collect();
    reset_to_end(&broker.client(), builder.group(), &inputs);
    let service = builder.start();
    service.wait_for(ORG_SPEND, 2.0);
    service.wait_for("salespulse_dead_letters_total", 1.0);
    let letters = read_all(&broker.client(), &topics.name("dead_letters"));
    assert_eq!(letters.iter().map(|letter| letter.value.as_deref()).collect::<Vec<_>>(), [Some(&b"garbage kept"[..])]);
}

#[test]
fn an_offset_counts_only_after_its_dead_letter_is_acknowledged() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let producer = Producer::new(&broker.client(), &[]);
    // Offsets are committed when a snapshot is durable.
    let builder = ServiceBuilder::new(broker, &topics).snapshot("interval", "1s");
    let service = builder.start();
    let dead_letters = topics.name("dead_letters");
    topics.set_only("dead_letters", "max.message.bytes", "200");
    let probe = Sent::new(&dead_letters, "probe", vec![b'x'; 300]);
    wait_until("the broker refuses dead letters", SOON, || (!producer.offer(&probe)).then_some(()));

    producer.send_all(&[spend(&topics, "s", "1.00"), garbage(&topics, "kept"), spend(&topics, "t", "1.00")]);
    service.wait_for(ORG_SPEND, 2.0);
    service.wait_for("salespulse_dead_letters_outstanding", 1.0);
    // Commits go on for other topics meanwhile.
    producer.send_all(&[lead(&topics, "a")]);
    let committed = |kind: &str| committed(&broker.client(), builder.group(), &topics.name(kind), 0).unwrap_or(0);
    wait_until("the lead's offset is committed", SOON, || (committed("lead") == 1).then_some(()));
    assert!(committed("spend") <= 1, "the bad record's offset is 1, and its copy is not there");

    topics.set_only("dead_letters", "max.message.bytes", "1200000");
    wait_until("the spending's offsets are committed", SOON, || (committed("spend") == 3).then_some(()));
    let is_copy = |letter: &Stored| letter.value.as_deref() == Some(b"garbage kept");
    assert_eq!(read_all(&broker.client(), &dead_letters).iter().filter(|letter| is_copy(letter)).count(), 1);
}
