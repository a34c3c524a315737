//! Records that retention deleted before they were read: a start is refused, or says what its numbers lack.

use crate::harness::process::Signal;
use crate::harness::{Producer, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::{ORG_LEADS, lead};

#[test]
fn a_start_over_a_gap_is_refused_or_degraded() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).keeping(store.path(), "60s");
    let producer = Producer::new(&broker.client(), &[]);
    let degraded = builder.clone().snapshot("on_gap", "degrade");

    producer.send_all(&["a", "b", "c"].map(|id| lead(&topics, id)));
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 3.0);
    assert!(!service.holds("records_missing"));
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    // What lies before a snapshot is not missed.
    topics.delete_before("lead", 0, 3);
    let mut service = builder.start();
    service.wait_for(ORG_LEADS, 3.0);
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    assert!(!service.holds("records_missing"));
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    producer.send_all(&["d", "e", "f"].map(|id| lead(&topics, id)));
    topics.delete_before("lead", 0, 5);
    let mut service = builder.spawn();
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    let place = format!("reach to offset 3 of {}/0, which now begins at 5", topics.name("lead"));
    for words in [&*place, "retention has deleted the records between", "snapshot.on_gap = \"degrade\""] {
        assert!(service.sentences().contains(words), "no {words:?} in: {}", service.sentences());
    }

    for _ in 0..2 {
        // The second start finds no gap any more, and knows all the same.
        let mut service = degraded.start();
        assert!(service.holds("records_missing"));
        service.wait_for(ORG_LEADS, 4.0);
        assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    }
}
