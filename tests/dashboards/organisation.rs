//! A simulated sales organisation, as a real Prometheus has scraped it from the service over a real Kafka.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::dashboards::connectors::Connectors;
use crate::dashboards::second_version;
use crate::harness::prometheus::Prometheus;
use crate::harness::{Broker, Service, ServiceBuilder, Topics, shared_broker, tools};

/// More than a year, so that every period has one before it and customers come back.
const SPAN: [&str; 4] = ["--seed=1", "--reps=20", "--duration=400d", "--end=2026-11-20T00:00:00Z"];

/// In the afternoon of the organisation's next working day.
const INSTANT: &str = "2026-11-20T08:00:00Z";

pub(crate) struct Organisation {
    pub(crate) prometheus: Prometheus,
    /// When the service was scraped. All is asked for that moment: on a busy machine a later scrape may fail.
    scraped_at: f64,
    _service: Service,
    _connectors: Connectors,
}

impl Organisation {
    /// The series that answer a query at the moment of the scrape.
    pub(crate) fn ask(&self, query: &str) -> Vec<Value> {
        self.series("query", &[("query", query), ("time", &self.scraped_at.to_string())])
    }

    /// The series that answer a query for a curve that ends at the moment of the scrape.
    pub(crate) fn ask_for_curve(&self, query: &str) -> Vec<Value> {
        let (start, end) = ((self.scraped_at - 4.0).to_string(), self.scraped_at.to_string());
        self.series("query_range", &[("query", query), ("start", &start), ("end", &end), ("step", "1")])
    }

    fn series(&self, path: &str, parameters: &[(&str, &str)]) -> Vec<Value> {
        let mut answer = self.prometheus.data(path, parameters).expect("Prometheus answers");
        serde_json::from_value(answer["result"].take()).expect("series")
    }
}

/// The organisation that all tests share; `None` where its parts are not installed.
pub(crate) fn shared() -> Option<&'static Organisation> {
    static SHARED: OnceLock<Organisation> = OnceLock::new();
    let (program, broker) = (tools::prometheus("prometheus")?, shared_broker()?);
    Some(SHARED.get_or_init(|| {
        let topics = Topics::create(broker, 2);
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let service = service(broker, &topics, &folder);
        let connectors = Connectors::start(broker);
        let jobs = [("salespulse", service.address()), ("salespulse-connect", &connectors.address())];
        let prometheus = Prometheus::of_jobs(program, &jobs);
        // Rates need a scrape before anything happens.
        prometheus.wait_for("min(count_over_time(salespulse_ready[1m]))", |scrapes| scrapes >= 2.0);
        let records = simulate(&folder, &["--config=cluster.toml"]) + second_version::send(broker, &topics);
        prometheus.wait_for("sum(salespulse_consumed_records_total)", |consumed| consumed == records);
        prometheus.wait_for("increase(salespulse_snapshot_write_seconds_count[10m])", |written| written > 0.0);
        let scraped_at = connectors.meet_trouble(&prometheus);
        Organisation { prometheus, scraped_at, _service: service, _connectors: connectors }
    }))
}

/// The service under the rules that fit the organisation, before it has read anything.
fn service(broker: &Broker, topics: &Topics, folder: &TempDir) -> Service {
    let (address, names) = (broker.address(), topics.config());
    let cluster = format!("org.reporting_currency = \"CNY\"\n[kafka]\nbrokers = \"{address}\"\n{names}");
    std::fs::write(folder.path().join("cluster.toml"), cluster).expect("a configuration");
    simulate(folder, &["--output=events.jsonl", "--config-out=fits.toml"]);
    let rules = std::fs::read_to_string(folder.path().join("fits.toml")).expect("the configuration");
    let rules = rules + second_version::RULES;
    ServiceBuilder::new(broker, topics).rules(&rules).snapshot("interval", "1s").at_instant(INSTANT).start()
}

/// Makes the organisation's events, and answers how many records that were.
fn simulate(folder: &TempDir, target: &[&str]) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    command.arg("simulate").args(target).args(SPAN);
    let output = command.current_dir(folder.path()).output().expect("salespulse starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let summary: Value = serde_json::from_str(said.lines().next_back().unwrap_or_default()).expect("a summary");
    summary["records"].as_f64().expect("a number of records")
}
