//! The report as a whole: one stable document for machines, and a text that a stranger can read.

use crate::cli::program::Folder;

const EVENTS: &str =
    "{\"type\":\"lead\",\"event_id\":\"1\",\"lead_id\":\"a\",\"occurred_at\":\"2026-03-30T09:00:00+08:00\"}
{\"type\":\"lead\",\"event_id\":\"2\",\"occurred_at\":\"2026-03-30T09:00:00+08:00\"}
nonsense
nonsense
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("events.jsonl", EVENTS);
    folder.write("wrong.toml", "org.reporting_currency = \"CNY\"\norg.timezome = \"UTC\"\nexpose.org = [\"x\"]\n");
    folder
}

const EVENTS_CHECK: [&str; 8] = [
    "check",
    "events",
    "events.jsonl",
    "--config=salespulse.toml",
    "--limit=1",
    "--as-of",
    "2026-03-31T18:00:00+08:00",
    "--json",
];

#[test]
fn events_for_machines() {
    insta::assert_snapshot!(folder().run(&EVENTS_CHECK).stdout, @r#"
    {
      "check": "events",
      "clean": false,
      "findings": [
        {
          "severity": "error",
          "rule": "missing_field",
          "file": "events.jsonl",
          "line": 2,
          "field": "lead_id",
          "message": "\"lead_id\" is required and absent or null"
        },
        {
          "severity": "error",
          "rule": "not_json",
          "file": "events.jsonl",
          "line": 3,
          "message": "the value is not one JSON object in UTF-8, nested at most 32 deep and without lone surrogates; it does not begin with {"
        }
      ],
      "total_findings": 3,
      "notes": [],
      "events": {
        "as_of": "2026-03-31T10:00:00.000Z",
        "records": 4,
        "accepted": 1,
        "duplicate": 0,
        "superseded": 0,
        "expired": 0,
        "tombstones": 0,
        "rejected": {
          "not_json": 2,
          "missing_field": 1
        }
      }
    }
    "#);
}

#[test]
fn events_for_people() {
    insta::assert_snapshot!(folder().run(&EVENTS_CHECK[..7]).stdout, @r#"
    events.jsonl:2: error [missing_field] "lead_id" is required and absent or null
    events.jsonl:3: error [not_json] the value is not one JSON object in UTF-8, nested at most 32 deep and without lone surrogates; it does not begin with {
    … and 1 more

    4 records, 1 accepted, judged as of 2026-03-31T10:00:00.000Z
             2 not_json
             1 missing_field

    3 errors.
    "#);
}

#[test]
fn a_wrong_configuration_for_people() {
    let ended = folder().run(&["check", "config", "--config", "wrong.toml"]);
    let parts: Vec<&str> = ended.stdout.split("\n\n").collect();
    insta::assert_snapshot!(format!("{}\n\n{}", parts[0], parts[parts.len() - 1]), @r#"
    error [unknown_key] unknown key org.timezome (wrong.toml, line 2); [org] allows credit_through_deal, customer_period, fiscal_year_named_by, fiscal_year_starts, market_size, regions, reporting_currency, team_market_size, timezone, week_starts
    error [invalid_value] expose.org: "x" matches no family of this scope; allowed are full names such as sales_org_leads, and prefixes that end in * (wrong.toml, line 3)

    2 errors.
    "#);
}

#[test]
fn series_for_people_and_machines() {
    let folder = folder();
    folder.write("salespulse.toml", "org.reporting_currency = \"CNY\"\n");
    let arguments = ["check", "config", "--config=salespulse.toml", "--reps=40", "--teams=5", "--channels=8"];
    let text = folder.run(&arguments).stdout;
    let (_, series) = text.split_once("\n\n").unwrap();
    insta::assert_snapshot!(series, @r"
    Series, at most
      each rep in a team       409
      each team               1156
      each channel             385
      the organisation        1156
      40 reps, 5 teams, 8 channels: at most 26376 series; max_series allows 2000000
    These are upper bounds: what is undefined, such as a ratio of nothing or the attainment of no target, has no
    series. Reps, teams and channels that events leave out count as one more, unassigned.

    Nothing found.
    ");
    let json: serde_json::Value =
        serde_json::from_str(&folder.run(&[&arguments[..], &["--json"]].concat()).stdout).unwrap();
    insta::assert_snapshot!(json["config"]["series"].to_string(), @r#"{"max_series":2000000,"of_size":{"at_most":26376,"channels":8,"reps":40,"teams":5},"organisation":1156,"per_channel":385,"per_rep":409,"per_team":1156}"#);
    insta::assert_snapshot!(json["config"]["effective"][1].to_string(), @r#"{"key":"retention","origin":{"from":"default"},"value":"800d"}"#);
}
