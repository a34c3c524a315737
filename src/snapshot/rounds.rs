//! The names of objects, and which of them are a round.
//!
//! A name says which **lineage** an object belongs to and how far it reaches: a lineage begins when somebody begins to read
//! from the start of the topics, and within it the greater sum of offsets is the later. A later lineage is preferred even
//! where it reaches less far, since the earlier one was not usable when it began.

use std::collections::BTreeMap;
use std::fmt;

/// The name of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoundName {
    /// The lineage, from 1.
    pub lineage: u64,
    /// The sum of all offsets.
    pub position: u64,
}

/// The name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// Its round.
    pub round: RoundName,
    /// Its shard.
    pub shard: usize,
    /// Of how many.
    pub shards: usize,
}

impl fmt::Display for RoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}-{:020}", self.lineage, self.position)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:03}-of-{:03}.snapshot", self.round, self.shard, self.shards)
    }
}

impl ObjectName {
    /// Reads a name; `None` if it is none of ours.
    #[must_use]
    pub fn parse(folder: &str, file: &str) -> Option<ObjectName> {
        let (lineage, position) = folder.split_once('-')?;
        let (shard, shards) = file.strip_suffix(".snapshot")?.split_once("-of-")?;
        let name = ObjectName {
            round: RoundName { lineage: lineage.parse().ok()?, position: position.parse().ok()? },
            shard: shard.parse().ok()?,
            shards: shards.parse().ok()?,
        };
        // Only as we write it, so that a name is one object.
        (name.shard < name.shards && name.to_string() == format!("{folder}/{file}")).then_some(name)
    }
}

/// All objects of one name of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Its name.
    pub name: RoundName,
    /// Its objects, by their names.
    pub objects: Vec<ObjectName>,
    /// Whether there is one for each shard. While a round is being written it is not.
    pub is_complete: bool,
}

/// Orders objects into rounds, the latest first. A round whose objects are of different numbers of shards counts as several.
#[must_use]
pub fn group_rounds(mut objects: Vec<ObjectName>) -> Vec<Round> {
    objects.sort_unstable();
    objects.dedup();
    let mut groups: BTreeMap<(RoundName, usize), Vec<ObjectName>> = BTreeMap::new();
    for object in objects {
        groups.entry((object.round, object.shards)).or_default().push(object);
    }
    let rounds = groups.into_iter().rev();
    rounds.map(|((name, shards), objects)| Round { name, is_complete: objects.len() == shards, objects }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(lineage: u64, position: u64, shard: usize, shards: usize) -> ObjectName {
        ObjectName { round: RoundName { lineage, position }, shard, shards }
    }

    #[test]
    fn names_come_back_and_sort_as_texts() {
        let names = [object(1, 9, 0, 1), object(1, 10, 0, 2), object(1, 10, 1, 2), object(2, 3, 0, 1)];
        let texts = names.map(|name| name.to_string());
        assert!(texts.is_sorted(), "{texts:?}");
        for (name, text) in names.iter().zip(&texts) {
            let (folder, file) = text.split_once('/').unwrap();
            assert_eq!(ObjectName::parse(folder, file), Some(*name));
        }
        for (folder, file) in [
            ("1-10", "000-of-001.snapshot"),
            ("00000001-00000000000000000010", "001-of-001.snapshot"),
            ("00000001-00000000000000000010", "000-of-001.snapshot#1"),
            ("notes", "readme.txt"),
        ] {
            assert_eq!(ObjectName::parse(folder, file), None, "{folder}/{file}");
        }
    }

    #[test]
    fn the_latest_lineage_comes_first_and_then_the_farthest_round() {
        let rounds = group_rounds(vec![
            object(1, 900, 0, 1),
            object(2, 30, 1, 2),
            object(2, 30, 0, 2),
            object(2, 50, 0, 2),
            object(2, 30, 0, 3),
        ]);
        let told: Vec<_> =
            rounds.iter().map(|r| (r.name.lineage, r.name.position, r.objects.len(), r.is_complete)).collect();
        assert_eq!(told, [(2, 50, 1, false), (2, 30, 1, false), (2, 30, 2, true), (1, 900, 1, true)]);
    }
}
