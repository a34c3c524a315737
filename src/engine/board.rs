//! The second stage: the sum of all shards at one instant, and what cannot be summed: customers, targets, roster.

mod customers;
mod grid;
mod reading;
mod reasons;
mod sums;
mod targets;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use self::customers::Customers;
pub use self::customers::{CustomerPeriod, CustomerSums};
use self::reading::Reps;
pub use self::reading::{MOST_WON, Reading, RosterLine, Subject, SubjectName, Won};
pub use self::reasons::Reasons;
use self::sums::{Merging, Sums};
pub use self::targets::Goals;
use crate::engine::cells::{Layout, Segments, Table, Totals};
use crate::engine::directory::{Directory, RepInTeam, RowId};
use crate::engine::meanings::Courses;
use crate::engine::shard::{Held, Linked, ShardReading, WinChange};
use crate::model::id::{Id, UNASSIGNED};
use crate::model::needs::Needs;
use crate::model::rules::Rules;
use crate::model::time::{DAY, Time};

/// Where the shards meet. It keeps the customers, whose journeys lie in any shards; everything else comes whole
/// with each reading, of which it keeps the last, so that what has not changed since need not be added up again.
#[derive(Debug)]
pub struct Board {
    rules: Arc<Rules>,
    directory: Arc<Directory>,
    customers: Customers,
    rows: Merging,
    channels: Merging,
    scopes: Scopes,
}

/// What of the scopes is kept: who is shown, and what sums of others were.
#[derive(Debug, Default)]
struct Scopes {
    reps: Reps,
    teams: Sums,
    regions: Sums,
    org: Sums,
}

impl Board {
    /// An empty board.
    #[must_use]
    pub fn new(rules: Arc<Rules>, directory: Arc<Directory>, now: Time) -> Board {
        let customers = Customers::new(Arc::clone(&rules), now);
        let (rows, channels, scopes) = (Merging::default(), Merging::default(), Scopes::default());
        Board { rules, directory, customers, rows, channels, scopes }
    }

    /// The names of its rows.
    #[must_use]
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
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
        let nothing = |needs| Totals::new(Layout::new(&Courses::new(&self.rules), needs), Arc::clone(&segments));
        let rows = self.rows.of(shards.iter().map(|shard| shard.rows.clone()).collect());
        let channels = self.channels.of(shards.iter().map(|shard| shard.channels.clone()).collect());
        let mut sum = Merged::new(
            rows.unwrap_or_else(|| nothing(self.rules.counted.reps)),
            channels.unwrap_or_else(|| nothing(self.rules.counted.channels)),
        );
        let mut wins = Vec::new();
        for mut shard in shards {
            wins.append(&mut shard.wins);
            sum.add(shard);
        }
        self.credit_deals(&mut sum, &segments);
        let won = self.won_of_late(&wins, now);
        self.customers.change(wins);
        self.customers.advance(now, &segments);
        let reading = reading::build(&self.rules, &self.directory, now, sum, &self.customers, &mut self.scopes);
        Reading { won, ..reading }
    }

    /// The deals that were not won at the last reading and were won in the day before `now`: what is older is no news.
    fn won_of_late(&self, wins: &[WinChange], now: Time) -> Vec<Won> {
        let new = wins.iter().filter(|change| change.before.is_none()).filter_map(|change| change.after.as_ref());
        let of_late: Vec<_> = new.filter(|win| now.plus(-DAY) < win.at && win.at <= now).take(MOST_WON).collect();
        if of_late.is_empty() {
            return Vec::new();
        }
        let rows = self.directory.rows();
        let won = of_late.into_iter().filter_map(|win| {
            let pair = rows.get(win.row.index())?;
            Some(Won { rep: self.directory.text(pair.rep), team: self.directory.text(pair.team), amount: win.amount })
        });
        won.collect()
    }

    /// Counts the payments and answers that are credited to the owner of a journey. The journey lies in another shard than
    /// they, so that only here both are known; they are counted anew for each reading.
    fn credit_deals(&self, sum: &mut Merged, segments: &Arc<Segments>) {
        if sum.linked.is_empty() {
            return;
        }
        let nobody = self.directory.name(UNASSIGNED);
        let nobody = self.directory.row(RepInTeam { team: nobody, rep: nobody });
        let layout = Layout::new(&Courses::new(&self.rules), Needs::BESIDE);
        let mut credited = Table::new(layout, Arc::clone(segments));
        let (mut rows, mut places) = (Vec::new(), HashMap::new());
        for linked in std::mem::take(&mut sum.linked) {
            let row = sum.owners.get(&linked.deal).copied().unwrap_or(nobody).index();
            let place = *places.entry(row).or_insert_with(|| {
                rows.push(row);
                rows.len() - 1
            });
            credited.name(place, 1);
            if let Some(segment) = segments.of(linked.fact.at) {
                credited.apply(place, linked.fact.pipeline, linked.fact.kind, segment, 1);
            }
        }
        let nothing = sum.rows.empty_like();
        let mut totals = nothing.clone();
        credited.bring(&mut totals);
        sum.rows.absorb_changes(&nothing, &totals, |place| rows.get(place).copied());
    }
}

/// The sum of the shards' readings.
#[derive(Debug)]
struct Merged {
    rows: Totals,
    channels: Totals,
    targets: Vec<crate::engine::shard::TargetValue>,
    teams: Vec<crate::engine::directory::NameId>,
    linked: Vec<Linked>,
    owners: HashMap<Id, RowId, RandomState>,
    /// The last entry of each rep.
    roster: HashMap<crate::engine::directory::NameId, crate::engine::shard::RosterValue, RandomState>,
    held: Held,
}

impl Merged {
    fn new(rows: Totals, channels: Totals) -> Merged {
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
