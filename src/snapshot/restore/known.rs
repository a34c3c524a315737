//! Where partitions were ever begun, by the headers of all rounds, and whether a round reaches back as far.

use std::collections::BTreeMap;

use super::{Reject, Restored};
use crate::snapshot::header::{Header, Offsets, Provenance};

/// The least offset at which each partition was ever begun.
pub(super) type Began = BTreeMap<(String, usize), i64>;

/// What rounds say together, those too that cannot be used.
#[derive(Default)]
pub(super) struct Known {
    /// Whether there are any of this cluster.
    pub(super) exists: bool,
    /// Whether there are any of what is read here.
    pub(super) has_ours: bool,
    /// How many headers were read.
    pub(super) headers: usize,
    /// The least offset at which each partition was ever begun.
    pub(super) began: Began,
}

impl Known {
    /// Takes in what a header says. What others have begun with says nothing where there are rounds of ours, which come
    /// first.
    pub(super) fn note(&mut self, header: &Header, now: &Provenance) {
        self.headers += 1;
        if header.provenance.is_of_another_cluster(now) {
            return;
        }
        let is_ours = header.provenance.topics == now.topics;
        if self.has_ours && !is_ours {
            return;
        }
        (self.exists, self.has_ours) = (true, is_ours);
        for (topic, number, began) in partitions(&header.began) {
            let known = self.began.entry((topic.clone(), number)).or_insert(began);
            *known = began.min(*known);
        }
    }

    /// Refuses a round of others that began to read later than ours did, or could have: those cannot be used, but say that
    /// there was more.
    pub(super) fn reaches_back(&self, restored: Restored) -> Result<Restored, Reject> {
        match first_begun_later(&restored.began, &self.began) {
            None => Ok(restored),
            Some((topic, number, from)) => Err(Reject::Unusable(format!(
                "it is of a service with other topics, which began to read {topic}/{number} at offset {from}, behind what \
                 the snapshots of these topics held or could have held"
            ))),
        }
    }
}

/// All partitions with their offsets.
pub(super) fn partitions(offsets: &Offsets) -> impl Iterator<Item = (&String, usize, i64)> {
    offsets
        .iter()
        .flat_map(|(topic, offsets)| offsets.iter().enumerate().map(move |(number, offset)| (topic, number, *offset)))
}

/// The first partition that begins behind where it was ever begun. One of which that is not known began where all do.
pub(super) fn first_begun_later<'a>(begins: &'a Offsets, began: &Began) -> Option<(&'a String, usize, i64)> {
    let began = |topic: &str, number| began.get(&(topic.to_owned(), number)).copied().unwrap_or(0);
    partitions(begins).find(|(topic, number, begins)| *begins > began(topic, *number))
}
