//! A broker that goes away while the service runs.

use crate::harness::process::Signal;
use crate::harness::reader::read_all;
use crate::harness::service::SOON;
use crate::harness::{Broker, Producer, Service, ServiceBuilder, Topics, tools, wait_until};
use crate::integration::events::{ORG_LEADS, garbage, lead};

#[test]
fn a_broker_that_was_restarted_is_found_again() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start(kafka);
    let topics = Topics::create(&broker, 2);
    let producer = Producer::new(&broker.client(), &[]);
    let mut service = ServiceBuilder::new(&broker, &topics).start();
    let is_alive = |service: &Service| service.get("/livez", "*/*").map(|answer| answer.status) == Some(200);
    producer.send_all(&[lead(&topics, "a"), garbage(&topics, "before")]);
    service.wait_for(ORG_LEADS, 1.0);

    broker.stop();
    assert!(is_alive(&service), "alive without Kafka");
    broker.restart();
    producer.send_all(&[lead(&topics, "b"), garbage(&topics, "between")]);
    service.wait_for(ORG_LEADS, 2.0);

    // So long an absence that the member's session ends, and with something to commit when it began.
    broker.kill();
    wait_until("the session has ended", SOON, || service.log().contains("session timed out").then_some(()));
    assert!(is_alive(&service), "alive without Kafka");
    broker.restart();
    producer.send_all(&[lead(&topics, "c"), garbage(&topics, "after")]);
    service.wait_for(ORG_LEADS, 3.0);

    service.wait_for("salespulse_dead_letters_total", 3.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
    assert_eq!(read_all(&broker.client(), &topics.name("dead_letters")).len(), 3);
}
