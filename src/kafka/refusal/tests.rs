//! What of a cluster is refused, what is only warned of, and what changes are taken in.

use super::super::topology::TopicSettings;
use super::*;
use std::collections::BTreeMap;

fn config() -> KafkaConfig {
    KafkaConfig {
        brokers: "kafka:9092".to_owned(),
        group: "salespulse".to_owned(),
        instance_id: "salespulse-host".to_owned(),
        topics: [EventType::Lead, EventType::StageChange, EventType::Spend]
            .into_iter()
            .map(|kind| (kind, kind.default_topic().to_owned()))
            .collect(),
        dead_letter_topic: "sales.dead-letters".to_owned(),
        on_unreadable: crate::config::OnUnreadable::Refuse,
        properties: BTreeMap::new(),
    }
}

fn cluster(counts: &[(&str, usize)]) -> Cluster {
    Cluster {
        id: None,
        counts: counts.iter().copied().collect(),
        settings: BTreeMap::new(),
        unwritable: None,
        brokers: Some(5),
    }
}

fn whole() -> Cluster {
    cluster(&[("sales.leads", 6), ("sales.stage-changes", 6), ("sales.spend", 1), ("sales.dead-letters", 1)])
}

fn settings(max_message_bytes: u64) -> TopicSettings {
    TopicSettings { max_message_bytes, retention_ms: None, is_compacted: false }
}

fn sentences(cluster: &Cluster) -> Vec<String> {
    match cluster.judge(&config(), 800 * DAY) {
        Ok(()) => Vec::new(),
        Err(KafkaFailure::Refused(sentences)) => sentences,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_cluster_as_it_should_be() {
    assert_eq!(sentences(&whole()), Vec::<String>::new());
}

#[test]
fn the_dead_letter_topic_must_keep_all_dead_letters_and_be_writable() {
    let dead = "sales.dead-letters";
    let mut cluster = whole();
    cluster.settings.insert(dead.to_owned(), TopicSettings { is_compacted: true, ..settings(2_000_000) });
    cluster.unwritable = Some("Broker: Topic authorization failed".to_owned());
    let found = sentences(&cluster);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("is compacted") && found[0].ends_with("--add-config cleanup.policy=delete"), "{found:?}");
    assert!(found[1].contains("cannot be written: Broker: Topic authorization failed"), "{found:?}");
    cluster.settings.insert(dead.to_owned(), TopicSettings { retention_ms: Some(HOUR), ..settings(2_000_000) });
    let warned: Vec<String> = cluster.warnings(&config(), DAY).map(|objection| objection.to_string()).collect();
    assert!(warned[0].contains("keeps records for 1 hours"), "{warned:?}");
}

#[test]
fn missing_topics_are_named_with_the_command_that_creates_them() {
    assert_eq!(
        sentences(&cluster(&[("sales.stage-changes", 6)])),
        [
            "topic \"sales.leads\" does not exist; create it with: kafka-topics.sh --bootstrap-server kafka:9092 --create \
             --topic sales.leads --partitions 6 --replication-factor 3 --config cleanup.policy=delete --config \
             retention.ms=69120000000 (or turn lead events off: kafka.topics.lead = \"\")",
            "topic \"sales.spend\" does not exist; create it with: kafka-topics.sh --bootstrap-server kafka:9092 --create \
             --topic sales.spend --partitions 4 --replication-factor 3 --config cleanup.policy=delete --config \
             retention.ms=69120000000 (or turn spend events off: kafka.topics.spend = \"\")",
            "the dead-letter topic \"sales.dead-letters\" does not exist; create it with: kafka-topics.sh \
             --bootstrap-server kafka:9092 --create --topic sales.dead-letters --partitions 1 --replication-factor 3 --config \
             cleanup.policy=delete --config retention.ms=2592000000 --config max.message.bytes=1064972",
        ]
    );
}

#[test]
fn unequal_partitions_of_journeys_are_refused() {
    let mut cluster = whole();
    cluster.counts =
        Counts::from([("sales.leads", 6), ("sales.stage-changes", 4), ("sales.spend", 1), ("sales.dead-letters", 1)]);
    let told = sentences(&cluster);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with(
        "\"sales.leads\" has 6 partitions and \"sales.stage-changes\" has 4, but they must be equal so that a journey \
         lives in one partition; mend it with: kafka-topics.sh --bootstrap-server kafka:9092 --alter --topic \
         sales.stage-changes --partitions 6 ("
    ));
}

#[test]
fn a_dead_letter_topic_that_takes_no_longer_records_is_warned_of() {
    let mut cluster = whole();
    for (topic, limit) in [("sales.leads", 1_048_588), ("sales.spend", 2_000_000), ("sales.dead-letters", 2_016_383)] {
        cluster.settings.insert(topic.to_owned(), settings(limit));
    }
    let warned = |cluster: &Cluster| -> Vec<String> {
        cluster.warnings(&config(), DAY).map(|objection| objection.sentence).collect()
    };
    let told = warned(&cluster);
    assert_eq!((sentences(&cluster), told.len()), (Vec::new(), 1));
    assert!(told[0].contains("\"sales.spend\" takes 2000000"), "{}", told[0]);
    assert!(told[0].contains("one that does not fit waits"), "{}", told[0]);
    assert!(
        told[0].ends_with(
            "kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name \
             sales.dead-letters --add-config max.message.bytes=2016384"
        ),
        "{}",
        told[0]
    );
    cluster.settings.insert("sales.dead-letters".to_owned(), settings(2_016_384));
    assert_eq!(warned(&cluster), Vec::<String>::new());
}

#[test]
fn short_retention_and_compaction_are_warned_of() {
    let mut cluster = whole();
    let forgetful = TopicSettings { retention_ms: Some(7 * DAY), ..settings(1) };
    cluster.settings.insert("sales.leads".to_owned(), forgetful);
    cluster.settings.insert("sales.spend".to_owned(), TopicSettings { is_compacted: true, ..settings(1) });
    let told: Vec<String> = cluster.warnings(&config(), 800 * DAY).map(|objection| objection.sentence).collect();
    assert_eq!(told.len(), 2);
    assert!(
        told[0].starts_with("topic \"sales.leads\" keeps records for 7 days, but retention is 800 days"),
        "{}",
        told[0]
    );
    assert!(told[0].ends_with("--entity-name sales.leads --add-config retention.ms=-1"), "{}", told[0]);
    assert!(told[1].starts_with("topic \"sales.spend\" is compacted"), "{}", told[1]);
    assert_eq!(cluster.warnings(&config(), 7 * DAY).count(), 1);
}

#[test]
fn changes_while_running() {
    let config = config();
    let topics = || config.topics.iter().map(|(kind, topic)| (*kind, topic.as_str()));
    let now = |leads, changes, spend| {
        Counts::from([("sales.leads", leads), ("sales.stage-changes", changes), ("sales.spend", spend)])
    };
    let layout = Layout::new(topics(), &now(6, 6, 2));
    assert_eq!(change(&layout, &now(6, 6, 2)), Change::None);
    assert_eq!(change(&layout, &now(6, 6, 3)), Change::Grown);
    for (counts, start) in [
        (now(7, 6, 2), "topic \"sales.leads\" had 6 partitions and now has 7"),
        // Even when both change alike.
        (now(8, 8, 2), "topic \"sales.leads\" had 6 partitions and now has 8"),
        (now(6, 5, 2), "topic \"sales.stage-changes\" had 6 partitions and now has 5"),
        (now(6, 6, 1), "topic \"sales.spend\" had 2 partitions and now has 1: it was created anew"),
        (now(6, 6, 0), "topic \"sales.spend\" does not exist any more"),
    ] {
        let Change::Broken(sentence) = change(&layout, &counts) else { panic!("{counts:?}") };
        assert!(sentence.starts_with(start), "{sentence}");
    }
}
