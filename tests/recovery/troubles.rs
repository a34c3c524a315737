//! Errors that a client meets, one of each class that it knows: those that pass, batches that cannot be read for a while, and
//! those after which it cannot go on. What becomes of a log that lacks the next record is told of by the logs themselves.

use std::collections::BTreeMap;

use crate::recovery::logs::Place;

/// What a client says of itself that cannot go on.
pub(crate) const FATAL: &str = "the Kafka client cannot go on";

/// What a client meets at its next read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It recovers by itself; a log may be another from then on.
    Passing,
    /// It cannot go on.
    Fatal,
}

#[derive(Default)]
pub(crate) struct Troubles {
    /// By the seat of a member.
    next: BTreeMap<String, Trouble>,
    /// Until when a partition cannot be read, in milliseconds.
    unreadable: BTreeMap<Place, u64>,
}

impl Troubles {
    /// The member of a seat meets this at its next read.
    pub(crate) fn meet(&mut self, seat: &str, trouble: Trouble) {
        self.next.insert(seat.to_owned(), trouble);
    }

    /// What the member of a seat meets now.
    pub(crate) fn take(&mut self, seat: &str) -> Option<Trouble> {
        self.next.remove(seat)
    }

    /// The batches of a partition are damaged until somebody has mended the broker's disk.
    pub(crate) fn damage(&mut self, place: Place, until: u64) {
        self.unreadable.insert(place, until);
    }

    /// Whether a partition can be read.
    pub(crate) fn can_read(&self, place: Place, now: u64) -> bool {
        self.unreadable.get(&place).is_none_or(|until| *until <= now)
    }

    /// Whether any was ever damaged.
    pub(crate) fn have_damaged(&self) -> bool {
        !self.unreadable.is_empty()
    }

    /// Nobody meets anything any more.
    pub(crate) fn end(&mut self) {
        self.next.clear();
        self.unreadable.values_mut().for_each(|until| *until = 0);
    }
}
