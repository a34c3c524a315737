//! The ways in which a record can travel: codecs, framings, envelopes, transactions, TLS.

use crate::harness::broker::PASSWORD;
use crate::harness::process::Signal;
use crate::harness::reader::read_all;
use crate::harness::{Broker, Producer, Sent, ServiceBuilder, Topics, shared_broker, tools};
use crate::integration::events::{ORG_LEADS, ORG_SPEND, garbage, lead, spend, spend_value};

#[test]
fn every_compression_codec_is_read() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let service = ServiceBuilder::new(broker, &topics).start();
    let mut leads = 0_u32;
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let producer = Producer::new(&broker.client(), &[("compression.codec", codec), ("linger.ms", "100")]);
        let batch: Vec<Sent> = (0..200).map(|number| lead(&topics, &format!("{codec}-{number}"))).collect();
        producer.send_all(&batch);
        leads += 200;
        service.wait_for(ORG_LEADS, leads.into());
    }
}

#[test]
fn only_committed_transactions_count_and_control_records_do_not_hold_up_readiness() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let id = topics.unique("transaction");
    let producer = Producer::new(&broker.client(), &[("transactional.id", &id)]);
    producer.init_transactions();
    producer.send_in_transaction(&[lead(&topics, "a"), lead(&topics, "b"), spend(&topics, "s", "3.00")], true);
    producer.send_in_transaction(&[lead(&topics, "c"), garbage(&topics, "aborted")], false);

    // Every log of a topic used here ends in a control record.
    let service = ServiceBuilder::new(broker, &topics).start();
    let at_start = service.metrics();
    assert_eq!((at_start.get(ORG_LEADS), at_start.get(ORG_SPEND)), (Some(2.0), Some(3.0)));

    producer.send_in_transaction(&[lead(&topics, "d")], false);
    producer.send_in_transaction(&[lead(&topics, "e")], true);
    service.wait_for(ORG_LEADS, 3.0);
    service.wait_rejected("not_json", 0.0);
}

#[test]
fn framings_and_envelopes_are_seen_through() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let service = ServiceBuilder::new(broker, &topics).start();
    let framed = |prefix: &[u8], id: &str| {
        let mut sent = spend(&topics, id, "1.00");
        sent.value = sent.value.map(|value| [prefix, &value].concat());
        sent
    };
    let time = salespulse::model::time::Clock::System.now().to_string();
    let bare = Sent::new(&topics.name("spend"), "k", r#"{"amount":"10.00","currency":"EUR"}"#);
    let binary = bare.header("ce_specversion", Some(b"1.0")).header("ce_id", Some(b"binary"));
    let binary = binary.header("ce_time", Some(time.as_bytes())).header("ce_type", Some(b"spend"));
    let body = spend_value("inside", "100.00");
    let structured =
        format!(r#"{{"specversion":"1.0","id":"outside","type":"org.example.spent","source":"/","data":{body}}}"#);
    let guid: Vec<u8> = std::iter::once(1).chain(0..16).collect();

    Producer::new(&broker.client(), &[]).send_all(&[
        framed(&[0, 0, 0, 0, 42], "id"),
        framed(&guid, "guid"),
        binary,
        Sent::new(&topics.name("spend"), "k", structured),
    ]);
    service.wait_for(ORG_SPEND, 112.0);
    service.wait_for("salespulse_dead_letters_total", 0.0);
}

#[test]
fn a_listener_with_tls_and_scram_serves_consumer_and_dead_letters() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start_secure(kafka);
    let topics = Topics::create(&broker, 1);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a"), garbage(&topics, "b")]);
    let mut service = ServiceBuilder::new(&broker, &topics).logged_in(&broker).start();
    service.wait_for(ORG_LEADS, 1.0);
    service.wait_for("salespulse_dead_letters_total", 1.0);
    assert_eq!(read_all(&broker.client(), &topics.name("dead_letters")).len(), 1);
    assert!(!service.log().contains(PASSWORD), "a secret stands in the log");
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
}
