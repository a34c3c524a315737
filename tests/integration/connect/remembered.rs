//! What is remembered is read from a real topic before an instance polls: how long that takes and how much memory.

use std::time::Instant;

use salespulse::connect::memory::Memory;

use super::Instance;
use super::zoho::FakeZoho;
use crate::crm::remembered::{Ids, records, remember_deal};
use crate::dice::Dice;
use crate::harness::process::Signal;
use crate::harness::service::SOON;
use crate::harness::{Producer, Sent, Topics, shared_broker, wait_until};

#[test]
fn what_is_remembered_is_read_before_an_instance_polls() {
    let Some(broker) = shared_broker() else { return };
    let (topics, zoho) = (Topics::create(broker, 2), FakeZoho::start());
    let sources = format!("{}[source.crm.tables.teams]\n\"*\" = \"east\"\n", zoho.source());
    // Once without, so that the topic is there and one knows what the rest takes.
    let began = Instant::now();
    let mut empty = Instance::with(broker, &topics, &sources);
    wait_until("the first instance polls", SOON, || empty.is_active().then_some(()));
    let without = format!("{:?} and {} MB without", began.elapsed(), empty.peak());
    empty.process.signal(Signal::Terminate);
    assert_eq!(empty.process.wait(SOON).code(), Some(0), "{}", empty.process.log());

    let (mut memory, mut dice) = (Memory::default(), Dice::new(3));
    let producer = Producer::new(&broker.client(), &[("compression.type", "lz4"), ("linger.ms", "50")]);
    for number in 0..records() {
        let key = remember_deal(&mut memory, Ids::Zoho, number, 5, &mut dice);
        let entry = memory.changed_entry(&key).expect("it is new");
        producer.send(&Sent::new(&topics.unique("state"), &format!("crm/{key}"), entry));
    }
    producer.flush();

    let began = Instant::now();
    let with = Instance::with(broker, &topics, &sources);
    wait_until("the second instance polls", 20 * SOON, || with.is_active().then_some(()));
    let took = began.elapsed();
    let line = format!("salespulse_connect_remembered_records{{source=\"crm\"}} {}\n", records());
    wait_until("a cycle is finished", SOON, || {
        with.get("/metrics").is_some_and(|text| text.contains(&line)).then_some(())
    });
    println!("{} deals: {took:?} from the start and {} MB; {without}", records(), with.peak());
}
