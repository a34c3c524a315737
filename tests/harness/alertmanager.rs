//! A real Alertmanager.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::ports::free_port;
use super::process::Process;
use super::service::SOON;
use super::wait_until;

/// An Alertmanager of a test's own.
#[derive(Debug)]
pub(crate) struct Alertmanager {
    _process: Process,
    address: String,
    _folder: TempDir,
}

impl Alertmanager {
    /// Starts it with a configuration, alone in its cluster, and waits until it is ready.
    pub(crate) fn start(program: PathBuf, config: &str) -> Alertmanager {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let path = folder.path().join("alertmanager.yml");
        std::fs::write(&path, config).expect("the folder can be written");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(program);
        command.arg(format!("--config.file={}", path.display()));
        command.arg(format!("--storage.path={}", folder.path().join("data").display()));
        command.args([&format!("--web.listen-address={address}"), "--cluster.listen-address="]);
        let process = Process::spawn(&mut command, folder.path());
        let started = Alertmanager { _process: process, address, _folder: folder };
        wait_until("Alertmanager is ready", SOON, || started.agent().get(started.url("/-/ready")).call().ok());
        started
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends alerts, as Prometheus does.
    pub(crate) fn send(&self, alerts: &Value) {
        let request = self.agent().post(self.url("/api/v2/alerts")).content_type("application/json");
        request.send(alerts.to_string()).expect("Alertmanager takes alerts");
    }

    /// All alerts that it knows, suppressed ones too.
    pub(crate) fn alerts(&self) -> Vec<Value> {
        let mut answer = self.agent().get(self.url("/api/v2/alerts")).call().expect("Alertmanager answers");
        let text = answer.body_mut().read_to_string().expect("an answer");
        serde_json::from_str(&text).expect("Alertmanager answers in JSON")
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn agent(&self) -> ureq::Agent {
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().into()
    }
}
