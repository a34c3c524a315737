//! What of the cluster we refuse or warn of, in sentences that hold the command which mends it.

use std::fmt;

use super::failure::KafkaFailure;
use super::layout::{Counts, Layout};
use super::topic_plan::{PlannedTopic, plan};
use super::topology::Cluster;
use crate::config::KafkaConfig;
use crate::model::event::EventType;
use crate::model::time::{DAY, HOUR};

/// By how much the dead-letter topic must take larger batches than any other: the headers we add.
const HEADROOM_BYTES: u64 = 16 * 1024;
/// For how many days dead letters should be there at least: over a weekend.
const LEAST_DEAD_LETTER_DAYS: i64 = 3;
/// The partitions of a topic for which nothing else speaks.
const USUAL_PARTITIONS: i32 = 4;

/// What is wrong with a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What kind of fault it is, as a word for machines.
    pub rule: &'static str,
    /// The topic that must change.
    pub topic: String,
    /// The fault, and the command that mends it.
    pub sentence: String,
}

impl Objection {
    fn new(rule: &'static str, topic: &str, sentence: String) -> Objection {
        Objection { rule, topic: topic.to_owned(), sentence }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Cluster {
    /// Refuses a cluster that is not as we need it.
    ///
    /// # Errors
    /// All faults at once, one sentence each.
    pub fn judge(&self, config: &KafkaConfig, retention_ms: i64) -> Result<(), KafkaFailure> {
        let sentences: Vec<String> = self.objections(config, retention_ms).iter().map(Objection::to_string).collect();
        if sentences.is_empty() { Ok(()) } else { Err(KafkaFailure::Refused(sentences)) }
    }

    /// Why this cluster is refused, if it is. Events should be kept for `retention_ms`.
    #[must_use]
    pub fn objections(&self, config: &KafkaConfig, retention_ms: i64) -> Vec<Objection> {
        let mut objections: Vec<Objection> = self.missing(config, retention_ms).collect();
        if objections.is_empty() {
            objections.extend(unequal(config, &self.counts));
            objections.extend(self.compacted_dead_letters(config));
            objections.extend(self.unwritable_dead_letters(config));
        }
        objections
    }

    /// Whether a topic's settings are known, which decide what can be said of its sizes and its retention.
    #[must_use]
    pub fn shows_settings_of(&self, topic: &str) -> bool {
        self.settings.contains_key(topic)
    }

    /// Each topic that does not exist, with the command that makes it as `topics --create` would.
    fn missing<'a>(&'a self, config: &'a KafkaConfig, retention_ms: i64) -> impl Iterator<Item = Objection> + 'a {
        let turn_off = |topic: &PlannedTopic| match config.topics.iter().find(|(_, name)| **name == topic.name) {
            Some((kind, _)) => format!(" (or turn {kind} events off: kafka.topics.{kind} = \"\")"),
            None => String::new(),
        };
        let plan = plan(config, self, USUAL_PARTITIONS, retention_ms).into_iter();
        plan.filter(|topic| self.counts.of(&topic.name) == 0).map(move |mut topic| {
            if let Some((kind, _)) = config.topics.iter().find(|(_, name)| **name == topic.name) {
                topic.partitions = wanted_partitions(config, &self.counts, *kind);
            }
            let sentence = format!(
                "{dead}topic \"{}\" does not exist; create it with: {}{}",
                topic.name,
                topic.command(&config.brokers, self.usual_replicas()),
                turn_off(&topic),
                dead = if topic.name == config.dead_letter_topic { "the dead-letter " } else { "" },
            );
            Objection::new("missing_topic", &topic.name, sentence)
        })
    }

    /// The dead-letter topic should take every record of the others, and the headers we add. What does not fit waits, and is
    /// read again after a restart.
    fn narrow_dead_letters(&self, config: &KafkaConfig) -> Option<Objection> {
        let largest = config.topics.values().filter_map(|topic| Some((self.max_message_bytes(topic)?, topic))).max()?;
        let (input, topic) = largest;
        let allowed = self.max_message_bytes(&config.dead_letter_topic)?;
        let needed = input + HEADROOM_BYTES;
        let sentence = || {
            format!(
                "the dead-letter topic \"{dead}\" takes records of {allowed} bytes (max.message.bytes), but \"{topic}\" \
                 takes {input}, and a dead letter is up to {HEADROOM_BYTES} longer: one that does not fit waits, and no offset \
                 behind it is committed; raise the limit with: kafka-configs.sh \
                 --bootstrap-server {brokers} --alter --entity-type topics --entity-name {dead} --add-config \
                 max.message.bytes={needed}",
                dead = config.dead_letter_topic,
                brokers = config.brokers,
            )
        };
        (allowed < needed).then(|| Objection::new("narrow_dead_letters", &config.dead_letter_topic, sentence()))
    }

    /// A compacted topic keeps the last dead letter of a key, and the broker refuses those without one.
    fn compacted_dead_letters(&self, config: &KafkaConfig) -> Option<Objection> {
        let topic = &config.dead_letter_topic;
        let sentence = || {
            format!(
                "the dead-letter topic \"{topic}\" is compacted (cleanup.policy): of the dead letters of a key all but the last \
                 vanish, and those without a key are refused; mend it with: kafka-configs.sh --bootstrap-server {} --alter \
                 --entity-type topics --entity-name {topic} --add-config cleanup.policy=delete",
                config.brokers
            )
        };
        let is_compacted = self.settings.get(topic).is_some_and(|settings| settings.is_compacted);
        is_compacted.then(|| Objection::new("compacted_dead_letters", topic, sentence()))
    }

    /// Without the right to write there, the first bad record would stop its partition.
    fn unwritable_dead_letters(&self, config: &KafkaConfig) -> Option<Objection> {
        let (topic, reason) = (&config.dead_letter_topic, self.unwritable.as_ref()?);
        let sentence = format!(
            "the dead-letter topic \"{topic}\" cannot be written: {reason}; allow the user in [kafka.properties] to write it, with: \
             kafka-acls.sh --bootstrap-server {} --add --allow-principal User:… --operation Write --topic {topic}",
            config.brokers
        );
        Some(Objection::new("unwritable_dead_letters", topic, sentence))
    }

    /// What makes a start from nothing incomplete, though it is no reason to refuse it.
    pub fn warnings<'a>(&'a self, config: &'a KafkaConfig, retention_ms: i64) -> impl Iterator<Item = Objection> + 'a {
        config.topics.values().flat_map(move |topic| {
            let settings = self.settings.get(topic);
            let change = format!(
                "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {topic} --add-config",
                config.brokers
            );
            let short = settings.and_then(|settings| settings.retention_ms).filter(|kept| *kept < retention_ms);
            let forgets = short.map(|kept| {
                let sentence = format!(
                    "topic \"{topic}\" keeps records for {} days, but retention is {} days: older events are missing after \
                     a start; mend it with: {change} retention.ms=-1",
                    kept / DAY,
                    retention_ms / DAY,
                );
                Objection::new("short_retention", topic, sentence)
            });
            let compacts = settings.filter(|settings| settings.is_compacted).map(|_| {
                let sentence = format!(
                    "topic \"{topic}\" is compacted (cleanup.policy): all but the last record of a key vanish, and with \
                     them most of a journey; mend it with: {change} cleanup.policy=delete"
                );
                Objection::new("compacted", topic, sentence)
            });
            forgets.into_iter().chain(compacts)
        })
        .chain(self.short_dead_letters(config))
        .chain(self.narrow_dead_letters(config))
    }

    /// Dead letters that vanish before anybody has looked at them.
    fn short_dead_letters(&self, config: &KafkaConfig) -> Option<Objection> {
        let topic = &config.dead_letter_topic;
        let kept = self.settings.get(topic)?.retention_ms.filter(|kept| *kept < LEAST_DEAD_LETTER_DAYS * DAY)?;
        let sentence = format!(
            "the dead-letter topic \"{topic}\" keeps records for {} hours: dead letters may vanish before somebody has looked at \
             them; mend it with: kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {topic} \
             --add-config retention.ms=-1",
            kept / HOUR,
            config.brokers
        );
        Some(Objection::new("short_dead_letters", topic, sentence))
    }
}

/// The partitions that a missing topic should have: those of the other topic of journeys.
fn wanted_partitions(config: &KafkaConfig, counts: &Counts, kind: EventType) -> i32 {
    let siblings = config.topics.iter().filter(|(other, _)| kind.is_of_journey() && other.is_of_journey());
    let most = siblings.filter_map(|(_, topic)| i32::try_from(counts.of(topic)).ok()).max();
    most.filter(|count| *count > 0).unwrap_or(USUAL_PARTITIONS)
}

/// A journey must lie in one partition, so its two topics need the same number of them.
fn unequal(config: &KafkaConfig, counts: &Counts) -> Option<Objection> {
    let leads = config.topics.get(&EventType::Lead)?;
    let changes = config.topics.get(&EventType::StageChange)?;
    let (of_leads, of_changes) = (counts.of(leads), counts.of(changes));
    let fewer = if of_leads < of_changes { leads } else { changes };
    let sentence = || {
        format!(
            "\"{leads}\" has {of_leads} partitions and \"{changes}\" has {of_changes}, but they must be equal so that a \
             journey lives in one partition; mend it with: kafka-topics.sh --bootstrap-server {} --alter --topic {fewer} \
             --partitions {} (if it holds records already, create it anew and write them again: their keys would lie in \
             other partitions)",
            config.brokers,
            of_leads.max(of_changes),
        )
    };
    (of_leads != of_changes).then(|| Objection::new("unequal_partitions", fewer, sentence()))
}

/// What became of the topics since they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Topics that may grow have new partitions.
    Grown,
    /// Something after which the numbers could not be trusted.
    Broken(String),
}

/// Compares the topics with what they were.
#[must_use]
pub fn change(layout: &Layout, now: &Counts) -> Change {
    let mut change = Change::None;
    for topic in layout.topics() {
        let (name, before, now) = (&topic.name, topic.partitions.len(), now.of(&topic.name));
        if now == 0 {
            return Change::Broken(format!(
                "topic \"{name}\" does not exist any more; create it again and start salespulse anew"
            ));
        }
        if now != before && topic.kind.is_of_journey() {
            return Change::Broken(format!(
                "topic \"{name}\" had {before} partitions and now has {now}; the partitions of journeys must not change \
                 while salespulse runs, because new events of a journey then lie in another partition than its old ones; \
                 give leads and stage changes the same number of partitions and start salespulse anew"
            ));
        }
        if now < before {
            return Change::Broken(format!(
                "topic \"{name}\" had {before} partitions and now has {now}: it was created anew; start salespulse anew"
            ));
        }
        if now > before {
            change = Change::Grown;
        }
    }
    change
}

#[cfg(test)]
mod tests;
