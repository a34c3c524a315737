//! What a broker has: the topics' partitions, of which retention may have deleted the first records, and what the group
//! has committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::kafka::{Committed, Layout, Partition, compare_logs};
use salespulse::model::event::EventType;
use salespulse::model::rules::Acceptance;
use salespulse::model::time::{DAY, Time};
use salespulse::simulate::{Plan, Produced, Simulation};
use salespulse::snapshot::{Changed, Comparison, Fingerprint, Offsets};

use crate::dice::Dice;
use crate::recovery::mirror::Mirror;

/// Partitions of each topic.
pub(crate) const PARTITIONS: usize = 2;

/// A partition, by its type and number.
pub(crate) type Place = (EventType, usize);

/// The place of a partition.
pub(crate) fn place_of(partition: &Partition) -> Place {
    let kind = EventType::ALL.into_iter().find(|kind| kind.default_topic() == partition.topic()).expect("one of ours");
    (kind, usize::try_from(partition.number()).expect("a number"))
}

/// One of the records of a log, written again a little later.
fn again(log: &[Produced], dice: &mut Dice) -> Produced {
    let record = log[dice.below(log.len())].clone();
    let later = 1 + i64::try_from(dice.below(1_000)).expect("few");
    Produced { produced_at: record.produced_at.plus(later), ..record }
}

/// What a group has committed, as the broker keeps it.
#[derive(Clone)]
pub(crate) struct Commit {
    offset: i64,
    metadata: String,
}

impl Commit {
    pub(crate) fn of(committed: &Committed, acceptance: Acceptance) -> Commit {
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
    /// Up to where each was ever deleted, whether or not that is there again.
    deleted: BTreeMap<Place, usize>,
    /// What whoever compares logs sees of them.
    pub(crate) mirror: Arc<Mirror>,
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
            deleted: BTreeMap::new(),
            mirror: Arc::default(),
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
                log.push(again(log, dice));
            }
            self.mirror.reflect(place, log, usize::MAX);
        }
    }

    /// A topic is deleted and created anew, and somebody fills it: with some of what was there, in another order, and with
    /// less of it or more.
    pub(crate) fn recreate(&mut self, kind: EventType, dice: &mut Dice) {
        let is_shorter = dice.percent(40);
        for (place, log) in self.records.iter_mut().filter(|(place, _)| place.0 == kind) {
            log.reverse();
            // It is written again, and later.
            log.iter_mut().for_each(|record| record.produced_at = record.produced_at.plus(7));
            let more = dice.below(30);
            let kept = if is_shorter { log.len() / 2 } else { log.len() };
            log.truncate(kept);
            for _ in 0..if is_shorter || log.is_empty() { 0 } else { more } {
                log.push(again(log, dice));
            }
            // A broker forgets what was committed of a topic that is deleted.
            self.commits.remove(place);
            self.lows.insert(*place, 0);
            self.mirror.reflect(*place, log, 0);
            self.mirror.note_change();
        }
    }

    /// An unclean election cuts a log, which may grow again by other records; answers what it has kept.
    pub(crate) fn cut(&mut self, place: Place, dice: &mut Dice) -> Option<usize> {
        let low = self.lows[&place];
        let log = self.records.get_mut(&place).filter(|log| log.len() > low + 1)?;
        let gone = 1 + dice.below((log.len() - low - 1).min(40));
        log.truncate(log.len() - gone);
        let kept = log.len();
        for _ in 0..dice.below(60) {
            log.push(again(log, dice));
        }
        self.mirror.reflect(place, log, kept);
        self.mirror.note_cut();
        Some(kept)
    }

    /// What a commit says of the log that is there, by what it says itself of the log it was written for.
    pub(crate) fn committed_of_this_log(&self, place: Place, acceptance: Acceptance) -> Option<Committed> {
        let is_there = |record: &Fingerprint| self.mirror.holds(place, record);
        self.committed(place, acceptance).filter(|committed| committed.log.iter().all(is_there))
    }

    /// The first log that is not the one that was read.
    pub(crate) fn compared(&self, layout: &Layout) -> Option<Changed> {
        self.comparison(layout).changed
    }

    /// The logs, compared with what was read.
    pub(crate) fn comparison(&self, layout: &Layout) -> Comparison {
        let ends = |partition: &Partition| {
            let place = place_of(partition);
            [self.lows[&place], self.records[&place].len()]
                .map(|offset| i64::try_from(offset).expect("an offset"))
                .into()
        };
        let partitions: Vec<_> = layout.partitions().map(|partition| (partition, ends(partition))).collect();
        compare_logs(&*self.mirror, &partitions).expect("the logs are in memory")
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
            let end = self.records[place].len();
            *low = usize::try_from(offset).expect("an offset").min(end).max(*low);
            self.deleted.insert(*place, *low);
        }
    }

    /// Up to where a partition was ever deleted: commits of that time stay when an operator brings it back.
    pub(crate) fn was_deleted_to(&self, place: Place) -> usize {
        self.deleted.get(&place).copied().unwrap_or(0)
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
