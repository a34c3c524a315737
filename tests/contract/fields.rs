//! Schemas and types hold each other: every field of a schema is read, every field that is read is in
//! the schema, and lists of words are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salespulse::config::Config;
use salespulse::contract::decode::{Decoded, Decoder, Record, unread_fields};
use salespulse::model::event::EventType;
use serde_json::{Value, json};

use crate::contract::examples::{self, Example};
use crate::contract::schemas::{fields_of, load};
use crate::contract::setting::{NOW, decoder};
use crate::contract::told::{BESIDE_THE_FIELDS, tell};

/// The example of each type that has every field.
fn full() -> BTreeMap<EventType, Example> {
    let full = examples::load("valid").into_iter().filter(|example| example.name == "full");
    full.map(|example| (example.kind, example)).collect()
}

fn with(example: &Example, field: &str, value: Value) -> Vec<u8> {
    let mut object: Value = serde_json::from_slice(&example.value).unwrap();
    object[field] = value;
    object.to_string().into_bytes()
}

/// The code and the message of a refusal.
fn refusal(example: &Example, value: &[u8]) -> Option<(String, String)> {
    let record = Record { value: Some(value), ..example.record() };
    let rejection = decoder().decode(&record, NOW).err()?;
    Some((rejection.code.name().to_owned(), rejection.message))
}

#[test]
fn full_examples_have_every_field_of_the_schema_and_no_other() {
    for (kind, example) in full() {
        let object: BTreeMap<String, Value> = serde_json::from_slice(&example.value).unwrap();
        assert_eq!(object.into_keys().collect::<BTreeSet<_>>(), fields_of(kind), "{kind}");
    }
}

#[test]
fn every_field_of_the_schema_is_read() {
    for (kind, example) in full() {
        for field in fields_of(kind) {
            // No field may be an empty list, so one is refused wherever it is read.
            let (code, message) = refusal(&example, &with(&example, &field, json!([])))
                .unwrap_or_else(|| panic!("{kind}.{field} is not read"));
            let expected = if field == "type" { "unknown_type" } else { "invalid_field" };
            assert_eq!(code, expected, "{kind}.{field}: {message}");
            assert!(message.contains(&field), "{kind}.{field}: {message}");
        }
    }
}

#[test]
fn no_other_field_is_read() {
    let all: BTreeSet<String> = EventType::ALL.into_iter().flat_map(fields_of).collect();
    for (kind, example) in full() {
        for field in all.difference(&fields_of(kind)) {
            assert_eq!(refusal(&example, &with(&example, field, json!([]))), None, "{kind}.{field}");
        }
    }
}

/// What is called unread is what the schema does not have.
#[test]
fn unread_fields_are_those_that_the_schema_does_not_have() {
    let mut all: BTreeSet<String> = EventType::ALL.into_iter().flat_map(fields_of).collect();
    all.extend(["chanel", "Lead_id", "data", "id"].map(str::to_owned));
    for kind in EventType::ALL {
        let object: BTreeMap<&String, Value> = all.iter().map(|name| (name, json!(1))).collect();
        let expected: Vec<String> = all.difference(&fields_of(kind)).cloned().collect();
        let text = json!(object).to_string();
        let unread = |text: &str| unread_fields(&Record { value: Some(text.as_bytes()), ..Record::default() }, kind);
        assert_eq!(unread(&text), expected, "{kind}");
        let enveloped = json!({"specversion": "1.0", "source": "crm", "data": object}).to_string();
        assert_eq!(unread(&enveloped), expected, "{kind}");
    }
}

#[test]
fn every_field_of_the_types_is_in_the_schema() {
    let mut told: BTreeMap<EventType, BTreeSet<String>> = BTreeMap::new();
    for example in examples::load("valid") {
        let record = example.record();
        let Ok(Decoded::Event(event)) = decoder().decode(&record, NOW) else {
            panic!("{}: not accepted", example.name)
        };
        let fields = tell(&event).into_keys().filter(|name| !BESIDE_THE_FIELDS.contains(name));
        told.entry(example.kind).or_default().extend(fields.map(str::to_owned));
    }
    for kind in EventType::ALL {
        assert_eq!(told[&kind], fields_of(kind), "{kind}");
    }
}

#[test]
fn required_fields_are_required() {
    for (kind, example) in full() {
        let schema = load(kind.name());
        let of = |pointer: &str| schema.pointer(pointer).and_then(Value::as_array).unwrap().clone();
        let required: BTreeSet<String> = of("/required")
            .into_iter()
            .chain(of("/else/required"))
            .map(|name| name.as_str().unwrap().to_owned())
            .chain(conditional(kind).iter().map(|name| (*name).to_owned()))
            .collect();
        for field in fields_of(kind) {
            let refused = refusal(&example, &with(&example, &field, Value::Null));
            let expected = required.contains(&field).then_some("missing_field");
            assert_eq!(refused.as_ref().map(|(code, _)| code.as_str()), expected, "{kind}.{field}");
        }
    }
}

/// Fields that the full example's other fields make required.
fn conditional(kind: EventType) -> &'static [&'static str] {
    match kind {
        EventType::StageChange => &["currency"],
        EventType::Target => &["rep_id", "team_id", "currency"],
        _ => &[],
    }
}

#[test]
fn every_word_of_the_schema_is_known_and_no_other() {
    let lists = [
        (EventType::Feedback, "survey", json!({"score": 5})),
        (EventType::Payment, "kind", json!({})),
        (EventType::Target, "scope", json!({})),
        (EventType::Target, "measure", json!({})),
    ];
    let full = full();
    for (kind, field, beside) in lists {
        let words = load(kind.name())["else"]["properties"][field]["enum"].clone();
        for word in words.as_array().unwrap() {
            let mut object: Value = serde_json::from_slice(&full[&kind].value).unwrap();
            object.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
            object[field] = word.clone();
            assert_eq!(refusal(&full[&kind], object.to_string().as_bytes()), None, "{kind}.{field} = {word}");
        }
        let unknown = refusal(&full[&kind], &with(&full[&kind], field, json!("other")));
        assert_eq!(unknown.unwrap().0, "invalid_field");
    }
    for kind in EventType::ALL {
        assert_eq!(load(kind.name())["properties"]["type"]["enum"], json!([kind.name(), null]));
    }
}

#[test]
fn a_pipeline_is_read_only_where_more_than_one_is_configured() {
    let full = full();
    let lead = with(&full[&EventType::Lead], "pipeline", json!(5));
    assert_eq!(refusal(&full[&EventType::Lead], &lead).unwrap().0, "invalid_field");
    let toml = "[org]\nreporting_currency = \"CNY\"\n[pipeline]\nstages = [\"lead\", \"won\"]\n";
    let rules = Config::of_text(toml, "one pipeline", &[]).unwrap().rules;
    let record = Record { value: Some(&lead), ..full[&EventType::Lead].record() };
    assert!(Decoder::new(Arc::new(rules)).decode(&record, NOW).is_ok());
}
