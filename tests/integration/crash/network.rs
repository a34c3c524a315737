//! The way to the broker cut in every manner, at any moment, for shorter and longer than a session, while the service lives
//! and while it is killed.
//!
//! `SALESPULSE_CRASH_CUTS` says how many cuts there are; the seed is that of the kill loop.

use std::time::{Duration, Instant};

use super::dice::{self, Dice};
use super::moments::{Aim, Survived};
use super::stage::Stage;
use crate::harness::ports::free_port;
use crate::harness::proxy::{Proxy, Way};
use crate::harness::service::SOON;
use crate::harness::{Broker, announce, tools, wait_until};

/// How many cuts there are unless the environment says otherwise: each way once for a while, and once for long.
const CUTS: u32 = 8;
/// Where chance has not met every moment by then, the loop goes on until so many times the cuts.
const PATIENCE: u32 = 3;
/// For how long a way is bad that does not last, in milliseconds.
const A_WHILE: u64 = 2_000;
/// How late everything is where the way is slow.
const SLOW: Duration = Duration::from_millis(200);

const WAYS: [Way; 4] = [Way::Cut, Way::Swallowing, Way::Holding, Way::Slow(SLOW)];
const AIMS: [Aim; 4] = [Aim::Uncommitted, Aim::DeadLetters, Aim::CatchingUp, Aim::Writing];

/// What was done to the way.
#[derive(Clone, Copy, Debug, Default)]
struct Cuts {
    /// Those that ended connections, lost, held and delayed what was sent.
    by_way: [u32; WAYS.len()],
    beyond_the_session: u32,
    /// The service was killed, and another started, before the way was open again.
    with_a_kill: u32,
}

#[test]
fn no_cut_of_the_network_changes_a_number() {
    let Some(kafka) = tools::kafka() else { return };
    let (seed, count) = (dice::seed(), dice::number("SALESPULSE_CRASH_CUTS").unwrap_or(CUTS));
    announce(&format!("network: SALESPULSE_CRASH_SEED={seed} SALESPULSE_CRASH_CUTS={count}"));
    let (start, mut dice) = (Instant::now(), Dice::new(seed));
    let inner = free_port();
    let proxy = Proxy::start(inner);
    let broker = Broker::start_behind(kafka, inner, proxy.port());
    let stage = Stage::set_behind(&broker, &proxy.address(), dice.next());
    let (mut cuts, mut survived) = (Cuts::default(), Survived::default());
    let mut life = stage.start();
    let first_aim = usize::try_from(dice.below(4)).expect("few");
    for number in 0.. {
        if survived.kills >= count && survived.has_met(&AIMS) {
            break;
        }
        assert!(survived.kills < count * PATIENCE, "chance has not met every moment: {survived:?}");
        let (way, aim) = (WAYS[number % 4], AIMS[(first_aim + number + number / 4) % 4]);
        life = stage.await_moment(life, aim, &mut dice);
        let harmed = proxy.harmed();
        proxy.set(way);
        let struck = life.struck();
        if number / 4 % 2 == 1 && way != WAYS[3] {
            life.outlast_session();
            cuts.beyond_the_session += 1;
        }
        if number % 3 == 2 {
            life = stage.replace(life);
            cuts.with_a_kill += 1;
        }
        let (bad, since) = (Duration::from_millis(dice.below(A_WHILE)), Instant::now());
        let is_bad_enough = || since.elapsed() >= bad && proxy.harmed() > harmed;
        wait_until("the way has harmed something", SOON, || is_bad_enough().then_some(()));
        proxy.set(Way::Open);
        stage.compare(&mut life);
        survived.count(aim, struck);
        cuts.by_way[number % 4] += 1;
    }
    let counts = [cuts.beyond_the_session, cuts.with_a_kill];
    assert!(cuts.by_way.iter().chain(&counts).all(|count| *count > 0), "{cuts:?}");
    let events = stage.end(life);
    announce(&format!("network: {events} records, {cuts:?}, {survived:?}, in {:?}", start.elapsed()));
}
