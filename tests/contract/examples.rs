//! Every published example: a valid one is accepted and says what its JSON says, an invalid one is
//! refused with the code in its file name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use salespulse::contract::decode::{CloudEventHeaders, Decoded, Headers, Record, Rejection, RejectionCode};
use salespulse::model::event::EventType;

use crate::contract::judge::{CODES, Judge};
use crate::contract::setting::{NOW, decoder};
use crate::contract::told::{Told, tell};

/// Invalid examples that only the decoder can refuse: a schema counts characters where the contract counts
/// bytes, sees no digits of numbers, no calendar, no clock, no configuration and no sums.
const BEYOND_THE_SCHEMA: [&str; 28] = [
    "in_future--occurred_at-a-digit-too-many",
    "in_future--occurred_at-next-year",
    "in_future--occurred_at-one-millisecond",
    "invalid_amount--amount-beyond-a-double",
    "invalid_amount--amount-tenth-of-a-fen",
    "invalid_amount--amount-tenth-of-a-lead",
    "invalid_amount--amount-too-large",
    "invalid_amount--amount-too-large-after-conversion",
    "invalid_amount--amount-too-many-wins",
    "invalid_amount--splits-99-percent",
    "invalid_amount--splits-a-billionth-too-much",
    "invalid_field--lost_reason-of-an-alias",
    "invalid_field--period-week-53-of-52",
    "invalid_field--rep_id-44-characters-of-3-bytes",
    "invalid_field--score-csat-point-zero",
    "invalid_field--score-over-its-scale",
    "invalid_field--splits-twice",
    "invalid_field--version-with-point",
    "invalid_time--occurred_at-no-such-day",
    "invalid_time--occurred_at-with-exponent",
    "unknown_currency--currency-before-its-first-rate",
    "unknown_currency--currency-not-rated-yet",
    "unknown_currency--currency-without-rate",
    "unknown_stage--pipeline-unknown",
    "unknown_stage--stage-alias-of-another-pipeline",
    "unknown_stage--stage-of-another-pipeline",
    "unknown_stage--stage-outside-the-pipeline",
    "unknown_stage--stage-upper-case",
];

/// A file of `schemas/examples`.
pub(crate) struct Example {
    pub(crate) kind: EventType,
    /// The file's name without its ending.
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Example {
    pub(crate) fn record(&self) -> Record<'_> {
        let header = |name: &str| {
            let found = self.headers.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_bytes())
        };
        Record {
            topic_type: Some(self.kind),
            value: Some(&self.value),
            may_be_framed: true,
            starts_file: false,
            headers: Headers::Known(CloudEventHeaders {
                id: header("ce_id"),
                time: header("ce_time"),
                kind: header("ce_type"),
            }),
            timestamp: None,
        }
    }

    /// The code and the field that an invalid example's name announces.
    fn announced(&self) -> (&str, &str) {
        let (code, what) = self.name.split_once("--").unwrap();
        (code, what.split('-').next().unwrap())
    }
}

/// The examples in one folder (`valid` or `invalid`) of each type.
pub(crate) fn load(group: &str) -> Vec<Example> {
    let of_type = |kind: EventType| {
        let folder = crate::contract::schemas::folder().join("examples").join(kind.name()).join(group);
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending != "headers"))
            .collect();
        paths.sort();
        paths.into_iter().map(move |path| read(kind, &path))
    };
    EventType::ALL.into_iter().flat_map(of_type).collect()
}

fn read(kind: EventType, path: &Path) -> Example {
    let headers = match fs::read_to_string(path.with_extension("headers")) {
        Ok(text) => serde_json::from_str::<std::collections::BTreeMap<String, String>>(&text).unwrap(),
        Err(_) => Default::default(),
    };
    Example {
        kind,
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        value: fs::read(path).unwrap(),
        headers: headers.into_iter().collect(),
    }
}

fn decode(example: &Example) -> Result<Told, Rejection> {
    match decoder().decode(&example.record(), NOW)? {
        Decoded::Event(event) => Ok(tell(&event)),
        Decoded::Tombstone => panic!("{}: a tombstone", example.name),
    }
}

#[test]
fn valid_examples_are_accepted_and_say_what_their_json_says() {
    let judge = Judge::new();
    let mut text = String::new();
    for example in load("valid") {
        let name = format!("{}/{}", example.kind, example.name);
        assert!(judge.schema_takes(example.kind, &example.record()), "{name}: its schema refuses it");
        let told = decode(&example).unwrap_or_else(|rejection| panic!("{name}: {}: {rejection}", rejection.code));
        assert_eq!(Ok(Some(&told)), judge.judge(&example.record(), NOW).as_ref().map(Option::as_ref), "{name}");
        text.push_str(&format!("{name}\n"));
        for (field, value) in told.iter().filter(|(field, _)| **field != "hash") {
            text.push_str(&format!("    {field}: {value:?}\n"));
        }
    }
    insta::assert_snapshot!("valid_examples", text);
}

#[test]
fn invalid_examples_are_refused_with_their_code() {
    let judge = Judge::new();
    for example in load("invalid") {
        let name = format!("{}/{}", example.kind, example.name);
        let (code, field) = example.announced();
        let refusal = judge.judge(&example.record(), NOW).expect_err(&name);
        assert_eq!(refusal.code, code, "{name}: the judge");
        let rejection = decode(&example).expect_err(&name);
        assert_eq!(rejection.code.name(), code, "{name}: {rejection}");
        if code != "not_json" {
            assert!(refusal.fields.contains(field), "{name}: the judge blames {:?}", refusal.fields);
            assert!(rejection.message.contains(field), "{name}: {rejection}");
            let blamed = rejection.field.unwrap_or_default();
            assert!(refusal.fields.contains(blamed), "{name}: {blamed} is blamed");
        }
    }
}

#[test]
fn the_schema_refuses_what_a_schema_can_express() {
    let judge = Judge::new();
    let taken = |example: &Example| judge.schema_takes(example.kind, &example.record());
    let examples = load("invalid");
    let beyond: BTreeSet<&str> = examples.iter().filter(|e| taken(e)).map(|e| e.name.as_str()).collect();
    let expected: BTreeSet<&str> = BEYOND_THE_SCHEMA.into();
    assert_eq!(beyond, expected);
}

#[test]
fn every_code_has_an_example() {
    assert_eq!(RejectionCode::ALL.map(RejectionCode::name), CODES);
    let examples = load("invalid");
    let mut codes: BTreeSet<&str> = examples.iter().map(|example| example.announced().0).collect();
    // An example of 64 KiB is made, not stored.
    codes.insert("too_large");
    assert_eq!(codes, BTreeSet::from(CODES));
}

#[test]
fn a_value_may_have_64_kib_with_its_prefix() {
    let padded = |length: usize, prefix: &[u8]| {
        let mut value = prefix.to_vec();
        value.extend(br#"{"event_id":"1","occurred_at":1795483800000,"lead_id":"L-1","note":""#);
        value.resize(length - 2, b'x');
        value.extend(b"\"}");
        Example { kind: EventType::Lead, name: length.to_string(), value, headers: Vec::new() }
    };
    for prefix in [&b""[..], b"\0\0\0\0\x07", b"\x01sixteen bytes ok"] {
        assert!(decode(&padded(65_536, prefix)).is_ok());
        let rejection = decode(&padded(65_537, prefix)).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::TooLarge, "{rejection}");
    }
}

#[test]
fn a_record_without_any_type_misses_it() {
    let example = load("valid").into_iter().find(|e| e.kind == EventType::Spend && e.name == "minimal").unwrap();
    let record = Record { topic_type: None, ..example.record() };
    let rejection = decoder().decode(&record, NOW).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::MissingField);
    assert!(rejection.message.contains("type"), "{rejection}");
}

#[test]
fn files_are_not_framed_and_tombstones_are_none() {
    let framed = load("valid").into_iter().find(|example| example.name == "confluent-schema-id").unwrap();
    let in_a_file = Record { may_be_framed: false, ..framed.record() };
    assert_eq!(decoder().decode(&in_a_file, NOW).unwrap_err().code, RejectionCode::NotJson);
    let tombstone = Record { value: None, ..framed.record() };
    assert_eq!(decoder().decode(&tombstone, NOW), Ok(Decoded::Tombstone));
}

#[test]
fn a_byte_order_mark_is_skipped_where_it_may_stand() {
    let marked = load("valid").into_iter().find(|example| example.name == "byte-order-mark").unwrap();
    let plain = Record { value: marked.value.strip_prefix(b"\xef\xbb\xbf"), ..marked.record() };
    let hash = |record: &Record<'_>| match decoder().decode(record, NOW) {
        Ok(Decoded::Event(event)) => Ok(event.hash),
        Ok(Decoded::Tombstone) => panic!("a tombstone"),
        Err(rejection) => Err(rejection.code),
    };
    // A copy with the mark is the same record as one without.
    assert_eq!(hash(&marked.record()), hash(&plain));
    let of_a_file = Record { may_be_framed: false, ..marked.record() };
    assert_eq!(hash(&Record { starts_file: true, ..of_a_file }), hash(&plain));
    assert_eq!(hash(&of_a_file), Err(RejectionCode::NotJson));
    let framed: Vec<u8> = [b"\0\0\0\0\x07", marked.value.as_slice()].concat();
    assert_eq!(hash(&Record { value: Some(&framed), ..marked.record() }), hash(&plain));
    let twice: Vec<u8> = [b"\xef\xbb\xbf", marked.value.as_slice()].concat();
    assert_eq!(hash(&Record { value: Some(&twice), ..marked.record() }), Err(RejectionCode::NotJson));
}
