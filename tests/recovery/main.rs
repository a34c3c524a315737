//! Recovery without Kafka: logs, store and clock are in memory, and a seed chooses what happens in which order.
//!
//! Whatever crashes, is torn, comes twice or too late: at the end the numbers are those of one process that read everything
//! once, and every record that cannot be used is among the dead letters. One seed again: `RECOVERY_SEED=17 cargo test
//! --test recovery`; more of them: `RECOVERY_SEEDS=100000`.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by a panic, and tells what it went through"
)]

mod dice;
mod logs;
mod process;
mod world;

use std::sync::Mutex;

use crate::world::{Survived, World};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

fn live_through(seed: u64) -> Survived {
    let ended = std::panic::catch_unwind(|| World::new(seed).run());
    ended.unwrap_or_else(|_| panic!("seed {seed} failed; again: RECOVERY_SEED={seed} cargo test --test recovery"))
}

#[test]
fn whatever_happens_the_numbers_are_those_of_the_records() {
    if let Some(seed) = number("RECOVERY_SEED") {
        return println!("{:#?}", live_through(seed));
    }
    let seeds = number("RECOVERY_SEEDS").unwrap_or(1_000);
    let next = Mutex::new(0..seeds);
    let sum = Mutex::new(Survived::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(seed) = next.lock().expect("nobody panics here").next() else { break };
                    let survived = live_through(seed);
                    sum.lock().expect("nobody panics here").add(survived);
                }
            });
        }
    });
    let sum = sum.into_inner().expect("nobody panics here");
    println!("{seeds} seeds survived {sum:#?}");
    // What never happened was not tested.
    for (what, times) in sum.all() {
        assert!(times > 0 || seeds < 100, "{what} never happened");
    }
}
