//! The second stage: the sum of all shards at one instant, and what cannot be summed: customers, targets, roster.

mod customers;
mod grid;
mod reading;
mod reasons;
mod targets;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use self::customers::Customers;
pub use self::customers::{CustomerPeriod, CustomerSums};
pub use self::reading::{Reading, RosterLine, Subject, SubjectName};
pub use self::reasons::Reasons;
pub use self::targets::Goals;
use crate::engine::cells::{Layout, Segments, Table};
use crate::engine::directory::{Directory, RepInTeam, RowId};
use crate::engine::meanings::Courses;
use crate::engine::shard::{Held, Linked, ShardReading};
use crate::model::id::{Id, UNASSIGNED};
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
        let mut sum = Merged::new(&Courses::new(&self.rules), &segments);
        let mut wins = Vec::new();
        for mut shard in shards {
            wins.append(&mut shard.wins);
            sum.add(shard);
        }
        self.credit_deals(&mut sum, &segments);
        self.customers.change(wins);
        self.customers.advance(now, &segments);
        reading::build(&self.rules, &self.directory, now, sum, &self.customers)
    }

    /// Counts the payments and answers that are credited to the owner of a journey. The journey lies in another shard than
    /// they, so that only here both are known; they are counted anew for each reading.
    fn credit_deals(&self, sum: &mut Merged, segments: &Segments) {
        let nobody = self.directory.name(UNASSIGNED);
        let nobody = self.directory.row(RepInTeam { team: nobody, rep: nobody });
        for linked in std::mem::take(&mut sum.linked) {
            let row = sum.owners.get(&linked.deal).copied().unwrap_or(nobody).index();
            sum.rows.name(row, 1);
            if let Some(segment) = segments.of(linked.fact.at) {
                sum.rows.apply(row, linked.fact.pipeline, linked.fact.kind, segment, 1);
            }
        }
    }
}

/// The sum of the shards' readings.
#[derive(Debug)]
struct Merged {
    rows: Table,
    channels: Table,
    targets: Vec<crate::engine::shard::TargetValue>,
    teams: Vec<crate::engine::directory::NameId>,
    linked: Vec<Linked>,
    owners: HashMap<Id, RowId, RandomState>,
    /// The last entry of each rep.
    roster: HashMap<crate::engine::directory::NameId, crate::engine::shard::RosterValue, RandomState>,
    held: Held,
}

impl Merged {
    fn new(courses: &Courses, segments: &Arc<Segments>) -> Merged {
        let [rows, channels] =
            [true, false].map(|is_rows| Table::new(Layout::new(courses, is_rows), Arc::clone(segments)));
        Merged {
            rows,
            channels,
            linked: Vec::new(),
            owners: HashMap::default(),
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
        self.linked.extend(shard.linked);
        self.owners.extend(shard.owners);
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
