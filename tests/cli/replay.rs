//! `salespulse replay`: the exposition on standard output, the summary last on standard error.

use std::io::Write;

use crate::cli::program::{Folder, end};

const LEADS: &str = r#"{"event_id":"1","lead_id":"a","occurred_at":"2026-03-31T09:00:00+08:00","rep_id":"ann","team_id":"east"}
{"event_id":"1","lead_id":"a","occurred_at":"2026-03-31T09:00:00+08:00","rep_id":"ann","team_id":"east"}
(blank)
{"event_id":"2","lead_id":"b","occurred_at":"2026-03-31T09:00:00+08:00","rep_id":"bo","team_id":"east","version":2}
{"event_id":"2","lead_id":"b","occurred_at":"2026-03-31T09:00:00+08:00","rep_id":"bo","team_id":"west","version":1}
{"event_id":"3","lead_id":"c","occurred_at":"2020-03-31T09:00:00+08:00"}
{"event_id":"4","occurred_at":"2026-03-31T09:00:00+08:00"}
{"event_id":"5","lead_id":"d","occurred_at":"2027-03-31T09:00:00+08:00"}"#;

const MOVES: &str = r#"{"type":"stage_change","event_id":"9","lead_id":"a","stage":"won","amount":"100.50","currency":"CNY","occurred_at":"2026-03-31T10:00:00+08:00","rep_id":"ann","team_id":"east"}
{"type":"stage_change","event_id":"10","lead_id":"b","stage":"signed","occurred_at":"2026-03-31T10:00:00+08:00"}
"#;

/// The leads with a line of a space and a tab, which may not stand in a source file.
fn leads() -> String {
    LEADS.replace("(blank)", " \t")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("sales.leads.jsonl", leads());
    folder.write("events.jsonl", MOVES);
    folder
}

/// The value of a series in an exposition.
#[track_caller]
fn value<'a>(exposition: &'a str, series: &str) -> &'a str {
    let values: Vec<_> = exposition.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).collect();
    assert_eq!(values.len(), 1, "{series}");
    values.into_iter().next().unwrap()
}

#[test]
fn gauges_on_standard_output_and_the_summary_on_standard_error() {
    let folder = folder();
    let ended = folder.replay(&["sales.leads.jsonl", "events.jsonl"], b"");
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!(ended.stderr, @r#"{"records":9,"accepted":6,"duplicate":1,"superseded":1,"expired":1,"tombstones":0,"rejected":{"missing_field":1,"unknown_stage":1,"in_future":1}}"#);
    assert_eq!(value(&ended.stdout, r#"sales_org_leads{window="24h"}"#), "2");
    assert_eq!(value(&ended.stdout, r#"sales_rep_leads{rep="bo",team="east",window="mtd"}"#), "1");
    assert_eq!(value(&ended.stdout, r#"sales_team_revenue{team="east",currency="CNY",window="qtd"}"#), "100.5");
    let is_exposition =
        |line: &str| ["# HELP ", "# TYPE ", "sales_", "salespulse_"].iter().any(|start| line.starts_with(start));
    assert!(ended.stdout.lines().all(is_exposition) && ended.stdout.ends_with('\n'));
}

#[test]
fn standard_input_files_and_shards_make_no_difference() {
    let folder = folder();
    let whole = folder.replay(&["sales.leads.jsonl", "events.jsonl"], b"");
    for arguments in
        [&["-", "sales.leads.jsonl"][..], &["sales.leads.jsonl", "-"], &["--shards", "3", "-", "sales.leads.jsonl"]]
    {
        let parts = folder.replay(arguments, MOVES.as_bytes());
        assert_eq!((&parts.stdout, &parts.stderr), (&whole.stdout, &whole.stderr), "{arguments:?}");
    }
    let untyped = folder.replay(&["-"], leads().as_bytes());
    assert!(untyped.summary().ends_with(r#""rejected":{"missing_field":7}}"#), "{}", untyped.stderr);
}

#[test]
fn rejects_keep_what_could_not_be_used() {
    let folder = folder();
    let ended = folder.replay(&["sales.leads.jsonl", "events.jsonl", "--rejects", "rejects.jsonl"], b"");
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!(std::fs::read_to_string(folder.path("rejects.jsonl")).unwrap(), @r#"
    {"file":"sales.leads.jsonl","line":7,"code":"missing_field","message":"\"lead_id\" is required and absent or null","record":"{\"event_id\":\"4\",\"occurred_at\":\"2026-03-31T09:00:00+08:00\"}"}
    {"file":"sales.leads.jsonl","line":8,"code":"in_future","message":"\"occurred_at\" is 2027-03-31T01:00:00.000Z, later than 2026-04-01T10:00:00.000Z, the latest allowed when this record was written","record":"{\"event_id\":\"5\",\"lead_id\":\"d\",\"occurred_at\":\"2027-03-31T09:00:00+08:00\"}"}
    {"file":"events.jsonl","line":2,"code":"unknown_stage","message":"\"stage\" \"signed\" is not in the pipeline; allowed are lead, contacted, qualified, proposal, negotiation, won, lost and void","record":"{\"type\":\"stage_change\",\"event_id\":\"10\",\"lead_id\":\"b\",\"stage\":\"signed\",\"occurred_at\":\"2026-03-31T10:00:00+08:00\"}"}
    "#);
    // The next replay begins the file anew.
    let again = folder.replay(&["events.jsonl", "--rejects", "rejects.jsonl"], b"");
    assert_eq!(again.summary().matches("unknown_stage").count(), 1);
    assert_eq!(std::fs::read_to_string(folder.path("rejects.jsonl")).unwrap().lines().count(), 1);
}

#[test]
fn too_many_series_print_nothing_and_end_with_1() {
    let folder = folder();
    folder.write("salespulse.toml", "org.reporting_currency = \"CNY\"\nmax_series = 7\n");
    let ended = folder.replay(&["sales.leads.jsonl"], b"");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("error: ") && lines[0].contains("max_series = 7"), "{lines:?}");
    assert!(lines[1].starts_with("{\"records\":7,"), "{lines:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder();
    let mut child = folder
        .command(&["replay", "-", "--config", "salespulse.toml", "--as-of", "2026-03-31T18:00:00Z"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    // The program has the whole output before it, since its input has only begun.
    child.stdin.take().unwrap().write_all(MOVES.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.starts_with(b"{\"records\":2,") && output.stderr.ends_with(b"}\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let folder = folder();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command =
        folder.command(&["replay", "events.jsonl", "--config", "salespulse.toml", "--as-of", "2026-03-31T18:00:00Z"]);
    command.stdout(full());
    let ended = end(command, b"");
    assert_eq!(ended.code, Some(74));
    assert!(ended.stderr.starts_with("error: cannot write to standard output: "), "{}", ended.stderr);
    let line = folder.replay(&["events.jsonl", "--rejects", "/dev/full"], b"").failed_with(74);
    assert!(line.contains("cannot write to --rejects /dev/full"), "{line}");
}

#[test]
fn lines_longer_than_memory_would_like_are_streamed() {
    let folder = folder();
    let long = "x".repeat(3_000_000);
    let blank = " ".repeat(3_000_000);
    folder.write("long.jsonl", format!("{blank}\n{long}\n{blank}{long}"));
    let ended = folder.replay(&["long.jsonl", "--rejects", "rejects.jsonl"], b"");
    insta::assert_snapshot!(ended.stderr, @r#"{"records":2,"accepted":0,"duplicate":0,"superseded":0,"expired":0,"tombstones":0,"rejected":{"too_large":2}}"#);
    let rejects = std::fs::read_to_string(folder.path("rejects.jsonl")).unwrap();
    let sizes: Vec<_> = rejects.lines().map(str::len).collect();
    assert!(sizes[0] > 4_000_000 && sizes[1] > 8_000_000, "{sizes:?}");
}
