//! The demo as a newcomer starts it: no Kafka but its own.

use std::io::Write as _;
use std::process::{Command, Stdio};

use salespulse::model::time::Time;

use crate::harness::exposition::kpi_lines;
use crate::harness::process::Signal;
use crate::harness::prometheus::Prometheus;
use crate::harness::service::SOON;
use crate::harness::{Exposition, Service, announce, tools, wait_until};

/// Starts a demo and waits until it tells what there is to see; answers that too.
fn welcomed(arguments: &[&str]) -> (Service, String) {
    let mut demo = Service::demo(arguments);
    let text = wait_until("the demo tells what there is to see", SOON, || {
        demo.assert_running();
        demo.log().contains("Ctrl-C ends it.").then(|| demo.log())
    });
    (demo, text)
}

/// Sends a signal: the demo must end well, and nothing answers or lies about any more.
fn assert_ends(demo: &mut Service, signal: Option<Signal>) {
    let status = match signal {
        Some(signal) => demo.end_with(signal),
        None => demo.wait_exit(),
    };
    assert_eq!(status.code(), Some(0), "{}", demo.log());
    assert!(demo.log().lines().last().is_some_and(|line| line.starts_with("Ended after ")), "{}", demo.log());
    assert!(!demo.log().contains("\"level\""), "nothing went wrong: {}", demo.log());
    assert!(demo.get("/livez", "*/*").is_none(), "nobody may answer after the end");
    let files = std::fs::read_dir(demo.folder()).expect("the folder").count();
    assert_eq!(files, 1, "only the log");
}

/// How many records the service has done with.
fn done(metrics: &Exposition) -> f64 {
    let is_counted = |series: &str| {
        series == "salespulse_applied_records_total" || series.starts_with("salespulse_rejected_records")
    };
    metrics.iter().filter(|(series, _)| is_counted(series)).map(|(_, value)| value).sum()
}

/// The instant of a scrape, in RFC 3339.
fn instant(text: &str) -> String {
    let line =
        text.lines().find_map(|line| line.strip_prefix("salespulse_reading_timestamp_seconds ")).expect("a line");
    let (seconds, fraction) = line.split_once('.').unwrap_or((line, ""));
    Time::from_millis(format!("{seconds}{fraction:0<3}").parse().expect("milliseconds")).to_string()
}

#[test]
fn the_gauges_are_those_of_a_replay_of_its_record_at_their_instant() {
    let arguments = ["--reps=8", "--speed=10000", "--record=events.jsonl", "--config-out=fits.toml"];
    let (mut demo, _) = welcomed(&arguments);
    let lines = || {
        let text = std::fs::read_to_string(demo.folder().join("events.jsonl")).expect("the record");
        u32::try_from(text.lines().count()).expect("few")
    };
    let past = lines();
    // Everything is applied before a reading that knows of nothing else.
    let told = wait_until("a pause in which all that was produced is in a scrape", SOON, || {
        let count = Some(lines()).filter(|count| *count > past + 20)?;
        let all = |text: &str| done(&Exposition::parse(text)) == f64::from(count);
        (all(&demo.metrics_text())).then(|| demo.metrics_text()).filter(|text| all(text) && lines() == count)
    });
    demo.end_with(Signal::Terminate);
    let record = std::fs::read_to_string(demo.folder().join("events.jsonl")).expect("the record");
    let count = done(&Exposition::parse(&told));
    let until_then: String = (0..)
        .map(f64::from)
        .zip(record.split_inclusive('\n'))
        .take_while(|(n, _)| *n < count)
        .map(|(_, l)| l)
        .collect();
    std::fs::write(demo.folder().join("then.jsonl"), until_then).expect("the folder can be written");

    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    command.args(["replay", "then.jsonl", "--config", "fits.toml", "--as-of", &instant(&told)]);
    let output = command.current_dir(demo.folder()).output().expect("salespulse starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let replayed = kpi_lines(&String::from_utf8(output.stdout).expect("text"));
    assert!(replayed.lines().count() > 1_000, "there is much to compare");
    assert!(kpi_lines(&told) == replayed, "the demo and the replay of its record tell the KPIs differently");
    announce(&format!("{count} records of the demo, {} lines equal to a replay's", replayed.lines().count()));
}

/// Panics unless hardly anybody of team east has become a contact in the last seven days, as others have and as it was.
fn assert_east_is_broken(metrics: &Exposition) {
    let told = |series: &str| metrics.get(series).unwrap_or_else(|| panic!("{series} is not told"));
    let conversion = |team: &str| {
        let labels = format!("team=\"{team}\",from=\"lead\",to=\"contacted\",window=\"7d\"");
        told(&format!("sales_team_funnel_conversion_ratio{{{labels}}}"))
    };
    let entries = |family: &str| told(&format!("{family}{{team=\"east\",stage=\"contacted\",window=\"7d\"}}"));
    for team in ["south", "north"] {
        let (broken, whole) = (conversion("east"), conversion(team));
        assert!(broken < whole / 2.0, "east {broken}, {team} {whole}");
    }
    let (now, before) = (entries("sales_team_stage_entries"), entries("sales_team_stage_entries_previous"));
    assert!(now < before / 2.0, "{now} now, {before} in the seven days before");
}

#[test]
fn a_broken_stage_is_seen_and_every_proposed_query_finds_something() {
    let (mut demo, welcome) = welcomed(&["--break-stage=east:contacted"]);
    announce(welcome.lines().find(|line| line.starts_with("The gauges show")).expect("how long it took"));
    let page = welcome.lines().next().expect("a line");
    assert!(page.starts_with("http://127.0.0.1:"), "the first line is the page's address: {page}");
    assert!(welcome.contains(&format!("  {page}          the page")), "{page} is that of the page");
    let text = demo.metrics_text();
    let metrics = Exposition::parse(&text);
    assert_east_is_broken(&metrics);
    // The year, the quarter and the month may have begun a moment ago.
    for (window, least) in
        [("24h", 1.0), ("7d", 1.0), ("30d", 1.0), ("90d", 1.0), ("mtd", 0.0), ("qtd", 0.0), ("ytd", 0.0)]
    {
        let leads = metrics.get(&format!("sales_org_leads{{window=\"{window}\"}}"));
        assert!(leads.is_some_and(|leads| leads >= least), "{window}: {leads:?}");
    }

    let patterns: Vec<&str> = welcome.lines().filter_map(|line| line.split_once("| grep '")).map(|cut| cut.1).collect();
    assert_eq!(patterns.len(), 3, "{welcome}");
    for pattern in patterns {
        assert!(finds(pattern.trim_end_matches('\''), &text), "nothing is found by {pattern}");
    }
    if let Some(program) = tools::prometheus("prometheus") {
        let prometheus = Prometheus::start(program, demo.address());
        let (_, queries) = welcome.split_once("in a Prometheus").expect("queries");
        let queries: Vec<&str> = queries.lines().skip(1).filter_map(|line| line.strip_prefix("  ")).collect();
        assert_eq!(queries.len(), 3, "{welcome}");
        for query in queries {
            prometheus.wait_for(query, |_| true);
        }
    }
    assert_ends(&mut demo, Some(Signal::Interrupt));
}

/// Whether `grep` finds a pattern in a text.
fn finds(pattern: &str, text: &str) -> bool {
    let mut command = Command::new("grep");
    let mut grep = command.arg(pattern).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("grep starts");
    grep.stdin.take().expect("its input").write_all(text.as_bytes()).expect("it reads");
    grep.wait().expect("its end").success()
}

#[test]
fn it_ends_in_the_middle_of_its_past_and_by_itself() {
    let mut interrupted = Service::demo(&["--reps=3"]);
    let mut short = Service::demo(&["--reps=3", "--duration=100ms"]);
    interrupted.wait_for_text("/livez", "ok");
    assert_ends(&mut interrupted, Some(Signal::Interrupt));
    assert!(!interrupted.log().contains("Worth trying"), "{}", interrupted.log());
    assert_ends(&mut short, None);
    assert!(short.log().contains("Worth trying"), "{}", short.log());
}
