//! What is produced: into Kafka, and into a file that `replay` reads.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use salespulse::model::time::Time;
use tempfile::TempDir;

use super::facts::{Facts, INSTANT, Line};
use super::twin::Twin;
use crate::harness::exposition::kpi_lines;
use crate::harness::service::{RULES, SOON};
use crate::harness::{Broker, Producer, Sent, Service, Topics, wait_until};

/// Between two handfuls of records.
const TICK: Duration = Duration::from_millis(10);
/// The records of a handful: 300 a second.
const HANDFUL: usize = 3;
/// One record in so many cannot be read.
const POISON: u64 = 200;
/// One record in so many is a lead that stays as it is.
const STEADY: u64 = 10;

/// Records, one after another.
pub(super) struct Stream {
    facts: Facts,
    producer: Producer,
    topics: Arc<Topics>,
    folder: TempDir,
    lines: BufWriter<File>,
    twin: Twin,
    /// Everything that was sent, as it was.
    all: Vec<Line>,
    poison: Vec<Line>,
    sent: u64,
    is_paused: bool,
}

impl Stream {
    pub(super) fn new(broker: &Broker, topics: &Arc<Topics>, seed: u64) -> Stream {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        std::fs::write(folder.path().join("rules.toml"), RULES).expect("the folder can be written");
        let lines = BufWriter::new(File::create(folder.path().join("events.jsonl")).expect("a file"));
        let (facts, topics) = (Facts::new(seed), Arc::clone(topics));
        Stream {
            facts,
            producer: producer(broker),
            topics,
            folder,
            lines,
            twin: Twin::new(),
            all: Vec::new(),
            poison: Vec::new(),
            sent: 0,
            is_paused: false,
        }
    }

    /// Sends so many records, a few of them poison.
    pub(super) fn send(&mut self, count: usize) {
        for _ in 0..count {
            self.sent += 1;
            if self.sent.is_multiple_of(POISON) {
                self.send_poison(1);
                continue;
            }
            let line = if self.sent.is_multiple_of(STEADY) { self.facts.steady() } else { self.facts.event() };
            self.send_line(&line);
        }
    }

    /// Sends so many records that nobody can read.
    pub(super) fn send_poison(&mut self, count: usize) {
        for _ in 0..count {
            let line = self.facts.poison();
            self.send_line(&line);
            self.poison.push(line);
        }
    }

    fn send_line(&mut self, line: &Line) {
        self.producer.send(&Sent::new(&self.topics.name(line.kind), &line.key, line.value.as_str()));
        writeln!(self.lines, "{}", line.value).expect("the file can be written");
        self.twin.take(&line.value);
        self.all.push(line.clone());
    }

    /// Sends all records of a kind once more, because their topic is another now. So is the producer: another one would
    /// go on counting where the topic was that is gone.
    pub(super) fn send_again(&mut self, broker: &Broker, kind: &str) {
        self.producer = producer(broker);
        for Line { kind, key, value } in self.all.iter().filter(|line| line.kind == kind) {
            self.producer.send(&Sent::new(&self.topics.name(kind), key, value.as_str()));
        }
        self.flush();
    }

    /// Waits until the broker has everything.
    pub(super) fn flush(&mut self) {
        self.producer.flush();
        self.lines.flush().expect("the file can be written");
    }

    /// All records that nobody can read.
    pub(super) fn poison(&self) -> &[Line] {
        &self.poison
    }

    /// How many records there are, bursts of poison not counted.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Panics unless the service tells the KPIs in the same bytes as a replay of everything that was sent.
    pub(super) fn assert_told_by(&self, service: &Service) {
        assert_same(&kpi_lines(&service.metrics_text()), &replayed(self.folder.path(), INSTANT));
    }

    /// Waits until the service tells the same as a replay at an instant.
    pub(super) fn wait_told_at(&self, service: &Service, instant: Time) {
        let replayed = replayed(self.folder.path(), &instant.to_string());
        let told = || kpi_lines(&service.metrics_text());
        let start = Instant::now();
        let has_had_time = || (told() == replayed || start.elapsed() > SOON).then_some(());
        wait_until("the service has had time to read everything", SOON * 2, has_had_time);
        let told = told();
        assert!(told == replayed, "at {instant}: {}", difference(&told, &replayed));
    }

    /// What the service tells if it has read everything.
    pub(super) fn told_by_twin(&mut self) -> String {
        self.twin.told()
    }

    /// Whether the service has read everything.
    pub(super) fn is_told_as_by_twin(&mut self, service: &Service) -> bool {
        let told = service.looker().metrics_text();
        told.is_some_and(|text| kpi_lines(&text) == self.twin.told())
    }

    /// The same of a service that may not have read everything yet: it has a while for that.
    pub(super) fn assert_soon_told_by(&mut self, service: &Service) {
        let (start, expected) = (Instant::now(), self.twin.told());
        wait_until("the service tells what the twin tells", SOON * 2, || {
            let is_told = kpi_lines(&service.metrics_text()) == expected;
            // What differs is told by the comparison with the replay.
            (is_told || start.elapsed() > SOON).then_some(())
        });
        self.assert_told_by(service);
    }

    /// The same by the twin: it costs the same however much was sent, and [`Stream::assert_twin_is_replay`] has to
    /// follow.
    pub(super) fn assert_told_as_by_twin(&mut self, service: &Service) {
        assert_same(&kpi_lines(&service.metrics_text()), &self.twin.told());
    }

    /// Panics unless the twin, too, tells the KPIs in the same bytes as a replay of everything that was sent.
    pub(super) fn assert_twin_is_replay(&mut self) {
        assert_same(&self.twin.told(), &replayed(self.folder.path(), INSTANT));
    }
}

fn producer(broker: &Broker) -> Producer {
    Producer::new(&broker.client(), &[("enable.idempotence", "true")])
}

/// What `replay` tells of a folder's events under its rules at an instant.
fn replayed(folder: &Path, instant: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    command.arg("replay").arg(folder.join("events.jsonl")).arg("--config").arg(folder.join("rules.toml"));
    let output = command.args(["--as-of", instant]).output().expect("salespulse starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    kpi_lines(&String::from_utf8(output.stdout).expect("text"))
}

fn assert_same(told: &str, replayed: &str) {
    if told == replayed {
        assert!(told.lines().count() > 1_000, "hardly anything was compared:\n{told}");
        return;
    }
    panic!("{}", difference(told, replayed));
}

/// Some lines that differ.
fn difference(told: &str, replayed: &str) -> String {
    let pairs = told.lines().zip(replayed.lines()).filter(|(told, replayed)| told != replayed);
    let faults: Vec<String> = pairs.take(10).map(|(told, replayed)| format!("{told}, not {replayed}")).collect();
    let lines = (told.lines().count(), replayed.lines().count());
    format!("{lines:?} lines; run and replay differ, such as\n{}", faults.join("\n"))
}

/// A stream that flows at a steady rate in a thread of its own.
pub(super) struct Flow {
    stream: Arc<Mutex<Stream>>,
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Flow {
    pub(super) fn start(stream: Stream) -> Flow {
        let stream = Arc::new(Mutex::new(stream));
        let (stop, stopped) = sync_channel(1);
        let shared = Arc::clone(&stream);
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let mut stream = shared.lock().expect("not poisoned");
                if !stream.is_paused {
                    stream.send(HANDFUL);
                }
            }
        });
        Flow { stream, stop, thread }
    }

    /// The stream, which stands still while this is held.
    pub(super) fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().expect("not poisoned")
    }

    /// Stands still, with everything acknowledged.
    pub(super) fn pause(&self) {
        let mut stream = self.stream();
        stream.is_paused = true;
        stream.flush();
    }

    /// Flows on.
    pub(super) fn resume(&self) {
        self.stream().is_paused = false;
    }

    /// Ends the thread.
    pub(super) fn end(self) -> Arc<Mutex<Stream>> {
        self.stop.send(()).expect("the thread listens");
        self.thread.join().expect("the thread has not panicked");
        self.stream
    }
}

#[test]
fn one_number_that_differs_is_seen() {
    let text = "sales_org_leads{window=\"24h\"} 1\n".repeat(1_001);
    assert_same(&text, &text);
    for other in [text.replacen(" 1\n", " 2\n", 1), format!("{text}sales_org_won 0\n"), String::new()] {
        assert!(std::panic::catch_unwind(|| assert_same(&text, &other)).is_err());
    }
    assert!(std::panic::catch_unwind(|| assert_same("", "")).is_err(), "nothing is not a reading");
}
