//! What the core costs: decoding and applying an event, reading and rendering a large board.
//!
//! Times are those that this thread had a processor, so that a busy machine does not show; compare the figures of one
//! run with each other, not with those of another day.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark ends at its first surprise, and prints"
)]

mod scene;

use std::sync::Arc;

use prometheus::Encoder as _;
use salespulse::contract::decode::Decoder;
use salespulse::engine::Engine;
use salespulse::engine::shard::ShardMemory;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render_in_pieces};
use salespulse::model::time::{DAY, SECOND};

use self::scene::{NOW, STAGES, decode, journey_lines, lead_line, payment_line, resident_bytes, rules, timed};

fn main() {
    // `cargo bench --bench core -- JOURNEYS REPS` measures that size alone; Cargo itself passes `--bench`.
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [journeys, reps] = sizes[..] {
        return measure(journeys, reps);
    }
    for (journeys, reps) in [(100_000, 1_000), (1_000_000, 10_000), (1_000_000, 100_000), (5_000_000, 10_000)] {
        measure(journeys, reps);
    }
    measure_identities(1_000_000);
}

fn measure(journeys: u64, reps: u64) {
    let rules = Arc::new(rules());
    let decoder = Decoder::new(Arc::clone(&rules));
    let mut engine = Engine::new(&rules, 1, NOW);
    let before = resident_bytes();
    let (mut lines, mut events, mut decode_time, mut apply_time) = (Vec::new(), 0, 0, 0);
    for journey in 0..journeys {
        journey_lines(journey, reps, &mut lines);
        if lines.len() < 5_000 && journey + 1 < journeys {
            continue;
        }
        let (decoded, spent) = timed(|| lines.iter().map(|line| decode(&decoder, line)).collect::<Vec<_>>());
        decode_time += spent;
        apply_time += timed(|| decoded.iter().for_each(|event| _ = engine.accept(event, NOW))).1;
        events += decoded.len() as u64;
        drop(decoded);
        lines.clear();
    }
    let held = resident_bytes().saturating_sub(before);
    println!("{journeys} journeys, {reps} reps in 100 teams, 20 channels, {events} events");
    println!("  decode                {:>8} ns/event", decode_time / events);
    println!("  apply                 {:>8} ns/event", apply_time / events);
    println!("  resident              {:>8} bytes/journey, cells and board included", held / journeys);
    let spent = timed(|| drop(engine.read(NOW))).1;
    println!("  first reading         {:>8} ms", spent / 1_000_000);
    let (reading, spent) = timed(|| engine.read(NOW));
    println!("  reading               {:>8} ms", spent / 1_000_000);
    tell_memory(&engine, journeys, events, held);
    let catalogue = Catalogue::new(&rules).expect("the whole catalogue");
    // As a scrape does it, which packs each piece: nobody holds the whole text.
    let (mut text, mut bytes) = (String::new(), 0);
    let mut take = |piece: &mut String| {
        bytes += piece.len();
        piece.clear();
    };
    let rendered = timed(|| render_in_pieces(&catalogue, &reading, Format::Prometheus, &mut text, &mut take));
    let (series, spent) = (rendered.0.expect("no limit"), rendered.1);
    println!("  rendering             {:>8} ms, {series} series, {} MB", spent / 1_000_000, bytes / 1_000_000);
    println!("                        {:>8} ns/series", spent / series);
    if (journeys, reps) == COMPARED {
        compare_with_gauges(spent as f64 / series as f64);
        measure_changes(&mut engine, &decoder, reps);
    }
    drop(reading);
    let spent = timed(|| drop(engine.read(NOW.plus(DAY)))).1;
    println!("  reading a day later   {:>8} ms (all windows move)", spent / 1_000_000);
    println!("  resident at the end   {:>8} MB", resident_bytes() / 1_000_000);
}

/// The size at which readings and rendering are held against what they are compared with.
const COMPARED: (u64, u64) = (1_000_000, 10_000);

/// A million series as programs usually show them: a gauge for each, gathered and encoded.
fn compare_with_gauges(own: f64) {
    let registry = prometheus::Registry::new();
    let labels = ["rep", "team", "window", "stage"];
    let gauges = prometheus::GaugeVec::new(prometheus::Opts::new("sales_rep_entries", "Entries."), &labels);
    let gauges = gauges.expect("a family");
    registry.register(Box::new(gauges.clone())).expect("a new family");
    for series in 0..1_000_000_u32 {
        let (rep, team) = (format!("rep-{}", series / 100), format!("team-{}", series / 100 % 100));
        let (window, stage) = (format!("{}d", series % 20), STAGES[(series / 20 % 5) as usize]);
        gauges.with_label_values(&[&rep, &team, &window, stage]).set(f64::from(series));
    }
    // It holds no text either.
    let encode = || prometheus::TextEncoder::new().encode(&registry.gather(), &mut std::io::sink()).expect("nowhere");
    let spent = timed(encode).1;
    let usual = spent as f64 / 1e6;
    println!("  1 M of GaugeVec       {:>8} ms, {usual:.0} ns/series, {:.1} × ours", spent / 1_000_000, usual / own);
}

/// Readings between which nothing has changed, or only the clock has moved, or one rep in a hundred has got a new lead.
fn measure_changes(engine: &mut Engine, decoder: &Decoder, reps: u64) {
    const RUNS: u64 = 5;
    drop(engine.read(NOW));
    let unchanged: u64 = (0..RUNS).map(|_| timed(|| drop(engine.read(NOW))).1).sum();
    println!("  reading, unchanged    {:>8} µs", unchanged / RUNS / 1_000);
    let later = |run: u64| NOW.plus(SECOND * i64::try_from(run + 1).unwrap_or(0));
    let moved: u64 = (0..RUNS).map(|run| timed(|| drop(engine.read(later(run)))).1).sum();
    println!("  reading, a second on  {:>8} µs", moved / RUNS / 1_000);
    let (mut spent, now) = (0, later(RUNS));
    drop(engine.read(now));
    for run in 0..RUNS {
        for rep in (run..reps).step_by(100) {
            let line = lead_line(run * reps + rep, rep);
            engine.accept(&decode(decoder, &line), now);
        }
        spent += timed(|| drop(engine.read(now))).1;
    }
    println!("  reading, 1 % changed  {:>8} µs", spent / RUNS / 1_000);
}

/// What an identity takes that belongs to no journey: payments, with UUIDs for ids.
fn measure_identities(payments: u64) {
    let rules = Arc::new(rules());
    let decoder = Decoder::new(Arc::clone(&rules));
    let mut engine = Engine::new(&rules, 1, NOW);
    for number in 0..payments {
        let line = payment_line(number);
        engine.accept(&decode(&decoder, &line), NOW);
    }
    let bytes: usize = engine.shard_memories().map(|memory| memory.identities).sum();
    println!("{payments} payments\n  identities            {:>8} bytes/payment", bytes as u64 / payments);
}

/// What of the memory is what: bytes of each part, and all that the process has taken.
fn tell_memory(engine: &Engine, journeys: u64, events: u64, held: u64) {
    let shards: Vec<ShardMemory> = engine.shard_memories().collect();
    let sum = |part: fn(&ShardMemory) -> usize| shards.iter().map(part).sum::<usize>() as u64;
    for (name, bytes) in [
        ("journeys", sum(|memory| memory.journeys)),
        ("timelines", sum(|memory| memory.timelines)),
        ("cells", sum(|memory| memory.cells)),
        ("identities", sum(|memory| memory.identities)),
        ("board", engine.board_bytes() as u64),
    ] {
        println!("  {name:<22}{:>8} bytes/journey, {} MB", bytes / journeys, bytes / 1_000_000);
    }
    println!("  resident              {:>8} MB per million events", held / events.max(1));
}
