//! Batches that a broker has and a client cannot read: damaged ones, and those that are too large once they are decompressed.

use crate::harness::process::Signal;
use crate::harness::service::SOON;
use crate::harness::{Broker, Producer, Sent, ServiceBuilder, Topics, shared_broker, tools, wait_until};
use crate::integration::events::{ORG_LEADS, lead, spend};

const SKIPPED: &str = "salespulse_skipped_offsets_total";

#[test]
fn a_damaged_batch_ends_the_service_or_is_passed_over() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start(kafka);
    let topics = Topics::create(&broker, 1);
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(&broker, &topics).keeping(store.path(), "60s");
    let producer = Producer::new(&broker.client(), &[]);
    producer.send_all(&[lead(&topics, "a")]);
    producer.send_all(&["b", "c", "d"].map(|id| lead(&topics, id)));
    producer.send_all(&[lead(&topics, "e")]);
    broker.stop();
    broker.damage(&topics.name("lead"), 1);
    broker.restart();

    let mut service = builder.spawn();
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    let sentences = service.sentences();
    let place = format!("{}/0 at offset 1", topics.name("lead"));
    assert!(sentences.contains(&place) && sentences.contains("kafka.on_unreadable"), "{sentences}");

    let builder = builder.kafka("on_unreadable", "skip");
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 2.0);
    service.wait_for(SKIPPED, 3.0);
    assert!(service.holds("records_missing"));
    producer.send_all(&[lead(&topics, "f")]);
    service.wait_for(ORG_LEADS, 3.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    // What was passed over is not met again, and is missing all the same.
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 3.0);
    service.wait_for(SKIPPED, 0.0);
    assert!(service.holds("records_missing"));
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
}

/// By the record that was read last a start knows the log again: nothing is shown of which nobody knows whose it is.
#[test]
fn a_batch_that_is_damaged_after_it_was_read_is_no_proof_of_the_log() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start(kafka);
    let topics = Topics::create(&broker, 1);
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(&broker, &topics).keeping(store.path(), "60s");
    let producer = Producer::new(&broker.client(), &[]);
    producer.send_all(&[lead(&topics, "a")]);
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 1.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    broker.stop();
    broker.damage(&topics.name("lead"), 0);
    broker.restart();

    let mut service = builder.spawn();
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    let sentences = service.sentences();
    let words =
        [&*format!("offset 0 of {}/0 lies in a batch", topics.name("lead")), "set snapshot.on_gap = \"degrade\""];
    assert!(words.iter().all(|words| sentences.contains(words)), "{sentences}");

    let mut service = builder.clone().snapshot("on_gap", "degrade").start();
    service.wait_for(ORG_LEADS, 1.0);
    assert!(service.holds("records_missing"));
    producer.send_all(&[lead(&topics, "b")]);
    service.wait_for(ORG_LEADS, 2.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    let service = builder.start();
    service.wait_for(ORG_LEADS, 2.0);
    assert!(service.holds("records_missing"), "the snapshot remembers it");
}

/// A lead, a batch that becomes larger than the client takes, and another lead behind it.
fn with_a_large_batch(broker: &Broker) -> (Topics, ServiceBuilder, Producer) {
    let topics = Topics::create(broker, 1);
    let small = ServiceBuilder::new(broker, &topics)
        .property("fetch.max.bytes", "1000000")
        .property("receive.message.max.bytes", "2000000");
    let producer = Producer::new(&broker.client(), &[("message.max.bytes", "9000000"), ("compression.type", "zstd")]);
    producer.send_all(&[lead(&topics, "a")]);
    producer.send_all(&[Sent::new(&topics.name("lead"), "large", vec![b' '; 5_000_000])]);
    producer.send_all(&[lead(&topics, "b")]);
    (topics, small, producer)
}

#[test]
fn a_batch_that_is_too_large_once_decompressed_is_passed_over() {
    let Some(broker) = shared_broker() else { return };
    let (_topics, small, _producer) = with_a_large_batch(broker);
    let mut service = small.kafka("on_unreadable", "skip").start();
    service.wait_for(ORG_LEADS, 2.0);
    service.wait_for(SKIPPED, 1.0);
    assert!(service.holds("records_missing"));
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
}

/// Unless that is allowed nothing is passed over, and nothing is shown without it, by this process nor by the next.
#[test]
fn a_batch_that_cannot_be_read_is_a_condition_and_grows_old() {
    let Some(broker) = shared_broker() else { return };
    let (topics, small, producer) = with_a_large_batch(broker);
    let place = format!("topic=\"{}\",partition=\"0\"", topics.name("lead"));
    for life in [1, 2] {
        let mut service = small.spawn();
        service.wait_for("salespulse_condition{condition=\"unreadable_records\"}", 1.0);
        assert!(service.holds("unreadable_records"));
        assert!(service.metrics().get("salespulse_unreadable_batches_total").is_some_and(|count| count > 0.0));
        let named = format!("\"partition\":\"{}/0\",\"offset\":1", topics.name("lead"));
        assert_eq!(service.log().matches(&named).count(), 1, "{}", service.log());

        // The other partitions go on.
        producer.send_all(&[spend(&topics, &format!("spend-{life}"), "1.00")]);
        let consumed = format!("salespulse_consumed_records_total{{topic=\"{}\"}}", topics.name("spend"));
        service.wait_for(&consumed, f64::from(life));
        service.wait_for(&format!("salespulse_consumer_lag_records{{{place}}}"), 2.0);
        let lag = || service.metrics().get(&format!("salespulse_consumer_lag_seconds{{{place}}}"));
        let before = lag().expect("it is shown");
        wait_until("the lag grows", SOON, || lag().filter(|now| *now > before));
        assert!(!service.is_ready() && !service.metrics().has_kpis(), "{:?}", service.readiness());
        service.kill();
    }
}

/// A few kilobytes on the wire, and more than librdkafka takes of an answer unless it is told otherwise.
#[test]
fn a_batch_that_a_broker_takes_is_read_however_large_it_becomes() {
    const LEADS: usize = 1_700;
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let packed = [("compression.type", "zstd"), ("linger.ms", "60000"), ("message.max.bytes", "200000000")];
    let sizes = [("batch.size", "200000000"), ("queue.buffering.max.kbytes", "400000")];
    let producer = Producer::new(&broker.client(), &[&packed[..], &sizes].concat());
    let large = |number: usize| {
        let mut sent = lead(&topics, &format!("large-{number}"));
        if let Some(value) = &mut sent.value {
            value.resize(62_000, b' ');
        }
        sent
    };
    let leads: Vec<Sent> = (0..LEADS).map(large).collect();
    assert!(leads.iter().filter_map(|sent| sent.value.as_ref()).map(Vec::len).sum::<usize>() > 100_000_000);
    producer.send_all(&leads);
    let service = ServiceBuilder::new(broker, &topics).start();
    service.wait_for(ORG_LEADS, 1_700.0);
}
