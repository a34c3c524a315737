//! All partitions that we read, by topic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::partition::Partition;
use crate::model::event::EventType;
use crate::snapshot::Fingerprints;

/// How many partitions each topic has; a topic that does not exist has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<String, usize>);

impl Counts {
    /// The number of partitions of a topic; 0 if it does not exist.
    #[must_use]
    pub fn of(&self, topic: &str) -> usize {
        self.0.get(topic).copied().unwrap_or(0)
    }
}

impl<'a, const N: usize> From<[(&'a str, usize); N]> for Counts {
    fn from(counts: [(&'a str, usize); N]) -> Counts {
        counts.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, usize)> for Counts {
    fn from_iter<I: IntoIterator<Item = (&'a str, usize)>>(counts: I) -> Counts {
        Counts(counts.into_iter().map(|(topic, count)| (topic.to_owned(), count)).collect())
    }
}

/// One topic and its partitions.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The type that its records have.
    pub kind: EventType,
    /// Its name.
    pub name: Arc<str>,
    /// Its partitions, by number.
    pub partitions: Vec<Arc<Partition>>,
}

/// All topics, in the order of the event types. It never changes; a grown one takes its place.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    topics: Vec<Topic>,
}

impl Layout {
    /// The partitions of topics of these names with so many partitions.
    #[must_use]
    pub fn new<'a>(topics: impl Iterator<Item = (EventType, &'a str)>, counts: &Counts) -> Layout {
        let topics = topics.map(|(kind, name)| {
            let empty = Topic { kind, name: name.into(), partitions: Vec::new() };
            empty.grown(counts.of(name))
        });
        Layout { topics: topics.collect() }
    }

    /// The same partitions, and what the topics have gained.
    #[must_use]
    pub fn grown(&self, counts: &Counts) -> Layout {
        Layout { topics: self.topics.iter().map(|topic| topic.clone().grown(counts.of(&topic.name))).collect() }
    }

    /// All topics.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// All partitions of all topics.
    pub fn partitions(&self) -> impl Iterator<Item = &Arc<Partition>> {
        self.topics.iter().flat_map(|topic| &topic.partitions)
    }

    /// By what the logs of all partitions are known again.
    #[must_use]
    pub fn fingerprints(&self) -> Fingerprints {
        let of = |topic: &Topic| topic.partitions.iter().map(|partition| partition.known_by()).collect();
        self.topics.iter().map(|topic| (topic.name.to_string(), of(topic))).collect()
    }

    /// The names of all topics.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.topics.iter().map(|topic| topic.name.to_string()).collect()
    }

    /// The numbers of all partitions of any topic.
    #[must_use]
    pub fn numbers(&self) -> BTreeSet<i32> {
        self.partitions().map(|partition| partition.number()).collect()
    }

    /// The index of a topic in [`Layout::topics`].
    #[must_use]
    pub fn index(&self, topic: &str) -> Option<usize> {
        self.topics.iter().position(|candidate| &*candidate.name == topic)
    }

    /// A partition by its topic's index.
    #[must_use]
    pub fn partition(&self, topic: usize, number: i32) -> Option<&Arc<Partition>> {
        self.topics.get(topic)?.partitions.get(usize::try_from(number).ok()?)
    }
}

impl Topic {
    fn grown(mut self, count: usize) -> Topic {
        while self.partitions.len() < count {
            let Ok(number) = i32::try_from(self.partitions.len()) else { break };
            self.partitions.push(Arc::new(Partition::new(Arc::clone(&self.name), number)));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_keeps_what_was_read() {
        let topics = [(EventType::Lead, "leads"), (EventType::Spend, "spend")];
        let layout = Layout::new(topics.into_iter(), &Counts::from([("leads", 2), ("spend", 1)]));
        assert_eq!(layout.names(), ["leads", "spend"].map(str::to_owned).into());
        assert_eq!(layout.numbers(), [0, 1].into());
        layout.partition(1, 0).unwrap().advance(41, None);
        let grown = layout.grown(&Counts::from([("leads", 2), ("spend", 3)]));
        let told: Vec<String> = grown.partitions().map(ToString::to_string).collect();
        assert_eq!(told, ["leads/0", "leads/1", "spend/0", "spend/1", "spend/2"]);
        assert_eq!(grown.partition(grown.index("spend").unwrap(), 0).unwrap().next(), Some(42));
        assert!(grown.partition(0, 2).is_none() && grown.partition(0, -1).is_none());
    }
}
