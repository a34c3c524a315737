//! A stop while the broker goes away at the same moment.

use std::time::Duration;

use crate::harness::process::Signal;
use crate::harness::{Broker, Producer, ServiceBuilder, Topics, tools};
use crate::integration::events::{ORG_LEADS, garbage, lead};

/// What the unit, the chart and the stack give it before they kill it.
const GRACE: Duration = Duration::from_secs(90);

/// librdkafka's consumer waits for a broker that may have gone for good, for what it has asked it and when it ends.
#[test]
fn a_stop_ends_in_time_though_the_broker_goes_at_the_same_moment() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start(kafka);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    for (place, goes) in ["it is killed", "it stands still"].into_iter().enumerate() {
        let topics = Topics::create(&broker, 2);
        let producer = Producer::new(&broker.client(), &[]);
        let store = folder.path().join(place.to_string());
        let mut service = ServiceBuilder::new(&broker, &topics).keeping(&store, "1s").start();
        producer.send_all(&[lead(&topics, "a"), lead(&topics, "b")]);
        service.wait_for(ORG_LEADS, 2.0);
        // Something is to be committed, and a dead letter to be waited for.
        producer.send_all(&[lead(&topics, "c"), garbage(&topics, "d")]);
        if place == 0 {
            broker.kill()
        } else {
            broker.stand_still(true)
        }
        let status = service.end_within(Signal::Terminate, GRACE);
        assert_eq!(status.code(), Some(0), "{goes}: {}", service.log());
        assert!(service.log().contains("stopped"), "{goes}: {}", service.log());
        if place == 0 { broker.restart() } else { broker.stand_still(false) }
    }
}
