//! The names of objects, and which of them are a round.
//!
//! The rounds of one cluster and the same topics have a **home** of their own, a folder: whoever reads something else, by
//! mistake or on purpose, writes elsewhere and deletes nothing here. In a home a name says which **lineage** an object belongs to and how far it reaches: a lineage begins when somebody begins to read
//! from the start of the topics, and within it the greater sum of offsets is the later. A later lineage is preferred even
//! where it reaches less far, since the earlier one was not usable when it began.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use xxhash_rust::xxh3::xxh3_64;

/// The folder of the rounds that were read from the same topics of the same cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Home {
    /// The group's folder itself, where earlier releases kept all rounds.
    #[default]
    Group,
    /// A folder that is called after a hash of cluster and topics.
    Of(u64),
}

impl Home {
    /// The home of what is read from these topics, by their types, of this cluster.
    #[must_use]
    pub fn of(cluster: Option<&str>, topics: &BTreeMap<String, String>) -> Home {
        let mut text = cluster.unwrap_or_default().to_owned();
        // Neither clusters nor topics have a line feed in their names.
        topics.iter().for_each(|(kind, topic)| text.extend(["\n", kind, "\n", topic]));
        Home::Of(xxh3_64(text.as_bytes()))
    }

    /// Its folder below the group's; `None`: that one itself.
    pub(super) fn folder(self) -> Option<String> {
        match self {
            Home::Group => None,
            Home::Of(hash) => Some(format!("{hash:016x}")),
        }
    }

    /// Reads the name of a folder; `None` if it is none of ours.
    pub(super) fn parse(folder: &str) -> Option<Home> {
        let home = Home::Of(u64::from_str_radix(folder, 16).ok()?);
        // Only as we write it, so that a home is one folder.
        (home.folder().as_deref() == Some(folder)).then_some(home)
    }
}

/// The name of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoundName {
    /// The lineage, from 1.
    pub lineage: u64,
    /// The sum of all offsets.
    pub position: u64,
    /// Where it lies.
    pub home: Home,
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
        if let Some(folder) = self.home.folder() {
            write!(f, "{folder}/")?;
        }
        write!(f, "{:08}-{:020}", self.lineage, self.position)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:03}-of-{:03}.snapshot", self.round, self.shard, self.shards)
    }
}

impl ObjectName {
    /// Reads a name in a home; `None` if it is none of ours.
    #[must_use]
    pub fn parse(home: Home, folder: &str, file: &str) -> Option<ObjectName> {
        let (lineage, position) = folder.split_once('-')?;
        let (shard, shards) = file.strip_suffix(".snapshot")?.split_once("-of-")?;
        let name = ObjectName {
            round: RoundName { lineage: lineage.parse().ok()?, position: position.parse().ok()?, home },
            shard: shard.parse().ok()?,
            shards: shards.parse().ok()?,
        };
        // Only as we write it, so that a name is one object.
        let written = name.to_string();
        (name.shard < name.shards && written.ends_with(&format!("{folder}/{file}"))).then_some(name)
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
    /// When the store got the last of them.
    pub written: SystemTime,
}

/// Orders objects into rounds, the latest first. A round whose objects are of different numbers of shards counts as several.
#[must_use]
pub fn group_rounds(mut objects: Vec<(ObjectName, SystemTime)>) -> Vec<Round> {
    objects.sort_unstable();
    objects.dedup_by_key(|(object, _)| *object);
    let mut groups: BTreeMap<(RoundName, usize), Vec<(ObjectName, SystemTime)>> = BTreeMap::new();
    for (object, written) in objects {
        groups.entry((object.round, object.shards)).or_default().push((object, written));
    }
    let round = |((name, shards), objects): ((RoundName, usize), Vec<(ObjectName, SystemTime)>)| Round {
        name,
        is_complete: objects.len() == shards,
        written: objects.iter().map(|(_, written)| *written).max().unwrap_or(SystemTime::UNIX_EPOCH),
        objects: objects.into_iter().map(|(object, _)| object).collect(),
    };
    groups.into_iter().rev().map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(lineage: u64, position: u64, shard: usize, shards: usize) -> ObjectName {
        ObjectName { round: RoundName { lineage, position, home: Home::Group }, shard, shards }
    }

    #[test]
    fn names_come_back_and_sort_as_texts() {
        let names = [object(1, 9, 0, 1), object(1, 10, 0, 2), object(1, 10, 1, 2), object(2, 3, 0, 1)];
        let texts = names.map(|name| name.to_string());
        assert!(texts.is_sorted(), "{texts:?}");
        for (name, text) in names.iter().zip(&texts) {
            let (folder, file) = text.split_once('/').unwrap();
            assert_eq!(ObjectName::parse(Home::Group, folder, file), Some(*name));
            let home = Home::Of(0xAB);
            let elsewhere = ObjectName { round: RoundName { home, ..name.round }, ..*name };
            assert_eq!(elsewhere.to_string(), format!("00000000000000ab/{text}"));
            assert_eq!(ObjectName::parse(home, folder, file), Some(elsewhere));
        }
        for (folder, file) in [
            ("1-10", "000-of-001.snapshot"),
            ("00000001-00000000000000000010", "001-of-001.snapshot"),
            ("00000001-00000000000000000010", "000-of-001.snapshot#1"),
            ("notes", "readme.txt"),
        ] {
            assert_eq!(ObjectName::parse(Home::Group, folder, file), None, "{folder}/{file}");
        }
    }

    #[test]
    fn a_home_is_of_one_cluster_and_its_topics() {
        let topics = |topics: &[(&str, &str)]| topics.iter().map(|(k, t)| ((*k).to_owned(), (*t).to_owned())).collect();
        let homes = [
            Home::of(Some("one"), &topics(&[("lead", "a")])),
            Home::of(Some("two"), &topics(&[("lead", "a")])),
            Home::of(Some("one"), &topics(&[("lead", "b")])),
            Home::of(Some("one"), &topics(&[("lead", "a"), ("spend", "b")])),
            Home::of(None, &topics(&[("lead", "a")])),
        ];
        for (place, home) in homes.iter().enumerate() {
            assert!(!homes[..place].contains(home), "{homes:?}");
            assert_eq!(Home::parse(&home.folder().unwrap()), Some(*home));
        }
        for folder in ["00000001-00000000000000000010", "AB", "00000000000000AB", "+0000000000000ab", ""] {
            assert_eq!(Home::parse(folder), None, "{folder}");
        }
    }

    #[test]
    fn the_latest_lineage_comes_first_and_then_the_farthest_round() {
        let objects =
            [object(1, 900, 0, 1), object(2, 30, 1, 2), object(2, 30, 0, 2), object(2, 50, 0, 2), object(2, 30, 0, 3)];
        let rounds = group_rounds(objects.map(|object| (object, SystemTime::UNIX_EPOCH)).into());
        let told: Vec<_> =
            rounds.iter().map(|r| (r.name.lineage, r.name.position, r.objects.len(), r.is_complete)).collect();
        assert_eq!(told, [(2, 50, 1, false), (2, 30, 1, false), (2, 30, 2, true), (1, 900, 1, true)]);
    }
}
