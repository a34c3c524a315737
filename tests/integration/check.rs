//! `salespulse check cluster` on a real broker: planted mistakes are found where they are, in the words of `run`, and nothing is
//! left behind.

mod partitioners;
mod records;
mod topics;

use std::process::Command;

use serde_json::Value;

use crate::harness::reader::committed;
use crate::harness::topics::KINDS;
use crate::harness::{Broker, Producer, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::{ORG_LEADS, lead, spend, stage_change};

/// Checks a cluster; answers the document, after the exit code has been held against it.
fn check(broker: &Broker, builder: &ServiceBuilder, flags: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("salespulse.toml");
    std::fs::write(&config, builder.config()).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    command.args(["check", "cluster", "--json", "--brokers", &broker.address(), "--config"]).arg(config).args(flags);
    let output = command.output().expect("salespulse starts");
    let error = String::from_utf8_lossy(&output.stderr);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no document: {error}"));
    let is_clean = document["total_findings"] == 0;
    assert_eq!((output.status.code(), &*error), (Some(i32::from(!is_clean)), ""), "{document:#}");
    for finding in document["findings"].as_array().expect("findings") {
        let rule = format!("`{}`", finding["rule"].as_str().expect("a rule"));
        assert!(include_str!("../../docs/check.md").contains(&rule), "docs/check.md does not have {rule}");
    }
    document
}

/// The findings, each as its rule, the kind of its topic, and what else these names say.
fn found(topics: &Topics, document: &Value, names: &[&str]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let findings = document["findings"].as_array().expect("findings");
    let told = |finding: &Value| {
        let topic = text(&finding["topic"]);
        let kind = KINDS.into_iter().find(|kind| topics.name(kind) == topic).unwrap_or("no topic of this test");
        let others = names.iter().map(|name| text(&finding[name]));
        [text(&finding["rule"]), kind.to_owned()].into_iter().chain(others).collect::<Vec<_>>().join(" ")
    };
    findings.iter().map(told).collect()
}

/// What the document says of the topic of a kind.
fn topic<'a>(topics: &Topics, document: &'a Value, kind: &str) -> &'a Value {
    let all = document["cluster"]["topics"].as_array().expect("topics");
    all.iter().find(|topic| topic["topic"] == topics.name(kind).as_str()).expect("the topic")
}

#[test]
fn a_cluster_as_it_should_be_is_clean_and_stays_as_it_was() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 3);
    let producer = Producer::new(&broker.client(), &[]);
    for number in 0..50 {
        let id = format!("L{number}");
        producer.send(&lead(&topics, &id));
        producer.send(&stage_change(&topics, &id, "won", "7.00"));
    }
    producer.send_all(&[spend(&topics, "s", "1.00")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let document = check(broker, &builder, &[]);
    assert_eq!(found(&topics, &document, &["message"]), Vec::<String>::new());
    let leads = topic(&topics, &document, "lead");
    assert_eq!((&leads["partitions"], &leads["sampled_records"]), (&3.into(), &50.into()));
    assert_eq!(leads["partitioner"], "murmur2");
    assert_eq!(document["cluster"]["sampled_records"], 101);
    assert!(document["notes"].to_string().contains("no records in "), "{document:#}");

    for kind in KINDS {
        for partition in 0..3 {
            assert_eq!(committed(&broker.client(), builder.group(), &topics.name(kind), partition), None, "{kind}");
        }
    }
}

/// A member of the group that joins or leaves makes all others stop and agree anew.
#[test]
fn a_running_service_of_the_same_group_is_not_disturbed() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let producer = Producer::new(&broker.client(), &[]);
    producer.send_all(&[lead(&topics, "a")]);
    let builder = ServiceBuilder::new(broker, &topics);
    let service = builder.start();
    let rebalances = || service.metrics().get("salespulse_rebalances_total").expect("rebalances are counted");
    let before = rebalances();
    check(broker, &builder, &[]);
    // What the check did to the group before this record, the service has met when it has read it.
    producer.send_all(&[lead(&topics, "b")]);
    service.wait_for(ORG_LEADS, 2.0);
    assert!(service.is_ready());
    assert!((rebalances() - before).abs() < 0.5, "the group had to agree anew");
}

#[test]
fn a_cluster_that_does_not_answer_ends_with_69_as_a_start_does() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("salespulse.toml");
    std::fs::write(&config, ServiceBuilder::new(broker, &topics).config()).expect("a configuration");
    let nobody = format!("127.0.0.1:{}", crate::harness::ports::free_port());
    let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    let output = command.args(["check", "cluster", "--brokers", &nobody, "--config"]).arg(config).output();
    let output = output.expect("salespulse starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(69), &b""[..]), "{error}");
    let start = format!("error: no Kafka broker at {nobody} answered within ");
    assert!(error.starts_with(&start) && error.lines().count() == 1, "{error}");
}
