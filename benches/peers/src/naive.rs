//! What a Rust developer writes in an afternoon: `StreamConsumer`, serde, a `DashMap` of panes, a `DashSet` of ids, and
//! `GaugeVec`s that are set when somebody scrapes. It knows no corrections, loses everything with the process, and a lead
//! that changes owner stays with the old one.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use chrono::{DateTime, FixedOffset};
use dashmap::{DashMap, DashSet};
use prometheus::{Encoder as _, GaugeVec, Registry, TextEncoder};
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::{ClientConfig, Message as _};
use serde::Deserialize;

use crate::{STAGES, TOPICS, broker, floor, group, variable};

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    Lead {
        event_id: String,
        rep_id: String,
        team_id: String,
        occurred_at: DateTime<FixedOffset>,
    },
    StageChange {
        event_id: String,
        rep_id: String,
        team_id: String,
        stage: String,
        amount: Option<String>,
        occurred_at: DateTime<FixedOffset>,
    },
}

/// The windows: how long a pane is, and how many there are.
const WINDOWS: [(&str, i64, i64); 3] = [("24h", 900_000, 96), ("7d", 3_600_000, 168), ("30d", 21_600_000, 120)];

#[derive(Clone, Copy, Default)]
struct Pane {
    entries: [u64; 7],
    revenue: u64,
}

impl Pane {
    fn add(&mut self, other: &Pane) {
        self.entries.iter_mut().zip(other.entries).for_each(|(sum, more)| *sum += more);
        self.revenue += other.revenue;
    }
}

#[derive(Default)]
struct State {
    seen: DashSet<String>,
    /// By team and rep: the panes of each window by their number.
    reps: DashMap<(String, String), [BTreeMap<i64, Pane>; 3]>,
    newest: AtomicI64,
    duplicates: AtomicU64,
}

impl State {
    fn take(&self, value: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Event>(value) else { return };
        let (event_id, team_id, rep_id, stage, amount, at) = match event {
            Event::Lead { event_id, rep_id, team_id, occurred_at } => {
                (event_id, team_id, rep_id, "lead".to_owned(), None, occurred_at)
            }
            Event::StageChange { event_id, rep_id, team_id, stage, amount, occurred_at } => {
                (event_id, team_id, rep_id, stage, amount, occurred_at)
            }
        };
        if !self.seen.insert(event_id) {
            self.duplicates.fetch_add(1, Relaxed);
            return;
        }
        let at = at.timestamp_millis();
        let newest = self.newest.fetch_max(at, Relaxed).max(at);
        let Some(stage) = STAGES.iter().position(|name| *name == stage) else { return };
        let mut rep = self.reps.entry((team_id, rep_id)).or_default();
        for ((_, length, count), panes) in WINDOWS.into_iter().zip(rep.value_mut()) {
            let first = newest.div_euclid(length) - count + 1;
            if at.div_euclid(length) < first {
                continue;
            }
            while panes.first_key_value().is_some_and(|(pane, _)| *pane < first) {
                panes.pop_first();
            }
            let pane = panes.entry(at.div_euclid(length)).or_default();
            pane.entries[stage] += 1;
            if STAGES[stage] == "won" {
                pane.revenue += cents(amount.as_deref().unwrap_or("0"));
            }
        }
    }
}

fn cents(text: &str) -> u64 {
    let (major, minor) = text.split_once('.').unwrap_or((text, "00"));
    major.parse::<u64>().unwrap_or(0) * 100 + minor.parse::<u64>().unwrap_or(0)
}

/// The gauges of reps and of teams.
struct Gauges {
    registry: Registry,
    families: [[GaugeVec; 3]; 2],
}

impl Gauges {
    fn new() -> Gauges {
        let registry = Registry::new();
        let gauge = |name: &str, labels: &[&str]| {
            let gauge = GaugeVec::new(prometheus::Opts::new(name, name), labels).expect("a family");
            registry.register(Box::new(gauge.clone())).expect("a new family");
            gauge
        };
        let families = ["rep", "team"].map(|scope| {
            let labels: &[&str] = if scope == "rep" { &["window", "team", "rep"] } else { &["window", "team"] };
            let staged = [labels, &["stage"]].concat();
            [
                gauge(&format!("sales_{scope}_entries"), &staged),
                gauge(&format!("sales_{scope}_conversion"), &staged),
                gauge(&format!("sales_{scope}_revenue"), labels),
            ]
        });
        Gauges { registry, families }
    }

    fn set(&self, scope: usize, labels: &[&str], sum: &Pane) {
        let [entries, conversion, revenue] = &self.families[scope];
        for (place, stage) in STAGES.into_iter().enumerate() {
            let labels = [labels, &[stage]].concat();
            entries.with_label_values(&labels).set(sum.entries[place] as f64);
            if (1..6).contains(&place) && sum.entries[place - 1] > 0 {
                let quotient = sum.entries[place] as f64 / sum.entries[place - 1] as f64;
                conversion.with_label_values(&labels).set(quotient);
            }
        }
        revenue.with_label_values(labels).set(sum.revenue as f64 / 100.0);
    }

    fn text(&self, state: &State) -> Vec<u8> {
        let newest = state.newest.load(Relaxed);
        let mut teams: BTreeMap<(usize, String), Pane> = BTreeMap::new();
        for rep in &state.reps {
            for (place, ((window, length, count), panes)) in WINDOWS.into_iter().zip(rep.value()).enumerate() {
                let mut sum = Pane::default();
                panes.range(newest.div_euclid(length) - count + 1..).for_each(|(_, pane)| sum.add(pane));
                self.set(0, &[window, &rep.key().0, &rep.key().1], &sum);
                teams.entry((place, rep.key().0.clone())).or_default().add(&sum);
            }
        }
        teams.iter().for_each(|((place, team), sum)| self.set(1, &[WINDOWS[*place].0, team], sum));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).expect("memory");
        text
    }
}

fn serve(state: Arc<State>) {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", variable("PORT", "9305"))).expect("a port");
    std::thread::spawn(move || {
        let gauges = Gauges::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4_096]);
            let text = gauges.text(&state);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&text));
        }
    });
}

#[tokio::main]
pub(crate) async fn run() {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker())
        .set("group.id", group("naive"))
        .set("auto.offset.reset", "earliest")
        .create()
        .expect("a consumer");
    consumer.subscribe(&TOPICS).expect("a subscription");
    let (state, counted) = (Arc::new(State::default()), Arc::new(AtomicU64::new(0)));
    serve(Arc::clone(&state));
    floor::tell(&counted);
    loop {
        let message = consumer.recv().await.expect("a record");
        message.payload().into_iter().for_each(|value| state.take(value));
        counted.fetch_add(1, Relaxed);
    }
}
