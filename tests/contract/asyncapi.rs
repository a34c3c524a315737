//! The AsyncAPI document says of topics, schemas, examples and codes what the program and the schemas say.

use std::fs;

use salespulse::contract::decode::RejectionCode;
use salespulse::model::event::EventType;
use serde_json::Value;

use crate::contract::schemas::folder;

fn document() -> String {
    fs::read_to_string(folder().join("asyncapi.yaml")).unwrap()
}

/// The part of the document from a line on, as long as lines are indented deeper.
fn section<'a>(document: &'a str, head: &str) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = document.lines().skip_while(|line| *line != head);
    let first = lines.next().unwrap_or_else(|| panic!("no line \"{head}\""));
    lines.take_while(|line| indent(line) > indent(first)).map(str::trim).collect()
}

fn camel_case(kind: EventType) -> String {
    let mut words = kind.name().split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn every_topic_is_a_channel() {
    let document = document();
    let addresses: Vec<&str> = document.lines().filter_map(|line| line.trim().strip_prefix("address: ")).collect();
    let topics = EventType::ALL.map(EventType::default_topic).into_iter().chain(["sales.dead-letters"]);
    assert_eq!(addresses, topics.collect::<Vec<_>>());
    for kind in EventType::ALL {
        let name = camel_case(kind);
        let channel = section(&document, &format!("  {name}:"));
        assert!(channel.contains(&format!("address: {}", kind.default_topic()).as_str()), "{kind}");
        assert!(channel.contains(&format!("$ref: '#/components/messages/{name}'").as_str()), "{kind}");
    }
}

#[test]
fn every_message_has_its_schema_its_key_and_its_example() {
    let document = document();
    for kind in EventType::ALL {
        let message = section(&document, &format!("    {}:", camel_case(kind)));
        assert!(message.contains(&format!("$ref: ./{kind}.schema.json").as_str()), "{kind}");
        let key = if kind.is_of_journey() { "journeyKey" } else { "anyKey" };
        assert!(message.contains(&format!("$ref: '#/components/schemas/{key}'").as_str()), "{kind}");
        let example = fs::read(folder().join(format!("examples/{kind}/valid/full.json"))).unwrap();
        let example: serde_json::Map<String, Value> = serde_json::from_slice(&example).unwrap();
        let expected: Vec<String> = example.iter().map(|(field, value)| format!("{field}: {value}")).collect();
        // A map of serde_json is sorted, the document keeps the order of the file.
        let mut shown = message[message.len() - expected.len()..].to_vec();
        shown.sort_unstable();
        assert_eq!(shown, expected, "{kind}");
    }
}

#[test]
fn dead_letters_carry_the_codes_in_their_order() {
    let document = document();
    let listed = section(&document, "        salespulse.error.code:");
    let listed: Vec<&str> = listed.into_iter().filter_map(|line| line.strip_prefix("- ")).collect();
    assert_eq!(listed, RejectionCode::ALL.map(RejectionCode::name));
    let headers = section(&document, "      required:");
    let expected = ["topic", "partition", "offset", "timestamp", "code", "message"];
    assert_eq!(headers, expected.map(|part| format!("- salespulse.error.{part}")));
}
