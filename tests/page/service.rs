//! The page over the real service and a real Kafka: digits, a win, a re-opened deal, a service that stands still, a kill and a
//! start.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::ports::free_port;
use crate::harness::process::Signal;
use crate::harness::service::{RULES, SOON, Service};
use crate::harness::{Producer, Sent, ServiceBuilder, Topics, announce, shared_broker, tools, wait_until};
use crate::page::browser::{packages, root};

/// An event of now, as JSON without its type.
pub(crate) struct Event {
    kind: &'static str,
    lead: &'static str,
    json: String,
}

impl Event {
    pub(crate) fn lead(id: &'static str, (rep, team): (&str, &str)) -> Event {
        Event::new("lead", id, 0, &format!(r#""rep_id":"{rep}","team_id":"{team}","channel":"web""#))
    }

    pub(crate) fn stage(id: &'static str, number: u32, stage: &str, amount: &str, (rep, team): (&str, &str)) -> Event {
        let of_rep = format!(r#""rep_id":"{rep}","team_id":"{team}""#);
        Event::new(
            "stage_change",
            id,
            number,
            &format!(r#""stage":"{stage}","amount":"{amount}","currency":"EUR",{of_rep}"#),
        )
    }

    fn new(kind: &'static str, lead: &'static str, number: u32, rest: &str) -> Event {
        let now = salespulse::model::time::Clock::System.now().millis();
        let ids = format!(r#""event_id":"{lead}-{number}","occurred_at":{now},"lead_id":"{lead}""#);
        Event { kind, lead, json: format!("{{{ids},{rest}}}") }
    }

    pub(crate) fn record(&self, topics: &Topics) -> Sent {
        Sent::new(&topics.name(self.kind), self.lead, self.json.clone())
    }

    /// A line of a file of events, which says its type itself.
    fn line(&self) -> String {
        format!("{{\"type\":\"{}\",{}\n", self.kind, self.json.trim_start_matches('{'))
    }
}

pub(crate) const ANN: (&str, &str) = ("ann", "east");
pub(crate) const BO: (&str, &str) = ("bo", "west");

/// Writes the gauges of a replay of the events as of an instant.
fn replay(folder: &Path, events: &[Event], rules: &str, instant: &str) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("the folder can be written");
    write("events.jsonl", &events.iter().map(Event::line).collect::<String>());
    write("rules.toml", rules);
    let output = Command::new(env!("CARGO_BIN_EXE_salespulse"))
        .args(["replay", "events.jsonl", "--config=rules.toml", "--as-of", instant])
        .current_dir(folder)
        .output()
        .expect("salespulse starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    write("replayed.prom", &String::from_utf8(output.stdout).expect("text"));
}

/// Four journeys of two reps.
fn past() -> [Event; 8] {
    [
        Event::lead("a", ANN),
        Event::lead("b", ANN),
        Event::lead("c", BO),
        Event::lead("d", BO),
        Event::stage("a", 1, "won", "1250.50", ANN),
        Event::stage("b", 1, "contacted", "80", ANN),
        Event::stage("c", 1, "proposal", "9000", BO),
        Event::stage("d", 1, "lost", "70", BO),
    ]
}

/// Runs a scenario over a service's page and metrics to its end; `on` does what it wants.
fn play(
    name: &str,
    [page, metrics]: [&str; 2],
    folder: &Path,
    packages: &Path,
    chromium: &Path,
    mut on: impl FnMut(&str),
) {
    let mut scenario = Command::new("node")
        .args(["run.mjs", name, page, metrics])
        .arg(folder.join("replayed.prom"))
        .current_dir(root().join("tests/page/browser"))
        .env("PAGE_PACKAGES", packages)
        .env("CHROMIUM", chromium)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut answers = scenario.stdin.take().expect("a pipe");
    for line in BufReader::new(scenario.stdout.take().expect("a pipe")).lines() {
        let line = line.expect("a text");
        match line.strip_prefix("WANT ") {
            Some(wanted) => {
                on(wanted);
                writeln!(answers, "done").expect("the scenario listens");
            }
            None => announce(&format!("page: {line}")),
        }
    }
    assert!(scenario.wait().expect("it ends").success(), "the scenario says why on standard error");
}

/// A service with a page that has read what has happened before, and what a browser needs to look at it.
struct Stage {
    packages: PathBuf,
    chromium: PathBuf,
    topics: Topics,
    producer: Producer,
    past: [Event; 8],
    web: String,
    rules: String,
    builder: ServiceBuilder,
    folder: TempDir,
}

impl Stage {
    /// `None` where a tool is missing.
    fn set() -> Option<Stage> {
        let (packages, broker) = (packages()?, shared_broker()?);
        let chromium = tools::on_path("chromium", "scripts/setup-test-tools.sh page")?;
        let (topics, past) = (Topics::create(broker, 2), past());
        let producer = Producer::new(&broker.client(), &[]);
        past.iter().for_each(|event| producer.send_all(&[event.record(&topics)]));
        let web = format!("127.0.0.1:{}", free_port());
        let rules = format!("{RULES}\n[web]\nlisten = {web:?}\n");
        let builder = ServiceBuilder::new(broker, &topics).rules(&rules);
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        Some(Stage { packages, chromium, topics, producer, past, web, rules, builder, folder })
    }

    fn start(&self, builder: &ServiceBuilder) -> Service {
        let service = builder.start();
        service.wait_for("sales_org_leads{window=\"24h\"}", 4.0);
        service
    }

    fn produce(&self, event: &Event) {
        self.producer.send_all(&[event.record(&self.topics)]);
    }

    /// Writes the gauges of a replay of what happened before, as of the instant that a scenario wants.
    fn replay(&self, wanted: &str) {
        replay(self.folder.path(), &self.past, &self.rules, wanted.trim_start_matches("replay "));
    }

    /// Plays a scenario over the page, and over the metrics of the service as it is started.
    fn play(&self, name: &str, metrics: &str, on: impl FnMut(&str)) {
        let addresses = [&*format!("http://{}", self.web), metrics];
        play(name, addresses, self.folder.path(), &self.packages, &self.chromium, on);
    }
}

/// Forecasts and pace move with the clock, so that a page and a scrape can show the same digits only where it stands.
#[test]
fn every_number_is_that_of_a_scrape_and_of_a_replay_while_the_clock_stands() {
    let Some(stage) = Stage::set() else { return };
    let now = salespulse::model::time::Clock::System.now().to_string();
    let mut service = stage.start(&stage.builder.clone().at_instant(&now));
    let metrics = format!("http://{}/metrics", service.address());
    stage.play("standing", &metrics, |wanted| stage.replay(wanted));
    service.wait_ready();
}

#[test]
fn the_page_shows_what_the_service_knows_as_it_happens() {
    let Some(stage) = Stage::set() else { return };
    let mut service = stage.start(&stage.builder);
    let metrics = format!("http://{}/metrics", service.address());
    stage.play("service", &metrics, |wanted| match wanted {
        "win" => stage.produce(&Event::stage("c", 2, "won", "9000", BO)),
        "reopen" => stage.produce(&Event::stage("c", 3, "proposal", "9000", BO)),
        "stop" => service.signal(Signal::Stop),
        "continue" => service.signal(Signal::Continue),
        "kill" => service.kill(),
        "start" => service = stage.builder.spawn(),
        "streams 1" => assert_one_stream(&service),
        other => stage.replay(other),
    });
    service.wait_ready();
}

#[test]
fn many_starts_of_the_service_leave_a_page_as_it_was() {
    let Some(stage) = Stage::set() else { return };
    let mut service = stage.start(&stage.builder);
    stage.play("starts", "", |wanted| match wanted {
        "kill" => service.kill(),
        "start" => service = stage.builder.start(),
        _ => assert_one_stream(&service),
    });
}

/// Waits until none is left of the streams that broke, beside that of the page that is open.
fn assert_one_stream(service: &Service) {
    wait_until("the one page that is open has the one stream", SOON, || {
        (service.metrics().get("salespulse_http_streams") == Some(1.0)).then_some(())
    });
}
