//! `salespulse simulate`: events into files, their configuration beside them, the summary last on standard error.

use serde_json::Value;

use crate::cli::program::Folder;

const SPAN: [&str; 6] = ["simulate", "--end", "2026-03-31T00:00:00Z", "--duration", "40d", "--bad=300"];

fn simulate(folder: &Folder, arguments: &[&str]) -> Value {
    let ended = folder.run(&[&SPAN[..], arguments].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    serde_json::from_str(ended.summary()).unwrap()
}

/// The exposition and the summary of a replay.
fn replay(folder: &Folder, files: &[&str]) -> (String, Value) {
    let fixed = ["replay", "--config", "fits.toml", "--as-of", "2026-04-04T00:00:00Z"];
    let ended = folder.run(&[&fixed[..], files].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = serde_json::from_str(ended.summary()).unwrap();
    (ended.stdout, summary)
}

#[test]
fn one_file_and_a_file_per_topic_hold_the_same_truths() {
    let folder = Folder::new();
    let whole = simulate(&folder, &["--output", "events.jsonl", "--config-out", "fits.toml"]);
    let by_topic = simulate(&folder, &["--output-dir", "topics"]);
    let without_rejected = |summary: &Value| {
        let mut summary = summary.clone();
        summary.as_object_mut().unwrap().remove("rejected");
        summary
    };
    assert_eq!(without_rejected(&by_topic), without_rejected(&whole));
    let topics = ["leads", "stage-changes", "spend", "feedback", "payments", "targets", "reps"];
    let files = topics.map(|topic| format!("topics/sales.{topic}.jsonl"));
    let (of_one, one_summary) = replay(&folder, &["events.jsonl"]);
    let (of_topics, topics_summary) = replay(&folder, &files.each_ref().map(String::as_str));
    assert!(of_one == of_topics, "one file and a file per topic tell different gauges");
    assert_eq!(one_summary["records"], whole["records"]);
    // Each says what a replay of what it has written says.
    assert_eq!(one_summary["rejected"], whole["rejected"]);
    assert_eq!(topics_summary["rejected"], by_topic["rejected"]);
    assert_eq!(topics_summary["rejected"].as_object().unwrap().len(), 11, "every code");
    let leads = format!("sales_org_leads{{window=\"90d\"}} {}", whole["leads"]);
    assert!(of_one.contains(&leads), "no {leads}");
}

/// Whoever looks at the first lines sees events, not a wall of letters.
#[test]
fn the_first_lines_can_be_read() {
    let folder = Folder::new();
    simulate(&folder, &["--output", "events.jsonl"]);
    let text = std::fs::read_to_string(folder.path("events.jsonl")).unwrap();
    assert!(text.lines().take(200).all(|line| line.len() < 2_000), "a long line among the first");
    assert!(text.lines().any(|line| line.len() > 65_536), "one is too large later on");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folder = Folder::new();
    let bytes = |name: &str, seed: &str| {
        simulate(&folder, &["--output", name, "--seed", seed, "--reps", "7", "--journeys", "300"]);
        std::fs::read(folder.path(name)).unwrap()
    };
    let first = bytes("first.jsonl", "9");
    assert!(first.len() > 100_000 && first == bytes("second.jsonl", "9"));
    assert!(first != bytes("third.jsonl", "10"));
}

#[test]
fn standard_output_holds_events_and_nothing_else() {
    let ended = Folder::new().run(&[&SPAN[..5], &["--output", "-", "--bad=0", "--journeys=50"]].concat());
    assert!(ended.stdout.lines().all(|line| serde_json::from_str::<Value>(line).unwrap().is_object()));
    let summary: Value = serde_json::from_str(ended.summary()).unwrap();
    assert_eq!(ended.stdout.lines().count() as u64, summary["records"].as_u64().unwrap());
}

#[test]
fn records_come_no_faster_than_the_rate() {
    let started = std::time::Instant::now();
    let summary = simulate(&Folder::new(), &["--output", "e.jsonl", "--reps=1", "--journeys=60", "--rate=800"]);
    let least = summary["records"].as_f64().unwrap() / 800.0 - 0.1;
    assert!(started.elapsed().as_secs_f64() > least, "{summary}");
}

#[test]
fn what_cannot_be_is_one_sentence() {
    let folder = Folder::new();
    let wrong = |arguments: &[&str]| folder.run(&[&["simulate"], arguments].concat()).failed_with(64);
    let sentences = [
        wrong(&[]),
        wrong(&["--output", "a", "--output-dir", "b"]),
        wrong(&["--output", "a", "--duration", "0d"]),
        wrong(&["--output", "a", "--reps", "0"]),
        wrong(&["--output", "a", "--break-stage", "east"]),
        wrong(&["--output", "a", "--break-stage", "moon:won"]),
        wrong(&["--output", "a", "--break-stage", "east:signed"]),
        wrong(&["--output", "a", "--timezone", "Asia/Peking"]),
        wrong(&["--output", "a", "--speed", "2"]),
        wrong(&["--output", "a", "--live", "--end", "2026-03-31T00:00:00Z"]),
        wrong(&["--output", "a", "--duration", "9000d", "--end", "1990-01-01T00:00:00Z"]),
    ];
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    error: the following required arguments were not provided: <--output <FILE>|--output-dir <FOLDER>|--brokers <HOST:PORT,…>|--config <FILE>>; usage: salespulse simulate <--output <FILE>|--output-dir <FOLDER>|--brokers <HOST:PORT,…>|--config <FILE>>
    error: the argument '--output <FILE>' cannot be used with '--output-dir <FOLDER>'; usage: salespulse simulate <--output <FILE>|--output-dir <FOLDER>|--brokers <HOST:PORT,…>|--config <FILE>>
    error: invalid value '0d' for '--duration <DURATION>': it must be a whole number and one of ms s m h d w, such as 90d
    error: invalid value '0' for '--reps <NUMBER>': 0 is not in 1..=200000
    error: invalid value 'east' for '--break-stage <TEAM:STAGE>': it must be a team and a stage with a colon between, such as east:proposal
    error: there is no team "moon"; there are east, south, north, west, overseas
    error: there is no stage "signed" after "lead"; there are contacted, qualified, proposal, negotiation and won
    error: invalid value 'Asia/Peking' for '--timezone <ZONE>': it must be a time zone of the IANA database, such as Asia/Shanghai
    error: the following required arguments were not provided: --live; usage: salespulse simulate --live --speed <TIMES> <--output <FILE>|--output-dir <FOLDER>|--brokers <HOST:PORT,…>|--config <FILE>>
    error: --live goes on from now: it takes no --end
    error: the end must lie after the start, and both between 1970 and 2049
    "#);
    let ended = folder.run(&[&SPAN[..], &["--output", "no/such/folder"]].concat());
    assert!(ended.failed_with(74).contains("cannot write events to no/such/folder"));
    let ended = folder.run(&[&SPAN[..], &["--brokers", "no host:1"]].concat());
    assert!(ended.failed_with(64).contains("--brokers"));
}

/// Life goes on as the clock goes, and a signal ends it with a whole last line and a summary.
#[test]
fn a_live_simulation_goes_on_until_it_is_stopped() {
    let folder = Folder::new();
    let live = ["simulate", "--output=live.jsonl", "--duration=7d", "--live", "--speed=10000", "--bad=0"];
    let child = folder.command(&live).spawn().unwrap();
    let lines = || std::fs::read_to_string(folder.path("live.jsonl")).map_or(0, |text| text.lines().count());
    let grown_beyond = |count: usize| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while lines() <= count {
            assert!(std::time::Instant::now() < deadline, "no more than {count} lines");
            std::thread::yield_now();
        }
    };
    grown_beyond(0);
    let back_fill = lines();
    grown_beyond(back_fill + 50);
    let signalled = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let summary: Value = serde_json::from_slice(&output.stderr).unwrap();
    let text = std::fs::read_to_string(folder.path("live.jsonl")).unwrap();
    assert!(text.ends_with("}\n"));
    assert_eq!(text.lines().count() as u64, summary["records"].as_u64().unwrap());
}
