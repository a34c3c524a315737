//! The examples of the KPI pages and of the page on version 2 of the contract, in both languages, computed by the twin.

use std::collections::BTreeMap;
use std::path::Path;

use salespulse::model::time::Time;

use crate::laws::twin::calendar::Calendar;
use crate::laws::twin::record::Record;
use crate::laws::twin::setting::Setting;
use crate::laws::{series, twin};

/// The instant at which the examples are read.
const NOW: &str = "2026-11-16T00:00:00+08:00";

/// How a line of an example says that a series is not there.
const ABSENT: &str = "# absent: ";

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks of a page: the heading above each, its language and its lines.
fn blocks(page: &str) -> Vec<(&str, &str, Vec<&str>)> {
    let (mut blocks, mut heading, mut is_open) = (Vec::new(), "", false);
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(language) if !is_open => blocks.push((heading, language, Vec::new())),
            Some(_) => {}
            None if is_open => blocks.last_mut().expect("an open block").2.push(line),
            None if line.starts_with('#') => heading = line,
            None => {}
        }
        is_open ^= line.starts_with("```");
    }
    blocks
}

/// What the twin reads of these records, with more configuration than the small team has.
fn reading(more: &str, lines: &[&str]) -> BTreeMap<String, f64> {
    let setting = Setting::read(&format!("{}\n{more}", file("examples/small-team/salespulse.toml")));
    let (days, now) = (Calendar::new(&setting), Time::parse(NOW).expect("a time"));
    let records: Vec<Record> = lines.iter().map(|line| Record::read(line, &setting, &days, now)).collect();
    twin::reading(&records, &setting, now)
}

/// Holds the examples of a page; answers how many lines there were.
fn hold(path: &str) -> usize {
    let (page, mut lines) = (file(path), 0);
    // An example without events of its own is of the small team.
    let events = file("examples/small-team/events.jsonl");
    let of_the_team = reading("", &events.lines().collect::<Vec<_>>());
    let (mut of, mut more, mut seen) = ("", String::new(), of_the_team.clone());
    for (heading, language, block) in blocks(&page) {
        if heading != of {
            (of, more, seen) = (heading, String::new(), of_the_team.clone());
        }
        match language {
            "toml" => more = block.join("\n"),
            "jsonl" => seen = reading(&more, &block),
            "prometheus" => {
                for line in block {
                    lines += 1;
                    let (name, value) = match line.strip_prefix(ABSENT) {
                        Some(absent) => (absent, None),
                        None => line.rsplit_once(' ').map(|(name, value)| (name, value.parse().ok())).expect(line),
                    };
                    let name = series::canonical(name);
                    let of_name = |value: Option<f64>| value.map(|value| (name.clone(), value)).into_iter().collect();
                    let differences = series::differences(&of_name(value), &of_name(seen.get(&name).copied()));
                    assert!(differences.is_empty(), "{path}: {heading}: {differences:?}");
                }
            }
            other => panic!("{path}: {heading}: nobody reads a block of {other}"),
        }
    }
    lines
}

#[test]
fn the_examples_are_true() {
    let [english, chinese] = ["docs/upgrade-2.md", "docs/upgrade-2.zh-CN.md"].map(hold);
    assert!(english >= 10 && english == chinese, "{english} and {chinese} lines");
    let [english, chinese] = ["docs/kpis.md", "docs/kpis.zh-CN.md"].map(hold);
    assert!(english >= 150 && english == chinese, "{english} and {chinese} lines");
}
