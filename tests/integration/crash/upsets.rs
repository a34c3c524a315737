//! What happens between two kills to topics, to the store and to the configuration: a topic that is created anew, a log
//! that an election has cut, a batch that is damaged, a service with other topics in the same group and store. The next
//! start shows the numbers of a replay, or is refused until an operator has decided; never other numbers.
//!
//! The upsets come in an order that follows from the seed, each after a kill at one of the moments of the kill loop.
//! `SALESPULSE_CRASH_UPSETS` sets how often each of them comes.

use std::time::Instant;

use super::dice::{self, Dice};
use super::moments::Aim;
use super::stage::{Stage, Upset};
use crate::harness::{Broker, announce, tools};

/// How often each comes unless the environment says otherwise.
const ROUNDS: u32 = 1;

#[test]
fn no_upset_between_two_kills_makes_a_wrong_number() {
    let Some(kafka) = tools::kafka() else { return };
    // It is stopped to damage its logs, so it is nobody else's.
    let broker = Broker::start(kafka);
    let (seed, rounds) = (dice::seed(), dice::number("SALESPULSE_CRASH_UPSETS").unwrap_or(ROUNDS));
    announce(&format!("upsets: SALESPULSE_CRASH_SEED={seed} SALESPULSE_CRASH_UPSETS={rounds}"));
    let (mut dice, start) = (Dice::new(seed), Instant::now());
    for _ in 0..rounds {
        let stage = Stage::set(&broker, dice.next());
        let (mut life, mut left) = (stage.start(), Upset::ALL.to_vec());
        while !left.is_empty() {
            let upset = left.swap_remove(usize::try_from(dice.below(left.len() as u64)).expect("few"));
            announce(&format!("upsets: {upset:?} after {:?}", start.elapsed()));
            stage.kill(life, Aim::choose(&mut dice), &mut dice);
            life = stage.upset(upset);
        }
        stage.end(life);
    }
    announce(&format!("upsets: {rounds} rounds in {:?}", start.elapsed()));
}
