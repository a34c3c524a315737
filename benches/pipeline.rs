//! The whole pipeline on a real broker, beside the least that any consumer must pay: `salespulse run` until it has
//! caught up, and a bare `BaseConsumer::poll` loop over the same topics in the same run.
//!
//! The ratio is what counts; the seconds are those of one machine. `SALESPULSE_BENCH_EVENTS` sets how many events
//! (default 1,500,000).
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a benchmark ends at its first surprise, prints, and uses only a part of the tests' harness"
)]

#[path = "../tests/harness.rs"]
mod harness;

use std::process::Command;
use std::time::{Duration, Instant};

use harness::topics::KINDS;
use harness::{Broker, Exposition, Producer, Sent, Service, ServiceBuilder, Topics, tools, wait_until};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// The partitions of each topic.
const PARTITIONS: i32 = 4;
/// How long a run may take.
const DEADLINE: Duration = Duration::from_secs(600);
/// The argument that makes this program the bare loop.
const BARE: &str = "--bare-poll";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == BARE) {
        return bare_poll(&arguments[at + 1], &arguments[at + 2..]);
    }
    let Some(kafka) = tools::kafka() else { return };
    let events = std::env::var("SALESPULSE_BENCH_EVENTS").map_or(1_500_000, |text| text.parse().expect("a number"));
    let broker = Broker::start(kafka);
    let topics = Topics::create(&broker, PARTITIONS);
    let produced = produce(&broker, &topics, events);
    println!("{produced} events in 3 topics of {PARTITIONS} partitions");
    // The first pass only brings the log into the page cache, so that neither run pays for the disk.
    bare(&broker, &topics);
    let runs = [("bare poll", bare(&broker, &topics)), ("salespulse run", run(&broker, &topics, produced))];
    println!("{:<16} {:>12} {:>14} {:>8}", "", "events/s", "CPU s/million", "ratio");
    for (name, cost) in &runs {
        let (rate, cpu, ratio) = (cost.rate(), cost.cpu_per_million(), cost.cpu_seconds / runs[0].1.cpu_seconds);
        println!("{name:<16} {rate:>12.0} {cpu:>14.2} {ratio:>8.2}");
    }
}

/// What reading all the events took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    events: u64,
    wall_seconds: f64,
    cpu_seconds: f64,
}

impl Cost {
    fn rate(&self) -> f64 {
        self.events as f64 / self.wall_seconds
    }

    fn cpu_per_million(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.events as f64
    }
}

/// Leads, stage changes and spending of 1,000 reps in 50 teams over the last 60 days.
fn produce(broker: &Broker, topics: &Topics, events: u64) -> u64 {
    let producer = Producer::new(&broker.client(), &[("linger.ms", "50"), ("compression.codec", "lz4")]);
    let now = salespulse::model::time::Clock::System.now().millis();
    let mut produced = 0;
    for journey in 0.. {
        for sent in journey_records(topics, journey, now) {
            producer.send(&sent);
            produced += 1;
        }
        if produced >= events {
            break;
        }
    }
    producer.flush();
    produced
}

fn journey_records(topics: &Topics, journey: u64, now: i64) -> Vec<Sent> {
    let mixed = journey.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
    let lead_id = format!("{mixed:012x}-{journey:08x}");
    let (rep, channel) = (mixed % 1_000, mixed % 20);
    let seller = format!(r#""rep_id":"rep-{rep}","team_id":"team-{}""#, rep % 50);
    let began = now - i64::try_from(mixed % 5_184_000).expect("small") * 1_000;
    let record = |kind: &str, step: i64, fields: &str| {
        let at = (began + step * 26 * 3_600_000).min(now);
        let value =
            format!(r#"{{"type":"{kind}","event_id":"{step}-{lead_id}","occurred_at":{at},{seller},{fields}}}"#);
        Sent::new(&topics.name(kind), &lead_id, value)
    };
    let lead =
        format!(r#""lead_id":"{lead_id}","customer_id":"customer-{}","channel":"channel-{channel}""#, mixed % 90_000);
    let change = |stage: &str| {
        let amount = 1_000 + mixed % 90_000;
        format!(r#""lead_id":"{lead_id}","stage":"{stage}","amount":"{amount}.50","currency":"EUR""#)
    };
    let mut records = vec![record("lead", 0, &lead)];
    records.push(record("stage_change", 1, &change("contacted")));
    records.push(record("stage_change", 2, &change("proposal")));
    records.push(record("stage_change", 3, &change(if journey.is_multiple_of(3) { "won" } else { "lost" })));
    if journey.is_multiple_of(4) {
        records.push(record(
            "spend",
            0,
            &format!(r#""amount":"12.50","currency":"EUR","channel":"channel-{channel}""#),
        ));
    }
    records
}

/// The service from the moment at which it owns the partitions until it is ready.
fn run(broker: &Broker, topics: &Topics, events: u64) -> Cost {
    let service = ServiceBuilder::new(broker, topics).spawn();
    let phase = |service: &Service| service.get("/readyz", "*/*").map(|answer| (answer.status, answer.body));
    let mut start = None;
    wait_until("the service has caught up", DEADLINE, || {
        let (status, body) = phase(&service)?;
        if start.is_none() && (status == 200 || body.contains("catching_up")) {
            start = Some((Instant::now(), cpu_seconds(service.id())));
        }
        (status == 200).then_some(())
    });
    let (began, cpu_before) = start.expect("seen above");
    let cost = Cost {
        events,
        wall_seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds(service.id()) - cpu_before,
    };
    check(&service.metrics(), events);
    cost
}

/// A benchmark of a program that reads only a part would be worth nothing.
fn check(metrics: &Exposition, events: u64) {
    let decoded = metrics.iter().filter(|(series, _)| series.starts_with("salespulse_decoded_records_total"));
    let decoded: f64 = decoded.map(|(_, value)| value).sum();
    assert_eq!(decoded, events as f64, "every event was decoded");
}

/// The bare loop in a process of its own, so that its CPU time can be told apart.
fn bare(broker: &Broker, topics: &Topics) -> Cost {
    let names = KINDS.iter().filter(|kind| **kind != "dead_letters").map(|kind| topics.name(kind));
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    let output = command.arg(BARE).arg(broker.address()).args(names).output().expect("we start ourselves");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut words = text.split_whitespace();
    let events = words.next().and_then(|word| word.parse().ok()).expect("how many records");
    let mut seconds = || words.next().and_then(|word| word.parse().ok()).expect("seconds");
    Cost { events, wall_seconds: seconds(), cpu_seconds: seconds() }
}

/// Polls all records of the topics with the service's own settings and prints how many, and the seconds.
fn bare_poll(brokers: &str, topics: &[String]) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "bare").set("enable.auto.commit", "false");
    config.set("isolation.level", "read_committed").set("check.crcs", "true");
    config.set("fetch.queue.backoff.ms", "10").set("queued.max.messages.kbytes", "65536");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let (mut assignment, mut wanted) = (TopicPartitionList::new(), 0);
    for topic in topics {
        for partition in 0..PARTITIONS {
            assignment.add_partition_offset(topic, partition, Offset::Beginning).expect("an offset");
            wanted += consumer.fetch_watermarks(topic, partition, DEADLINE).expect("watermarks").1;
        }
    }
    let (start, cpu_before) = (Instant::now(), cpu_seconds(std::process::id()));
    consumer.assign(&assignment).expect("an assignment");
    let (mut records, mut bytes) = (0, 0);
    while records < wanted {
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            bytes += message.expect("a record").payload_len();
            records += 1;
        }
    }
    std::hint::black_box(bytes);
    println!("{records} {} {}", start.elapsed().as_secs_f64(), cpu_seconds(std::process::id()) - cpu_before);
}

/// The CPU time that a process has used, of all its threads, in user and system mode.
fn cpu_seconds(process: u32) -> f64 {
    /// What Linux calls a clock tick, on every platform that we build for.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process runs");
    // The second field, the program's name, may hold spaces; the fourteenth and fifteenth are counted after it.
    let (_, fields) = stat.rsplit_once(')').expect("a program's name");
    let ticks = |place: usize| fields.split_whitespace().nth(place - 3).and_then(|text| text.parse::<f64>().ok());
    (ticks(14).expect("user time") + ticks(15).expect("system time")) / TICKS_PER_SECOND
}
