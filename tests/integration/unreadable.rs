//! Batches that a broker has and a client cannot read: damaged ones, and those that are too large once they are decompressed.

use crate::harness::process::Signal;
use crate::harness::{Broker, Producer, Sent, ServiceBuilder, Topics, shared_broker, tools};
use crate::integration::events::{ORG_LEADS, lead};

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

#[test]
fn a_batch_that_is_too_large_once_decompressed_is_passed_over() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let small = ServiceBuilder::new(broker, &topics)
        .property("fetch.max.bytes", "1000000")
        .property("receive.message.max.bytes", "2000000");
    let producer = Producer::new(&broker.client(), &[("message.max.bytes", "9000000"), ("compression.type", "zstd")]);
    producer.send_all(&[lead(&topics, "a")]);
    producer.send_all(&[Sent::new(&topics.name("lead"), "large", vec![b' '; 5_000_000])]);
    producer.send_all(&[lead(&topics, "b")]);

    let mut service = small.kafka("on_unreadable", "skip").start();
    service.wait_for(ORG_LEADS, 2.0);
    service.wait_for(SKIPPED, 1.0);
    assert!(service.holds("records_missing"));
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
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
