//! Which partitioner puts the keys of journeys where they lie.
//!
//! A journey lies in one partition only if all its producers choose partitions alike. Clients in Java choose by murmur2,
//! those built on librdkafka by CRC-32 unless they are set otherwise, and nobody notices until two of them write journeys.

use std::collections::{BTreeMap, HashMap};

use super::key::shown;
use super::partitioner::Partitioner;
use crate::app::check::finding::{Finding, Place, Severity};
use crate::config::KafkaConfig;
use crate::model::event::EventType;

/// Where the sampled keys of the topics of journeys lie.
#[derive(Debug, Default)]
pub(super) struct Placements {
    keys: Vec<(EventType, Vec<u8>, i32)>,
}

/// What that says.
#[derive(Debug, Default)]
pub(super) struct Placement {
    topics: BTreeMap<EventType, Fit>,
    /// The partitioner by which both topics can be explained.
    agreed: Option<Partitioner>,
    /// A key that lies in two partitions, and in which.
    split: Option<(Vec<u8>, i32, i32)>,
}

/// How the keys of a topic of several partitions fit the partitioners.
#[derive(Debug, Default)]
struct Fit {
    /// How many records lie where these partitioners put them and no other does. By chance a key often fits several.
    patterns: BTreeMap<[bool; Partitioner::ALL.len()], u64>,
}

impl Fit {
    fn records(&self) -> u64 {
        self.patterns.values().sum()
    }

    /// How many records lie where none of the partitioners puts them.
    fn by_none(&self) -> u64 {
        self.patterns.get(&[false; Partitioner::ALL.len()]).copied().unwrap_or(0)
    }

    /// The partitioners that explain every record.
    fn whole(&self) -> impl Iterator<Item = Partitioner> {
        let explains = |place: usize| self.patterns.keys().all(|fits| fits.get(place) == Some(&true));
        Partitioner::ALL.into_iter().enumerate().filter(move |(place, _)| explains(*place)).map(|(_, by)| by)
    }

    fn take(&mut self, key: &[u8], partition: i32, partitions: u32) {
        let place = |by: Partitioner| by.partition(key, partitions).and_then(|at| i32::try_from(at).ok());
        *self.patterns.entry(Partitioner::ALL.map(|by| place(by) == Some(partition))).or_default() += 1;
    }

    /// The partitioner that explains most records, then the one that explains most of the rest, and so on, each with how
    /// many that are.
    fn explained(&self) -> Vec<(Partitioner, u64)> {
        let mut rest = self.patterns.clone();
        let mut explained = Vec::new();
        loop {
            let of = |place: usize| {
                rest.iter().filter(|(fits, _)| fits.get(place) == Some(&true)).map(|(_, count)| count).sum()
            };
            let counts = Partitioner::ALL.into_iter().enumerate().map(|(place, by)| (place, by, of(place)));
            // Of those that explain the same number, the one that more producers have.
            let Some((place, by, count)) =
                counts.rev().max_by_key(|(.., count): &(_, _, u64)| *count).filter(|most| most.2 > 0)
            else {
                return explained;
            };
            explained.push((by, count));
            rest.retain(|fits, _| fits.get(place) != Some(&true));
        }
    }
}

impl Placements {
    /// Notes where a record with a key lies.
    pub(super) fn note(&mut self, kind: EventType, key: &[u8], partition: i32) {
        self.keys.push((kind, key.to_vec(), partition));
    }

    /// Judges what was noted; in a topic of one partition everything lies right.
    pub(super) fn judge(&self, partitions: impl Fn(EventType) -> usize) -> Placement {
        let mut placement = Placement::default();
        let counts = |kind| u32::try_from(partitions(kind)).ok().filter(|count| *count > 1);
        // Of topics with unequal numbers a key has two partitions by right, and something else is said of them.
        let comparable = partitions(EventType::Lead) == partitions(EventType::StageChange);
        let mut first: HashMap<(Option<EventType>, &[u8]), i32> = HashMap::new();
        for (kind, key, partition) in &self.keys {
            let Some(count) = counts(*kind) else { continue };
            placement.topics.entry(*kind).or_default().take(key, *partition, count);
            let seen = first.entry(((!comparable).then_some(*kind), key)).or_insert(*partition);
            if *seen != *partition && placement.split.is_none() {
                placement.split = Some((key.clone(), *seen, *partition));
            }
        }
        let explains_all =
            |by: &Partitioner| placement.topics.values().all(|fit| fit.whole().any(|other| other == *by));
        placement.agreed = Partitioner::ALL.into_iter().find(explains_all).filter(|_| !placement.topics.is_empty());
        placement
    }
}

impl Placement {
    /// What puts the keys of a topic where they lie, as a word.
    pub(super) fn word(&self, kind: EventType) -> Option<&'static str> {
        let fit = self.topics.get(&kind)?;
        let partitioner = self.agreed.or_else(|| fit.whole().next());
        Some(match partitioner {
            Some(partitioner) => partitioner.name(),
            None if fit.by_none() == 0 => "mixed",
            None => "other",
        })
    }

    /// Topics whose keys several partitioners have placed.
    pub(super) fn findings(&self, kafka: &KafkaConfig) -> Vec<Finding> {
        let topics = || self.topics.iter().filter_map(|(kind, fit)| Some((kafka.topics.get(kind)?, fit)));
        let unexplained: Vec<Finding> = topics()
            .filter(|(_, fit)| fit.whole().next().is_none() && (fit.by_none() == 0 || self.split.is_some()))
            .map(|(topic, fit)| finding(topic, self.mixed(topic, fit)))
            .collect();
        let mut whole = topics().filter_map(|(topic, fit)| Some((topic, fit.whole().next()?)));
        match (unexplained.is_empty() && self.agreed.is_none(), whole.next(), whole.next()) {
            (true, Some((leads, of_leads)), Some((changes, of_changes))) => {
                let sentence = format!(
                    "the keys of \"{leads}\" lie where {} puts them, those of \"{changes}\" where {} does, so a journey lies in \
                     two partitions{}; {REMEDY}",
                    of_leads.described(),
                    of_changes.described(),
                    self.evidence(),
                );
                vec![finding(changes, sentence)]
            }
            _ => unexplained,
        }
    }

    /// A partitioner that we do not know, and of which nothing bad was seen.
    pub(super) fn notes(&self, kafka: &KafkaConfig) -> Vec<String> {
        let unknown = |(_, fit): &(&EventType, &Fit)| fit.whole().next().is_none() && fit.by_none() > 0;
        let topics = self.topics.iter().filter(|_| self.split.is_none()).filter(unknown);
        topics
            .filter_map(|(kind, fit)| Some((kafka.topics.get(kind)?, fit)))
            .map(|(topic, fit)| {
                format!(
                    "\"{topic}\": {}; no key was seen in two partitions, so this may be a partitioner of your own, or the \
                     topic may have had fewer partitions once",
                    counted(fit)
                )
            })
            .collect()
    }

    fn mixed(&self, topic: &str, fit: &Fit) -> String {
        format!(
            "\"{topic}\": {}: producers with different partitioners write to it, so a journey may lie in several partitions{}; \
             {REMEDY}",
            counted(fit),
            self.evidence(),
        )
    }

    fn evidence(&self) -> String {
        self.split.as_ref().map_or_else(String::new, |(key, one, other)| {
            format!(", as that of key {} does, in {one} and {other}", shown(key))
        })
    }
}

const REMEDY: &str = "let all producers of leads and stage changes use the same partitioner (librdkafka: \
                      partitioner=murmur2_random, which is Java's)";

fn finding(topic: &str, message: String) -> Finding {
    let place = Place::Topic { topic: topic.to_owned() };
    Finding { severity: Severity::Warning, rule: "mixed_partitioners", place, message }
}

/// How many records fit which partitioner.
fn counted(fit: &Fit) -> String {
    let part = |(place, (by, count)): (usize, (Partitioner, u64))| match place {
        0 => format!("{count} lie where {} puts them", by.described()),
        _ => format!("{count} of the others where {} does", by.described()),
    };
    let mut parts: Vec<String> = fit.explained().into_iter().enumerate().map(part).collect();
    if fit.by_none() > 0 {
        parts.push(format!("{} where none that we know does", fit.by_none()));
    }
    format!("of {} records with a key {}", fit.records(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of which murmur2 puts the first ones where CRC-32 does too, in a topic of three partitions.
    fn keys(alike: bool) -> impl Iterator<Item = (String, i32)> {
        let place = |by: Partitioner, key: &str| by.partition(key.as_bytes(), 3).unwrap();
        let keys = (0..200).map(|number| format!("L{number}"));
        let fitting =
            keys.filter(move |key| (place(Partitioner::Murmur2, key) == place(Partitioner::Crc32, key)) == alike);
        fitting.map(move |key| (key.clone(), i32::try_from(place(Partitioner::Crc32, &key)).unwrap()))
    }

    fn judge(placements: &Placements, changes: usize) -> Placement {
        placements.judge(|kind| if kind == EventType::Lead { 3 } else { changes })
    }

    #[test]
    fn few_keys_that_fit_two_partitioners_do_not_contradict_many_that_fit_one() {
        let mut placements = Placements::default();
        keys(true).take(3).for_each(|(key, at)| placements.note(EventType::Lead, key.as_bytes(), at));
        assert_eq!(judge(&placements, 3).word(EventType::Lead), Some("murmur2"));
        keys(false).take(9).for_each(|(key, at)| placements.note(EventType::StageChange, key.as_bytes(), at));
        let placement = judge(&placements, 3);
        assert_eq!([EventType::Lead, EventType::StageChange].map(|kind| placement.word(kind)), [Some("crc32"); 2]);
        assert_eq!(placement.split, None);
    }

    #[test]
    fn of_unequal_numbers_of_partitions_only_keys_of_one_topic_are_compared() {
        let mut placements = Placements::default();
        placements.note(EventType::Lead, b"a", 0);
        placements.note(EventType::StageChange, b"a", 1);
        assert!(judge(&placements, 3).split.is_some());
        assert!(judge(&placements, 4).split.is_none());
        placements.note(EventType::Lead, b"a", 2);
        assert_eq!(judge(&placements, 4).split, Some((b"a".to_vec(), 0, 2)));
        assert_eq!(judge(&placements, 1).word(EventType::StageChange), None, "one partition needs no partitioner");
    }
}
