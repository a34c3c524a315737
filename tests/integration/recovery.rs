//! A broker that goes away while the service runs.

use crate::events::{ORG_LEADS, garbage, lead};
use crate::harness::process::Signal;
use crate::harness::reader::read_all;
use crate::harness::{Broker, Producer, ServiceBuilder, Topics, tools};

#[test]
fn a_broker_that_was_restarted_is_found_again() {
    let Some(kafka) = tools::kafka() else { return };
    let mut broker = Broker::start(kafka);
    let topics = Topics::create(&broker, 2);
    let producer = Producer::new(&broker.client(), &[]);
    let mut service = ServiceBuilder::new(&broker, &topics).start();
    producer.send_all(&[lead(&topics, "a"), garbage(&topics, "before")]);
    service.wait_for(ORG_LEADS, 1.0);
    service.wait_for("salespulse_dead_letters_total", 1.0);

    for (round, orderly) in [true, false].into_iter().enumerate() {
        if orderly {
            broker.stop()
        } else {
            broker.kill()
        }
        assert_eq!(service.get("/livez", "*/*").map(|answer| answer.status), Some(200), "alive without Kafka");
        broker.restart();
        producer.send_all(&[lead(&topics, &format!("b{round}")), garbage(&topics, &format!("after-{round}"))]);
        service.wait_for(ORG_LEADS, 2.0 + f64::from(u8::try_from(round).expect("few")));
    }
    service.wait_for("salespulse_dead_letters_total", 3.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    assert_eq!(read_all(&broker.client(), &topics.name("dead_letters")).len(), 3);
}
