//! Clusters that are not as they must be: refused with a sentence that holds the command which mends it.

use crate::harness::reader::read_all;
use crate::harness::topics::TopicShape;
use crate::harness::{Broker, Producer, Sent, ServiceBuilder, Topics, shared_broker, tools};
use crate::integration::events::{ORG_LEADS, ORG_SPEND, lead, spend};

/// Starts on such topics and expects the end with 69 and all these words in the log.
fn assert_refused(broker: &Broker, topics: &Topics, words: &[&str]) {
    let mut service = ServiceBuilder::new(broker, topics).spawn();
    let status = service.wait_exit();
    let log = service.sentences();
    assert_eq!(status.code(), Some(69), "{log}");
    for word in words {
        assert!(log.contains(word), "no {word:?} in: {log}");
    }
}

/// So many bytes that no compression makes fewer: xorshift's.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[7]
    };
    (0..count).map(byte).collect()
}

/// The topics that `adapt` makes of one kind, beside the usual ones.
fn with(broker: &Broker, kind: &str, adapt: impl Fn(&mut TopicShape)) -> Topics {
    Topics::create_with(broker, |topic| {
        if topic.kind == kind {
            adapt(topic);
        }
    })
}

#[test]
fn a_missing_topic_is_refused() {
    let Some(broker) = shared_broker() else { return };
    for kind in ["spend", "dead_letters"] {
        let topics = with(broker, kind, |topic| topic.partitions = 0);
        let name = topics.name(kind);
        let command = format!("kafka-topics.sh --bootstrap-server {} --create --topic {name}", broker.address());
        assert_refused(broker, &topics, &[&name, "does not exist", &command]);
    }
}

#[test]
fn a_topic_that_is_off_is_not_missed() {
    let Some(broker) = shared_broker() else { return };
    let topics = with(broker, "spend", |topic| topic.partitions = 0);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a")]);
    let service = ServiceBuilder::new(broker, &topics).without_topic("spend").start();
    service.wait_for(ORG_LEADS, 1.0);
}

#[test]
fn journeys_topics_of_unequal_partitions_are_refused() {
    let Some(broker) = shared_broker() else { return };
    let topics = with(broker, "stage_change", |topic| topic.partitions = 2);
    let name = topics.name("lead");
    let command =
        format!("kafka-topics.sh --bootstrap-server {} --alter --topic {name} --partitions 2", broker.address());
    assert_refused(broker, &topics, &["1 partitions", "has 2", &command]);
}

#[test]
fn a_dead_letter_topic_of_the_default_size_is_warned_of_and_what_does_not_fit_waits() {
    let Some(broker) = shared_broker() else { return };
    let topics = with(broker, "dead_letters", |topic| drop(topic.properties.remove("max.message.bytes")));
    let needed = (1_048_588 + 16 * 1024).to_string();
    let service = ServiceBuilder::new(broker, &topics).start();
    let command = format!("--entity-name {} --add-config max.message.bytes={needed}", topics.name("dead_letters"));
    let log = service.sentences();
    assert!(log.contains("one that does not fit waits") && log.contains(&command), "{log}");

    // It fits into the topic of spend, and with our headers not into that of the dead letters, however it is compressed.
    let large = Sent::new(&topics.name("spend"), "k", noise(1_048_450));
    Producer::new(&broker.client(), &[]).send_all(&[large, spend(&topics, "s", "1.00")]);
    service.wait_for(ORG_SPEND, 1.0);
    service.wait_condition("dead_letters_waiting", true);
    topics.set_only("dead_letters", "max.message.bytes", &needed);
    service.wait_for("salespulse_dead_letters_total", 1.0);
    service.wait_condition("dead_letters_waiting", false);
    let letters = read_all(&broker.client(), &topics.name("dead_letters"));
    assert_eq!(letters.iter().filter_map(|letter| Some(letter.value.as_ref()?.len())).collect::<Vec<_>>(), [1_048_450]);
}

/// The right to write it would be missed at the first bad record, perhaps weeks later.
#[test]
fn a_dead_letter_topic_that_may_not_be_written_is_refused_with_the_reason_of_the_broker() {
    let Some(kafka) = tools::kafka() else { return };
    let broker = Broker::start_secure(kafka);
    let topics = Topics::create(&broker, 1);
    let dead_letters = topics.name("dead_letters");
    broker.allow(&dead_letters, &["Describe", "DescribeConfigs"]);
    let builder = ServiceBuilder::new(&broker, &topics).logged_in(&broker);
    let mut service = builder.spawn();
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    let cannot = format!("the dead-letter topic \"{dead_letters}\" cannot be written: ");
    for words in [cannot.as_str(), "Topic authorization failed", "--operation Write"] {
        assert!(service.sentences().contains(words), "no {words:?} in: {}", service.sentences());
    }
    broker.allow(&dead_letters, &["Write"]);
    builder.start();
}

#[test]
fn a_cluster_that_does_not_answer_is_refused() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let nobody = format!("127.0.0.1:{}", crate::harness::ports::free_port());
    let mut service = ServiceBuilder::new(broker, &topics).brokers(&nobody).spawn();
    assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
    assert!(service.log().contains(&nobody), "{}", service.log());
}

#[test]
fn new_partitions_under_journeys_stop_the_service() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let mut service = ServiceBuilder::new(broker, &topics).start();
    topics.grow("lead", 2);
    let status = service.wait_exit();
    assert_eq!(status.code(), Some(69), "{}", service.log());
    assert!(service.log().contains("had 1 partitions and now has 2"), "{}", service.log());
}

#[test]
fn new_partitions_of_other_topics_are_read() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let service = ServiceBuilder::new(broker, &topics).start();
    topics.grow("spend", 2);
    let spend = crate::integration::events::spend(&topics, "s", "6.00").in_partition(1);
    Producer::new(&broker.client(), &[]).send_all(&[spend]);
    service.wait_for(crate::integration::events::ORG_SPEND, 6.0);
}
