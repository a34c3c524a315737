//! The service killed at any moment: the numbers must be those of a replay of everything that was ever produced.
//!
//! The schedule follows from a seed, which is printed; the moments of a real process do not, so a run repeats the intent
//! and not the interleaving. `SALESPULSE_CRASH_SEED` sets the seed, `SALESPULSE_CRASH_KILLS` how many kills the loop makes.

mod absence;
mod brokers;
mod damage;
mod dice;
mod disk;
mod facts;
mod gap;
mod group;
mod jumps;
mod letters;
mod moments;
mod network;
mod observer;
mod slow;
mod stage;
mod stream;
mod twin;
mod upsets;

use std::time::Instant;

use dice::Dice;
use moments::{Aim, Survived};
use stage::Stage;

use crate::harness::{announce, shared_broker};

/// How many kills there are unless the environment says otherwise.
const KILLS: u32 = 50;
/// Where chance has not met every moment by then, the loop goes on until so many times the kills.
const PATIENCE: u32 = 4;
/// After so many kills the loop begins anew with empty topics and an empty store, so that the last kill of a thousand costs
/// no more than the first.
const SEASON: u32 = 100;

#[test]
fn no_kill_changes_a_number() {
    let Some(broker) = shared_broker() else { return };
    let (seed, kills) = (dice::seed(), dice::number("SALESPULSE_CRASH_KILLS").unwrap_or(KILLS));
    announce(&format!("kill loop: SALESPULSE_CRASH_SEED={seed} SALESPULSE_CRASH_KILLS={kills}"));
    let start = Instant::now();
    let (mut dice, mut survived) = (Dice::new(seed), Survived::default());
    let mut events = 0;
    let goes_on = |survived: &Survived| survived.kills < kills || !survived.has_met_every_moment();
    while goes_on(&survived) {
        let stage = Stage::set(broker, dice.next());
        let mut service = stage.start();
        for _ in 0..SEASON {
            if !goes_on(&survived) {
                break;
            }
            assert!(survived.kills < kills * PATIENCE, "chance has not met every moment: {survived:?}");
            let aim = Aim::choose(&mut dice);
            let struck = stage.kill(service, aim, &mut dice);
            service = stage.start();
            survived.count(aim, struck);
        }
        events += stage.end(service);
        announce(&format!("kill loop: {events} records, {survived:?}, in {:?}", start.elapsed()));
    }
}
