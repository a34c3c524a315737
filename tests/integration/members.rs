//! Two members of one group: one shows the numbers, the other stands by.

use std::time::{Duration, Instant};

use crate::harness::process::Signal;
use crate::harness::{Producer, Service, ServiceBuilder, Topics, announce, shared_broker};
use crate::integration::events::{ORG_LEADS, lead};

/// Two members, the owner first, after the second has found its place.
fn two_members(builder: &ServiceBuilder) -> (Service, Service) {
    let owner = builder.start();
    let other = builder.clone().member("b").spawn();
    other.wait_for_text("/readyz", "standing_by");
    // A newcomer makes the group share out its partitions again.
    owner.wait_for(ORG_LEADS, 1.0);
    assert!(!other.metrics().has_kpis(), "exactly one member shows KPIs");
    assert!(!other.is_ready(), "one that stands by is not ready");
    (owner, other)
}

#[test]
fn a_stand_by_takes_over_after_an_orderly_end() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a")]);
    let (mut owner, stand_by) = two_members(&ServiceBuilder::new(broker, &topics));
    let start = Instant::now();
    assert_eq!(owner.end_with(Signal::Terminate).code(), Some(0));
    stand_by.wait_for(ORG_LEADS, 1.0);
    let took = start.elapsed();
    announce(&format!("take-over after SIGTERM: {took:?}"));
    assert!(took < Duration::from_secs(10), "the owner has left the group, so nobody waits for its session: {took:?}");
}

#[test]
fn a_stand_by_takes_over_after_a_crash() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a")]);
    let (mut owner, stand_by) = two_members(&ServiceBuilder::new(broker, &topics));
    let start = Instant::now();
    owner.end_with(Signal::Kill);
    stand_by.wait_for(ORG_LEADS, 1.0);
    announce(&format!("take-over after SIGKILL: {:?}", start.elapsed()));
}

#[test]
fn a_crashed_member_comes_back_to_its_seat() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let (mut owner, stand_by) = two_members(&builder);
    owner.end_with(Signal::Kill);
    let start = Instant::now();
    let owner = builder.start();
    announce(&format!("restart after SIGKILL to ready: {:?}", start.elapsed()));
    owner.wait_for(ORG_LEADS, 1.0);
    assert!(!stand_by.metrics().has_kpis(), "the seat was kept");
}

#[test]
fn the_same_member_twice_is_fenced() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let builder = ServiceBuilder::new(broker, &topics);
    let mut first = builder.start();
    let mut second = builder.spawn();
    let status = first.wait_exit();
    assert!(!status.success(), "{}", first.log());
    assert!(first.log().contains(&format!("{}-a", builder.group())), "the sentence names the id: {}", first.log());
    second.wait_ready();
}
