//! How long it takes from an event's being produced to its being in a scrape, while others come: the events are stage
//! changes of many reps, and now and then a lead, of which the scrapes show how many there are.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::{STAGES, broker, group, measure, salespulse, variable};

/// One lead every so often.
const APART: Duration = Duration::from_millis(200);
/// How long it is measured, after everything has come up.
const LONG: Duration = Duration::from_secs(40);
const REPS: u64 = 10_000;
const PORT: &str = "29311";

/// The shape of the job, with a scrape so small that its own way is not what is measured; every reading sums all reps.
const CONFIGURATION: &str = r#"
[org]
reporting_currency = "CNY"
timezone = "Asia/Shanghai"
[windows]
rep = ["24h", "7d", "30d"]
team = ["24h", "7d", "30d"]
org = ["24h", "7d", "30d"]
channel = ["24h", "7d", "30d"]
[expose]
rep = []
team = []
org = ["sales_org_leads"]
channel = []
[kafka.topics]
lead = "TOPIC-leads"
stage_change = "TOPIC-stage-changes"
spend = ""
feedback = ""
payment = ""
target = ""
rep = ""
[snapshot]
interval = "10s"
"#;

pub(crate) fn run() {
    let rate: u64 = variable("RATE", "50000").parse().expect("events a second");
    let scratch = measure::Scratch::new();
    let topic = group("latency");
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker())
        .set("linger.ms", "5")
        .set("queue.buffering.max.messages", "1000000")
        .create()
        .expect("a producer");
    // Asking for a topic makes it.
    lead(&producer, &topic, 0);
    moves(&producer, &topic, 0, 1);
    producer.flush(Duration::from_secs(30)).expect("the topics are there");
    let _program = salespulse::start(&CONFIGURATION.replace("TOPIC", &topic), PORT, None, &scratch.0);
    while leads() != Some(1) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let is_over = AtomicBool::new(false);
    let (produced, seen, sent) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&producer, &topic, rate, &is_over));
        let seen = watch();
        is_over.store(true, Relaxed);
        let (produced, sent) = sending.join().expect("it sends");
        (produced, seen, sent)
    });
    // The first lead was there before. Those that came at the end were not awaited.
    let waits = produced.iter().enumerate().filter_map(|(place, at)| {
        let first = seen.iter().find(|(_, leads)| *leads >= place as u64 + 2)?;
        Some(first.0.duration_since(*at).as_secs_f64() * 1e3)
    });
    let mut waits: Vec<f64> = waits.collect();
    waits.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share).round() as usize];
    println!(
        "{} events a second, {} leads awaited, {} scrapes, snapshots every 10 s",
        sent / LONG.as_secs(),
        waits.len(),
        seen.len()
    );
    println!("produced → in a scrape: median {:.0} ms, p99 {:.0} ms, most {:.0} ms", at(0.5), at(0.99), at(1.0));
}

/// Sends at a rate until it is over; answers when each lead was produced, and how many events there were.
fn send(producer: &BaseProducer, topic: &str, rate: u64, is_over: &AtomicBool) -> (Vec<Instant>, u64) {
    let (started, mut produced, mut sent) = (Instant::now(), Vec::new(), 0);
    while !is_over.load(Relaxed) {
        let wanted = (started.elapsed().as_secs_f64() * rate as f64) as u64;
        moves(producer, topic, sent, wanted.saturating_sub(sent).min(2_000));
        sent = wanted.min(sent + 2_000);
        if started.elapsed() >= APART * (produced.len() as u32 + 1) {
            lead(producer, topic, produced.len() as u64 + 1);
            produced.push(Instant::now());
        }
        // A poll that waits keeps a core busy: rdkafka looks at the clock again and again.
        producer.poll(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(1));
    }
    (produced, sent)
}

/// Scrapes again and again; answers when each answer was complete, and how many leads it had.
fn watch() -> Vec<(Instant, u64)> {
    let (started, mut seen) = (Instant::now(), Vec::new());
    while started.elapsed() < LONG {
        seen.extend(leads().map(|leads| (Instant::now(), leads)));
        std::thread::sleep(Duration::from_millis(5));
    }
    seen
}

fn leads() -> Option<u64> {
    let text = measure::get(PORT, "/metrics").ok()?;
    let line = text.lines().find(|line| line.starts_with("sales_org_leads{window=\"24h\"}"))?;
    line.rsplit_once(' ')?.1.parse::<f64>().ok().map(|leads| leads as u64)
}

fn lead(producer: &BaseProducer, topic: &str, number: u64) {
    let (key, at) = (format!("M{number}"), now());
    let value = format!(
        r#"{{"event_id":"m{number}","lead_id":"{key}","rep_id":"rep-0","team_id":"team-0","occurred_at":{at}}}"#
    );
    produce(producer, &format!("{topic}-leads"), &key, &value);
}

/// So many stage changes: four of each journey, one after the other.
fn moves(producer: &BaseProducer, topic: &str, first: u64, count: u64) {
    let (topic, at) = (format!("{topic}-stage-changes"), now());
    for number in first..first + count {
        let (journey, rep) = (number / 40_000 * 10_000 + number % 10_000, number % REPS);
        let (key, stage) = (format!("L{journey}"), STAGES[1 + (number / 10_000 % 4) as usize]);
        let value = format!(
            r#"{{"event_id":"e{number}","lead_id":"{key}","stage":"{stage}","rep_id":"rep-{rep}","team_id":"team-{}","amount":"100.00","currency":"CNY","occurred_at":{at}}}"#,
            rep % 100
        );
        produce(producer, &topic, &key, &value);
    }
}

fn produce(producer: &BaseProducer, topic: &str, key: &str, value: &str) {
    let mut record = BaseRecord::to(topic).key(key).payload(value);
    while let Err((_, back)) = producer.send(record) {
        producer.poll(Duration::from_millis(5));
        record = back;
    }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()
}
