//! Planted mistakes of configurations: each with its rule, its key, the place where it is written, and its sentence.

use super::{check, findings, told};
use crate::cli::program::Folder;

/// Lines after the one required key, and the finding that they make: rule, key, line, and words of the sentence.
const PLANTED: &[(&str, &str, &str)] = &[
    ("org.timezome = \"UTC\"", "unknown_key org.timezome 2", "[org] allows credit_through_deal"),
    ("org.timezone = \"Mars\"", "invalid_value org.timezone 2", "must be an IANA time zone"),
    (
        "retention = \"30d\"",
        "invalid_value retention 2",
        "must be at least \"731d\", which \"ytd\" in windows.team needs",
    ),
    ("windows.rep = [\"2d\"]", "invalid_value windows.rep 2", "\"2d\" is none of them"),
    ("pipeline.stages = [\"lead\"]", "invalid_value pipeline.stages 2", "the last \"won\""),
    ("pipeline.probabilities.signed = 0.5", "invalid_value pipeline.probabilities.signed 2", "for an open stage"),
    ("fx = [{ date = 2026-01-01, from = \"RMB\", rate = 1 }]", "invalid_value fx[1].from 2", "ISO 4217"),
    ("fx = [{ date = 2026-01-01, from = \"USD\" }]", "missing_key fx[1].rate -", "is not set and has no default"),
    ("expose.rep = [\"sales_rep_winz\"]", "invalid_value expose.rep 2", "matches no family"),
    ("leaderboard.by = [\"luck\"]", "invalid_value leaderboard.by 2", "nobody can be ranked by"),
    ("kafka.brokers = \"a b\"", "invalid_value kafka.brokers 2", "must be host:port"),
    ("kafka.topics.spend = \"sales.leads\"", "invalid_value kafka.topics.spend 2", "kafka.topics.lead has this topic"),
    (
        "kafka.properties.\"group.id\" = \"x\"",
        "invalid_value kafka.properties.\"group.id\" 2",
        "must be left out: use kafka.group",
    ),
    ("kafka.properties.\"fetch.min.bites\" = 7", "invalid_property kafka.properties -", "fetch.min.bites = (hidden): "),
    (
        "kafka.properties.\"client.id\" = \"a\\u0000b\"",
        "invalid_value kafka.properties.\"client.id\" 2",
        "must be a text without NUL bytes",
    ),
    (
        "snapshot = { store = \"s3://bucket\", options = { aws_regiom = \"x\" } }",
        "invalid_value snapshot.options -",
        "aws_regiom",
    ),
    ("http.listen = \"everywhere\"", "invalid_value http.listen 2", "must be an IP address and a port"),
    ("max_series = 2000", "too_many_series max_series 2", "up to 7943 series, more than max_series = 2000 allows"),
    ("max_series == 2", "syntax - 2", "the configuration file must be TOML"),
];

#[test]
fn every_planted_mistake_is_found() {
    let folder = Folder::new();
    for (line, place, words) in PLANTED {
        folder.write("salespulse.toml", format!("org.reporting_currency = \"CNY\"\n{line}\n"));
        let size = ["--reps=10", "--teams=2", "--channels=1"];
        let document = check(&folder, &[&["config", "--config", "salespulse.toml"][..], &size].concat());
        let findings = findings(&document);
        assert_eq!(findings.len(), 1, "{line}: {findings:?}");
        let finding = &findings[0];
        let line_of_file = told(&finding["origin"], &["line"]);
        assert_eq!(format!("{} {line_of_file}", told(finding, &["rule", "key"])), *place, "{line}");
        assert!(finding["message"].as_str().unwrap().contains(words), "{line}: {finding}");
    }
}

#[test]
fn all_mistakes_are_found_at_once_and_told_as_a_start_would_tell_them() {
    let folder = Folder::new();
    // Not the second value of a key, the probability of a stage of a wrong list, options of a store that nobody asks for as long
    // as something else is wrong, a count of series that nobody makes of a wrong configuration, and what is no TOML.
    let left_out = ["\"USD\" }", "pipeline.probabilities", "aws_regiom", "max_series = ", "=="];
    let mut lines: Vec<&str> = PLANTED.iter().map(|(line, ..)| *line).collect();
    lines.retain(|line| !left_out.iter().any(|part| line.contains(part)));
    folder.write("salespulse.toml", format!("org.reporting_currency = \"RMB\"\n{}\n", lines.join("\n")));
    let document = check(&folder, &["config", "--config", "salespulse.toml"]);
    let findings = findings(&document);
    assert_eq!(findings.len(), lines.len() + 1, "{findings:#?}");
    // What librdkafka does not take shows only once the rest is right.
    let of_values = findings.iter().filter(|finding| finding["rule"] != "invalid_property");
    let told: Vec<&str> = of_values.map(|finding| finding["message"].as_str().unwrap()).collect();
    let started = folder.run(&["run", "--config", "salespulse.toml"]);
    let lines: Vec<&str> = started.stderr.trim_start_matches("error: ").lines().collect();
    assert_eq!((started.code, lines.len()), (Some(64), told.len()), "{}", started.stderr);
    // Of what the catalogue does not know, only the check says where it is written.
    let is_same = |(line, told): (&&str, &&str)| told.starts_with(*line);
    assert!(lines.iter().zip(&told).all(is_same), "{lines:#?} and {told:#?}");
}

#[test]
fn values_are_told_with_their_origins_and_secrets_are_not() {
    let folder = Folder::new();
    folder.write("password", "hunter3");
    let text = "org.reporting_currency = \"CNY\"
[kafka.properties]
\"ssl.key.password\" = \"hunter2\"
[kafka.property_files]
\"sasl.password\" = \"password\"
";
    folder.write("salespulse.toml", text);
    let arguments = ["check", "config", "--config", "salespulse.toml", "--listen", "127.0.0.1:1"];
    let ended = folder.run_with(("SALESPULSE__ORG__TIMEZONE", "Asia/Shanghai"), &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    for line in [
        "org.timezone = \"Asia/Shanghai\" # environment variable SALESPULSE__ORG__TIMEZONE",
        "org.reporting_currency = \"CNY\" # salespulse.toml, line 1",
        "kafka.properties.\"ssl.key.password\" = \"(hidden)\" # salespulse.toml, line 3",
        "kafka.property_files.\"sasl.password\" = \"password\" # salespulse.toml, line 5",
        "http.listen = \"127.0.0.1:1\" # flag --listen",
        "retention = \"800d\" # the default",
    ] {
        let is_it = |told: &str| told.split_whitespace().collect::<Vec<_>>().join(" ") == line;
        assert!(ended.stdout.lines().any(is_it), "no {line} in {}", ended.stdout);
    }
    let json = folder.run_with(("SALESPULSE__ORG__TIMEZONE", "UTC"), &[&arguments[..], &["--json"]].concat());
    for told in [&ended.stdout, &json.stdout] {
        assert!(!told.contains("hunter"), "a secret shows: {told}");
    }
}

#[test]
fn what_is_no_configuration_is_a_wrong_use() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["config", "--config", "none.toml"][..], "cannot read the configuration file none.toml"),
        (&["config"], "--config <FILE>"),
        (&["config", "--config", "salespulse.toml", "--reps", "4"], "--teams <NUMBER>"),
        (&[], "config, events, cluster"),
        (&["cluster", "--config", "salespulse.toml", "--sample", "many"], "--sample"),
    ] {
        let line = folder.run(&[&["check"][..], arguments].concat()).failed_with(64);
        assert!(line.contains(words), "{line}");
    }
    // Of these the configuration is the tool and not the subject.
    folder.write("salespulse.toml", "org.colour = \"red\"\n");
    folder.write("events.jsonl", "");
    for arguments in [&["events", "events.jsonl"][..], &["cluster"]] {
        let ended = folder.run(&[&["check"][..], arguments, &["--config", "salespulse.toml"]].concat());
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        for words in ["unknown key org.colour", "org.reporting_currency is not set"] {
            assert!(ended.stderr.contains(words), "{}", ended.stderr);
        }
    }
}
