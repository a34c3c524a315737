//! Topics that are not as they must be: found by rule, in the very sentences with which `run` refuses or warns.

use super::{check, found};
use crate::harness::topics::TopicShape;
use crate::harness::{Broker, Producer, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::lead;

/// The topics that `adapt` makes of one kind, beside the usual ones.
fn with(broker: &Broker, kind: &str, adapt: impl Fn(&mut TopicShape)) -> Topics {
    Topics::create_with(broker, |topic| {
        if topic.kind == kind {
            adapt(topic);
        }
    })
}

/// The sentences that the service has logged, or ended with.
fn sentences(log: &str) -> Vec<String> {
    let sentence = |line: &str| match serde_json::from_str::<serde_json::Value>(line) {
        Ok(entry) => entry["message"].as_str().map(str::to_owned),
        Err(_) => Some(line.trim_start_matches("error: ").to_owned()),
    };
    log.lines().filter_map(sentence).collect()
}

#[test]
fn what_a_start_refuses_is_found() {
    let Some(broker) = shared_broker() else { return };
    type Adapt = fn(&mut TopicShape);
    let compact: Adapt = |topic| drop(topic.properties.insert("cleanup.policy", "compact".to_owned()));
    let planted: [(&str, Adapt, &str); 4] = [
        ("spend", |topic| topic.partitions = 0, "missing_topic spend error"),
        ("dead_letters", |topic| topic.partitions = 0, "missing_topic dead_letters error"),
        ("dead_letters", compact, "compacted_dead_letters dead_letters error"),
        ("stage_change", |topic| topic.partitions = 2, "unequal_partitions lead error"),
    ];
    for (kind, adapt, expected) in planted {
        let topics = with(broker, kind, adapt);
        let builder = ServiceBuilder::new(broker, &topics);
        let document = check(broker, &builder, &[]);
        assert_eq!(found(&topics, &document, &["severity"]), [expected]);
        let sentence = document["findings"][0]["message"].as_str().expect("a sentence").to_owned();
        let mut service = builder.spawn();
        assert_eq!(service.wait_exit().code(), Some(69), "{}", service.log());
        assert!(sentences(&service.log()).contains(&sentence), "run does not say {sentence:?}: {}", service.log());
    }
}

#[test]
fn what_a_start_warns_of_is_found() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create_with(broker, |topic| match topic.kind {
        "lead" => drop(topic.properties.remove("retention.ms")),
        "spend" => drop(topic.properties.insert("cleanup.policy", "compact".to_owned())),
        "rep" => drop(topic.properties.insert("cleanup.policy", "compact,delete".to_owned())),
        _ => {}
    });
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let document = check(broker, &builder, &[]);
    let expected = ["short_retention lead warning", "compacted spend warning", "compacted rep warning"];
    assert_eq!(found(&topics, &document, &["severity"]), expected);
    let service = builder.start();
    let told = sentences(&service.log());
    for finding in document["findings"].as_array().expect("findings") {
        let sentence = finding["message"].as_str().expect("a sentence").to_owned();
        assert!(told.contains(&sentence), "run does not say {sentence:?}: {told:#?}");
    }
}
