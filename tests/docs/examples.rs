//! Every example of the KPI pages is run: of the small team, or of the events that stand above it.

use std::collections::BTreeMap;

use crate::docs::page::{self, Block, Section};
use crate::docs::small_team;

/// How a line of an example says that a series is not there.
const ABSENT: &str = "# absent: ";

/// Runs the blocks of a section; answers how many lines were held against the program.
fn run(section: &Section, of_the_team: &BTreeMap<String, f64>) -> usize {
    let mut own: Option<BTreeMap<String, f64>> = None;
    let mut more = String::new();
    let mut lines = 0;
    for block in &section.blocks {
        match block.language.as_str() {
            "toml" => more = block.lines.join("\n"),
            "jsonl" => own = Some(small_team::series_with(&more, &block.lines)),
            "prometheus" => {
                let series = own.take();
                hold(section, block, series.as_ref().unwrap_or(of_the_team));
                lines += block.lines.len();
            }
            other => panic!("{}: nobody runs a block of {other}", section.anchor),
        }
    }
    assert!(own.is_none(), "{}: events without expected series", section.anchor);
    lines
}

fn hold(section: &Section, block: &Block, series: &BTreeMap<String, f64>) {
    for line in &block.lines {
        if let Some(absent) = line.strip_prefix(ABSENT) {
            assert_eq!(series.get(absent), None, "{}: {absent} should be absent", section.anchor);
            continue;
        }
        let (name, expected) = small_team::sample(line).unwrap_or_else(|| panic!("{}: {line}", section.anchor));
        let told = *series.get(&name).unwrap_or_else(|| panic!("{}: {name} is absent", section.anchor));
        let is_quantile = name.contains("_p50_") || name.contains("_p90_");
        let allowed = expected.abs() * if is_quantile { 0.01 } else { 1e-9 };
        assert!((told - expected).abs() <= allowed, "{}: {name} is {told}, not {expected}", section.anchor);
    }
}

#[test]
fn every_example_is_true() {
    let of_the_team = small_team::series(&small_team::events());
    let page = page::english();
    let lines: usize = page.sections.iter().map(|section| run(section, &of_the_team)).sum();
    assert!(lines > 0, "no example was run");
}

#[test]
fn every_kpi_shows_a_series_of_its_own() {
    for section in page::english().kpis() {
        let lines = section.blocks.iter().filter(|block| block.language == "prometheus").flat_map(|block| &block.lines);
        let ending = format!("_{}", section.heading);
        let is_own = |line: &String| {
            let name = line.trim_start_matches(ABSENT).split(['{', ' ']).next().unwrap_or_default();
            name.strip_prefix("sales_")
                .and_then(|rest| rest.strip_suffix(&ending))
                .is_some_and(|scope| !scope.contains('_'))
        };
        assert!(lines.clone().any(is_own), "{} shows no series of its own", section.heading);
    }
}

/// The table of deals, by which a reader checks the arithmetic, has a row for every journey of the events, and the
/// row has the day of every event.
#[test]
fn the_table_of_deals_is_the_file_of_events() {
    for page in [page::english(), page::chinese()] {
        let section = page.sections.iter().find(|section| section.anchor == "small-team").unwrap();
        for line in small_team::events() {
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            let Some(lead) = event["lead_id"].as_str().filter(|_| event["type"] != "payment") else { continue };
            let row = section.prose.iter().find(|line| line.starts_with(&format!("| {lead} ")));
            let row = row.unwrap_or_else(|| panic!("{}: no row for {lead}", page.file));
            let day = &event["occurred_at"].as_str().unwrap()["2026-".len().."2026-11-16".len()];
            assert!(row.contains(day), "{}: {lead} lacks {day}: {row}", page.file);
            for field in ["customer_id", "rep_id", "channel"] {
                let value = event[field].as_str().unwrap_or_default();
                assert!(row.contains(value), "{}: {lead} lacks {value}: {row}", page.file);
            }
        }
    }
}
