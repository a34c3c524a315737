//! Sources that need no CRM: what is posted, topics, and tables in files.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::Instance;
use crate::harness::process::Signal;
use crate::harness::reader::{Stored, committed, read_all};
use crate::harness::service::SOON;
use crate::harness::{Broker, Producer, Sent, Topics, shared_broker, wait_until};

/// Payments of any JSON, and the rows of a database's table.
pub(super) const RULES: &str = r#"
to = "payment"
event_id = "payment:{/id}"
version = "/updated | live"
occurred_at = "/paid"
amount = "/amount"
currency = "CNY"
"#;

pub(super) fn payment(id: u32, amount: &str) -> String {
    format!(r#"{{"id": {id}, "updated":1794301200000,"paid":1794301200000, "amount":{amount}}}"#)
}

pub(super) fn payments(broker: &Broker, topics: &Topics) -> Vec<Stored> {
    read_all(&broker.client(), &topics.name("payment"))
}

/// How often each payment is in the topic.
pub(super) fn counted(records: &[Stored]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for record in records {
        let json: Value = serde_json::from_slice(record.value.as_ref().expect("a value")).expect("JSON");
        *counted.entry(json["event_id"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    counted
}

#[test]
fn what_is_posted_is_in_kafka_before_its_sender_hears_so() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let sources = format!(
        "[source.books]\nkind = \"webhook\"\n[source.books.verify]\ntoken = \"x-api-key\"\nsecret_file = \"secret\"\n\
         [[source.books.map]]{RULES}"
    );
    let mut instance = Instance::with(broker, &topics, &sources);
    let url = format!("http://127.0.0.1:{}/in/books", instance.receiver);
    let post = |key: &str, body: &[u8]| {
        let request = ureq::post(&url).config().http_status_as_error(false).build();
        request.header("x-api-key", key).send(body).map(|answer| answer.status().as_u16()).ok()
    };
    let body = payment(1, "1234567890123.45");
    wait_until("the first payment is kept", SOON, || (post("hunter-two", body.as_bytes()) == Some(200)).then_some(()));
    // It is there at once, without waiting.
    assert_eq!(counted(&payments(broker, &topics)).keys().collect::<Vec<_>>(), ["payment:1"]);
    let stored = payments(broker, &topics);
    let text = String::from_utf8(stored[0].value.clone().expect("a value")).expect("text");
    assert!(text.contains("1234567890123.45"), "{text}");

    assert_eq!(post("hunter-one", body.as_bytes()), Some(401));
    assert_eq!(post("hunter-two", &[b' '; (1 << 20) + 1]), Some(413));
    // What is no event is taken, and kept byte for byte.
    let wrong = b"{ \"id\":2,\t\"updated\":1794301200000, \"paid\":1794301200000,\"amount\":\"\\u6c34\"}";
    assert_eq!(post("hunter-two", wrong), Some(200));
    let letters = read_all(&broker.client(), &topics.unique("letters"));
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].value.as_deref(), Some(wrong.as_slice()));
    assert_eq!(letters[0].header("salespulse.connect.source"), "books");
    let metrics = instance.get("/metrics").expect("metrics");
    for (outcome, count) in [("forbidden", 1), ("too_large", 1)] {
        let line = format!("salespulse_connect_received_total{{outcome=\"{outcome}\",source=\"books\"}} {count}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
    assert!(instance.get("/in/books").is_none(), "nothing is posted where metrics are");
    instance.process.signal(Signal::Terminate);
    assert_eq!(instance.process.wait(SOON).code(), Some(0), "{}", instance.process.log());
}

#[test]
fn a_topic_is_read_exactly_once_whoever_dies() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    topics.create_another("orders", 2);
    let orders = topics.name("orders");
    let sources = format!("[source.orders]\nkind = \"kafka\"\ntopics = {orders:?}\n[[source.orders.map]]{RULES}");
    let producer = Producer::new(&broker.client(), &[]);
    let count = 3_000_u32;
    let order = |id: u32| {
        let body = payment(id, "10.50");
        let sent = Sent::new(&orders, &id.to_string(), "");
        match id % 4 {
            0 => Sent { value: Some([&[0, 0, 0, 0, 9], body.as_bytes()].concat()), ..sent },
            1 => {
                let event = format!(r#"{{"specversion":"1.0","id":"{id}","source":"s","type":"t","data":{body}}}"#);
                Sent { value: Some(event.into_bytes()), ..sent }
            }
            2 => Sent { value: Some(body.into_bytes()), ..sent }.header("ce_specversion", Some(b"1.0")),
            _ => Sent { value: Some(body.into_bytes()), ..sent },
        }
    };
    for id in 0..count {
        producer.send(&order(id));
        if id % 1_000 == 7 {
            producer.send(&Sent { value: None, ..Sent::new(&orders, "gone", "") });
            producer.send(&Sent::new(&orders, "strange", [0xff, id.to_le_bytes()[0]]).header("trace", Some(b"t-1")));
        }
    }
    producer.flush();

    let seen = || payments(broker, &topics).len();
    let mut instance = Instance::with(broker, &topics, &sources);
    for kills in 1..=3 {
        let wanted = kills * 600;
        wait_until("some orders are there", SOON, || (seen() >= wanted).then_some(()));
        instance.process.kill();
        instance = Instance::with(broker, &topics, &sources);
    }
    wait_until("all orders are there", SOON, || (seen() >= 3_000).then_some(()));
    let group = format!("{}-connect-orders", topics.unique("group"));
    let ends = |partition| {
        let stored = read_all(&broker.client(), &orders);
        stored.iter().filter(|record| record.partition == partition).map(|record| record.offset + 1).max()
    };
    for partition in 0..2 {
        wait_until("the offsets are those of the end", SOON, || {
            (committed(&broker.client(), &group, &orders, partition) == ends(partition)).then_some(())
        });
    }
    let counted = counted(&payments(broker, &topics));
    assert_eq!(counted.len(), 3_000);
    assert!(counted.values().all(|times| *times == 1), "each once");
    let letters = read_all(&broker.client(), &topics.unique("letters"));
    assert_eq!(letters.len(), 3, "each once too");
    for letter in &letters {
        assert_eq!(letter.value.as_ref().expect("a body")[0], 0xff, "byte for byte");
        assert_eq!(letter.key.as_deref(), Some(b"strange".as_slice()));
        assert_eq!((letter.header("trace"), letter.header("salespulse.connect.code")), ("t-1", "not_json"));
    }
    wait_until("nothing is left to read", SOON, || {
        let metrics = instance.get("/metrics")?;
        let lag = format!("salespulse_connect_lag_records{{partition=\"0\",source=\"orders\",topic=\"{orders}\"}} 0\n");
        metrics.contains(&lag).then_some(())
    });
}

fn write_table(folder: &Path, rows: &str) {
    let text = format!("scope,team,rep,period,amount,currency\r\n{rows}");
    std::fs::write(folder.join("targets.csv"), text).expect("a file");
}

#[test]
fn a_table_is_told_again_when_it_has_changed() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    write_table(folder.path(), "team,east,,2026-11,\"900,000.00\",CNY\r\nteam,west,,2026-11,800,CNY\r\n");
    let path = folder.path().display().to_string();
    let sources = format!("[source.plan]\nkind = \"csv\"\npath = {path:?}\ninterval = \"5s\"\n");
    let told = || {
        let records = read_all(&broker.client(), &topics.name("target"));
        let line = |record: &Stored| {
            let json: Value = serde_json::from_slice(record.value.as_ref().expect("a value")).expect("JSON");
            let said = json["amount"].as_str().map_or_else(|| json["retracted"].to_string(), str::to_owned);
            format!("{} {} {said}", json["event_id"].as_str().unwrap_or_default(), json["version"])
        };
        records.iter().map(line).collect::<Vec<_>>()
    };
    let mut first = Instance::with(broker, &topics, &sources);
    wait_until("the targets are there", SOON, || (told().len() >= 2).then_some(()));
    first.process.kill();
    write_table(folder.path(), "team,east,,2026-11,950000,CNY\r\n");
    let _second = Instance::with(broker, &topics, &sources);
    wait_until("the changes are there", SOON, || (told().len() >= 4).then_some(()));
    let mut all = told();
    all.sort();
    let expected = [
        "team:east:2026-11 1 900000.00",
        "team:east:2026-11 3 950000",
        "team:west:2026-11 1 800",
        "team:west:2026-11 3 true",
    ];
    assert_eq!(all, expected);
}
