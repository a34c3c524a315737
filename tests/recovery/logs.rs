//! What a broker has: the topics' partitions, of which retention may have deleted the first records, and what the group
//! has committed.

use std::collections::BTreeMap;

use salespulse::kafka::{Committed, Partition};
use salespulse::model::event::EventType;
use salespulse::model::rules::Acceptance;
use salespulse::model::time::{DAY, Time};
use salespulse::simulate::{Plan, Produced, Simulation};
use salespulse::snapshot::Offsets;

use crate::dice::Dice;

/// Partitions of each topic.
pub(crate) const PARTITIONS: usize = 2;

/// A partition, by its type and number.
pub(crate) type Place = (EventType, usize);

/// The place of a partition.
pub(crate) fn place_of(partition: &Partition) -> Place {
    let kind = EventType::ALL.into_iter().find(|kind| kind.default_topic() == partition.topic()).expect("one of ours");
    (kind, usize::try_from(partition.number()).expect("a number"))
}

/// What a group has committed, as the broker keeps it.
#[derive(Clone)]
pub(crate) struct Commit {
    offset: i64,
    metadata: String,
}

impl Commit {
    pub(crate) fn of(committed: Committed, acceptance: Acceptance) -> Commit {
        Commit { offset: committed.offset, metadata: committed.metadata(acceptance) }
    }
}

pub(crate) struct Logs {
    /// The configuration that fits the records.
    pub(crate) configuration: String,
    /// What the group has committed.
    pub(crate) commits: BTreeMap<Place, Commit>,
    records: BTreeMap<Place, Vec<Produced>>,
    lows: BTreeMap<Place, usize>,
    /// What will be produced.
    future: std::vec::IntoIter<Produced>,
}

impl Logs {
    pub(crate) fn new(seed: u64) -> Logs {
        let end = Time::parse("2026-06-30T16:00:00Z").expect("a time");
        let mut plan = Plan::new(seed, end.plus(-50 * DAY), end);
        (plan.reps, plan.journeys_per_week) = (5, 8);
        (plan.disorder, plan.bad) = (2_500, 500);
        let mut simulation = Simulation::new(plan).expect("a plan");
        let configuration = simulation.configuration().to_owned();
        let future: Vec<Produced> = simulation.by_ref().collect();
        let places = || EventType::ALL.into_iter().flat_map(|kind| (0..PARTITIONS).map(move |number| (kind, number)));
        Logs {
            configuration,
            commits: BTreeMap::new(),
            records: places().map(|place| (place, Vec::new())).collect(),
            lows: places().map(|place| (place, 0)).collect(),
            future: future.into_iter(),
        }
    }

    /// Produces the next records, and now and then one of the earlier ones again.
    pub(crate) fn produce(&mut self, count: usize, dice: &mut Dice) {
        for produced in self.future.by_ref().take(count) {
            let place = (produced.kind, usize::from(produced.key[0]) % PARTITIONS);
            let log = self.records.get_mut(&place).expect("every type has partitions");
            log.push(produced);
            if dice.percent(5) {
                let again = log[dice.below(log.len())].clone();
                log.push(again);
            }
        }
    }

    /// What a member reads of a commit.
    pub(crate) fn committed(&self, place: Place, acceptance: Acceptance) -> Option<Committed> {
        let commit = self.commits.get(&place)?;
        Committed::parse(commit.offset, &commit.metadata, acceptance)
    }

    /// An operator sets the group's offsets to the ends, as a tool does that knows nothing of dead letters.
    pub(crate) fn reset_commits(&mut self) {
        for (place, log) in &self.records {
            let offset = i64::try_from(log.len()).expect("an offset");
            self.commits.insert(*place, Commit { offset, metadata: String::new() });
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.future.len() == 0
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.records.keys().copied().collect::<Vec<_>>().into_iter()
    }

    pub(crate) fn log(&self, place: Place) -> &[Produced] {
        &self.records[&place]
    }

    pub(crate) fn low(&self, place: Place) -> usize {
        self.lows[&place]
    }

    /// Deletes what lies before some offsets.
    pub(crate) fn trim(&mut self, offsets: &Offsets) {
        for (place, low) in &mut self.lows {
            let offset = offsets.get(place.0.default_topic()).map_or(0, |offsets| offsets[place.1]);
            *low = usize::try_from(offset).expect("an offset").max(*low);
        }
    }

    /// Whether anything was deleted.
    pub(crate) fn is_trimmed(&self) -> bool {
        self.lows.values().any(|low| *low > 0)
    }

    /// Everything is there again, as from a backup.
    pub(crate) fn mend(&mut self) {
        self.lows.values_mut().for_each(|low| *low = 0);
    }

    /// The first offsets of all partitions.
    pub(crate) fn lows(&self) -> Offsets {
        let mut lows = Offsets::new();
        for (place, low) in &self.lows {
            let low = i64::try_from(*low).expect("an offset");
            lows.entry(place.0.default_topic().to_owned()).or_default().push(low);
        }
        lows
    }
}
