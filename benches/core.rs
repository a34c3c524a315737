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

use std::sync::Arc;

use salespulse::calendar::{PeriodKind, Zone};
use salespulse::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::exposition::{Format, render};
use salespulse::kpi::Catalogue;
use salespulse::money::{Currency, Rates};
use salespulse::rules::{PerScope, Pipeline, Rules};
use salespulse::time::{DAY, HOUR, MINUTE, Time};
use salespulse::window::Window;

/// How long this thread has had a processor, in nanoseconds.
fn cpu_nanos() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// Runs something and answers how long it had a processor.
fn timed<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let start = cpu_nanos();
    let answer = run();
    (answer, cpu_nanos() - start)
}

const NOW: Time = Time::from_millis(1_790_000_000_000);
const STAGES: [&str; 6] = ["lead", "contacted", "qualified", "proposal", "negotiation", "won"];

fn main() {
    // `cargo bench --bench core -- JOURNEYS REPS` measures that size alone; Cargo itself passes `--bench`.
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [journeys, reps] = sizes[..] {
        return measure(journeys, reps);
    }
    for (journeys, reps) in [(100_000, 1_000), (1_000_000, 10_000), (1_000_000, 100_000)] {
        measure(journeys, reps);
    }
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
    println!(
        "  journeys              {:>8} bytes/journey, index included",
        reading.held.journey_bytes as u64 / journeys
    );
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

fn decode<'a>(decoder: &Decoder, line: &'a str) -> salespulse::event::Event<'a> {
    let record = Record { value: Some(line.as_bytes()), timestamp: Some(NOW), ..Record::default() };
    match decoder.decode(&record, NOW) {
        Ok(Decoded::Event(event)) => event,
        other => panic!("{line}: {other:?}"),
    }
}

/// A lead and four stage changes, every third journey won, with UUIDs for ids.
fn journey_lines(journey: u64, reps: u64, lines: &mut Vec<String>) {
    let mixed = journey.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let uuid = |salt: u64| {
        let high = mixed ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high & 0xffff,
            salt & 0xfff,
            journey & 0xfff,
            mixed & 0xffff_ffff_ffff
        )
    };
    let (rep, channel) = (mixed % reps, mixed % 20);
    let team = rep % 100;
    let began = NOW.millis()
        - i64::try_from(mixed % 200).unwrap_or(0) * DAY
        - i64::try_from(mixed % 86_400).unwrap_or(0) * 1_000;
    let lead = uuid(0);
    lines.push(format!(
        r#"{{"type":"lead","event_id":"{}","occurred_at":{began},"lead_id":"{lead}","rep_id":"rep-{rep}","team_id":"team-{team}","channel":"channel-{channel}","customer_id":"{}"}}"#,
        uuid(1),
        uuid(mixed % 3 + 100)
    ));
    let last = if journey.is_multiple_of(3) { 5 } else { 4 };
    for step in 0..4 {
        let stage = STAGES[step + 1 + usize::from(step == 3 && last == 5)];
        let at = (began + i64::try_from(step + 1).unwrap_or(0) * 26 * HOUR + 7 * MINUTE).min(NOW.millis());
        lines.push(format!(
            r#"{{"type":"stage_change","event_id":"{}","occurred_at":{at},"lead_id":"{lead}","stage":"{stage}","rep_id":"rep-{rep}","team_id":"team-{team}","amount":"{}.50","currency":"CNY"}}"#,
            uuid(step as u64 + 2),
            1_000 + mixed % 90_000
        ));
    }
}

fn rules() -> Rules {
    let mut pipeline = Pipeline::new(STAGES.map(str::to_owned).to_vec()).expect("a pipeline");
    pipeline.set_stalled_after("proposal", 14 * DAY);
    let all = Window::ALL.to_vec();
    let rep = [Window::Day, Window::Week, Window::Month, Window::MonthToDate, Window::QuarterToDate].to_vec();
    Rules {
        max_series: u64::MAX,
        retention: 800 * DAY,
        allowed_skew: DAY,
        zone: Zone::new("Asia/Shanghai").expect("a zone"),
        rates: Rates::new(Currency::from_code("CNY").expect("a currency")),
        customer_period: PeriodKind::Quarter,
        market_size: None,
        team_market_size: std::collections::BTreeMap::new(),
        pipeline,
        windows: PerScope { rep, team: all.clone(), org: all.clone(), channel: all },
        expose: PerScope::default(),
        leaderboard: ["revenue", "won", "quota_attainment"].map(str::to_owned).to_vec(),
    }
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4_096
}
