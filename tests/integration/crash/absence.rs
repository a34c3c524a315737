//! A broker that is away for a while: the numbers stay as they are, nothing grows, the log is quiet, and it goes on by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dice;
use super::facts::INSTANT;
use super::stream::Stream;
use crate::harness::reader::read_all;
use crate::harness::{Broker, ServiceBuilder, Topics, announce, tools, wait_until};

/// How long the broker is away.
const ABSENCE: Duration = Duration::from_secs(60);
/// How much memory may be held more meanwhile: nothing, but for what an allocator does.
const GROWTH: f64 = 16.0 * 1024.0 * 1024.0;
/// How many lines the log may have meanwhile. As pauses double, an hour has hardly more.
const LINES: usize = 30;
/// Records whose dead letters are under way when the broker goes.
const POISON: usize = 200;

#[test]
fn a_broker_that_is_away_changes_nothing_but_the_time() {
    let Some(kafka) = tools::kafka() else { return };
    let seed = dice::seed();
    announce(&format!("absence: SALESPULSE_CRASH_SEED={seed}"));
    let broker = Broker::start(kafka);
    let topics = Arc::new(Topics::create(&broker, 2));
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(&broker, &topics).at_instant(INSTANT).keeping(store.path(), "1s");
    let mut stream = Stream::new(&broker, &topics, seed);
    stream.send(3_000);
    stream.flush();
    let mut service = builder.start();
    stream.assert_soon_told_by(&service);

    stream.send_poison(POISON);
    stream.flush();
    broker.kill();
    let start = Instant::now();
    service.wait_condition("broker_unreachable", true);
    let seen_after = start.elapsed();
    let (status, told) = service.readiness();
    assert_eq!((status, &told["status"]), (503, &"broker_unreachable".into()), "{told}");
    let (memory, lines) = (service.memory(), service.log().lines().count());
    wait_until("the broker has been away for long", ABSENCE * 2, || (start.elapsed() >= ABSENCE).then_some(()));
    service.assert_running();
    assert!(service.holds("broker_unreachable"));
    let growth = service.memory() - memory;
    assert!(growth < GROWTH, "{growth} bytes more");
    let told = service.log().lines().count() - lines;
    assert!(told < LINES, "{told} lines: {}", service.log());
    assert_eq!(service.changes_of("broker_unreachable"), 1, "{}", service.log());

    broker.restart();
    service.wait_condition("broker_unreachable", false);
    stream.send(1_000);
    stream.flush();
    service.wait_ready();
    stream.assert_soon_told_by(&service);
    service.wait_for("salespulse_dead_letters_outstanding", 0.0);
    let letters = read_all(&broker.client(), &topics.name("dead_letters"));
    for line in stream.poison() {
        let copies = letters.iter().filter(|letter| letter.value.as_deref() == Some(line.value.as_bytes())).count();
        assert_eq!(copies, 1, "the dead letters of {}", line.value);
    }
    assert_eq!(service.changes_of("broker_unreachable"), 2, "one line each: {}", service.log());
    service.assert_audited();
    announce(&format!("absence: seen after {seen_after:?}, {ABSENCE:?} survived, {growth} bytes more, {told} lines"));
}
