//! Kafka Connect with Debezium's connectors.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::postgres::{Postgres, USER};
use crate::harness::ports::free_port;
use crate::harness::process::{Process, Signal};
use crate::harness::{Broker, Topics, wait_until};

/// Long enough for a Java machine on two busy cores.
const START: Duration = Duration::from_secs(120);
const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";

/// How a connector writes its records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it does if nothing is said: each beside its schema, decimals in base64.
    Described,
    /// Bare, decimals in digits.
    Bare,
}

/// A standalone worker.
pub(super) struct Worker {
    process: Process,
    class_path: PathBuf,
    port: u16,
    connectors: usize,
    folder: TempDir,
}

/// A connector that reads deals and payments into the topics of a test.
fn connector(name: &str, form: Form, topics: &Topics, postgres: &Postgres) -> Value {
    let deals = topics.name("public.deals");
    let prefix = deals.strip_suffix(".public.deals").expect("it ends so");
    let mut config = json!({
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector", "plugin.name": "pgoutput",
        "database.hostname": "127.0.0.1", "database.port": postgres.port.to_string(), "database.user": USER,
        "database.password": "none", "database.dbname": "postgres", "topic.prefix": prefix,
        "table.include.list": "public.deals,public.payments", "slot.name": name, "publication.name": name,
    });
    if form == Form::Bare {
        config["decimal.handling.mode"] = json!("string");
        config["value.converter"] = json!(JSON);
        config["value.converter.schemas.enable"] = json!("false");
    }
    json!({ "name": name, "config": config })
}

impl Worker {
    /// Starts connectors, and waits for nothing.
    pub(super) fn start(
        class_path: PathBuf,
        broker: &Broker,
        postgres: &Postgres,
        connectors: &[(&str, Form, &Topics)],
    ) -> Worker {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
        let port = free_port();
        write(
            "worker.properties",
            format!(
                "bootstrap.servers={}\nkey.converter={JSON}\nvalue.converter={JSON}\nplugin.discovery=service_load\n\
                 offset.storage.file.filename={}\noffset.flush.interval.ms=1000\nlisteners=http://127.0.0.1:{port}\n",
                broker.address(),
                folder.path().join("offsets").display()
            ),
        );
        for (name, form, topics) in connectors {
            write(&format!("{name}.json"), connector(name, *form, topics, postgres).to_string());
        }
        let names: Vec<&str> = connectors.iter().map(|(name, ..)| *name).collect();
        let process = spawn(&class_path, &folder, &names);
        Worker { process, class_path, port, connectors: names.len(), folder }
    }

    /// Kills it, and starts it again with what it has written of where it was.
    pub(super) fn crash(&mut self, names: &[&str]) {
        // Without it the tables would be read anew, and what was between would never be told. What the worker says of it is
        // not yet in the file, and the file is written anew each time: so it stands still while we look.
        wait_until("it has written where each connector is", START, || {
            self.process.signal(Signal::Stop);
            let written = std::fs::read(self.folder.path().join("offsets")).unwrap_or_default();
            let is_kept = names.iter().all(|name| is_kept(&String::from_utf8_lossy(&written), name));
            if !is_kept {
                self.process.signal(Signal::Continue);
            }
            is_kept.then_some(())
        });
        self.process.kill();
        self.process = spawn(&self.class_path, &self.folder, names);
    }

    fn ask(&self, path: &str) -> Option<Value> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        serde_json::from_str(&ureq::get(url).call().ok()?.body_mut().read_to_string().ok()?).ok()
    }

    /// Waits until its connectors run.
    pub(super) fn await_running(&mut self) {
        wait_until("the connectors run", START, || {
            assert!(self.process.exit_status().is_none(), "the worker ended: {}", self.process.log());
            let json = self.ask("/connectors?expand=status")?;
            let status = |connector: &Value| connector["status"]["tasks"][0]["state"].as_str() == Some("RUNNING");
            let running = json.as_object()?.values().filter(|connector| status(connector)).count();
            (running == self.connectors).then_some(())
        });
    }
}

/// Whether the file of offsets says that a connector is past its first reading: a serialised map from `["name",…]` to an
/// object, both JSON.
fn is_kept(offsets: &str, name: &str) -> bool {
    let place = offsets.split_once(&format!("[\"{name}\",")).and_then(|(_, rest)| rest.split_once(']'));
    let object = place.and_then(|(_, rest)| rest.split_once('{')).and_then(|(_, rest)| rest.split_once('}'));
    object.is_some_and(|(fields, _)| fields.contains("\"lsn\":") && !fields.contains("snapshot"))
}

fn spawn(class_path: &PathBuf, folder: &TempDir, names: &[&str]) -> Process {
    let log_config = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/kafka/log4j2.xml");
    let mut command = Command::new("java");
    command.arg(format!("-Dlog4j2.configurationFile={log_config}"));
    command.args(["-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp"]).arg(class_path).current_dir(folder.path());
    command.args(["org.apache.kafka.connect.cli.ConnectStandalone", "worker.properties"]);
    command.args(names.iter().map(|name| format!("{name}.json")));
    Process::spawn(&mut command, folder.path())
}
