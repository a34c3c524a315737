//! Planted mistakes in files of events: each with its file, its line, its field and its rule.

use super::{check, check_input, findings, told};
use crate::cli::program::Folder;

const CONFIG: &str = "org.reporting_currency = \"CNY\"
pipeline.stages = [\"lead\", \"contacted\", \"won\"]
fx = [{ date = 2026-02-01, from = \"USD\", rate = 7 }]
";
const AS_OF: [&str; 2] = ["--as-of", "2026-03-31T18:00:00+08:00"];
const AT: &str = "\"occurred_at\":\"2026-03-30T09:00:00+08:00\"";

/// Records without their braces and identities, and the rule and the field of the finding.
const PLANTED: &[(&str, &str)] = &[
    ("\"type\":\"deal\"", "unknown_type type"),
    ("\"lead_id\":\"a\"", "missing_field type"),
    ("\"type\":\"lead\"", "missing_field lead_id"),
    ("\"type\":\"lead\",\"lead_id\":7", "invalid_field lead_id"),
    ("\"type\":\"lead\",\"lead_id\":\"a\",\"channel\":\"\"", "invalid_field channel"),
    ("\"type\":\"lead\",\"lead_id\":\"a\",\"version\":-1", "invalid_field version"),
    ("\"type\":\"lead\",\"lead_id\":\"a\",\"occurred_at\":\"yesterday\"", "invalid_time occurred_at"),
    ("\"type\":\"lead\",\"lead_id\":\"a\",\"occurred_at\":\"2026-04-02T00:00:00Z\"", "in_future occurred_at"),
    ("\"type\":\"stage_change\",\"lead_id\":\"a\",\"stage\":\"signed\"", "unknown_stage stage"),
    ("\"type\":\"stage_change\",\"lead_id\":\"a\",\"stage\":\"won\",\"amount\":\"1\"", "missing_field currency"),
    (
        "\"type\":\"stage_change\",\"lead_id\":\"a\",\"stage\":\"lost\",\"expected_close_at\":\"x\"",
        "invalid_time expected_close_at",
    ),
    ("\"type\":\"spend\",\"amount\":\"1.005\",\"currency\":\"CNY\"", "invalid_amount amount"),
    ("\"type\":\"spend\",\"amount\":\"1\",\"currency\":\"RMB\"", "unknown_currency currency"),
    ("\"type\":\"spend\",\"amount\":\"1\",\"currency\":\"EUR\"", "unknown_currency currency"),
    (
        "\"type\":\"spend\",\"amount\":\"1\",\"currency\":\"USD\",\"occurred_at\":\"2026-01-30T00:00:00Z\"",
        "unknown_currency currency",
    ),
    ("\"type\":\"feedback\",\"survey\":\"nps\",\"score\":11", "invalid_field score"),
    ("\"type\":\"payment\",\"amount\":\"-1\",\"currency\":\"CNY\"", "invalid_amount amount"),
    (
        "\"type\":\"target\",\"scope\":\"org\",\"period\":\"2026-13\",\"amount\":1,\"currency\":\"CNY\"",
        "invalid_field period",
    ),
    ("\"type\":\"rep\",\"rep_id\":\"r\"", "missing_field team_id"),
];

/// The record of a planted mistake, which may bring its own time.
fn record(number: usize, fields: &str) -> String {
    let at = if fields.contains("occurred_at") { String::new() } else { format!(",{AT}") };
    format!("{{\"event_id\":\"{number}\"{at},{fields}}}")
}

#[test]
fn every_planted_mistake_is_found_in_its_line() {
    let folder = Folder::new();
    folder.write("salespulse.toml", CONFIG);
    let good = record(0, "\"type\":\"lead\",\"lead_id\":\"good\"");
    let lines: Vec<String> =
        PLANTED.iter().enumerate().map(|(number, (fields, _))| record(number + 1, fields)).collect();
    // Every mistake stands two lines after the last, between good records and blank lines.
    let text: String = lines.iter().map(|line| format!("{line}\n{good}\n")).collect();
    folder.write("events.jsonl", format!("{text}\n not json\n"));
    folder.write("sales.reps.jsonl", format!("{good}\n{}\n", "x".repeat(70_000)));
    let arguments = ["events", "events.jsonl", "sales.reps.jsonl", "--config", "salespulse.toml", "--limit", "50"];
    let document = check(&folder, &[&arguments[..], &AS_OF].concat());
    let found: Vec<String> = findings(&document)
        .iter()
        .map(|finding| told(finding, &["severity", "file", "line", "rule", "field"]))
        .collect();
    let planted =
        PLANTED.iter().enumerate().map(|(place, (_, fault))| format!("error events.jsonl {} {fault}", 2 * place + 1));
    let last = 2 * PLANTED.len() + 2;
    let others = [
        format!("error events.jsonl {last} not_json -"),
        "error sales.reps.jsonl 1 type_mismatch type".to_owned(),
        "error sales.reps.jsonl 2 too_large -".to_owned(),
    ];
    assert_eq!(found, planted.chain(others).collect::<Vec<_>>());
}

/// A check has no judgement of its own: what it finds is what a replay rejects, with the same sentences.
#[test]
fn a_replay_rejects_what_is_found() {
    let folder = Folder::new();
    folder.write("salespulse.toml", CONFIG);
    let lines: Vec<String> = PLANTED.iter().enumerate().map(|(number, (fields, _))| record(number, fields)).collect();
    folder.write("events.jsonl", lines.join("\n"));
    folder.replay(&["events.jsonl", "--rejects", "rejects.jsonl"], b"");
    let rejects = std::fs::read_to_string(folder.path("rejects.jsonl")).unwrap();
    let rejected: Vec<String> = rejects
        .lines()
        .map(|line| told(&serde_json::from_str(line).unwrap(), &["file", "line", "code", "message"]))
        .collect();
    let arguments = ["events", "events.jsonl", "--config", "salespulse.toml", "--limit", "50"];
    let document = check(&folder, &[&arguments[..], &AS_OF].concat());
    let findings = findings(&document).iter();
    let found: Vec<String> = findings.map(|finding| told(finding, &["file", "line", "rule", "message"])).collect();
    assert_eq!(found, rejected);
}

#[test]
fn what_is_ignored_is_noted_and_no_finding() {
    let folder = Folder::new();
    let lead =
        |id: &str, rest: &str| format!("{{\"type\":\"lead\",\"event_id\":\"{id}\",\"lead_id\":\"{id}\",{AT}{rest}}}\n");
    let mut text = lead("1", "") + &lead("1", "") + &lead("2", ",\"version\":2") + &lead("2", "");
    text += &lead("3", ",\"chanel\":\"web\",\"stage\":\"x\"");
    text += &lead("4", "").replace("2026-03-30", "2019-03-30");
    let arguments = ["events", "-", "--config", "salespulse.toml"];
    let document = check_input(&folder, &[&arguments[..], &AS_OF].concat(), text.as_bytes());
    insta::assert_snapshot!(serde_json::to_string_pretty(&document["notes"]).unwrap(), @r#"
    [
      "1 duplicate: the same was said before, and counts once",
      "1 superseded: another version of the same event is the truth",
      "1 expired: dated before the horizon of retention, where nothing counts",
      "fields that nobody reads, with their numbers: \"chanel\" of lead (1), \"stage\" of lead (1)"
    ]
    "#);
}

#[test]
fn journeys_that_contradict_themselves_are_warned_of() {
    let folder = Folder::new();
    let text = format!(
        "{{\"type\":\"lead\",\"event_id\":\"1\",\"lead_id\":\"a\",{AT}}}\n\
        {{\"type\":\"stage_change\",\"event_id\":\"2\",\"lead_id\":\"a\",\"stage\":\"won\",\"occurred_at\":\"2026-03-29T00:00:00Z\"}}\n"
    );
    let arguments = ["events", "-", "--config", "salespulse.toml"];
    let document = check_input(&folder, &[&arguments[..], &AS_OF].concat(), text.as_bytes());
    let findings = findings(&document);
    let rules: Vec<String> = findings.iter().map(|finding| told(finding, &["severity", "rule"])).collect();
    assert_eq!(rules, ["warning negative_cycle", "warning negative_response"]);
}

#[test]
fn a_rule_lists_so_many_lines_and_counts_all() {
    let folder = Folder::new();
    folder.write("events.jsonl", "nonsense\n".repeat(25) + "{}\n");
    let arguments = ["events", "events.jsonl", "--config", "salespulse.toml"];
    let rules = |document: &serde_json::Value, rule: &str| {
        findings(document).iter().filter(|finding| finding["rule"] == rule).count()
    };
    let document = check(&folder, &arguments);
    assert_eq!((rules(&document, "not_json"), rules(&document, "missing_field")), (10, 1));
    assert_eq!((&document["total_findings"], &document["events"]["rejected"]["not_json"]), (&26.into(), &25.into()));
    let document = check(&folder, &[&arguments[..], &["--limit", "0"]].concat());
    assert_eq!(document["total_findings"], 26);
}

#[test]
fn without_a_configuration_stages_are_the_default_ones_and_every_currency_has_a_rate() {
    let folder = Folder::new();
    let change = |id: &str, stage: &str, currency: &str| {
        let amount = format!("\"amount\":\"9999999999999.50\",\"currency\":\"{currency}\"");
        format!(
            "{{\"type\":\"stage_change\",\"event_id\":\"{id}\",\"lead_id\":\"a\",\"stage\":\"{stage}\",{amount},{AT}}}\n"
        )
    };
    let text = change("1", "proposal", "USD") + &change("2", "signed", "EUR") + &change("3", "won", "RMB");
    folder.write("events.jsonl", text);
    let document = check(&folder, &[&["events", "events.jsonl"][..], &AS_OF].concat());
    let findings = findings(&document);
    let found: Vec<String> = findings.iter().map(|finding| told(finding, &["line", "rule"])).collect();
    assert_eq!(found, ["2 unknown_stage", "3 unknown_currency"]);
    assert!(document["notes"][0].as_str().unwrap().starts_with("no --config: "), "{document}");
}
