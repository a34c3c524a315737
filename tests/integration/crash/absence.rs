//! A broker that is away for a while: nothing grows, the log is quiet, it is told, and it goes on by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::dice;
use super::facts::INSTANT;
use super::stream::Stream;
use crate::harness::reader::read_all;
use crate::harness::{Broker, Service, ServiceBuilder, Topics, announce, tools, wait_until};

/// How long the broker is away.
const ABSENCE: Duration = Duration::from_secs(60);
/// How much memory may be held more meanwhile: nothing, but for what an allocator does.
const GROWTH: f64 = 16.0 * 1024.0 * 1024.0;
/// How many lines the log may have meanwhile. As pauses double, an hour has hardly more.
const LINES: usize = 30;
/// Records whose dead letters are under way when the broker goes.
const POISON: usize = 200;

/// A service that has read everything, with dead letters under way.
struct Scene {
    broker: Broker,
    topics: Arc<Topics>,
    stream: Stream,
    service: Service,
    memory: f64,
    lines: usize,
    _store: TempDir,
}

impl Scene {
    fn set(kafka: PathBuf, name: &str) -> Scene {
        let seed = dice::seed();
        announce(&format!("{name}: SALESPULSE_CRASH_SEED={seed}"));
        let broker = Broker::start(kafka);
        let topics = Arc::new(Topics::create(&broker, 2));
        let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let builder = ServiceBuilder::new(&broker, &topics).at_instant(INSTANT).keeping(store.path(), "1s");
        let mut stream = Stream::new(&broker, &topics, seed);
        stream.send(3_000);
        stream.flush();
        let service = builder.start();
        stream.assert_soon_told_by(&service);
        stream.send_poison(POISON);
        stream.flush();
        let (memory, lines) = (service.memory(), service.log().lines().count());
        Scene { broker, topics, stream, service, memory, lines, _store: store }
    }

    /// Panics unless nothing has grown while the broker was away.
    fn assert_quiet(&mut self) -> String {
        self.service.assert_running();
        assert_eq!(self.service.readiness().0, 503);
        let growth = self.service.memory() - self.memory;
        assert!(growth < GROWTH, "{growth} bytes more");
        let lines = self.service.log().lines().count() - self.lines;
        assert!(lines < LINES, "{lines} lines: {}", self.service.log());
        format!("{ABSENCE:?} survived, {growth} bytes more, {lines} lines")
    }

    /// Reads on, and compares.
    fn assert_goes_on(&mut self) {
        self.stream.send(1_000);
        self.stream.flush();
        self.service.wait_ready();
        self.stream.assert_soon_told_by(&self.service);
        self.service.wait_for("salespulse_dead_letters_outstanding", 0.0);
        self.service.assert_audited();
    }

    /// How many dead letters each record has that nobody can read: the least and the most.
    fn copies(&self) -> (usize, usize) {
        let letters = read_all(&self.broker.client(), &self.topics.name("dead_letters"));
        let copies = self.stream.poison().iter().map(|line| {
            let is_copy = |value: Option<&[u8]>| value == Some(line.value.as_bytes());
            letters.iter().filter(|letter| is_copy(letter.value.as_deref())).count()
        });
        copies.fold((usize::MAX, 0), |(least, most), count| (least.min(count), most.max(count)))
    }
}

/// Once the session has ended another member may own the topics, for all that is known here, and the numbers are hidden.
#[test]
fn a_broker_that_is_away_changes_nothing_but_the_time() {
    let Some(kafka) = tools::kafka() else { return };
    let mut scene = Scene::set(kafka, "absence");
    scene.broker.kill();
    let start = Instant::now();
    scene.service.wait_condition("broker_unreachable", true);
    let seen_after = start.elapsed();
    let (_, told) = scene.service.readiness();
    assert_eq!(told["status"], "broker_unreachable", "{told}");
    wait_until("the broker has been away for long", ABSENCE * 2, || (start.elapsed() >= ABSENCE).then_some(()));
    let survived = scene.assert_quiet();
    assert!(!scene.service.metrics().has_kpis(), "another member may own the topics by now");
    assert_eq!(scene.service.changes_of("broker_unreachable"), 1, "{}", scene.service.log());

    scene.broker.restart();
    scene.service.wait_condition("broker_unreachable", false);
    scene.assert_goes_on();
    assert_eq!(scene.copies(), (1, 1), "dead letters of a record");
    assert_eq!(scene.service.changes_of("broker_unreachable"), 2, "one line each: {}", scene.service.log());
    announce(&format!("absence: seen after {seen_after:?}, {survived}"));
}

/// Its connections stay open, so that only its silence can tell.
#[test]
fn a_broker_that_stands_still_hides_the_numbers() {
    let Some(kafka) = tools::kafka() else { return };
    let mut scene = Scene::set(kafka, "standing still");
    scene.broker.stand_still(true);
    let start = Instant::now();
    let is_hidden = || (!scene.service.metrics().has_kpis()).then(|| start.elapsed());
    let hidden_after = wait_until("the numbers are hidden", ABSENCE, is_hidden);
    wait_until("the broker has stood still for long", ABSENCE * 2, || (start.elapsed() >= ABSENCE).then_some(()));
    let survived = scene.assert_quiet();

    scene.broker.stand_still(false);
    scene.assert_goes_on();
    // What the broker took before it stood still, and did not acknowledge, it knows again by its number.
    assert_eq!(scene.copies(), (1, 1), "dead letters of a record");
    announce(&format!("standing still: hidden after {hidden_after:?}, {survived}"));
}
