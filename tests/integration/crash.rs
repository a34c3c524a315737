//! The service killed at any moment: the numbers must be those of a replay of everything that was ever produced.
//!
//! The schedule follows from a seed, which is printed; the moments of a real process do not, so a run repeats the intent
//! and not the interleaving. `SALESPULSE_CRASH_SEED` sets the seed, `SALESPULSE_CRASH_KILLS` how many kills the loop makes.

mod damage;
mod dice;
mod disk;
mod facts;
mod gap;
mod group;
mod moments;
mod stage;
mod stream;

use std::time::Instant;

use dice::Dice;
use moments::{Aim, Survived};
use stage::Stage;

use crate::harness::{announce, shared_broker};

/// How many kills there are unless the environment says otherwise.
const KILLS: u32 = 50;
/// Where chance has not met every moment by then, the loop goes on until so many times the kills.
const PATIENCE: u32 = 4;
/// Readings that are compared within the loop; one more comes at its end.
const READINGS: u32 = 12;

#[test]
fn no_kill_changes_a_number() {
    let Some(broker) = shared_broker() else { return };
    let (seed, kills) = (dice::seed(), dice::number("SALESPULSE_CRASH_KILLS").unwrap_or(KILLS));
    announce(&format!("kill loop: SALESPULSE_CRASH_SEED={seed} SALESPULSE_CRASH_KILLS={kills}"));
    let start = Instant::now();
    let (mut dice, mut survived) = (Dice::new(seed), Survived::default());
    let stage = Stage::set(broker, dice.next());
    let between = (kills / READINGS).max(1);
    while survived.kills < kills || !survived.has_met_every_moment() {
        assert!(survived.kills < kills * PATIENCE, "chance has not met every moment: {survived:?}");
        let is_read = survived.kills % between == between - 1;
        let aim = Aim::choose(&mut dice);
        let struck = if is_read { stage.read_and_kill(aim, &mut dice) } else { stage.kill(aim, &mut dice) };
        survived.count(struck, is_read);
    }
    let events = stage.end();
    announce(&format!("kill loop: {events} records, {survived:?}, in {:?}", start.elapsed()));
}
