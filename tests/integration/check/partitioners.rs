//! Which partitioner has placed the keys of journeys, with real producers.

use serde_json::Value;

use super::{check, found, topic};
use crate::harness::{Broker, Producer, Sent, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::{lead, stage_change};

const PARTITIONS: i32 = 3;
const KEYS: usize = 40;

fn leads(topics: &Topics, word: &str) -> Vec<Sent> {
    (0..KEYS).map(|number| lead(topics, &format!("{word}{number}"))).collect()
}

fn changes(topics: &Topics, word: &str) -> Vec<Sent> {
    (0..KEYS).map(|number| stage_change(topics, &format!("{word}{number}"), "won", "1.00")).collect()
}

fn send(broker: &Broker, partitioner: &str, records: &[Sent]) {
    Producer::new(&broker.client(), &[("partitioner", partitioner)]).send_all(records);
}

/// Puts the records in turn into each partition.
fn in_turn(records: Vec<Sent>, from: usize) -> Vec<Sent> {
    let partition = |number: usize| i32::try_from((number + from) % 3).expect("few");
    records.into_iter().enumerate().map(|(number, sent)| sent.in_partition(partition(number))).collect()
}

/// The words for the topics of leads and stage changes.
fn words<'a>(topics: &Topics, document: &'a Value) -> [&'a str; 2] {
    ["lead", "stage_change"].map(|kind| topic(topics, document, kind)["partitioner"].as_str().unwrap_or("none"))
}

#[test]
fn one_partitioner_of_all_producers_is_named_and_no_finding() {
    let Some(broker) = shared_broker() else { return };
    for (partitioner, name) in [
        ("murmur2_random", "murmur2"),
        ("murmur2", "murmur2"),
        ("consistent_random", "crc32"),
        ("consistent", "crc32"),
        ("fnv1a_random", "fnv1a"),
    ] {
        let topics = Topics::create(broker, PARTITIONS);
        send(broker, partitioner, &[leads(&topics, "a"), changes(&topics, "a")].concat());
        let document = check(broker, &ServiceBuilder::new(broker, &topics), &[]);
        assert_eq!(found(&topics, &document, &["message"]), Vec::<String>::new(), "{partitioner}");
        assert_eq!(words(&topics, &document), [name, name], "{partitioner}");
    }
}

/// The numbers in a sentence on murmur2 and CRC-32: of those that fit the more frequent one, and of the others that fit the
/// other. Which is the more frequent one is chance, since some keys fit both.
fn counts(message: &str) -> (usize, usize) {
    let (_, rest) = message.split_once("of 80 records with a key ").expect("all records");
    let (first, rest) = rest.split_once(" lie where ").expect("those of the first");
    let (by_first, rest) = rest.split_once(" puts them, ").expect("the first");
    let (others, rest) = rest.split_once(" of the others where ").expect("those of the second");
    let (by_second, _) = rest.split_once(" does: ").expect("the second");
    let mut both = [by_first, by_second];
    both.sort_unstable();
    assert_eq!(both, ["CRC-32 (librdkafka's default)", "murmur2 (Java's)"], "{message}");
    (first.parse().expect("a number"), others.parse().expect("a number"))
}

#[test]
fn two_partitioners_in_one_topic_are_found() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, PARTITIONS);
    send(broker, "murmur2_random", &[leads(&topics, "a"), changes(&topics, "a")].concat());
    send(broker, "consistent_random", &leads(&topics, "b"));
    let document = check(broker, &ServiceBuilder::new(broker, &topics), &[]);
    assert_eq!(found(&topics, &document, &["severity"]), ["mixed_partitioners lead warning"]);
    assert_eq!(words(&topics, &document), ["mixed", "murmur2"]);
    let message = document["findings"][0]["message"].as_str().expect("a sentence");
    let (most, others) = counts(message);
    assert!(most >= 40 && most + others == 80, "{message}");
}

#[test]
fn a_partitioner_for_each_topic_is_found_with_a_journey_that_it_splits() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, PARTITIONS);
    send(broker, "murmur2_random", &leads(&topics, "a"));
    send(broker, "consistent_random", &changes(&topics, "a"));
    let document = check(broker, &ServiceBuilder::new(broker, &topics), &[]);
    assert_eq!(found(&topics, &document, &[]), ["mixed_partitioners stage_change"]);
    assert_eq!(words(&topics, &document), ["murmur2", "crc32"]);
    let message = document["findings"][0]["message"].as_str().expect("a sentence");
    assert!(message.contains("as that of key \"a"), "{message}");
}

#[test]
fn another_partitioner_is_noted_unless_it_splits_journeys() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, PARTITIONS);
    send(broker, "murmur2_random", &in_turn([leads(&topics, "a"), changes(&topics, "a")].concat(), 0));
    let document = check(broker, &ServiceBuilder::new(broker, &topics), &[]);
    // Of 40 keys the first of the leads and of the changes lie in partitions 0 and 1.
    let both: Vec<String> = found(&topics, &document, &[]);
    assert_eq!(both, ["mixed_partitioners lead", "mixed_partitioners stage_change"]);

    let topics = Topics::create(broker, PARTITIONS);
    send(broker, "murmur2_random", &[in_turn(leads(&topics, "a"), 0), in_turn(changes(&topics, "a"), 0)].concat());
    let document = check(broker, &ServiceBuilder::new(broker, &topics), &[]);
    assert_eq!(found(&topics, &document, &["message"]), Vec::<String>::new());
    assert_eq!(words(&topics, &document), ["other", "other"]);
    assert!(document["notes"].to_string().contains("no key was seen in two partitions"), "{document:#}");
}
