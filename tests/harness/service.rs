//! The built program as a service: its configuration, its process, its HTTP surface.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::broker::{PASSWORD, USER};
use super::exposition::family;
use super::looker::{Answer, Looker};
use super::ports::free_port;
use super::process::{Process, Signal, Tail};
use super::{Broker, Exposition, Topics, wait_until};

/// How long anything may take that should take moments.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Rules under which every type and most codes can be met.
pub(crate) const RULES: &str = r#"
[org]
timezone = "UTC"
reporting_currency = "EUR"
[pipeline]
stages = ["lead", "contacted", "proposal", "won"]
[[fx]]
date = "2020-01-01"
from = "USD"
rate = "0.5"
"#;

/// What a service is started with.
#[derive(Clone, Debug)]
pub(crate) struct ServiceBuilder {
    brokers: String,
    rules: String,
    topics: String,
    group: String,
    instance: String,
    properties: String,
    /// Keys of the table `snapshot`.
    snapshot: String,
    /// What is logged, as `RUST_LOG` says it; `None`: as the environment of the tests has it.
    logging: Option<String>,
    /// What starts the program in its place: another program and what comes before ours.
    starter: Vec<String>,
    as_of: Option<String>,
    clock_file: Option<PathBuf>,
}

impl ServiceBuilder {
    /// A service of its own group over these topics.
    pub(crate) fn new(broker: &Broker, topics: &Topics) -> ServiceBuilder {
        let group = topics.unique("group");
        ServiceBuilder {
            brokers: broker.address(),
            rules: RULES.to_owned(),
            topics: topics.config(),
            instance: format!("{group}-a"),
            group,
            properties: String::new(),
            // The newest three alone, so that a test can outlive a snapshot.
            snapshot: "keep_hourly = 0\nkeep_daily = 0\n".to_owned(),
            logging: None,
            starter: Vec::new(),
            as_of: None,
            clock_file: None,
        }
    }

    /// With other rules than [`RULES`].
    pub(crate) fn rules(mut self, rules: &str) -> ServiceBuilder {
        rules.clone_into(&mut self.rules);
        self
    }

    /// With the clock standing still.
    pub(crate) fn at_instant(mut self, instant: &str) -> ServiceBuilder {
        self.as_of = Some(instant.to_owned());
        self
    }

    /// With a clock that follows a file.
    pub(crate) fn by_clock(mut self, file: &Path) -> ServiceBuilder {
        self.clock_file = Some(file.to_owned());
        self
    }

    /// As another member of the group.
    pub(crate) fn member(mut self, word: &str) -> ServiceBuilder {
        self.instance = format!("{}-{word}", self.group);
        self
    }

    /// With its snapshots in a folder that outlives it, one every so often, and each one audited.
    pub(crate) fn keeping(self, folder: &Path, interval: &str) -> ServiceBuilder {
        let kept = self.snapshot("store", &folder.display().to_string()).snapshot("interval", interval);
        kept.snapshot("audit_interval", interval)
    }

    /// With a key of the table `snapshot`.
    pub(crate) fn snapshot(mut self, key: &str, value: &str) -> ServiceBuilder {
        self.snapshot += &format!("{key} = {value:?}\n");
        self
    }

    /// Logging what the filter lets through.
    pub(crate) fn logging(mut self, filter: &str) -> ServiceBuilder {
        self.logging = Some(filter.to_owned());
        self
    }

    /// Started by another program, which is given our program and its arguments and must become it.
    pub(crate) fn started_by(mut self, starter: &[String]) -> ServiceBuilder {
        starter.clone_into(&mut self.starter);
        self
    }

    /// With a property for librdkafka.
    pub(crate) fn property(mut self, key: &str, value: &str) -> ServiceBuilder {
        self.properties += &format!("{key:?} = {value:?}\n");
        self
    }

    /// By way of other brokers than the one of [`ServiceBuilder::new`].
    pub(crate) fn brokers(mut self, brokers: &str) -> ServiceBuilder {
        brokers.clone_into(&mut self.brokers);
        self
    }

    /// By way of the broker's listener with TLS and a login.
    pub(crate) fn logged_in(self, broker: &Broker) -> ServiceBuilder {
        let (address, authority) = broker.secure_address();
        self.brokers(&address)
            .property("security.protocol", "SASL_SSL")
            .property("ssl.ca.location", &authority.display().to_string())
            .property("sasl.mechanism", "SCRAM-SHA-512")
            .property("sasl.username", USER)
            .property("sasl.password", PASSWORD)
    }

    /// With a key of the table `kafka`.
    pub(crate) fn kafka(mut self, key: &str, value: &str) -> ServiceBuilder {
        self.topics += &format!("{key} = {value:?}\n");
        self
    }

    /// Reading other topics.
    pub(crate) fn reading(mut self, topics: &Topics) -> ServiceBuilder {
        self.topics = topics.config();
        self
    }

    /// With the events of one type turned off.
    pub(crate) fn without_topic(mut self, kind: &str) -> ServiceBuilder {
        let key = format!("topics.{kind} = ");
        let lines = self
            .topics
            .lines()
            .map(|line| if line.starts_with(&key) { format!("{key}\"\"\n") } else { format!("{line}\n") });
        self.topics = lines.collect();
        self
    }

    /// The consumer group.
    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    /// The whole configuration file.
    pub(crate) fn config(&self) -> String {
        let ServiceBuilder { rules, topics, group, instance, properties, snapshot, .. } = self;
        format!(
            "{rules}\n[kafka]\ngroup = {group:?}\ninstance_id = {instance:?}\n{topics}\n[kafka.properties]\n{properties}\n[snapshot]\n{snapshot}"
        )
    }

    /// Starts the process and does not wait.
    pub(crate) fn spawn(&self) -> Service {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let config = folder.path().join("salespulse.toml");
        std::fs::write(&config, self.config()).expect("the folder can be written");
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = self.command();
        command.arg("run").arg("--config").arg(&config).current_dir(folder.path());
        command.args(["--brokers", &self.brokers, "--listen", &listen]);
        if let Some(instant) = &self.as_of {
            command.args(["--as-of", instant]);
        }
        if let Some(file) = &self.clock_file {
            command.arg("--clock-file").arg(file);
        }
        let process = Process::spawn(&mut command, folder.path());
        Service { process, listen, folder }
    }

    /// The program, by what starts it, with the logging that it is to have.
    fn command(&self) -> Command {
        // Another build of it, to measure what users have.
        let program =
            std::env::var("SALESPULSE_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_salespulse").to_owned());
        let words: Vec<&String> = self.starter.iter().chain([&program]).collect();
        let (first, rest) = words.split_first().expect("at least the program");
        let mut command = Command::new(first);
        command.args(rest);
        if let Some(filter) = &self.logging {
            command.env("RUST_LOG", filter);
        }
        command
    }

    /// Starts the service and waits until it has caught up.
    pub(crate) fn start(&self) -> Service {
        let mut service = self.spawn();
        service.wait_ready();
        service
    }
}

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    process: Process,
    listen: String,
    folder: TempDir,
}

impl Service {
    /// Starts the demo, which runs in its own folder, and does not wait.
    pub(crate) fn demo(arguments: &[&str]) -> Service {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let [listen, page] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.args(["demo", "--listen", &listen, "--page", &page]).args(arguments).current_dir(folder.path());
        let process = Process::spawn(&mut command, folder.path());
        Service { process, listen, folder }
    }

    /// The folder in which it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The host and port of its HTTP server.
    pub(crate) fn address(&self) -> &str {
        &self.listen
    }

    /// The process id.
    #[allow(dead_code, reason = "only the benchmark asks")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Fetches a path with an `Accept` header; `None` while nobody answers.
    pub(crate) fn get(&self, path: &str, accept: &str) -> Option<Answer> {
        self.looker().get(path, accept)
    }

    /// Who asks it, for another thread.
    pub(crate) fn looker(&self) -> Looker {
        Looker::new(&self.listen)
    }

    /// The head of the answer to a client that takes gzip, as it came: the HTTP client that [`Service::get`] uses hides
    /// what it has uncompressed.
    pub(crate) fn head_of_compressed(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.listen).expect("the service listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
            self.listen
        );
        stream.write_all(request.as_bytes()).expect("the service reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the service answers");
        let answer = String::from_utf8_lossy(&answer);
        answer.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase()
    }

    /// The text of `/metrics`. Panics unless that is served.
    pub(crate) fn metrics_text(&self) -> String {
        let answer = self.get("/metrics", "text/plain;version=0.0.4").expect("/metrics answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// The series of `/metrics`.
    pub(crate) fn metrics(&self) -> Exposition {
        Exposition::parse(&self.metrics_text())
    }

    /// The status of `/readyz`, and what it says.
    pub(crate) fn readiness(&self) -> (u16, serde_json::Value) {
        let answer = self.get("/readyz", "*/*").expect("/readyz answers");
        (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
    }

    /// Whether a condition holds: `/readyz` and the metrics must say the same.
    pub(crate) fn holds(&self, condition: &str) -> bool {
        wait_until("/readyz and the metrics agree", SOON, || {
            let (_, told) = self.readiness();
            let told = told["conditions"].as_array().expect("a list").iter().any(|told| told["condition"] == condition);
            let shown = self.metrics().get(&format!("salespulse_condition{{condition={condition:?}}}"));
            (shown == Some(if told { 1.0 } else { 0.0 })).then_some(told)
        })
    }

    /// Waits until a condition holds, or no longer holds.
    pub(crate) fn wait_condition(&self, condition: &str, holds: bool) {
        wait_until(&format!("{condition} is {holds}"), SOON, || (self.holds(condition) == holds).then_some(()));
    }

    /// How often the log says that a condition began or ended.
    pub(crate) fn changes_of(&self, condition: &str) -> usize {
        self.log().matches(&format!("\"condition\":{condition:?}")).count()
    }

    /// The memory that the process holds, in bytes.
    pub(crate) fn memory(&self) -> f64 {
        self.metrics().get("salespulse_resident_memory_bytes").expect("it is shown")
    }

    /// Whether `/readyz` says yes.
    pub(crate) fn is_ready(&self) -> bool {
        self.get("/readyz", "*/*").is_some_and(|answer| answer.status == 200)
    }

    /// Waits until `/readyz` says yes. Panics if the process ends first.
    pub(crate) fn wait_ready(&mut self) {
        let start = Instant::now();
        wait_until("the service is ready", SOON * 2, || {
            self.assert_running();
            let answer = self.get("/readyz", "*/*");
            assert!(
                start.elapsed() < SOON,
                "not ready within {SOON:?}, but {answer:?}: {:?}",
                self.get("/metrics", "*/*")
            );
            answer.filter(|answer| answer.status == 200).map(drop)
        });
    }

    /// Waits until a page holds some words.
    pub(crate) fn wait_for_text(&self, path: &str, words: &str) {
        wait_until(&format!("{path} says {words:?}"), SOON, || {
            self.get(path, "*/*").filter(|answer| answer.body.contains(words)).map(drop)
        });
    }

    /// Waits until a series has a value.
    pub(crate) fn wait_for(&self, series: &str, value: f64) {
        let start = Instant::now();
        wait_until(&format!("{series} is {value}"), SOON * 2, || {
            let metrics = self.get("/metrics", "text/plain").map(|answer| Exposition::parse(&answer.body));
            let found = metrics.as_ref().and_then(|seen| seen.get(series));
            if start.elapsed() > SOON {
                let alike = |(name, _): &(&str, f64)| family(name) == family(series);
                let alike: Vec<_> = metrics.iter().flat_map(Exposition::iter).filter(alike).collect();
                panic!("{series} should be {value}, but is {found:?}; there are {alike:?}");
            }
            found.filter(|found| close(*found, value)).map(drop)
        });
    }

    /// Waits until its sums have been audited, and panics if any was wrong.
    pub(crate) fn assert_audited(&self) {
        let metric = |name: &str| self.metrics().get(name).expect("it is shown");
        wait_until("an audit has ended", SOON, || (metric("salespulse_audits_total") > 0.0).then_some(()));
        assert_eq!(metric("salespulse_audit_mismatches_total").to_bits(), 0, "{}", self.log());
    }

    /// Waits until so many records have been refused with a code.
    pub(crate) fn wait_rejected(&self, code: &str, count: f64) {
        self.wait_for(&format!("salespulse_rejected_records_total{{code=\"{code}\"}}"), count);
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end_with(&mut self, signal: Signal) -> ExitStatus {
        self.process.signal(signal);
        self.process.wait(SOON)
    }

    /// The same where the end may take longer than moments.
    pub(crate) fn end_within(&mut self, signal: Signal, deadline: Duration) -> ExitStatus {
        self.process.signal(signal);
        self.process.wait(deadline)
    }

    /// Waits for it to end by itself.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        self.process.wait(SOON)
    }

    /// Sends a signal and does not wait.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Kills it at this instant, without the help of another process.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Its log, to be followed.
    pub(crate) fn follow_log(&self) -> Tail {
        self.process.follow_log()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// The sentences that it has logged, or ended with, as people read them.
    pub(crate) fn sentences(&self) -> String {
        let sentence = |line: &str| match serde_json::from_str::<serde_json::Value>(line) {
            Ok(entry) => entry["message"].as_str().unwrap_or_default().to_owned(),
            Err(_) => line.trim_start_matches("error: ").to_owned(),
        };
        self.log().lines().map(sentence).collect::<Vec<_>>().join("\n")
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Panics if the process has ended.
    pub(crate) fn assert_running(&mut self) {
        let ended = self.process.exit_status();
        assert!(ended.is_none(), "the service ended with {ended:?}: {}", self.process.log());
    }
}

/// Whether two values are equal but for the last digits of a float.
pub(crate) fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * left.abs().max(right.abs())
}
