//! Wrong command lines and configurations: exit 64 and one line that says what is allowed.

use salespulse::config::{Config, Settings};
use salespulse::kafka::owned_properties;

use crate::cli::program::Folder;

const AS_OF: [&str; 2] = ["--as-of", "2026-03-31T18:00:00+08:00"];

#[test]
fn without_arguments_it_says_what_to_type_first() {
    let ended = Folder::new().run(&[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    for words in
        ["salespulse demo", "salespulse replay events.jsonl --config", "salespulse run --config", "salespulse --help"]
    {
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["--help"][..], "replay"),
        (&["--version"], "salespulse 0."),
        (&["run", "--help"], "--listen"),
        (&["replay", "--help"], "record_base64"),
    ] {
        let ended = folder.run(arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
}

#[test]
fn wrong_command_lines_end_with_64() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["fly"][..], "unrecognized subcommand 'fly'"),
        (&["run"], "--config <FILE>"),
        (&["run", "--config", "salespulse.toml", "--listen"], "'--listen <ADDRESS:PORT>'"),
        (&["replay", "--config", "salespulse.toml", "--as-of", "2026-03-31"], "must be RFC 3339 with an offset"),
    ] {
        let line = folder.run(arguments).failed_with(64);
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn wrong_configurations_end_with_64() {
    let folder = Folder::new();
    folder.write("events.jsonl", "");
    folder.write("wrong.toml", "org.reporting_currency = \"CNY\"\norg.timezome = \"UTC\"\n");
    let replay = |config| [&["replay", "events.jsonl", "--config", config][..], &AS_OF].concat();
    insta::assert_snapshot!(folder.run(&replay("wrong.toml")).failed_with(64), @"error: unknown key org.timezome (wrong.toml, line 2); [org] allows credit_through_deal, customer_period, fiscal_year_named_by, fiscal_year_starts, market_size, regions, reporting_currency, team_market_size, timezone, week_starts");
    insta::assert_snapshot!(folder.run(&replay("none.toml")).failed_with(64), @"error: cannot read the configuration file none.toml: No such file or directory (os error 2); --config must name a readable TOML file");
    let wrong = ("SALESPULSE__ORG__TIMEZONE", "Mars");
    insta::assert_snapshot!(folder.run_with(wrong, &replay("salespulse.toml")).failed_with(64), @r#"error: org.timezone = "Mars" (environment variable SALESPULSE__ORG__TIMEZONE) must be an IANA time zone such as "UTC" or "Asia/Shanghai""#);
    let wrong = ("SALESPULSE__KAFKA__BROKER", "a:1");
    insta::assert_snapshot!(folder.run_with(wrong, &replay("salespulse.toml")).failed_with(64), @"error: unknown key kafka.broker (environment variable SALESPULSE__KAFKA__BROKER); [kafka] allows brokers, dead_letter_topic, group, instance_id, on_unreadable, properties, property_files, topics");
    let run = ["run", "--config", "salespulse.toml", "--listen", "everywhere"];
    insta::assert_snapshot!(folder.run(&run).failed_with(64), @r#"error: http.listen = "everywhere" (flag --listen) must be an IP address and a port, such as "127.0.0.1:9464""#);
    let run = ["run", "--config", "salespulse.toml", "--brokers", ""];
    insta::assert_snapshot!(folder.run(&run).failed_with(64), @r#"error: kafka.brokers = "" (flag --brokers) must be host:port, several separated by commas, such as "kafka-1:9092,kafka-2:9092"; a protocol before it can only be one of Kafka's, as in "SASL_SSL://kafka-1:9093""#);
}

#[test]
fn families_that_match_nothing_end_with_64() {
    let folder = Folder::new();
    folder.write("events.jsonl", "");
    for (line, words) in
        [("expose.rep = [\"sales_rep_winz\"]", "sales_rep_winz"), ("leaderboard.by = [\"luck\"]", "luck")]
    {
        folder.write("salespulse.toml", format!("org.reporting_currency = \"CNY\"\n{line}\n"));
        let line = folder.replay(&["events.jsonl"], b"").failed_with(64);
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn the_configuration_may_be_named_by_the_environment() {
    let folder = Folder::new();
    folder.write("events.jsonl", "");
    let arguments = [&["replay", "events.jsonl"][..], &AS_OF].concat();
    assert_eq!(folder.run_with(("SALESPULSE_CONFIG", "salespulse.toml"), &arguments).code, Some(0));
    let line = folder.run_with(("SALESPULSE_CONFIG", "none.toml"), &arguments).failed_with(64);
    assert!(line.contains("none.toml"), "{line}");
}

#[test]
fn unreadable_files_of_events_end_with_64() {
    let folder = Folder::new();
    folder.write("events.jsonl", "{}");
    for (files, words) in [
        (&["events.jsonl", "none.jsonl"][..], "cannot read none.jsonl: "),
        (&["."], "cannot read .: is a directory"),
        (&["events.jsonl", "--rejects", "events.jsonl"], "--rejects events.jsonl: this file is one of FILES"),
        (&["events.jsonl", "--rejects", "none/rejects.jsonl"], "--rejects none/rejects.jsonl: "),
    ] {
        let line = folder.replay(files, b"").failed_with(64);
        assert!(line.contains(words), "{line}");
    }
}

/// A property that the service sets anyway must not be taken from a user and then be ignored.
#[test]
fn every_property_that_the_service_sets_is_refused() {
    for property in owned_properties() {
        let mut settings = Settings::defaults().unwrap();
        let text = format!("org.reporting_currency = \"CNY\"\nkafka.properties.{property:?} = \"x\"");
        settings.lay_toml(&text, "salespulse.toml").unwrap();
        let sentence = Config::new(&settings, String::new).unwrap_err().to_string();
        assert!(sentence.contains(property) && sentence.contains("must be left out: "), "{sentence}");
    }
}
