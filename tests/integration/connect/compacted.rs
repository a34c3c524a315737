//! The state topic is compacted by its broker, and whoever starts afterwards remembers everything.

use std::collections::BTreeMap;
use std::time::Instant;

use super::zoho::FakeZoho;
use super::{Instance, ids, said_by};
use crate::harness::process::Signal;
use crate::harness::reader::{Stored, read_all};
use crate::harness::service::SOON;
use crate::harness::{Producer, Sent, Topics, shared_broker, wait_until};

/// What lets a broker compact all of a log but its last segment, which it closes with the next record.
const EAGER: [(&str, &str); 5] = [
    ("cleanup.policy", "compact"),
    ("segment.ms", "100"),
    ("min.cleanable.dirty.ratio", "0.0"),
    ("max.compaction.lag.ms", "100"),
    ("delete.retention.ms", "0"),
];

const DEALS: [&str; 4] = ["21", "22", "23", "24"];

/// The values of each key, in their order.
fn by_key(state: Vec<Stored>) -> BTreeMap<String, Vec<Option<Vec<u8>>>> {
    let mut keys = BTreeMap::<_, Vec<_>>::new();
    for record in state {
        let key = String::from_utf8(record.key.expect("a key")).expect("a text");
        keys.entry(key).or_default().push(record.value);
    }
    keys
}

#[test]
fn what_a_broker_has_compacted_is_remembered() {
    let Some(broker) = shared_broker() else { return };
    let (topics, zoho) = (Topics::create(broker, 1), FakeZoho::start());
    let topic = topics.unique("state");
    let state = || read_all(&broker.client(), &topic);
    let stages = || read_all(&broker.client(), &topics.name("stage_change"));
    let rows = |deal: &str, count: usize| -> Vec<(String, &'static str, u8)> {
        let stages = ["Qualification", "Proposal/Price Quote", "Closed Won"].into_iter().zip(1..);
        stages.take(count).map(|(stage, hour)| (format!("{deal}{hour}"), stage, hour)).collect()
    };
    let enter = |deal: &str, count: usize| {
        let rows = rows(deal, count);
        let rows: Vec<(&str, &str, u8)> = rows.iter().map(|(id, stage, hour)| (id.as_str(), *stage, *hour)).collect();
        zoho.deal(deal, &rows);
    };
    let told = |count: usize| {
        wait_until("the stages are told", SOON, || {
            let ids = ids(&stages());
            DEALS.iter().all(|deal| ids.contains(&format!("deal:{deal}:{deal}{count}"))).then_some(())
        });
    };

    // Each deal is remembered anew whenever it has come to a stage.
    zoho.lead("11", Some("21"));
    DEALS.iter().for_each(|deal| enter(deal, 1));
    let mut first = Instance::start(broker, &topics, &zoho);
    told(1);
    for count in [2, 3] {
        DEALS.iter().for_each(|deal| enter(deal, count));
        told(count);
    }
    first.process.signal(Signal::Terminate);
    assert_eq!(first.process.wait(SOON).code(), Some(0), "{}", first.process.log());
    let (before, events) = (state(), ids(&stages()));
    let keys = by_key(before.clone());
    assert!(DEALS.iter().all(|deal| keys[&format!("crm/deal/{deal}")].len() >= 3), "{:?}", keys.keys());

    // The last record closes a segment only when another one comes: the newest one once more.
    topics.set_all_of(&topic, &EAGER);
    let producer = Producer::new(&broker.client(), &[]);
    let newest = before.last().expect("a record");
    let last = String::from_utf8(newest.key.clone().expect("a key")).expect("a text");
    let mut sent: Option<Instant> = None;
    wait_until("the broker has compacted the topic", 3 * SOON, || {
        if sent.is_none_or(|sent| sent.elapsed().as_secs() >= 1) {
            producer.send(&Sent::new(&topic, &last, newest.value.clone().expect("a value")));
            producer.flush();
            sent = Some(Instant::now());
        }
        let is_single = |(key, values): (&String, &Vec<_>)| *key == last || values.len() == 1;
        by_key(state()).iter().all(is_single).then_some(())
    });
    let kept = by_key(state());
    let newest_of = |keys: &BTreeMap<String, Vec<Option<Vec<u8>>>>| -> BTreeMap<String, Option<Vec<u8>>> {
        let newest = |(key, values): (&String, &Vec<Option<Vec<u8>>>)| Some((key.clone(), values.last()?.clone()));
        keys.iter().filter_map(newest).collect()
    };
    assert_eq!(newest_of(&kept), newest_of(&keys));
    let said = said_by(&state());

    // Whoever starts now tells nothing again, and goes on.
    let second = Instance::start(broker, &topics, &zoho);
    let cycles = zoho.cycles();
    wait_until("two cycles", SOON, || (zoho.cycles() >= cycles + 3).then_some(()));
    assert_eq!(ids(&stages()), events, "{said}");
    let metrics = second.get("/metrics").expect("metrics");
    let line = format!("salespulse_connect_remembered_records{{source=\"crm\"}} {}\n", DEALS.len() + 1);
    assert!(metrics.contains(&line), "{metrics}");
}
