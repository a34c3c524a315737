//! A dead-letter topic that takes nothing: reading stops before memory does, and every dead letter arrives once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dice;
use super::facts::INSTANT;
use super::stream::Stream;
use crate::harness::reader::read_all;
use crate::harness::service::SOON;
use crate::harness::{Producer, Sent, Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// How many dead letters may wait.
const MOST: f64 = 20_000.0;
/// More of them than may wait.
const POISON: usize = 25_000;
/// How much memory those that wait may take, with what librdkafka needs beside them.
const GROWTH: f64 = 128.0 * 1024.0 * 1024.0;
/// How many lines the log may have of an hour in which the topic takes nothing; here it is a minute.
const LINES: usize = 40;

fn outstanding(service: &Service) -> f64 {
    service.metrics().get("salespulse_dead_letters_outstanding").expect("it is shown")
}

#[test]
fn dead_letters_that_nobody_takes_stop_the_reading_and_arrive_once() {
    let Some(broker) = shared_broker() else { return };
    let seed = dice::seed();
    announce(&format!("dead letters: SALESPULSE_CRASH_SEED={seed}"));
    let topics = Arc::new(Topics::create(broker, 2));
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT).keeping(store.path(), "1s");
    let mut stream = Stream::new(broker, &topics, seed);
    stream.send(1_000);
    stream.flush();
    let service = builder.start();
    stream.assert_soon_told_by(&service);
    let (memory, lines) = (service.memory(), service.log().lines().count());

    // Not even one alone: what is refused is smaller than the headers of any.
    topics.set_only("dead_letters", "max.message.bytes", "200");
    let (dead_letters, producer) = (topics.name("dead_letters"), Producer::new(&broker.client(), &[]));
    let probe = Sent::new(&dead_letters, "probe", vec![b'x'; 300]);
    wait_until("the broker refuses dead letters", SOON, || (!producer.offer(&probe)).then_some(()));
    stream.send_poison(POISON);
    stream.send(1_000);
    stream.flush();
    service.wait_condition("reading_stopped", true);
    let (status, told) = service.readiness();
    assert_eq!((status, &told["status"]), (503, &"reading_stopped".into()), "{told}");
    assert!(service.holds("dead_letters_waiting"));
    assert!(outstanding(&service) >= MOST && outstanding(&service) < MOST + 2.0, "{}", outstanding(&service));

    // More of them, and several tries, change nothing.
    stream.send_poison(POISON / 5);
    stream.flush();
    let refusals = |service: &Service| service.log().matches("refuses a dead letter").count();
    let before = refusals(&service);
    wait_until("refusals are told again", SOON, || (refusals(&service) > before).then_some(()));
    assert!(outstanding(&service) >= MOST && outstanding(&service) < MOST + 2.0, "{}", outstanding(&service));
    let growth = service.memory() - memory;
    assert!(growth < GROWTH, "{growth} bytes more");
    let told = service.log().lines().count() - lines;
    assert!(told < LINES, "{told} lines: {}", service.log());
    assert_eq!(service.changes_of("reading_stopped"), 1, "{}", service.log());

    topics.set_only("dead_letters", "max.message.bytes", "1200000");
    service.wait_condition("reading_stopped", false);
    wait_until("all dead letters are taken", SOON * 2, || {
        let taken = service.metrics().get("salespulse_dead_letters_total");
        let sent = u32::try_from(stream.poison().len()).expect("few");
        (taken >= Some(f64::from(sent))).then_some(())
    });
    service.wait_condition("dead_letters_waiting", false);
    stream.assert_soon_told_by(&service);
    assert_eq!(outstanding(&service), 0.0);
    let mut letters: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for letter in read_all(&broker.client(), &dead_letters) {
        *letters.entry(letter.value.expect("a value")).or_default() += 1;
    }
    for line in stream.poison() {
        assert_eq!(letters.remove(line.value.as_bytes()), Some(1), "the dead letters of {}", line.value);
    }
    // The probes that came before the broker knew its new limit.
    letters.retain(|value, _| *value != probe.value.clone().unwrap_or_default());
    assert!(letters.is_empty(), "dead letters of what was no poison: {letters:?}");
    let sent = stream.poison().len();
    service.assert_audited();
    announce(&format!("dead letters: {sent} waited and arrived once, {growth} bytes more, {told} lines"));
}
