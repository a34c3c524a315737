//! The real data sets: `replay` and `run` must expose what the reference implementation computes.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::exposition::{family, kpi_lines};
use crate::harness::service::close;
use crate::harness::{Broker, Exposition, Producer, Sent, ServiceBuilder, Topics, shared_broker, tools};

/// A real data set and the instant of its golden exposition.
struct DataSet {
    name: &'static str,
    instant: &'static str,
}

const OLIST: DataSet = DataSet { name: "olist", instant: "2018-11-14T00:00:00Z" };
const MAVEN: DataSet = DataSet { name: "maven", instant: "2017-12-31T12:00:00Z" };

/// Whether a series is the business's: every one of these is compared, both ways.
fn is_compared(series: &str) -> bool {
    let family = family(series);
    family.starts_with("sales_") || family == "salespulse_data_errors"
}

/// The worst relative error that a quantile may have.
const QUANTILE_ERROR: f64 = 0.01;

/// Panics unless both hold the same series with the same values.
fn assert_golden(told: &Exposition, golden: &Exposition) {
    let mut faults = Vec::new();
    for (series, expected) in golden.iter().filter(|(series, _)| is_compared(series)) {
        match told.get(series) {
            None => faults.push(format!("missing: {series} {expected}")),
            Some(value) if !agrees(series, value, expected) => faults.push(format!("{series} {value}, not {expected}")),
            Some(_) => {}
        }
    }
    let extra = told.iter().filter(|(series, _)| is_compared(series) && golden.get(series).is_none());
    faults.extend(extra.map(|(series, value)| format!("too much: {series} {value}")));
    assert!(faults.is_empty(), "{} faults, such as\n{}", faults.len(), faults[..faults.len().min(20)].join("\n"));
}

fn agrees(series: &str, value: f64, expected: f64) -> bool {
    let family = family(series);
    if family.ends_with("_p50_seconds") || family.ends_with("_p90_seconds") {
        return (value - expected).abs() <= QUANTILE_ERROR * expected.abs();
    }
    close(value, expected)
}

impl DataSet {
    /// The series of version 2, which hold those of version 1.
    fn golden(folder: &Path) -> Exposition {
        let read = |name: &str| Exposition::parse(&std::fs::read_to_string(folder.join(name)).expect("a golden file"));
        let golden = read("golden-v2.prom");
        let first = read("golden.prom");
        let lost = first.iter().filter(|(series, value)| golden.get(series) != Some(*value)).count();
        assert_eq!(lost, 0, "series of version 1 that version 2 lost");
        golden
    }

    /// What `replay` prints, and its summary.
    fn replay(&self, folder: &Path) -> (String, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.arg("replay").arg(folder.join("events.jsonl")).arg("--config").arg(folder.join("config.toml"));
        let output = command.args(["--as-of", self.instant]).output().expect("salespulse starts");
        let errors = String::from_utf8(output.stderr).expect("text");
        assert!(output.status.success(), "{errors}");
        let summary = errors.lines().last().expect("a summary");
        (String::from_utf8(output.stdout).expect("text"), serde_json::from_str(summary).expect("a line of JSON"))
    }

    /// What `run --as-of` exposes of the same file in a real Kafka.
    fn run(&self, broker: &Broker, folder: &Path) -> String {
        let topics = Topics::create(broker, 3);
        let producer = Producer::new(&broker.client(), &[("linger.ms", "50")]);
        let events = std::fs::read_to_string(folder.join("events.jsonl")).expect("the events");
        producer.send_all(events.lines().map(|line| routed(&topics, line)).collect::<Vec<_>>().iter());
        let rules = std::fs::read_to_string(folder.join("config.toml")).expect("the configuration");
        let service = ServiceBuilder::new(broker, &topics).rules(&rules).at_instant(self.instant).start();
        service.metrics_text()
    }

    fn check_replay(&self) {
        let Some(folder) = tools::data_set(self.name) else { return };
        let (text, summary) = self.replay(&folder);
        assert_golden(&Exposition::parse(&text), &DataSet::golden(&folder));
        let events = std::fs::read_to_string(folder.join("events.jsonl")).expect("the events").lines().count();
        assert_eq!(summary["records"], events);
        assert_eq!(summary["accepted"], events);
    }

    fn check_run(&self) {
        let (Some(folder), Some(broker)) = (tools::data_set(self.name), shared_broker()) else { return };
        let text = self.run(broker, &folder);
        assert_golden(&Exposition::parse(&text), &DataSet::golden(&folder));
        let (replayed, _) = self.replay(&folder);
        assert!(kpi_lines(&text) == kpi_lines(&replayed), "run and replay write the KPIs in different bytes");
    }
}

/// The event as a record of its type's topic, with the key of the contract.
fn routed(topics: &Topics, line: &str) -> Sent {
    let event: Value = serde_json::from_str(line).expect("an event");
    let text = |field: &str| event[field].as_str().map(str::to_owned);
    let kind = text("type").expect("a type");
    let key = text("lead_id").or_else(|| text("event_id")).expect("an id");
    Sent::new(&topics.name(&kind), &key, line)
}

#[test]
fn replay_of_olist_is_golden() {
    OLIST.check_replay();
}

#[test]
fn replay_of_maven_is_golden() {
    MAVEN.check_replay();
}

#[test]
fn run_of_olist_is_golden_and_equals_replay() {
    OLIST.check_run();
}

#[test]
fn run_of_maven_is_golden_and_equals_replay() {
    MAVEN.check_run();
}

#[test]
fn a_series_missing_too_much_or_off_is_seen() {
    let exposition = |text: &str| Exposition::parse(text);
    let golden = exposition("sales_org_leads{window=\"7d\"} 4\nsales_org_cycle_p50_seconds{window=\"7d\"} 100\n");
    let is_golden = |text: &str| {
        let told = exposition(text);
        std::panic::catch_unwind(|| assert_golden(&told, &golden)).is_ok()
    };
    assert!(is_golden("sales_org_cycle_p50_seconds{window=\"7d\"} 100.9\nsales_org_leads{window=\"7d\"} 4\n"));
    assert!(!is_golden("sales_org_cycle_p50_seconds{window=\"7d\"} 101.1\nsales_org_leads{window=\"7d\"} 4\n"));
    assert!(!is_golden("sales_org_cycle_p50_seconds{window=\"7d\"} 100\nsales_org_leads{window=\"7d\"} 4.001\n"));
    assert!(!is_golden("sales_org_cycle_p50_seconds{window=\"7d\"} 100\n"));
    assert!(!is_golden(
        "sales_org_cycle_p50_seconds{window=\"7d\"} 100\nsales_org_leads{window=\"7d\"} 4\nsales_org_won 0\n"
    ));
}
