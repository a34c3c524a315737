//! `connect run` on a real Kafka: a fake Zoho CRM over HTTP, what is posted, topics and tables, and instances that are
//! killed.

mod changes;
mod clients;
mod compacted;
mod debezium;
mod first;
mod pressed;
mod remembered;
mod streams;
pub(crate) mod zoho;

use std::path::Path;
use std::process::Command;

use salespulse::connect::memory::Memory;
use serde_json::Value;
use tempfile::TempDir;

use self::zoho::FakeZoho;
use crate::harness::ports::free_port;
use crate::harness::process::{Process, Signal};
use crate::harness::reader::{Stored, read_all};
use crate::harness::service::SOON;
use crate::harness::{Broker, Topics, shared_broker, wait_until};

/// The program: for figures `SALESPULSE_PROGRAM` may name one that is optimised.
fn program() -> Command {
    let built = || env!("CARGO_BIN_EXE_salespulse").into();
    Command::new(std::env::var_os("SALESPULSE_PROGRAM").unwrap_or_else(built))
}

/// What must never be seen outside of the CRM, the dead letters apart.
const PRIVATE: [&str; 4] = ["hunter-two", "refresh-me", "Zhang Wei", "zhang@example.test"];

pub(crate) struct Instance {
    process: Process,
    /// Where metrics are.
    pub(crate) port: u16,
    /// Where it takes what is posted.
    receiver: u16,
    folder: TempDir,
}

impl Instance {
    fn start(broker: &Broker, topics: &Topics, zoho: &FakeZoho) -> Instance {
        let source = format!("{}[source.crm.tables.teams]\n\"*\" = \"east\"\n", zoho.source());
        Instance::with(broker, topics, &source)
    }

    /// An instance with these sources, which finds the files `secret` and `refresh` in its folder.
    pub(crate) fn with(broker: &Broker, topics: &Topics, sources: &str) -> Instance {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let (port, receiver) = (free_port(), free_port());
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
        write("secret", "hunter-two\n".to_owned());
        write("refresh", "refresh-me".to_owned());
        let (address, group) = (broker.address(), topics.unique("group"));
        write(
            "salespulse.toml",
            format!(
                "org.reporting_currency = \"CNY\"\n[kafka]\nbrokers = {address:?}\ngroup = {group:?}\n{}",
                topics.config()
            ),
        );
        let (state, letters) = (topics.unique("state"), topics.unique("letters"));
        write(
            "sources.toml",
            format!(
                r#"[connect]
state_topic = {state:?}
dead_letter_topic = {letters:?}
listen = "127.0.0.1:{port}"
receive = "127.0.0.1:{receiver}"
{sources}"#
            ),
        );
        let mut command = program();
        command.args(["connect", "run", "--config", "salespulse.toml", "--sources", "sources.toml"]);
        command.current_dir(folder.path()).env_remove("RUST_LOG");
        Instance { process: Process::spawn(&mut command, folder.path()), port, receiver, folder }
    }

    /// The most that it has held, in MB.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its peak");
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("kilobytes") / 1_024
    }

    fn get(&self, path: &str) -> Option<String> {
        ureq::get(format!("http://127.0.0.1:{}{path}", self.port)).call().ok()?.body_mut().read_to_string().ok()
    }

    fn is_active(&self) -> bool {
        self.get("/readyz").is_some_and(|text| text.contains("\"active\":true"))
    }
}

fn check(folder: &Path) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    command.args(["connect", "check", "--config", "salespulse.toml", "--sources", "sources.toml"]);
    let output = command.current_dir(folder).output().expect("salespulse starts");
    (String::from_utf8(output.stdout).expect("text"), output.status.code())
}

/// What entries of the state topic say, as text.
fn said_by(state: &[Stored]) -> String {
    let mut memory = Memory::default();
    for record in state {
        let key = String::from_utf8(record.key.clone().expect("a key")).expect("a text");
        let (_, key) = key.split_once('/').expect("a source");
        memory.restore(key, record.value.as_deref()).expect("an entry");
    }
    memory.keys("", None).iter().map(|key| format!("{key}: {:?}\n", memory.object(key))).collect()
}

fn ids(records: &[Stored]) -> Vec<String> {
    let id = |record: &Stored| {
        let json: Value = serde_json::from_slice(record.value.as_ref().expect("a value")).expect("JSON");
        assert_eq!(record.key.as_deref(), json["lead_id"].as_str().map(str::as_bytes), "the key is the journey");
        json["event_id"].as_str().expect("an id").to_owned()
    };
    let mut ids: Vec<String> = records.iter().map(id).collect();
    ids.sort();
    ids
}

#[test]
fn events_of_a_crm_reach_kafka_once_whoever_polls() {
    let Some(broker) = shared_broker() else { return };
    let (topics, zoho) = (Topics::create(broker, 2), FakeZoho::start());
    let stages = || read_all(&broker.client(), &topics.name("stage_change"));
    zoho.lead("11", Some("21"));
    zoho.deal("21", &[("31", "Qualification", 1), ("32", "Proposal/Price Quote", 2)]);
    zoho.deal("22", &[("33", "Strange", 3)]);

    let mut first = Instance::start(broker, &topics, &zoho);
    wait_until("the first instance polls", SOON, || first.is_active().then_some(()));
    let second = Instance::start(broker, &topics, &zoho);
    wait_until("the stages are there", SOON, || (stages().len() >= 2).then_some(()));
    wait_until("the second listens", SOON, || second.get("/livez"));
    assert_eq!(ids(&stages()), ["deal:21:31", "deal:21:32"]);
    assert!(stages().iter().all(|record| record.key.as_deref() == Some(b"11")), "the lead is the journey");
    assert_eq!(ids(&read_all(&broker.client(), &topics.name("lead"))), ["lead:11"]);

    // A crash: the other one goes on with what is remembered.
    assert!(!second.is_active());
    first.process.kill();
    zoho.deal("21", &[("31", "Qualification", 1), ("32", "Proposal/Price Quote", 2), ("34", "Closed Won", 4)]);
    wait_until("the second instance polls", SOON, || second.is_active().then_some(()));
    wait_until("the win is there", SOON, || ids(&stages()).contains(&"deal:21:34".to_owned()).then_some(()));
    let cycles = zoho.cycles();
    wait_until("two more cycles", SOON, || (zoho.cycles() >= cycles + 2).then_some(()));
    // The stage before the win is told once more, as one that was left; nothing else is told twice.
    assert_eq!(ids(&stages()), ["deal:21:31", "deal:21:32", "deal:21:34"]);

    let letters = read_all(&broker.client(), &topics.unique("letters"));
    let codes: Vec<&str> = letters.iter().map(|letter| letter.header("salespulse.connect.code")).collect();
    // One for each instance that has met it, however often it was read.
    assert_eq!(codes, ["unmapped", "unmapped"]);
    let state = read_all(&broker.client(), &topics.unique("state"));
    let bytes = state.iter().flat_map(|record| [&record.key, &record.value]);
    let kept: Vec<String> =
        bytes.map(|bytes| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()).collect();
    // Digits are packed, so what the entries say is looked at too.
    let said = said_by(&state);
    assert!(said.contains("deal:21:34"), "{said}");
    let metrics = second.get("/metrics").expect("metrics");
    let seen = [kept.concat(), said, first.process.log(), second.process.log(), metrics.clone()].concat();
    for word in PRIVATE {
        assert!(zoho.has_said(word), "the fake knows {word}");
        assert!(!seen.contains(word), "{word} is private");
    }
    assert!(metrics.contains("salespulse_connect_up{source=\"crm\"} 1\n"), "{metrics}");
    assert!(
        metrics.contains("salespulse_connect_dead_letters_total{code=\"unmapped\",source=\"crm\"} 1\n"),
        "{metrics}"
    );

    // What is wrong with the CRM is a condition, and ends by itself.
    let condition = |value: u8| {
        let line = format!("salespulse_connect_condition{{condition=\"sign_in\",source=\"crm\"}} {value}\n");
        second.get("/metrics").is_some_and(|text| text.contains(&line)).then_some(())
    };
    zoho.revoke(true);
    wait_until("the condition begins", SOON, || condition(1));
    let (text, code) = check(second.folder.path());
    assert_eq!(code, Some(1));
    assert!(text.starts_with("crm: WRONG: the CRM does not take the credentials: invalid_code; "), "{text}");
    zoho.revoke(false);
    wait_until("the condition ends", SOON, || condition(0));
    let (text, code) = check(second.folder.path());
    assert_eq!(code, Some(1), "{text}");
    let wrong: Vec<&str> = text.lines().filter(|line| line.contains(": WRONG: ")).collect();
    let unmapped = "crm: WRONG: [tables.stages] has no entry for \"Strange\": deals in them would become dead letters";
    assert_eq!(wrong, [unmapped], "{text}");

    let mut second = second;
    second.process.signal(Signal::Terminate);
    assert_eq!(second.process.wait(SOON).code(), Some(0), "{}", second.process.log());
}
