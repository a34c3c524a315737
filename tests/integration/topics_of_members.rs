//! Members of one group that read different topics: at most one of them shows numbers, at every moment.

use std::time::{Duration, Instant};

use crate::harness::service::SOON;
use crate::harness::{Producer, Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};
use crate::integration::events::{ORG_LEADS, lead, spend};

/// How long they are watched.
const WATCHED: Duration = Duration::from_secs(60);

/// Whether a member shows numbers, and says that it is ready.
fn shows(service: &Service) -> bool {
    service.looker().metrics_text().is_some_and(|text| text.contains("\nsales_"))
}

#[test]
fn of_two_members_with_different_topics_at_most_one_is_ready_at_every_moment() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a"), spend(&topics, "s", "4.00")]);
    let builder = ServiceBuilder::new(broker, &topics);
    // They have no topic in common, so each is given partition 0 of all that it reads.
    let others = ["stage_change", "lead", "feedback", "payment", "target", "rep"];
    let of_spend = others.iter().fold(builder.clone().member("b"), |builder, kind| builder.without_topic(kind));
    let (first, second) = (builder.without_topic("spend").start(), of_spend.spawn());
    second.wait_for_text("/readyz", "foreign_member");
    let started = Instant::now();
    let (mut looks, mut together, mut alone) = (0_u32, 0_u32, 0_u32);
    // Each look asks both, the one that should show nothing first and last.
    while started.elapsed() < WATCHED {
        let shown = [shows(&second), shows(&first), shows(&second)];
        looks += 1;
        together += u32::from(shown[1] && (shown[0] || shown[2]));
        alone += u32::from(shown[1] != (shown[0] || shown[2]));
    }
    announce(&format!("members with different topics: {looks} looks, one ready in {alone}"));
    assert_eq!(together, 0, "both show numbers");
    assert!(alone > 0, "the one that holds the first topic shows numbers");
    let logs = [first.log(), second.log()];
    assert!(
        logs.iter().any(|log| log.contains("this member shows no numbers")),
        "the sentence names the other: {logs:?}"
    );

    // Once the other has gone, the one that is left owns everything it reads.
    let (mut owner, left) = if shows(&first) { (first, second) } else { (second, first) };
    owner.kill();
    wait_until("the one that is left shows numbers", SOON, || shows(&left).then_some(()));
}

/// Another process with the same instance id was killed a moment ago, and the group gives its seat back as it was.
#[test]
fn a_seat_of_fewer_topics_is_given_up_and_the_member_goes_on() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a"), spend(&topics, "s", "4.00")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let mut before = builder.clone().without_topic("spend").start();
    before.wait_for(ORG_LEADS, 1.0);
    before.kill();
    let service = builder.start();
    service.wait_for(ORG_LEADS, 1.0);
    let log = service.log();
    let spend = format!("of \\\"{}\\\" to another", topics.name("spend"));
    assert!(log.contains("leaving that seat") && log.contains(&spend), "{log}");
    assert!(!service.holds("foreign_member"));
}

#[test]
fn a_seat_of_other_topics_is_given_up_and_the_next_start_goes_on() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a"), spend(&topics, "s", "4.00")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let mut before = builder.start();
    before.wait_for(ORG_LEADS, 1.0);
    before.kill();
    let builder = builder.without_topic("spend");
    let mut mistaken = builder.spawn();
    assert_eq!(mistaken.wait_exit().code(), Some(69), "{}", mistaken.log());
    let sentences = mistaken.sentences();
    assert!(sentences.contains("which it does not read") && sentences.contains(&topics.name("spend")), "{sentences}");
    builder.start().wait_for(ORG_LEADS, 1.0);
}
