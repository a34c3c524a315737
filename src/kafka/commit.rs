//! What a group has committed of a partition, and what stands beside the offset.
//!
//! The offset says how far everything is durable, which is what tools that watch a group's lag want to know. Dead letters
//! are usually further: every rejected record before `settled` is acknowledged. That stands in the commit's metadata, so
//! that whoever reads these records again does not send their dead letters again. It stands there with the rules that
//! rejected them, since other rules may reject others; and with what the log is known by again, since another log of the same
//! name has other records at these offsets.

use crate::model::rules::Acceptance;
use crate::snapshot::Fingerprint;

/// What the metadata of our commits begin with, and what stands between the offset, the rules and the log.
const SETTLED: &str = "dead letters acknowledged before ";
const UNDER: &str = " under rules ";
const HOLDS: &str = " of the log that holds ";
/// What stands between two records of it, and between what is known of one.
const NEXT: char = ',';
const PART: char = ':';

/// What a group has committed of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Everything before it is durable.
    pub offset: i64,
    /// Every rejected record before it is in the dead-letter topic.
    pub settled: i64,
    /// Records of the log in which they were rejected, the oldest first: where they lie no more, it is another log.
    pub log: Vec<Fingerprint>,
}

impl Committed {
    /// Reads a commit under the rules of now; `None` if it is not one of ours. Whoever else commits (an operator who resets
    /// offsets, another consumer) says nothing of what is durable, nor of dead letters.
    #[must_use]
    pub fn parse(offset: i64, metadata: &str, acceptance: Acceptance) -> Option<Committed> {
        let ours = metadata.strip_prefix(SETTLED)?;
        let (position, log) = ours.split_once(HOLDS).unwrap_or((ours, ""));
        let settled = position.strip_suffix(&format!("{UNDER}{acceptance}")).and_then(|settled| settled.parse().ok());
        let log = log.split(NEXT).map(record).collect::<Option<Vec<Fingerprint>>>();
        Some(match (settled, log) {
            (Some(settled), Some(log)) => Committed { offset, settled: offset.max(settled), log },
            _ => Committed::of(offset),
        })
    }

    /// A commit that says nothing of dead letters.
    #[must_use]
    pub fn of(offset: i64) -> Committed {
        Committed { offset, ..Committed::default() }
    }

    /// The text to commit beside the offset.
    #[must_use]
    pub fn metadata(&self, acceptance: Acceptance) -> String {
        let mut text = format!("{SETTLED}{}{UNDER}{acceptance}", self.settled);
        for (place, Fingerprint { offset, timestamp, hash }) in self.log.iter().enumerate() {
            text.push_str(if place == 0 { HOLDS } else { "" });
            text.extend((place > 0).then_some(NEXT));
            let timestamp = timestamp.map(|timestamp| timestamp.to_string()).unwrap_or_default();
            text.push_str(&format!("{offset}{PART}{timestamp}{PART}{hash:016x}"));
        }
        text
    }

    /// Whether it says as much as another.
    #[must_use]
    pub fn reaches_as_far_as(&self, other: &Committed) -> bool {
        (self.offset, self.settled) == (other.offset, other.settled)
    }
}

/// A record by which a log is known again.
fn record(text: &str) -> Option<Fingerprint> {
    let mut parts = text.split(PART);
    let (offset, timestamp, hash) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let timestamp = if timestamp.is_empty() { None } else { Some(timestamp.parse().ok()?) };
    Some(Fingerprint { offset, timestamp, hash: u64::from_str_radix(hash, 16).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_says_how_far_dead_letters_are_and_in_which_log() {
        let (rules, others) = (Acceptance(7), Acceptance(8));
        let log = [Some(1_794_758_400_000), None, Some(-1)].map(|timestamp| Fingerprint {
            offset: 11,
            timestamp,
            hash: 0xAB,
        });
        for count in 1..=log.len() {
            let ours = Committed { offset: 7, settled: 12, log: log[..count].to_vec() };
            assert_eq!(Committed::parse(7, &ours.metadata(rules), rules), Some(ours.clone()));
            let other = Committed::parse(7, &ours.metadata(others), rules);
            assert_eq!(other, Some(Committed::of(7)), "other rules reject other records");
        }
        assert_eq!(Committed::parse(7, "", rules), None, "an operator who resets offsets settles no dead letter");
        assert_eq!(Committed::parse(7, "of another program", rules), None);
    }

    #[test]
    fn what_does_not_name_its_log_says_nothing_of_dead_letters() {
        let rules = Acceptance(7);
        let unnamed = Committed { offset: 7, settled: 12, log: Vec::new() }.metadata(rules);
        let damaged = format!("{unnamed}{HOLDS}11:x:ab");
        for metadata in [unnamed, damaged] {
            assert_eq!(Committed::parse(7, &metadata, rules), Some(Committed::of(7)), "{metadata}");
        }
    }

    /// Brokers take 4,096 bytes of metadata unless told otherwise.
    #[test]
    fn a_commit_is_short() {
        let longest = Fingerprint { offset: i64::MAX, timestamp: Some(i64::MIN), hash: u64::MAX };
        let committed = Committed { offset: i64::MAX, settled: i64::MAX, log: vec![longest; 12] };
        assert!(committed.metadata(Acceptance(u64::MAX)).len() < 1_024);
    }
}
