//! Recovery without Kafka: logs, store and clock are in memory, and a seed chooses what happens in which order.
//!
//! Whatever crashes, is torn, comes twice or too late, whatever the clock does and whoever changes the configuration: at the
//! end the numbers are those of one process that read everything once, or the start was refused; and every record that
//! cannot be used is among the dead letters. One seed again: `RECOVERY_SEED=17 cargo test --test pure recovery:: -- --nocapture`; more
//! of them: `RECOVERY_SEEDS=100000`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by a panic, and tells what it went through"
)]

mod blocks;
mod cluster;
mod configurations;
mod contracts;
mod foreign;
mod golden;
mod group;
mod logs;
mod member;
mod mirror;
mod objects;
mod process;
mod releases;
mod survived;
mod troubles;
mod unverified;
mod world;

use std::ops::Range;
use std::sync::Mutex;

use crate::recovery::survived::{EVENTS, Survived};
use crate::recovery::world::World;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Lives through a seed; `None` if that failed, upon which no other is begun.
fn live_through(seed: u64, next: &Mutex<Range<u64>>) -> Option<Survived> {
    let ended = std::panic::catch_unwind(|| World::new(seed).run());
    if ended.is_err() {
        println!("seed {seed} failed; again: RECOVERY_SEED={seed} cargo test --test pure recovery:: -- --nocapture");
        *next.lock().expect("nobody panics here") = 0..0;
    }
    ended.ok()
}

#[test]
fn whatever_happens_the_numbers_are_those_of_the_records() {
    let seeds = match number("RECOVERY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("RECOVERY_SEEDS").unwrap_or(1_000),
    };
    let next = Mutex::new(seeds.clone());
    let sum = Mutex::new(Survived::default());
    let live = || {
        loop {
            let Some(seed) = next.lock().expect("nobody panics here").next() else { return true };
            let Some(survived) = live_through(seed, &next) else { return false };
            sum.lock().expect("nobody panics here").add(&survived);
        }
    };
    let all_survived = std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(live)).collect();
        threads.into_iter().all(|thread| thread.join().expect("nobody panics here"))
    });
    assert!(all_survived, "a seed failed, which is told above");
    let sum = sum.into_inner().expect("nobody panics here");
    println!("{} seeds survived\n{sum}", seeds.end - seeds.start);
    for event in EVENTS {
        assert!(sum.times(event) > 0 || seeds.end - seeds.start < 100, "{event} never happened");
    }
}
