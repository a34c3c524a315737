//! That the harness's own parts do what the tests take for granted.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::harness::broker::{PASSWORD, USER};
use crate::harness::{Broker, Producer, Sent, Topics, reader, tools};

#[test]
fn a_broker_keeps_records_over_a_kill_and_lets_in_who_has_the_password() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start_secure(kafka);
    let topics = Topics::create(&broker, 1);
    let sent =
        Sent::new(&topics.name("spend"), "k", "v").header("a", Some(b"1")).header("a", None).header("", Some(b""));
    Producer::new(&broker.client(), &[]).send_all([&sent]);

    broker.kill();
    broker.restart();
    let stored = reader::read_all(&broker.client(), &topics.name("spend"));
    let [record] = stored.as_slice() else { panic!("not one record: {stored:?}") };
    assert_eq!((&record.key, &record.value, &record.headers), (&sent.key, &sent.value, &sent.headers));

    let (address, authority) = broker.secure_address();
    let asks = |password: &str| {
        let mut config = broker.client();
        config.set("bootstrap.servers", &address).set("security.protocol", "SASL_SSL");
        config.set("ssl.ca.location", authority.display().to_string()).set("sasl.mechanism", "SCRAM-SHA-512");
        config.set("sasl.username", USER).set("sasl.password", password);
        let consumer: BaseConsumer = config.create().expect("a client");
        consumer.fetch_metadata(None, Duration::from_secs(5)).map(|metadata| metadata.topics().len())
    };
    assert!(asks(PASSWORD).is_ok_and(|topics| topics >= 8));
    assert!(asks("wrong").is_err());
    broker.stop();
}
