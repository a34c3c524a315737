//! What a world lived through, counted.

use std::collections::BTreeMap;
use std::fmt;

/// Everything that must have happened to somebody: what never happens is not tested.
pub(crate) const EVENTS: [&str; 45] = [
    "a snapshot",
    "an audit",
    "a crash",
    "a crash with dead letters under way",
    "a crash between two objects",
    "a crash between durability and commit",
    "a torn object",
    "a damaged object",
    "two writers at once",
    "a snapshot of a zombie",
    "a stale listing",
    "a deletion by retention",
    "a restore",
    "a restore past an unusable snapshot",
    "a restore under another configuration",
    "a start from the beginning",
    "a refused start",
    "a configuration taken back",
    "a scrape",
    "a clock that jumps forward",
    "a clock that jumps back",
    "numbers that stand still until the clock has caught up",
    "an end because the clock does not catch up",
    "an end because records are deleted that were not read",
    "an end because another has the seat",
    "an end in good order",
    "another configuration",
    "another member",
    "a member with other topics",
    "a round of other topics",
    "rounds of another cluster",
    "a process that stands still",
    "a seat taken from one that stands still",
    "a turn of a member whose session has ended",
    "offsets that an operator has set to the end",
    "a broker that is away",
    "an error from which the client recovers",
    "an end because the client cannot go on",
    "records that cannot be read for a while",
    "a condition because records cannot be read",
    "a topic created anew",
    "a log that was cut",
    "an end because a log is another",
    "a refused start because a log is another",
    "a start that was allowed to begin anew",
];

#[derive(Clone, Default)]
pub(crate) struct Survived(BTreeMap<&'static str, u64>);

impl Survived {
    pub(crate) fn count(&mut self, event: &'static str, times: u64) {
        assert!(EVENTS.contains(&event), "{event} is not among the events");
        *self.0.entry(event).or_default() += times;
    }

    pub(crate) fn times(&self, event: &str) -> u64 {
        self.0.get(event).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, other: &Survived) {
        other.0.iter().for_each(|(event, times)| self.count(event, *times));
    }
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        EVENTS.iter().try_for_each(|event| writeln!(f, "{:>9} × {event}", self.times(event)))
    }
}
