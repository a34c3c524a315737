//! The second stage: the sum of all shards at one instant, and what cannot be summed: customers, targets, roster.

mod customers;
mod grid;
mod reading;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use self::customers::Customers;
pub use self::customers::{CustomerPeriod, CustomerSums};
pub use self::reading::{Reading, RosterLine, Subject, SubjectName};
use crate::engine::cells::{Segments, Table};
use crate::engine::directory::Directory;
use crate::engine::shard::{Held, ShardReading};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// Where the shards meet. It keeps the customers, whose journeys lie in any shards; everything else comes whole
/// with each reading.
#[derive(Debug)]
pub struct Board {
    rules: Arc<Rules>,
    directory: Arc<Directory>,
    customers: Customers,
}

impl Board {
    /// An empty board.
    #[must_use]
    pub fn new(rules: Arc<Rules>, directory: Arc<Directory>, now: Time) -> Board {
        Board { customers: Customers::new(Arc::clone(&rules), now), rules, directory }
    }

    /// Bytes held: the customers with their wins.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.customers.resident_bytes()
    }

    /// Sums what all shards say at `now`. Every reading of a shard must come here exactly once, since it tells
    /// how wins have changed since the one before.
    #[must_use]
    pub fn read(&mut self, now: Time, shards: Vec<ShardReading>) -> Reading {
        let segments = Arc::new(Segments::at(now, &self.rules));
        let mut sum = Merged::new(self.rules.pipeline.between(), &segments);
        let mut wins = Vec::new();
        for mut shard in shards {
            wins.append(&mut shard.wins);
            sum.add(shard);
        }
        self.customers.change(wins);
        self.customers.advance(now, &segments);
        reading::build(&self.rules, &self.directory, now, sum, &self.customers)
    }
}

/// The sum of the shards' readings.
#[derive(Debug)]
struct Merged {
    rows: Table,
    channels: Table,
    targets: Vec<crate::engine::shard::TargetValue>,
    teams: Vec<crate::engine::directory::NameId>,
    /// The last entry of each rep.
    roster: HashMap<crate::engine::directory::NameId, crate::engine::shard::RosterValue, RandomState>,
    held: Held,
}

impl Merged {
    fn new(between: usize, segments: &Arc<Segments>) -> Merged {
        Merged {
            rows: Table::new(between, Arc::clone(segments)),
            channels: Table::new(between, Arc::clone(segments)),
            targets: Vec::new(),
            teams: Vec::new(),
            roster: HashMap::default(),
            held: Held::default(),
        }
    }

    fn add(&mut self, shard: ShardReading) {
        merge(&mut self.rows, shard.rows);
        merge(&mut self.channels, shard.channels);
        self.targets.extend(shard.targets);
        self.teams.extend(shard.teams);
        for entry in shard.roster {
            match self.roster.entry(entry.rep) {
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(entry);
                }
                std::collections::hash_map::Entry::Occupied(mut known) if known.get().set < entry.set => {
                    known.insert(entry);
                }
                std::collections::hash_map::Entry::Occupied(_) => {}
            }
        }
        self.held += shard.held;
    }
}

/// Adds a table row by row; the first one is taken as it is.
fn merge(sum: &mut Table, table: Table) {
    if sum.rows() == 0 {
        *sum = table;
    } else {
        sum.absorb(&table, Some);
    }
}
