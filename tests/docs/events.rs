//! The page on mapping a CRM: its events are accepted, and its mappings make them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use salespulse::config::{Config, Settings};
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::model::time::Time;
use serde_json::Value;

use crate::docs::page::{self, Block};

/// After all events of the page.
const NOW: &str = "2026-11-16T00:00:00+08:00";

/// The default pipeline, with a rate for the one foreign currency of the page.
const SETTINGS: &str = r#"
org.reporting_currency = "CNY"
[[fx]]
date = "2026-01-01"
from = "USD"
rate = "7.10"
"#;

fn blocks() -> Vec<Block> {
    page::events().sections.into_iter().flat_map(|section| section.blocks).collect()
}

fn decoder() -> Decoder {
    let mut settings = Settings::defaults().unwrap();
    settings.lay_toml(SETTINGS, "the test").unwrap();
    let config = Config::new(&settings, || "host".to_owned()).unwrap_or_else(|error| panic!("{error}"));
    Decoder::new(Arc::new(config.rules))
}

/// What a mapping prints for an input.
fn mapped(mapping: &Block, input: &Block) -> Value {
    let mut python = Command::new("python3")
        .args(["-c", &mapping.lines.join("\n")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the mappings of docs/events.md");
    python.stdin.take().unwrap().write_all(input.lines.join("\n").as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the mapping fails for {:?}", input.lines);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn both_languages_say_the_same() {
    page::assert_same(&page::events(), &page::chinese_events());
}

#[test]
fn every_event_is_accepted() {
    let (decoder, now) = (decoder(), Time::parse(NOW).unwrap());
    let mut events = 0;
    for block in blocks().iter().filter(|block| block.language == "json event") {
        let json = block.lines.join("\n");
        let record = Record { value: Some(json.as_bytes()), ..Record::default() };
        let decoded = decoder.decode(&record, now);
        assert!(matches!(decoded, Ok(Decoded::Event(_))), "{json}: {decoded:?}");
        events += 1;
    }
    assert!(events > 0, "no event was found");
}

/// Whether the mappings can run here; without Python that is said past the test harness, and under CI it is a failure.
fn python_is_here() -> bool {
    let found = Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "python3 runs the mappings of docs/events.md");
    if !found {
        writeln!(std::io::stderr(), "NOT RUN: the mappings of docs/events.md; python3 is not here").unwrap();
    }
    found
}

#[test]
fn every_mapping_makes_the_event_that_is_shown() {
    if !python_is_here() {
        return;
    }
    let blocks = blocks();
    let (mut mapping, mut made) = (None, 0);
    for (block, next) in blocks.iter().zip(blocks.iter().skip(1)) {
        match block.language.as_str() {
            "python" => mapping = Some(block),
            "json crm" => {
                assert_eq!(next.language, "json event", "no event is shown for {:?}", block.lines);
                let shown: Value = serde_json::from_str(&next.lines.join("\n")).unwrap();
                assert_eq!(mapped(mapping.expect("a mapping above its input"), block), shown);
                made += 1;
            }
            _ => {}
        }
    }
    assert!(made > 0, "no mapping was run");
}
