//! Whether the logs still are those that a round was read from, and hold what comes after it.

use super::older::Allowed;
use super::{Ends, Reject, RestoreError, partitions};
use crate::config::OnGap;
use crate::snapshot::header::Offsets;
use crate::snapshot::identity::{Changed, Fingerprints, Log, Place, compare, remembered};

/// What is read here and now.
#[derive(Clone, Copy)]
pub(super) struct Logs<'a> {
    pub(super) ends: &'a Ends,
    pub(super) log: Option<&'a dyn Log>,
}

impl Logs<'_> {
    /// Whether the logs still hold what comes after these offsets.
    pub(super) fn hold(self, offsets: &Offsets, on_gap: OnGap) -> Result<(), Reject> {
        let at = |offsets: &Offsets, topic: &str, number: usize| offsets.get(topic)?.get(number).copied();
        for (topic, number, offset) in partitions(offsets) {
            let (Some(low), Some(high)) = (at(&self.ends.lows, topic, number), at(&self.ends.highs, topic, number))
            else {
                return Err(Reject::Unusable(format!("{topic} has no partition {number} any more")));
            };
            if offset > high {
                // Another member may have read on since the end was looked at.
                let end = self.log.map_or(Ok(high), |log| log.end(topic, number)).map_err(RestoreError::Log)?;
                if offset > end {
                    let topic = topic.clone();
                    return Err(Reject::Changed(Changed { topic, number, offset, end: Some(end) }));
                }
            }
            if offset < low && on_gap == OnGap::Refuse {
                return Err(Reject::Gap(format!(
                    "the newest snapshots reach to offset {offset} of {topic}/{number}, which now begins at {low}: retention has \
                     deleted the records between"
                )));
            }
        }
        Ok(())
    }

    /// Whether the records that were read last still lie where they lay; answers those of which nobody can know it, where that
    /// is allowed.
    pub(super) fn are_known_by(self, fingerprints: &Fingerprints, allowed: Allowed) -> Result<Vec<Place>, Reject> {
        let Some(log) = self.log else { return Ok(Vec::new()) };
        let remembered = remembered(fingerprints, &self.ends.lows, &self.ends.highs);
        let comparison = compare(log, &remembered).map_err(RestoreError::Log)?;
        if let Some(changed) = comparison.changed {
            return Err(Reject::Changed(changed));
        }
        match comparison.unverified.first() {
            Some(record) if !allowed.unverified => Err(Reject::Unverified(record.clone())),
            _ => Ok(comparison.unverified),
        }
    }
}

/// Whether the logs of the partitions that these offsets do not know still have their beginnings.
pub(super) fn begins(offsets: &Offsets, ends: &Ends, on_gap: OnGap) -> Result<(), Reject> {
    let is_known = |topic: &str, number: usize| offsets.get(topic).is_some_and(|offsets| number < offsets.len());
    let unknown = partitions(&ends.lows).find(|(topic, number, low)| *low > 0 && !is_known(topic, *number));
    match unknown.filter(|_| on_gap == OnGap::Refuse) {
        None => Ok(()),
        Some((topic, number, low)) => Err(Reject::Gap(format!(
            "the newest snapshots know nothing of {topic}/{number}, which begins at offset {low}: retention has deleted the \
             records before"
        ))),
    }
}

/// Forgets by what the logs of these records were known: from here on only what is read says what they are.
pub(super) fn forget(fingerprints: &mut Fingerprints, unverified: &[Place]) {
    for Place { topic, number, .. } in unverified {
        if let Some(known) = fingerprints.get_mut(topic).and_then(|partitions| partitions.get_mut(*number)) {
            known.clear();
        }
    }
}
