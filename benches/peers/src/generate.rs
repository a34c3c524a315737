//! Forty days of a sales organisation: 10,000 reps, one journey for each five events, a few records late or twice.

use std::fmt::Write as _;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::types::RDKafkaErrorCode;

use crate::{STAGES, TOPICS, broker};

/// 2026-11-23T00:00+08:00.
pub(crate) const END: i64 = 1_795_363_200_000;
const DAYS: i64 = 40;
const DAY: i64 = 86_400_000;
const REPS: f64 = 10_000.0;
/// How likely a deal goes on from each open stage; else it is lost.
const GOES_ON: [f64; 5] = [0.97, 0.92, 0.90, 0.93, 0.42];
const CHANNELS: [&str; 6] = ["web", "phone", "wechat", "referral", "partner", "event"];

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How long until something that happens once in `mean` milliseconds.
    fn wait(&mut self, mean: f64) -> i64 {
        (-(1.0 - self.share()).ln() * mean) as i64
    }

    fn below(&mut self, end: i64) -> i64 {
        (self.share() * end as f64) as i64
    }
}

struct Record {
    arrival: i64,
    at: i64,
    id: u32,
    journey: u32,
    rep: u32,
    stage: usize,
    cents: u64,
}

/// Fills the topics with about so many events; answers how many.
pub(crate) fn generate(events: usize) -> u64 {
    let mut records = records(events);
    records.sort_unstable_by_key(|record| (record.arrival, record.id));
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker())
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "20")
        .set("queue.buffering.max.messages", "400000")
        .create()
        .expect("a producer");
    let (mut key, mut value) = (String::new(), String::new());
    for record in &records {
        write(record, &mut key, &mut value);
        let topic = TOPICS[usize::from(record.stage > 0)];
        let mut message = BaseRecord::to(topic).key(&key).payload(&value).timestamp(record.arrival);
        while let Err((error, back)) = producer.send(message) {
            assert!(matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)), "{error}");
            producer.poll(Duration::from_millis(20));
            message = back;
        }
    }
    producer.flush(Duration::from_secs(120)).expect("all is written");
    records.len() as u64
}

fn records(events: usize) -> Vec<Record> {
    let mut random = Random(20_261_123);
    let mut records = Vec::with_capacity(events + events / 20);
    for journey in 0..u32::try_from(events / 5).expect("fewer than 4 billion") {
        // Some reps have more to do than others; their numbers say nothing about it.
        let rep = (random.share().powf(1.5) * REPS) as u32 * 7_919 % 10_000;
        let cents = ((8.5 + 1.1 * normal(&mut random)).exp() * 100.0).clamp(100.0, 4e10) as u64;
        let mut at = END - DAYS * DAY + random.below(DAYS * DAY);
        let mut stage = 0;
        while at < END {
            push(&mut records, &mut random, Record { arrival: at, at, id: 0, journey, rep, stage, cents });
            if stage >= 5 {
                break;
            }
            stage = if random.share() < GOES_ON[stage] { stage + 1 } else { 6 };
            at += random.wait(14.0 * 3_600_000.0) + 60_000;
        }
    }
    records
}

fn normal(random: &mut Random) -> f64 {
    (-2.0 * (1.0 - random.share()).ln()).sqrt() * (std::f64::consts::TAU * random.share()).cos()
}

/// One in a thousand comes up to two hours late, one in a hundred up to ten minutes, and one in a hundred comes twice.
fn push(records: &mut Vec<Record>, random: &mut Random, mut record: Record) {
    let late = match random.share() {
        share if share < 0.001 => random.below(7_200_000),
        share if share < 0.011 => random.below(600_000),
        _ => 0,
    };
    record.arrival += late + random.wait(2_000.0);
    record.id = u32::try_from(records.len()).expect("fewer than 4 billion");
    if random.share() < 0.01 {
        records.push(Record { arrival: record.arrival + random.below(60_000), ..record });
    }
    records.push(record);
}

fn write(record: &Record, key: &mut String, value: &mut String) {
    let Record { at, id, journey, rep, stage, cents, .. } = record;
    let zone = chrono::FixedOffset::east_opt(8 * 3_600).expect("an offset");
    let time = chrono::DateTime::from_timestamp_millis(*at).expect("a time").with_timezone(&zone);
    let time = time.format("%Y-%m-%dT%H:%M:%S%.3f%:z");
    key.clear();
    value.clear();
    write!(key, "L{journey:07}").expect("memory");
    let kind = if *stage == 0 { "lead" } else { "stage_change" };
    write!(value, r#"{{"type":"{kind}","event_id":"e{id:08x}","lead_id":"L{journey:07}","#).expect("memory");
    write!(value, r#""rep_id":"rep-{rep:04}","team_id":"team-{:02}","#, rep % 100).expect("memory");
    if *stage == 0 {
        let (channel, customer) = (CHANNELS[*journey as usize % 6], u64::from(*journey) * 7 % 800_000);
        write!(value, r#""channel":"{channel}","customer_id":"c{customer}","#).expect("memory");
    } else {
        let (stage, major, minor) = (STAGES[*stage], cents / 100, cents % 100);
        write!(value, r#""stage":"{stage}","amount":"{major}.{minor:02}","currency":"CNY","#).expect("memory");
    }
    write!(value, r#""occurred_at":"{time}"}}"#).expect("memory");
}
