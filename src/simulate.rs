//! A simulated, believable sales organisation: a pure, seeded generator of the records it would produce.
//!
//! Life is simulated first: journeys, people, money, by the figures of real sales organisations where there are any
//! (`docs/simulation.md`). Every fact then begins its way to the reader, and on it may be late, come twice, be wrong
//! and corrected, or be taken back. What comes out are records in the order in which they arrive. The same plan
//! gives the same bytes, on every machine: all dice are SplitMix64, all numbers are whole.
//!
//! ```
//! use salespulse::simulate::{Plan, Simulation};
//! use salespulse::model::time::Time;
//!
//! let (start, end) = (Time::parse("2026-01-01T00:00:00Z").unwrap(), Time::parse("2026-01-08T00:00:00Z").unwrap());
//! let mut simulation = Simulation::new(Plan::new(42, start, end)).unwrap();
//! let records = simulation.by_ref().count();
//! assert!(records > 200);
//! assert!(simulation.ledger().total().leads > 100);
//! ```

mod after_sale;
mod agenda;
mod bookkeeping;
mod configuration;
mod course;
mod days;
mod delivery;
mod fact;
mod figures;
mod journey;
mod ledger;
mod life;
mod names;
mod people;
mod period;
mod plan;
mod random;
mod rates;
mod spending;
mod staff;
mod targets;
mod task;
mod world;
mod write;

pub use self::delivery::Deliveries;
pub use self::fact::Line;
pub use self::ledger::{Ledger, LineTally, OpenTally, Stories, Tally};
pub use self::period::Span;
pub use self::plan::{BrokenStage, DEFAULT_ZONE, FASTEST, Faster, MOST_JOURNEYS_PER_WEEK, MOST_REPS, Plan, PlanError};

use self::agenda::Agenda;
use self::days::Days;
use self::delivery::Delivery;
use self::plan::Pace;
use self::rates::Rates;
use self::staff::{REP, Staff, rep_number};
use self::world::{Buyers, World};
use self::write::Context;
pub use crate::contract::encode::Uuid;
use crate::model::event::EventType;
use crate::model::id::UNASSIGNED;
use crate::model::time::Time;

/// A record as a producer would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Produced {
    /// Its type, which decides its topic.
    pub kind: EventType,
    /// Its key: the `lead_id` of leads and stage changes, the `event_id` of all others.
    pub key: Uuid,
    /// Its value.
    pub value: Vec<u8>,
    /// When it arrives.
    pub produced_at: Time,
}

/// A record whose value went elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its type, which decides its topic.
    pub kind: EventType,
    /// Its key.
    pub key: Uuid,
    /// When it arrives.
    pub produced_at: Time,
}

/// A running simulation: an iterator over its records in the order of their arrival.
///
/// It holds the journeys that still have something before them and the records under way, and never its whole past.
#[derive(Debug)]
pub struct Simulation {
    world: World,
    /// The end, in the organisation's life.
    end: i64,
    configuration: String,
}

impl Simulation {
    /// The simulation of a plan.
    ///
    /// # Errors
    /// [`PlanError`] with a sentence that says what is wrong and what is allowed.
    pub fn new(plan: Plan) -> Result<Simulation, PlanError> {
        plan.check()?;
        let start = plan.start.millis();
        let faster = plan.faster.filter(|faster| faster.from < plan.end);
        let pace = faster.map_or(Pace { from: i64::MAX, times: 1 }, |faster| Pace {
            from: faster.from.max(plan.start).millis(),
            times: i64::from(faster.times),
        });
        let mut days = Days::from(start, plan.zone.clone());
        // Somebody may date a mistake into the month before.
        let (first, last) = (days.day(start).month - 1, days.day(plan.end.millis()).month + 1);
        let rates = Rates::new(plan.seed, first, last);
        let staff = Staff::new(plan.seed, plan.reps, start);
        let teams: Vec<&str> = staff.teams().iter().map(|team| team.id.as_str()).collect();
        let configuration = configuration::text(&plan, &rates, &staff);
        let broken = plan.break_stage.as_ref().map(|broken| broken.find(&teams, pace)).transpose()?;
        let mut world = World {
            pace,
            broken,
            days,
            staff,
            buyers: Buyers::new(plan.journeys_per_week),
            rates,
            agenda: Agenda::default(),
            ledger: Ledger::default(),
            reviewed: None,
            begun: 0,
            delivery: Delivery::new(plan.seed, plan.disorder, plan.bad),
            plan,
        };
        life::open(&mut world);
        Ok(Simulation { end: pace.unstamp(world.plan.end.millis()), world, configuration })
    }

    /// Appends the value of the next record to a buffer; `None` when there is none any more.
    pub fn write_next(&mut self, value: &mut Vec<u8>) -> Option<Written> {
        let world = &mut self.world;
        loop {
            let next = world.agenda.next_at();
            if next.is_some_and(|at| at >= self.end) {
                world.agenda.clear();
                continue;
            }
            // What is stated later arrives later too, so the first one under way is the next record.
            if world.delivery.next_arrival().is_some_and(|arrival| next.is_none_or(|at| arrival <= at)) {
                break;
            }
            next?;
            life::act(world);
        }
        let parcel = world.delivery.take()?;
        let context = Context { seed: world.plan.seed, staff: &world.staff, days: &mut world.days };
        let (kind, key) = write::write(&parcel, context, value);
        Some(Written { kind, key, produced_at: Time::from_millis(world.pace.stamp(parcel.arrival)) })
    }

    /// A `salespulse.toml` that fits: the zone, the pipeline, the rates, the market.
    #[must_use]
    pub fn configuration(&self) -> &str {
        &self.configuration
    }

    /// What is true so far; once all records are there it is what they say.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.world.ledger
    }

    /// How many records of each kind there were so far, those under way included.
    #[must_use]
    pub fn deliveries(&self) -> &Deliveries {
        &self.world.delivery.deliveries
    }

    /// The `rep_id` and the `team_id` of a row of the ledger.
    #[must_use]
    pub fn subject(&self, row: u32) -> (String, &str) {
        let (person, team) = self.world.staff.names(row);
        let rep = person.map_or_else(|| UNASSIGNED.to_owned(), |person| format!("{REP}{}", rep_number(person)));
        (rep, team.unwrap_or(UNASSIGNED))
    }

    /// How many rows the ledger has.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.world.staff.rows()
    }

    /// The date of an instant where the organisation is.
    #[must_use]
    pub fn date_of(&self, at: Time) -> jiff::civil::Date {
        self.world.plan.zone.date_of(at)
    }

    /// The ids of all regions, each with those of its teams.
    #[must_use]
    pub fn regions(&self) -> Vec<(&'static str, Vec<&str>)> {
        self.world.staff.regions()
    }

    /// The ids of all teams.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.world.staff.teams().iter().map(|team| team.id.as_str())
    }
}

impl Iterator for Simulation {
    type Item = Produced;

    fn next(&mut self) -> Option<Produced> {
        let mut value = Vec::with_capacity(384);
        let Written { kind, key, produced_at } = self.write_next(&mut value)?;
        Some(Produced { kind, key, value, produced_at })
    }
}
