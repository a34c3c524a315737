//! A real Prometheus that scrapes one service.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::ports::free_port;
use super::process::Process;
use super::service::SOON;
use super::wait_until;

/// A Prometheus server of a test's own.
#[derive(Debug)]
pub(crate) struct Prometheus {
    _process: Process,
    address: String,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts a server that scrapes `target` twice a second as the job `salespulse`.
    pub(crate) fn start(program: PathBuf, target: &str) -> Prometheus {
        Prometheus::of_jobs(program, &[("salespulse", target)])
    }

    /// Starts a server that scrapes the target of each job twice a second.
    pub(crate) fn of_jobs(program: PathBuf, jobs: &[(&str, &str)]) -> Prometheus {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let job = |(name, target): &(&str, &str)| {
            format!("{{job_name: {name}, static_configs: [{{targets: [\"{target}\"]}}]}}")
        };
        let jobs: Vec<String> = jobs.iter().map(job).collect();
        let text = format!(
            "global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\nscrape_configs: [{}]\n",
            jobs.join(", ")
        );
        std::fs::write(folder.path().join("prometheus.yml"), text).expect("the folder can be written");
        Prometheus::start_in(program, folder)
    }

    /// Starts a server with the `prometheus.yml` of a folder.
    pub(crate) fn start_in(program: PathBuf, folder: TempDir) -> Prometheus {
        let config = folder.path().join("prometheus.yml");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(program);
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        let process = Process::spawn(&mut command, folder.path());
        Prometheus { _process: process, address, _folder: folder }
    }

    /// The value of a query that answers with one number; `None` if it answers with nothing yet.
    pub(crate) fn query(&self, query: &str) -> Option<f64> {
        let data = self.data("query", &[("query", query)])?;
        data["result"][0]["value"][1].as_str()?.parse().ok()
    }

    /// The `data` of an answer of the API; `None` while nobody answers. Panics at a refusal.
    pub(crate) fn data(&self, path: &str, parameters: &[(&str, &str)]) -> Option<Value> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        let request = agent.get(format!("http://{}/api/v1/{path}", self.address));
        let mut response = request.query_pairs(parameters.iter().copied()).call().ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        if response.status() == 503 {
            return None;
        }
        let mut answer: Value = serde_json::from_str(&text).expect("Prometheus answers in JSON");
        assert_eq!(answer["status"], "success", "{parameters:?}: {text}");
        Some(answer["data"].take())
    }

    /// Waits until a query has an answer that is as wanted, and answers it.
    pub(crate) fn wait_for(&self, query: &str, wanted: impl Fn(f64) -> bool) -> f64 {
        wait_until(&format!("{query} has its answer"), SOON, || self.query(query).filter(|value| wanted(*value)))
    }
}

/// What `promtool check metrics` says of a text; empty if it finds nothing.
pub(crate) fn check_metrics(promtool: PathBuf, text: &str) -> String {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let path = folder.path().join("metrics");
    std::fs::write(&path, text).expect("the folder can be written");
    let input = std::fs::File::open(&path).expect("just written");
    let output = Command::new(promtool).args(["check", "metrics"]).stdin(input).output().expect("promtool starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() && said.trim().is_empty() { String::new() } else { format!("{}: {said}", output.status) }
}
