//! What can be asked of a simulation, and what cannot.

use super::fact::{STAGES, WON};
use super::figures::LEADS_PER_REP_AND_WEEK;
use super::random::Random;
use crate::model::calendar::Zone;
use crate::model::time::Time;

/// The zone of a plan that names none.
pub const DEFAULT_ZONE: &str = "Asia/Shanghai";
/// The most people a plan may have.
pub const MOST_REPS: u32 = 200_000;
/// The most journeys that may begin in a week.
pub const MOST_JOURNEYS_PER_WEEK: u64 = 1_000_000_000;
/// The most that life may go faster than its clock: beyond it two steps of a journey could fall together.
pub const FASTEST: u32 = 10_000;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the dice begin with.
    pub seed: u64,
    /// How many people sell: 1 to [`MOST_REPS`].
    pub reps: u32,
    /// About how many journeys begin in a week of the organisation's life.
    pub journeys_per_week: u64,
    /// When it begins.
    pub start: Time,
    /// Until when things happen. What is still under way then arrives within days after it.
    pub end: Time,
    /// The organisation's time zone.
    pub zone: Zone,
    /// Of ten thousand facts, those that are late, repeated, corrected, taken back or restored.
    pub disorder: u32,
    /// Of ten thousand facts, those before which a record arrives that is beyond use.
    pub bad: u32,
    /// A stage of a team that hardly anybody reaches any more.
    pub break_stage: Option<BrokenStage>,
    /// Whether there is a second pipeline, for renewals.
    pub renewals: bool,
    /// From when on life goes faster than its clock, so that something is to be seen.
    pub faster: Option<Faster>,
}

/// A stage of a team whose conversion collapses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenStage {
    /// The id of the team.
    pub team: String,
    /// The stage that is hardly reached.
    pub stage: String,
    /// From this instant on.
    pub from: Time,
}

/// Life goes faster than its clock: a deal of weeks is won in minutes, with the stamps of those minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faster {
    /// From this instant on.
    pub from: Time,
    /// So many times: 1 to [`FASTEST`].
    pub times: u32,
}

impl Plan {
    /// Forty people in Shanghai, a little disorder, and a bad record now and then.
    #[must_use]
    pub fn new(seed: u64, start: Time, end: Time) -> Plan {
        let reps = 40;
        Plan {
            seed,
            reps,
            journeys_per_week: Plan::journeys_of(reps),
            start,
            end,
            zone: Zone::new(DEFAULT_ZONE).unwrap_or_else(Zone::utc),
            disorder: 800,
            bad: 20,
            break_stage: None,
            renewals: true,
            faster: None,
        }
    }

    /// As many journeys in a week as so many people can deal with.
    #[must_use]
    pub fn journeys_of(reps: u32) -> u64 {
        u64::from(reps) * LEADS_PER_REP_AND_WEEK
    }

    pub(super) fn check(&self) -> Result<(), PlanError> {
        if !(1..=MOST_REPS).contains(&self.reps) {
            return Err(PlanError::Reps(self.reps));
        }
        if self.journeys_per_week > MOST_JOURNEYS_PER_WEEK {
            return Err(PlanError::Journeys(self.journeys_per_week));
        }
        let span = self.end.since(self.start);
        let (first, last) = (Time::from_millis(0), Time::from_millis(2_500_000_000_000));
        if span <= 0 || self.start < first || self.end > last {
            return Err(PlanError::Span);
        }
        if self.disorder > 10_000 || self.bad > 10_000 {
            return Err(PlanError::Share);
        }
        match self.faster {
            Some(faster) if !(1..=FASTEST).contains(&faster.times) => Err(PlanError::Faster(faster.times)),
            _ => Ok(()),
        }
    }
}

/// Why there is no such simulation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nobody, or too many.
    #[error("{0} reps; allowed are 1 to {MOST_REPS}")]
    Reps(u32),
    /// Too many.
    #[error("{0} journeys a week; allowed are at most {MOST_JOURNEYS_PER_WEEK}")]
    Journeys(u64),
    /// No time, or one beyond the calendar of the simulation.
    #[error("the end must lie after the start, and both between 1970 and 2049")]
    Span,
    /// More than all.
    #[error("shares are given in ten thousandths; allowed are 0 to 10000")]
    Share,
    /// Too fast.
    #[error("{0} times faster; allowed are 1 to {FASTEST}")]
    Faster(u32),
    /// A team that does not exist.
    #[error("there is no team {team:?}; there are {teams}")]
    Team {
        /// The team asked for.
        team: String,
        /// Those there are.
        teams: String,
    },
    /// A stage that nobody comes to.
    #[error("there is no stage {0:?} after \"lead\"; there are contacted, qualified, proposal, negotiation and won")]
    Stage(String),
}

/// From when on life goes so many times faster than its clock: instants after `from` are stamped closer together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// From this instant on.
    pub from: i64,
    /// So many times.
    pub times: i64,
}

impl Pace {
    /// What the clock shows at an instant of the organisation's life.
    pub(super) fn stamp(self, at: i64) -> i64 {
        if at <= self.from { at } else { self.from + (at - self.from) / self.times }
    }

    /// The first instant of life at which the clock shows this.
    pub(super) fn unstamp(self, stamp: i64) -> i64 {
        if stamp <= self.from {
            stamp
        } else {
            self.from.saturating_add((stamp - self.from).saturating_mul(self.times))
        }
    }

    /// True so many times in ten thousand of a slow life, and in a faster one as often in a day of the clock.
    pub(super) fn chance_by_clock(self, at: i64, per_myriad: i64, random: &mut Random) -> bool {
        let times = if at <= self.from { 1 } else { self.times };
        random.below(10_000 * times) < per_myriad
    }
}

/// The stage of a team that hardly anybody reaches any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    /// The team.
    pub team: u32,
    /// The stage.
    pub stage: u8,
    /// From this instant on.
    pub from: i64,
}

impl BrokenStage {
    /// The numbers of the team and the stage.
    pub(super) fn find(&self, teams: &[&str], pace: Pace) -> Result<Broken, PlanError> {
        let team = (0..).zip(teams).find(|(_, id)| **id == self.team).map(|(team, _)| team);
        let team = team.ok_or_else(|| PlanError::Team { team: self.team.clone(), teams: teams.join(", ") })?;
        let stages = STAGES.iter().take(usize::from(WON) + 1).skip(1);
        let stage = (1..).zip(stages).find(|(_, name)| **name == self.stage).map(|(stage, _)| stage);
        let stage = stage.ok_or_else(|| PlanError::Stage(self.stage.clone()))?;
        Ok(Broken { team, stage, from: pace.unstamp(self.from.millis()) })
    }
}
