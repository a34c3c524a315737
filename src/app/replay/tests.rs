//! Rejected lines come back byte for byte, and every line is counted once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::config::{Config, Settings};
use crate::model::event::EventType;

fn rules() -> Rules {
    let mut settings = Settings::defaults().unwrap();
    settings.lay_toml("org.reporting_currency = \"CNY\"", "test").unwrap();
    Config::new(&settings, String::new).unwrap().rules
}

fn replay_of(files: &[PathBuf], rejects: Option<&Path>) -> Result<Replayed, AppError> {
    let as_of = Time::parse("2026-03-31T18:00:00+08:00").unwrap();
    replay(rules(), &Job { files, rejects, as_of, shards: 2, progress: false })
}

/// What the rejects say: place and code, and the line as it was.
fn kept(path: &Path) -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(path).unwrap();
    let entry = |line: &str| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let place = format!("{} {}", entry["line"], entry["code"].as_str().unwrap());
        let record = match (entry["record"].as_str(), entry["record_base64"].as_str()) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(text)) => STANDARD.decode(text).unwrap(),
            other => panic!("{other:?}"),
        };
        assert!(!entry["message"].as_str().unwrap().is_empty());
        (place, record)
    };
    text.lines().map(entry).collect()
}

#[test]
fn rejected_lines_come_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (events, rejects) = (folder.path().join("events.jsonl"), folder.path().join("rejects.jsonl"));
    let long = format!("{{\"type\":\"lead\",\"pad\":\"{}\"}}", "y".repeat(200_000));
    let wrong: [(&str, &[u8]); 5] = [
        ("1 not_json", b"{\"quote\": \"\\\"\", \x01 tab\t'\\ \xc2\xa0 \r"),
        ("2 not_json", b"\xff\xfe{}"),
        ("3 unknown_type", b"{\"type\":\"\xe5\x85\xa8\"}"),
        ("4 too_large", long.as_bytes()),
        ("7 missing_field", b" {\"type\":\"lead\"}"),
    ];
    let mut text = wrong[..4].iter().map(|(_, line)| *line).collect::<Vec<_>>().join(&b'\n');
    text.extend_from_slice(
        b"\n\n{\"type\":\"lead\",\"event_id\":\"1\",\"lead_id\":\"1\",\"occurred_at\":100000000000}\n",
    );
    text.extend_from_slice(wrong[4].1);
    std::fs::write(&events, text).unwrap();
    let done = replay_of(&[events], Some(&rejects)).unwrap();
    assert_eq!(kept(&rejects), wrong.map(|(place, line)| (place.to_owned(), line.to_vec())));
    insta::assert_snapshot!(done.summary, @r#"{"records":6,"accepted":1,"duplicate":0,"superseded":0,"expired":1,"tombstones":0,"rejected":{"too_large":1,"not_json":2,"unknown_type":1,"missing_field":1}}"#);
}

#[test]
fn long_lines_count_without_a_file_of_rejects_too() {
    let events = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(events.path(), format!("{}\n{{}}", "y".repeat(70_000))).unwrap();
    let done = replay_of(&[events.path().to_owned()], None).unwrap();
    insta::assert_snapshot!(done.summary, @r#"{"records":2,"accepted":0,"duplicate":0,"superseded":0,"expired":0,"tombstones":0,"rejected":{"too_large":1,"missing_field":1}}"#);
}

#[test]
fn a_file_of_events_is_never_overwritten_by_rejects() {
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("events.jsonl");
    std::fs::write(&events, "{}").unwrap();
    let same = folder.path().join(".").join("events.jsonl");
    let error = replay_of(std::slice::from_ref(&events), Some(&same)).unwrap_err();
    assert!(error.to_string().contains("this file is one of FILES"), "{error}");
    assert_eq!(std::fs::read(&events).unwrap(), b"{}");
}

#[test]
fn names_of_default_topics_lend_their_types() {
    let named = |name: &str| files::topic_type(Path::new(name));
    assert_eq!(named("/data/sales.leads.jsonl"), Some(EventType::Lead));
    assert_eq!(named("sales.stage-changes.ndjson"), Some(EventType::StageChange));
    assert_eq!(named("sales.reps"), Some(EventType::Rep));
    for name in ["events.jsonl", "sales.leads.2026.jsonl", "sales", "-", "sales.leads/events.jsonl"] {
        assert_eq!(named(name), None, "{name}");
    }
}
