//! A cluster: its topics and their settings, and a sample of the records in them.
//!
//! Nothing is joined, written or committed.

mod key;
mod partitioner;
mod placement;
mod records;
mod sample;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Builder;

use self::placement::Placement;
use self::records::Records;
use self::sample::{Sampled, sample};
use super::arguments::ClusterArguments;
use super::finding::{Finding, Place, Severity};
use super::report::{Details, Report, count};
use crate::app::AppError;
use crate::app::run::RunError;
use crate::config::{Config, Flag, KafkaConfig};
use crate::health::Stop;
use crate::kafka::{Cluster, KafkaFailure, Layout, Objection, find_cluster};
use crate::model::event::EventType;
use crate::model::rules::Rules;
use crate::model::time::Clock;

/// How long a cluster that does not answer is tried: somebody waits at a terminal.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was seen of a cluster.
#[derive(Debug, Serialize)]
struct ClusterDetails {
    /// The brokers that were asked first.
    brokers: String,
    /// How many records were looked at.
    sampled_records: u64,
    topics: Vec<TopicShown>,
}

#[derive(Debug, Serialize)]
struct TopicShown {
    topic: String,
    /// The type of its events, or `dead_letters`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// 0 if it does not exist.
    partitions: usize,
    sampled_records: u64,
    /// Of topics of journeys: what puts their keys where they lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    partitioner: Option<&'static str>,
}

pub(super) fn check(arguments: &ClusterArguments, environment: &[(OsString, OsString)]) -> Result<Report, AppError> {
    let brokers = arguments.brokers.clone();
    let flags: Vec<Flag> =
        brokers.into_iter().map(|value| Flag { name: "--brokers", key: "kafka.brokers", value }).collect();
    let Config { rules, kafka, .. } = Config::load(&arguments.config, environment, &flags)?;
    let cluster = find(&kafka)?;
    let refused = cluster.objections(&kafka, rules.retention).into_iter();
    let refused = refused.map(|objection| of_topic(Severity::Error, objection));
    let warned = cluster.warnings(&kafka, rules.retention).map(|objection| of_topic(Severity::Warning, objection));
    let mut findings: Vec<Finding> = refused.chain(warned).collect();
    let layout = Layout::new(kafka.topics.iter().map(|(kind, topic)| (*kind, topic.as_str())), &cluster.counts);
    let (records, sampled) = look(&kafka, &layout, rules, arguments.sample)?;
    let placement = records.placement(&kafka, &cluster.counts);
    let mut notes = notes(&kafka, &cluster, &records, arguments.sample);
    findings.extend(sampled.unread.iter().map(|partition| unread(partition)));
    findings.extend(placement.findings(&kafka));
    notes.extend(placement.notes(&kafka));
    let details = details(&kafka, &cluster, &records, &placement);
    findings.extend(records.into_findings());
    Ok(Report::new(&details, &findings, 0, &notes))
}

fn find(kafka: &KafkaConfig) -> Result<Cluster, AppError> {
    let cannot = |error| RunError::System(format!("cannot start threads: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let mut cluster = find_cluster(kafka, &Stop::default(), PATIENCE).map_err(failed)?;
    cluster.ask_settings(kafka, runtime.handle());
    cluster.ask_rights(kafka);
    Ok(cluster)
}

fn failed(failure: KafkaFailure) -> RunError {
    failure.into()
}

/// Takes the sample.
fn look(kafka: &KafkaConfig, layout: &Layout, rules: Rules, most: u32) -> Result<(Records, Sampled), AppError> {
    let mut records = Records::new(Arc::new(rules), Clock::System.now());
    if most == 0 {
        return Ok((records, Sampled::default()));
    }
    let sampled = sample(kafka, layout, most, |kind, record| records.take(kind, record)).map_err(failed)?;
    Ok((records, sampled))
}

fn of_topic(severity: Severity, objection: Objection) -> Finding {
    let Objection { rule, topic, sentence } = objection;
    Finding { severity, rule, place: Place::Topic { topic }, message: sentence }
}

fn unread(partition: &str) -> Finding {
    let topic = partition.rsplit_once('/').map_or(partition, |(topic, _)| topic).to_owned();
    let message = format!("partition {partition} could not be read to its end; try again, or look at the broker's log");
    Finding { severity: Severity::Warning, rule: "unread_partition", place: Place::Topic { topic }, message }
}

/// What was not checked, and what is there and does no harm.
fn notes(kafka: &KafkaConfig, cluster: &Cluster, records: &Records, most: u32) -> Vec<String> {
    let mut notes = Vec::new();
    let exists = |topic: &&String| cluster.counts.of(topic) > 0;
    let all = || kafka.topics.values().chain([&kafka.dead_letter_topic]).filter(exists);
    let unknown: Vec<&str> = all().filter(|topic| !cluster.shows_settings_of(topic)).map(String::as_str).collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "the cluster does not show the settings of {}: their sizes, retention and compaction were not checked",
            unknown.join(", ")
        ));
    }
    let is_empty = |kind: &EventType| records.sampled(*kind) == 0;
    let empty: Vec<&str> = kafka
        .topics
        .iter()
        .filter(|(kind, topic)| exists(topic) && is_empty(kind))
        .map(|(_, topic)| topic.as_str())
        .collect();
    if most > 0 && !empty.is_empty() {
        notes.push(format!("no records in {}", empty.join(", ")));
    }
    if records.tombstones > 0 {
        notes.push(format!(
            "{} in the sample: records with a null value are ignored",
            count(records.tombstones, "tombstone")
        ));
    }
    notes.extend(records.unread.note_text());
    notes
}

fn details(kafka: &KafkaConfig, cluster: &Cluster, records: &Records, placement: &Placement) -> ClusterDetails {
    let shown = |kind: Option<EventType>, topic: &String| TopicShown {
        topic: topic.clone(),
        kind: kind.map_or("dead_letters", EventType::name),
        partitions: cluster.counts.of(topic),
        sampled_records: kind.map_or(0, |kind| records.sampled(kind)),
        partitioner: kind.and_then(|kind| placement.word(kind)),
    };
    let inputs = kafka.topics.iter().map(|(kind, topic)| shown(Some(*kind), topic));
    let topics: Vec<TopicShown> = inputs.chain([shown(None, &kafka.dead_letter_topic)]).collect();
    let sampled_records = topics.iter().map(|topic| topic.sampled_records).sum();
    ClusterDetails { brokers: kafka.brokers.clone(), sampled_records, topics }
}

impl Details for ClusterDetails {
    const CHECK: &'static str = "cluster";

    fn text(&self) -> String {
        let mut text = format!("{} at {}\n", count(self.sampled_records, "sampled record"), self.brokers);
        let longest = self.topics.iter().map(|topic| topic.topic.len()).max().unwrap_or(0);
        let _ = writeln!(text, "  {:<longest$}  {:<12}  partitions  sampled  partitioner", "topic", "type");
        for TopicShown { topic, kind, partitions, sampled_records, partitioner } in &self.topics {
            let partitioner = partitioner.unwrap_or_default();
            let line =
                format!("  {topic:<longest$}  {kind:<12}  {partitions:>10}  {sampled_records:>7}  {partitioner}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }
}

/// Findings of the same kind, by the first of them, in the order of topics and rules.
type Groups = BTreeMap<(EventType, &'static str, String), Finding>;
