//! Topics that are deleted, created anew and filled again: nobody is shown numbers of both.

use crate::harness::process::Signal;
use crate::harness::{Broker, Producer, Service, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::{ORG_LEADS, lead};

/// The topic is created anew and holds so many leads that nobody has read.
fn refill(broker: &Broker, topics: &Topics, count: usize) {
    topics.create_again("lead", 1);
    // A producer of its own: another one would send to the topic that is gone.
    let leads: Vec<_> = (0..count).map(|number| lead(topics, &format!("new-{number}"))).collect();
    Producer::new(&broker.client(), &[]).send_all(&leads);
}

fn assert_refused(service: &mut Service, topics: &Topics) {
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    let sentences = service.sentences();
    for words in [&*format!("{}/0", topics.name("lead")), "was created anew", "snapshot.on_gap"] {
        assert!(sentences.contains(words), "no {words:?} in: {sentences}");
    }
}

/// Only what the topic holds now is shown once that is allowed, by the first start and by all that follow.
fn assert_begins_anew(builder: &ServiceBuilder, count: f64) {
    let mut service = builder.clone().snapshot("on_gap", "degrade").start();
    service.wait_for(ORG_LEADS, count);
    assert!(service.holds("records_missing"));
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, count);
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    assert!(service.holds("records_missing"), "the snapshot remembers it");
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
}

#[test]
fn a_topic_created_anew_while_stopped_is_refused() {
    let Some(broker) = shared_broker() else { return };
    for (count, shown) in [(200, 200.0), (4, 4.0)] {
        let topics = Topics::create(broker, 1);
        let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let builder = ServiceBuilder::new(broker, &topics).keeping(store.path(), "60s");
        let old: Vec<_> = (0..10).map(|number| lead(&topics, &format!("old-{number}"))).collect();
        Producer::new(&broker.client(), &[]).send_all(&old);
        let mut service = builder.start();
        service.wait_for(ORG_LEADS, 10.0);
        assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

        refill(broker, &topics, count);
        assert_refused(&mut builder.spawn(), &topics);
        assert_begins_anew(&builder, shown);
    }
}

#[test]
fn a_topic_created_anew_while_running_ends_the_service() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).keeping(store.path(), "60s");
    let old: Vec<_> = (0..10).map(|number| lead(&topics, &format!("old-{number}")).in_partition(0)).collect();
    Producer::new(&broker.client(), &[]).send_all(&old);
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 10.0);

    topics.create_again("lead", 2);
    let new: Vec<_> = (0..200).map(|number| lead(&topics, &format!("new-{number}")).in_partition(0)).collect();
    Producer::new(&broker.client(), &[]).send_all(&new);
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    let sentences = service.sentences();
    let place = format!("{}/0", topics.name("lead"));
    assert!(sentences.contains("was created anew") && sentences.contains(&place), "{sentences}");
}
