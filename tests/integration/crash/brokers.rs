//! The broker stopped and killed, at any moment, while the service lives and while it is killed.
//!
//! `SALESPULSE_CRASH_BROKERS` says how often; the seed is that of the kill loop.

use std::time::Instant;

use super::dice::{self, Dice};
use super::moments::{Aim, Survived};
use super::stage::Stage;
use crate::harness::{Broker, announce, tools};

/// How often the broker goes away unless the environment says otherwise.
const ABSENCES: u32 = 6;
/// Where chance has not met every moment by then, the loop goes on until so many times the absences.
const PATIENCE: u32 = 4;

const AIMS: [Aim; 3] = [Aim::CatchingUp, Aim::DeadLetters, Aim::Uncommitted];

/// What was done to the broker.
#[derive(Clone, Copy, Debug, Default)]
struct Absences {
    stopped: u32,
    killed: u32,
    beyond_the_session: u32,
    /// The service was killed, and another started, before the broker was back.
    with_a_kill: u32,
    /// The broker took a commit from before the absence for that of another member. Chance alone brings that about.
    shut_out: u32,
}

#[test]
fn no_absence_of_the_broker_changes_a_number() {
    let Some(kafka) = tools::kafka() else { return };
    let (seed, count) = (dice::seed(), dice::number("SALESPULSE_CRASH_BROKERS").unwrap_or(ABSENCES));
    announce(&format!("broker: SALESPULSE_CRASH_SEED={seed} SALESPULSE_CRASH_BROKERS={count}"));
    let (start, mut dice) = (Instant::now(), Dice::new(seed));
    let broker = Broker::start(kafka);
    let stage = Stage::set(&broker, dice.next());
    let (mut absences, mut survived) = (Absences::default(), Survived::default());
    let mut life = stage.start();
    for number in 0.. {
        if survived.kills >= count && survived.has_met(&AIMS) {
            break;
        }
        assert!(survived.kills < count * PATIENCE, "chance has not met every moment: {survived:?}");
        // Of what the client library keeps for later, commits alone can harm, so a long absence begins with one of them.
        let is_long = number % 6 == 4;
        let aim = if is_long { Aim::Uncommitted } else { *dice.pick(&AIMS) };
        life = stage.await_moment(life, aim, &mut dice);
        if number % 2 == 0 {
            broker.kill();
            absences.killed += 1;
        } else {
            broker.stop();
            absences.stopped += 1;
        }
        survived.count(aim, life.struck());
        if is_long {
            life.outlast_session();
            absences.beyond_the_session += 1;
        }
        if number % 3 == 2 {
            life = stage.replace(life);
            absences.with_a_kill += 1;
        }
        broker.restart();
        stage.compare(&mut life);
        absences.shut_out += u32::from(life.was_shut_out());
    }
    let Absences { stopped, killed, beyond_the_session, with_a_kill, .. } = absences;
    assert!([stopped, killed, beyond_the_session, with_a_kill].iter().all(|count| *count > 0), "{absences:?}");
    let events = stage.end(life);
    announce(&format!("broker: {events} records, {absences:?}, {survived:?}, in {:?}", start.elapsed()));
}
