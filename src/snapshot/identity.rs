//! Whether a log still is the one that was read: a few records of each partition, compared with what lies there now.
//!
//! A topic that was deleted, created anew and filled beyond the offset up to which it was read looks as before by its offsets
//! alone; so does a log that an unclean election has cut and that has grown again. The client does not say which topic it
//! reads, so records say it.
//!
//! The last record alone would not do: whoever reads on in the new log soon remembers a record of that one. So the last record
//! that was read before the log was last found to be the same is remembered until it is found again, and so is the last one
//! before anything happened by which a log may be cut.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Offsets by topic and partition.
type Offsets = BTreeMap<String, Vec<i64>>;

/// A record as it was read: enough to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Its offset.
    pub offset: i64,
    /// Its timestamp in Unix milliseconds, if it has one.
    pub timestamp: Option<i64>,
    /// A hash of its key and of its value.
    pub hash: u64,
}

/// By topic, for each partition, the records by which its log is known again, the oldest first and the last one read last.
pub type Fingerprints = BTreeMap<String, Vec<Vec<Fingerprint>>>;

impl Fingerprint {
    /// The fingerprint of a record.
    #[must_use]
    pub fn of(offset: i64, timestamp: Option<i64>, key: Option<&[u8]>, value: Option<&[u8]>) -> Fingerprint {
        Fingerprint::of_hashed(offset, timestamp, key, value.map_or(0, xxh3_64))
    }

    /// The same where the XXH3-64 of the value is known.
    #[must_use]
    pub fn of_hashed(offset: i64, timestamp: Option<i64>, key: Option<&[u8]>, value: u64) -> Fingerprint {
        // Key and value change places with another hash.
        let hash = key.map_or(0, xxh3_64).rotate_left(32).wrapping_add(value);
        Fingerprint { offset, timestamp, hash }
    }
}

/// A place of a record in a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub number: usize,
    /// The offset.
    pub offset: i64,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The first record at or after it.
    Record(Fingerprint),
    /// No record.
    Nothing,
    /// A batch that cannot be read: it is damaged, or larger than the client takes.
    Unreadable,
}

impl From<Option<Fingerprint>> for Seen {
    fn from(record: Option<Fingerprint>) -> Seen {
        record.map_or(Seen::Nothing, Seen::Record)
    }
}

/// The logs as they are now: Kafka's, and those of the simulation in `tests/recovery`.
pub trait Log: Send + Sync {
    /// Where a partition ends.
    ///
    /// # Errors
    /// Why it cannot be said now.
    fn end(&self, topic: &str, number: usize) -> Result<i64, String>;

    /// What lies at each of these places, which come topic by topic.
    ///
    /// # Errors
    /// Why it cannot be said now.
    fn records(&self, places: &[Place]) -> Result<Vec<Seen>, String>;
}

/// The records by which the log of a partition is known again, and where it began and ended when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub number: usize,
    /// The records, the oldest first.
    pub read: Vec<Fingerprint>,
    /// Where the log begins.
    pub low: i64,
    /// Where it ends, or ended a moment ago.
    pub high: i64,
}

/// A log that is not the one that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub number: usize,
    /// The offset up to which it was read.
    pub offset: i64,
    /// Where it ends, if that is before that offset; else another record lies there.
    pub end: Option<i64>,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changed { topic, number, offset, .. } = self;
        match self.end {
            Some(end) => write!(f, "{topic}/{number} ends at offset {end}, but was read to offset {offset}")?,
            None => write!(
                f,
                "at offset {offset} of {topic}/{number} lies another record than the one that was read there"
            )?,
        }
        f.write_str(": the topic was created anew or its log was cut")
    }
}

impl Place {
    /// Why nobody knows whether the log is the one that was read, where the record of this place cannot be read again.
    #[must_use]
    pub fn unverified(&self) -> String {
        let Place { topic, number, offset } = self;
        format!(
            "the record that was read at offset {offset} of {topic}/{number} lies in a batch that cannot be read any more, and no \
             record before it is remembered that could be compared: nobody knows whether the topic is the one that was read"
        )
    }
}

/// What a comparison of logs with what was read of them has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The first log that is another one.
    pub changed: Option<Changed>,
    /// The records that lie as they were read, of each partition in the order in which they were asked for.
    pub found: Vec<Vec<Fingerprint>>,
    /// For each partition of which nothing says whether it is the same, the record that cannot be read.
    pub unverified: Vec<Place>,
}

/// Compares what was read with what lies there now. What retention has deleted cannot be compared: where a log
/// begins is judged elsewhere. Neither can what compaction has taken away. A record in a batch that cannot be read says nothing;
/// then one that was read before it has to lie where it lay.
///
/// # Errors
/// Why the logs cannot be read now.
pub fn compare(log: &dyn Log, remembered: &[Remembered]) -> Result<Comparison, String> {
    let mut asked: Vec<Asked<'_>> = remembered.iter().map(Asked::of).collect();
    let most = remembered.iter().map(|partition| partition.read.len()).max().unwrap_or(0);
    for turn in 0..most {
        // A log is asked for one record of each partition at a time.
        if let Some(changed) = ask_for_one_of_each(log, &mut asked, turn)? {
            return Ok(Comparison { changed: Some(changed), ..Comparison::default() });
        }
    }
    let unverified = asked.iter().filter_map(Asked::unverified).collect();
    Ok(Comparison { changed: None, found: asked.into_iter().map(|asked| asked.found).collect(), unverified })
}

/// What was remembered of a partition, and what was found.
struct Asked<'a> {
    remembered: &'a Remembered,
    /// What lies as it was read.
    found: Vec<Fingerprint>,
    /// What cannot be read.
    unreadable: Vec<Place>,
}

impl Asked<'_> {
    fn of(remembered: &Remembered) -> Asked<'_> {
        Asked { remembered, found: Vec::new(), unreadable: Vec::new() }
    }

    /// The first record that cannot be read and before which none was found.
    fn unverified(&self) -> Option<Place> {
        let says_nothing = |place: &&Place| self.found.iter().all(|found| found.offset >= place.offset);
        self.unreadable.iter().find(says_nothing).cloned()
    }
}

fn ask_for_one_of_each(log: &dyn Log, all: &mut [Asked<'_>], turn: usize) -> Result<Option<Changed>, String> {
    let (mut places, mut expected) = (Vec::new(), Vec::new());
    for asked in all {
        let Remembered { topic, number, read, low, high } = asked.remembered;
        let Some(read) = read.get(turn).filter(|read| read.offset >= *low) else { continue };
        // Somebody may have read on since the end was looked at.
        if read.offset >= *high {
            let end = log.end(topic, *number)?;
            if end <= read.offset {
                let (topic, number, offset) = (topic.clone(), *number, read.offset + 1);
                return Ok(Some(Changed { topic, number, offset, end: Some(end) }));
            }
        }
        places.push(Place { topic: topic.clone(), number: *number, offset: read.offset });
        expected.push((asked, *read));
    }
    if places.is_empty() {
        return Ok(None);
    }
    let seen = log.records(&places)?;
    for ((place, (asked, expected)), seen) in places.into_iter().zip(expected).zip(seen) {
        match seen {
            Seen::Record(record) if record == expected => asked.found.push(record),
            Seen::Record(record) if record.offset == expected.offset => {
                let Place { topic, number, offset } = place;
                return Ok(Some(Changed { topic, number, offset, end: None }));
            }
            Seen::Record(_) | Seen::Nothing => {}
            Seen::Unreadable => asked.unreadable.push(place),
        }
    }
    Ok(None)
}

/// What is remembered of all partitions whose logs are known.
pub(super) fn remembered(fingerprints: &Fingerprints, lows: &Offsets, highs: &Offsets) -> Vec<Remembered> {
    let mut remembered = Vec::new();
    for (topic, partitions) in fingerprints {
        let at = |offsets: &Offsets, number: usize| offsets.get(topic)?.get(number).copied();
        for (number, read) in partitions.iter().enumerate() {
            if let (Some(low), Some(high)) = (at(lows, number), at(highs, number)) {
                remembered.push(Remembered { topic: topic.clone(), number, read: read.clone(), low, high });
            }
        }
    }
    remembered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a record in a batch that cannot be read.
    const DAMAGED: &str = "damaged";

    /// One partition with these values, from offset 0 on; what is `None` is gone.
    struct Memory(Vec<Option<&'static str>>);

    fn of(offset: usize, value: &str) -> Fingerprint {
        Fingerprint::of(i64::try_from(offset).unwrap(), Some(7), Some(b"key"), Some(value.as_bytes()))
    }

    impl Log for Memory {
        fn end(&self, _topic: &str, _number: usize) -> Result<i64, String> {
            Ok(i64::try_from(self.0.len()).unwrap())
        }

        fn records(&self, places: &[Place]) -> Result<Vec<Seen>, String> {
            let first = |place: &Place| {
                let from = usize::try_from(place.offset).unwrap();
                let mut records = self.0.iter().enumerate().skip(from);
                match records.find_map(|(offset, value)| Some((offset, (*value)?))) {
                    Some((_, DAMAGED)) => Seen::Unreadable,
                    Some((offset, value)) => Seen::Record(of(offset, value)),
                    None => Seen::Nothing,
                }
            };
            Ok(places.iter().map(first).collect())
        }
    }

    fn compared(log: &[Option<&'static str>], last: Fingerprint, low: i64, high: i64) -> Option<String> {
        compared_all(log, vec![last], low, high)
    }

    fn compared_all(log: &[Option<&'static str>], read: Vec<Fingerprint>, low: i64, high: i64) -> Option<String> {
        compared_with(log, read, low, high).changed.map(|changed| changed.to_string())
    }

    fn compared_with(log: &[Option<&'static str>], read: Vec<Fingerprint>, low: i64, high: i64) -> Comparison {
        let remembered = Remembered { topic: "sales.leads".to_owned(), number: 3, read, low, high };
        compare(&Memory(log.to_vec()), &[remembered]).unwrap()
    }

    #[test]
    fn a_record_is_known_again_by_all_that_it_is() {
        let (key, value): (Option<&[u8]>, Option<&[u8]>) = (Some(b"a"), Some(b"b"));
        let known = Fingerprint::of(4, Some(7), key, value);
        assert_eq!(known, Fingerprint::of(4, Some(7), key, value));
        for other in [
            Fingerprint::of(5, Some(7), key, value),
            Fingerprint::of(4, None, key, value),
            Fingerprint::of(4, Some(7), value, key),
            Fingerprint::of(4, Some(7), key, None),
            Fingerprint::of(4, Some(7), None, value),
            Fingerprint::of(4, Some(7), key, Some(b"")),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn a_log_is_another_if_it_ends_earlier_or_holds_another_record() {
        let log = [Some("a"), Some("b"), None, Some("d")];
        assert_eq!(compared(&log, of(1, "b"), 0, 4), None);
        let cause = ": the topic was created anew or its log was cut";
        let other = format!("at offset 1 of sales.leads/3 lies another record than the one that was read there{cause}");
        assert_eq!(compared(&log, of(1, "x"), 0, 4), Some(other));
        let shorter = format!("sales.leads/3 ends at offset 4, but was read to offset 8{cause}");
        assert_eq!(compared(&log, of(7, "x"), 0, 4), Some(shorter));
    }

    #[test]
    fn a_record_of_before_gives_away_a_log_in_which_somebody_has_read_on() {
        let log = [Some("a"), Some("b"), None, Some("d")];
        assert_eq!(compared_all(&log, vec![of(0, "a"), of(3, "d")], 0, 4), None);
        let changed = compared_all(&log, vec![of(1, "x"), of(3, "d")], 0, 4);
        assert!(changed.is_some_and(|changed| changed.starts_with("at offset 1 of sales.leads/3 ")));
    }

    #[test]
    fn a_record_that_cannot_be_read_says_nothing_and_one_before_it_must() {
        let log = [Some("a"), Some(DAMAGED), Some("c"), None, Some(DAMAGED)];
        let unverified = |read: Vec<Fingerprint>, low| {
            let compared = compared_with(&log, read, low, 5);
            assert_eq!(compared.changed, None);
            compared.unverified.iter().map(|place| place.offset).collect::<Vec<_>>()
        };
        assert_eq!(unverified(vec![of(1, "b")], 0), [1], "nothing else is known");
        assert_eq!(unverified(vec![of(0, "a"), of(1, "b")], 0), [] as [i64; 0]);
        assert_eq!(unverified(vec![of(0, "a"), of(1, "b")], 1), [1], "retention has deleted the other");
        assert_eq!(unverified(vec![of(1, "b"), of(2, "c")], 0), [1], "it may have been cut and read on");
        assert_eq!(unverified(vec![of(3, "d"), of(1, "b")], 0), [3], "one for each partition");
        assert_eq!(unverified(vec![of(2, "c"), of(4, "e")], 0), [] as [i64; 0]);
        assert_eq!(
            compared_with(&log, vec![of(0, "a"), of(1, "b"), of(2, "c")], 0, 5).found,
            [[of(0, "a"), of(2, "c")]]
        );
        let changed = compared_all(&log, vec![of(1, "b"), of(2, "x")], 0, 5);
        assert!(changed.is_some_and(|changed| changed.starts_with("at offset 2 ")));
        let sentence = Place { topic: "sales.leads".to_owned(), number: 3, offset: 1 }.unverified();
        assert!(
            sentence.starts_with("the record that was read at offset 1 of sales.leads/3 lies in a batch"),
            "{sentence}"
        );
    }

    #[test]
    fn what_is_not_there_any_more_or_has_come_since_is_not_held_against_the_log() {
        let log = [Some("a"), Some("b"), None, Some("d")];
        assert_eq!(compared(&log, of(2, "c"), 0, 4), None, "compaction has taken it away");
        assert_eq!(compared(&log, of(1, "x"), 2, 4), None, "retention has deleted it");
        assert_eq!(compared(&log, of(3, "d"), 0, 2), None, "somebody has read beyond the end that was seen");
    }
}
