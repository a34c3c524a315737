//! What a broker has: the topics' partitions, of which retention may have deleted the first records, and what the group
//! has committed.

use std::collections::BTreeMap;

use salespulse::kafka::Committed;
use salespulse::model::event::EventType;
use salespulse::model::time::{DAY, Time};
use salespulse::simulate::{Plan, Produced, Simulation};
use salespulse::snapshot::{Ends, Offsets};

use crate::dice::Dice;

/// Partitions of each topic.
const PARTITIONS: usize = 2;

/// A partition, by its type and number.
pub(crate) type Place = (EventType, usize);

pub(crate) struct Logs {
    /// The configuration that fits the records.
    pub(crate) configuration: String,
    /// What the group has committed.
    pub(crate) commits: BTreeMap<Place, Committed>,
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

    pub(crate) fn ends(&self) -> Ends {
        let offsets = |of: &dyn Fn(Place) -> usize| {
            let mut offsets = Offsets::new();
            for place in self.places() {
                let offset = i64::try_from(of(place)).expect("an offset");
                offsets.entry(place.0.default_topic().to_owned()).or_default().push(offset);
            }
            offsets
        };
        Ends { lows: offsets(&|place| self.lows[&place]), highs: offsets(&|place| self.records[&place].len()) }
    }
}
