//! `simulate` into a real Kafka, `run` over it, and `replay` of the same seed's file.

use std::process::Command;

use tempfile::TempDir;

use crate::harness::exposition::kpi_lines;
use crate::harness::reader::read_all;
use crate::harness::topics::KINDS;
use crate::harness::{Broker, ServiceBuilder, Topics, shared_broker};

/// After the end of the span and the last late record.
const INSTANT: &str = "2026-04-04T00:00:00Z";

/// What the program prints on standard output.
fn salespulse(folder: &TempDir, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    let output = command.args(arguments).current_dir(folder.path()).output().expect("salespulse starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn simulate(folder: &TempDir, target: &[&str]) {
    let span = ["simulate", "--seed=5", "--end=2026-03-31T00:00:00Z", "--duration=40d", "--bad=300"];
    salespulse(folder, &[&span[..], target].concat());
}

fn cluster(broker: &Broker, topics: &Topics) -> String {
    let (address, topics) = (broker.address(), topics.config());
    format!("org.reporting_currency = \"CNY\"\n[kafka]\nbrokers = \"{address}\"\n{topics}")
}

#[test]
fn run_over_kafka_and_replay_of_a_file_tell_the_same() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 3);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("cluster.toml"), cluster(broker, &topics)).expect("a configuration");
    simulate(&folder, &["--config=cluster.toml", "--config-out=fits.toml"]);
    simulate(&folder, &["--output=events.jsonl"]);
    let replayed = salespulse(&folder, &["replay", "events.jsonl", "--config=fits.toml", "--as-of", INSTANT]);
    let rules = std::fs::read_to_string(folder.path().join("fits.toml")).expect("the configuration");
    let service = ServiceBuilder::new(broker, &topics).rules(&rules).at_instant(INSTANT).start();
    assert!(kpi_lines(&replayed).len() > 1_000, "there is much to compare");
    let told = service.metrics_text();
    assert!(kpi_lines(&told) == kpi_lines(&replayed), "run and replay tell the KPIs differently");
    for counter in ["salespulse_misrouted_records_total{", "salespulse_keyless_records_total{"] {
        let counts: Vec<&str> = told.lines().filter(|line| line.starts_with(counter)).collect();
        assert!(!counts.is_empty() && counts.iter().all(|line| line.ends_with(" 0")), "{counts:?}");
    }
}

/// Two organisations in the same topics are numbers of neither.
#[test]
fn topics_that_hold_records_are_refused_unless_that_is_meant() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("cluster.toml"), cluster(broker, &topics)).expect("a configuration");
    let simulate = |more: &[&str]| {
        let span = ["simulate", "--seed=5", "--end=2026-03-31T00:00:00Z", "--duration=2d", "--config=cluster.toml"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.args(span).args(more).current_dir(folder.path()).output().expect("salespulse starts")
    };
    let first = simulate(&[]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let before = records(broker, &topics);
    assert!(before > 0, "nothing was simulated");

    let refused = simulate(&[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(64), "{said}");
    assert!(said.contains("the topics are not empty") && said.contains("--force"), "{said}");
    assert_eq!(records(broker, &topics), before, "something was written all the same");

    assert!(simulate(&["--force"]).status.success());
    assert_eq!(records(broker, &topics), 2 * before, "the same seed once more");
}

/// How many records of events the topics hold.
fn records(broker: &Broker, topics: &Topics) -> usize {
    let kinds = KINDS.iter().filter(|kind| **kind != "dead_letters");
    kinds.map(|kind| read_all(&broker.client(), &topics.name(kind)).len()).sum()
}
