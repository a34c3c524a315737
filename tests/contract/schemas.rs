//! The published schemas, loaded from their folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use jsonschema::{Registry, Validator};
use salespulse::model::event::EventType;
use serde_json::Value;

/// Where the schemas lie.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// One schema file as JSON.
pub(crate) fn load(name: &str) -> Value {
    let path = folder().join(format!("{name}.schema.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A validator for each type. References between the files are relative and need no network.
pub(crate) fn validators() -> BTreeMap<&'static str, Validator> {
    let registry =
        Registry::new().add("file:///schemas/common.schema.json", load("common")).unwrap().prepare().unwrap();
    let build = |kind: EventType| {
        jsonschema::options()
            .with_base_uri(format!("file:///schemas/{kind}.schema.json"))
            .with_registry(&registry)
            .build(&load(kind.name()))
            .unwrap_or_else(|error| panic!("{kind}: {error}"))
    };
    EventType::ALL.into_iter().map(|kind| (kind.name(), build(kind))).collect()
}

/// The fields that a type's schema names.
pub(crate) fn fields_of(kind: EventType) -> BTreeSet<String> {
    let schema = load(kind.name());
    let names = |pointer: &str| {
        let properties = schema.pointer(pointer).and_then(Value::as_object).unwrap();
        properties.keys().cloned().collect::<Vec<_>>()
    };
    names("/properties").into_iter().chain(names("/else/properties")).collect()
}

/// The names of the parts of `common.schema.json` that list currencies, with their fraction digits.
pub(crate) fn currencies() -> BTreeMap<String, u32> {
    let common = load("common");
    let of_digits = |digits: u32| {
        let codes = common["$defs"][format!("currency_of_{digits}_digits")]["enum"].as_array().unwrap().clone();
        codes.into_iter().map(move |code| (code.as_str().unwrap().to_owned(), digits))
    };
    [0, 2, 3, 4].into_iter().flat_map(of_digits).collect()
}

/// Every object of a schema that stands where a field is described, with the field's name.
fn described(schema: &Value) -> Vec<(String, Value)> {
    ["/properties", "/else/properties"]
        .iter()
        .filter_map(|pointer| schema.pointer(pointer)?.as_object())
        .flat_map(|properties| properties.iter().map(|(name, part)| (name.clone(), part.clone())))
        .collect()
}

#[test]
fn schemas_are_valid_2020_12() {
    for name in EventType::ALL.map(EventType::name).into_iter().chain(["common"]) {
        let schema = load(name);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(validators().len(), EventType::ALL.len());
}

#[test]
fn every_field_is_described() {
    let common = load("common");
    for kind in EventType::ALL {
        let schema = load(kind.name());
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{kind}");
        assert!(
            schema["description"].as_str().unwrap().contains(&format!("Topic {}", kind.default_topic())),
            "{kind}: the description names the topic"
        );
        for (name, part) in described(&schema) {
            let here = part["description"].is_string();
            let there = part["$ref"].as_str().and_then(|target| common.pointer(target.split_once('#')?.1));
            assert!(here || there.is_some_and(|part| part["description"].is_string()), "{kind}.{name}");
        }
    }
}

#[test]
fn the_currencies_are_those_of_the_program() {
    let codes = currencies();
    for (code, digits) in &codes {
        let known = salespulse::model::money::Currency::from_code(code).map(salespulse::model::money::Currency::digits);
        assert_eq!(known, Some(*digits), "{code}");
    }
    let letters = || b'A'..=b'Z';
    let all = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    for code in all {
        let code = std::str::from_utf8(&code).unwrap();
        let known = salespulse::model::money::Currency::from_code(code).is_some();
        assert_eq!(known, codes.contains_key(code), "{code}");
    }
}
