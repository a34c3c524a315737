//! What the core costs: decoding and applying an event, reading and rendering a large board.
//!
//! Times are those that this thread had a processor, so that a busy machine does not show; compare the figures of one
//! run with each other, not with those of another day.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark ends at its first surprise, and prints"
)]

mod scene;

use std::sync::Arc;

use salespulse::contract::decode::Decoder;
use salespulse::engine::Engine;
use salespulse::engine::shard::ShardMemory;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::time::DAY;

use self::scene::{NOW, decode, journey_lines, payment_line, resident_bytes, rules, timed};

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
    let mut text = String::new();
    let (series, spent) = timed(|| render(&catalogue, &reading, Format::Prometheus, &mut text).expect("no limit"));
    println!("  rendering             {:>8} ms, {series} series, {} MB", spent / 1_000_000, text.len() / 1_000_000);
    println!("                        {:>8} ns/series", spent / series);
    drop((reading, text));
    let spent = timed(|| drop(engine.read(NOW.plus(DAY)))).1;
    println!("  reading a day later   {:>8} ms (all windows move)", spent / 1_000_000);
    println!("  resident at the end   {:>8} MB", resident_bytes() / 1_000_000);
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
