//! The part of the configuration that the numbers depend on, already valid.

use std::collections::BTreeMap;
use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::calendar::{PeriodKind, Zone};
use crate::model::event::Stage;
use crate::model::money::{Currency, Rates, Ratio};
use crate::model::time::Time;
use crate::model::window::Window;

/// What a KPI is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scope {
    /// A rep in a team.
    Rep,
    /// A team.
    Team,
    /// The whole organisation.
    Org,
    /// A channel.
    Channel,
}

impl Scope {
    /// All four.
    pub const ALL: [Scope; 4] = [Scope::Rep, Scope::Team, Scope::Org, Scope::Channel];

    /// The word in metric names and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Rep => "rep",
            Scope::Team => "team",
            Scope::Org => "org",
            Scope::Channel => "channel",
        }
    }
}

/// One value for each scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerScope<T> {
    /// Of reps.
    pub rep: T,
    /// Of teams.
    pub team: T,
    /// Of the organisation.
    pub org: T,
    /// Of channels.
    pub channel: T,
}

impl<T> PerScope<T> {
    /// The value of a scope.
    #[must_use]
    pub const fn get(&self, scope: Scope) -> &T {
        match scope {
            Scope::Rep => &self.rep,
            Scope::Team => &self.team,
            Scope::Org => &self.org,
            Scope::Channel => &self.channel,
        }
    }
}

/// Everything that the numbers depend on beside the events and the instant.
#[derive(Clone, Debug)]
pub struct Rules {
    /// A reading with more `sales_*` series is refused.
    pub max_series: u64,
    /// How long events count, in milliseconds.
    pub retention: i64,
    /// How far in the future an event may lie, in milliseconds.
    pub allowed_skew: i64,
    /// The organisation's time zone.
    pub zone: Zone,
    /// The reporting currency and the rates to it.
    pub rates: Rates,
    /// The period in which customers are called active.
    pub customer_period: PeriodKind,
    /// How many customers there could be.
    pub market_size: Option<u64>,
    /// How many customers each team could have.
    pub team_market_size: BTreeMap<String, u64>,
    /// The stages of a journey.
    pub pipeline: Pipeline,
    /// The windows that each scope exposes, in the order of [`Window::ALL`].
    pub windows: PerScope<Vec<Window>>,
    /// The families that each scope exposes: full names, or prefixes that end in `*`. `None`: all.
    pub expose: PerScope<Option<Vec<String>>>,
    /// The KPIs by which reps are ranked.
    pub leaderboard: Vec<String>,
}

/// Stands for the rules by which records are accepted or rejected: with the same, the same records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance(pub(crate) u64);

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Rules {
    /// The instant before which events do not exist, seen from `now`: the start of a UTC day.
    #[must_use]
    pub fn horizon(&self, now: Time) -> Time {
        now.plus(-self.retention).floor(crate::model::time::DAY)
    }

    /// Stands for everything here that decides whether a record is accepted.
    #[must_use]
    pub fn acceptance(&self) -> Acceptance {
        let reporting = self.reporting_currency().code();
        let (rates, stages) = (self.rates.listed(), self.pipeline.stages());
        let text = format!("{} {reporting} {rates:?} {stages:?} {}", self.zone.name(), self.allowed_skew);
        Acceptance(xxh3_64(text.as_bytes()))
    }

    /// The first instant from which a horizon is seen.
    #[must_use]
    pub fn first_with_horizon(&self, horizon: Time) -> Time {
        horizon.plus(self.retention)
    }

    /// The currency of every amount that is told.
    #[must_use]
    pub fn reporting_currency(&self) -> Currency {
        self.rates.reporting()
    }
}

/// The most stages that a pipeline may have, `lead` and `won` included.
pub const MOST_STAGES: usize = 64;

/// The ordered stages from `lead` to `won`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    stages: Vec<String>,
    /// One per open stage.
    probabilities: Vec<Ratio>,
    /// One per open stage: after how many milliseconds a deal is stalled there.
    stalled_after: Vec<Option<i64>>,
}

impl Pipeline {
    /// A pipeline with default probabilities and no limits.
    ///
    /// # Errors
    /// A sentence that says what is wrong, if the first stage is not `lead`, the last is not `won`, a
    /// stage is named twice, is `lost`, `void`, empty or over 128 bytes, or there are more than [`MOST_STAGES`].
    pub fn new(stages: Vec<String>) -> Result<Pipeline, String> {
        let count = stages.len();
        if stages.first().map(String::as_str) != Some("lead") || stages.last().map(String::as_str) != Some("won") {
            return Err("the first stage must be \"lead\" and the last \"won\"".to_owned());
        }
        if !(2..=MOST_STAGES).contains(&count) {
            return Err(format!("{count} stages; allowed are 2 to {MOST_STAGES}"));
        }
        for (index, stage) in stages.iter().enumerate() {
            if stage.is_empty() || stage.len() > crate::model::id::LONGEST_ID {
                return Err(format!("stage \"{stage}\" must have 1 to 128 bytes"));
            }
            if stage == "lost" || stage == "void" {
                return Err(format!("\"{stage}\" stands beside the pipeline and cannot be a stage in it"));
            }
            if stages.iter().take(index).any(|earlier| earlier == stage) {
                return Err(format!("stage \"{stage}\" is named twice"));
            }
        }
        let last = count as u128 - 1;
        let probabilities = (0..count - 1).map(|index| Ratio { numerator: index as u128, denominator: last }).collect();
        Ok(Pipeline { stalled_after: vec![None; count - 1], probabilities, stages })
    }

    /// Sets an open stage's probability of being won; false if there is no such open stage.
    pub fn set_probability(&mut self, stage: &str, probability: Ratio) -> bool {
        let place = self.stages.iter().position(|name| name == stage);
        place.and_then(|index| self.probabilities.get_mut(index)).map(|entry| *entry = probability).is_some()
    }

    /// Sets after how many milliseconds a deal is stalled at an open stage; false if there is no such open stage.
    pub fn set_stalled_after(&mut self, stage: &str, millis: i64) -> bool {
        let place = self.stages.iter().position(|name| name == stage);
        place.and_then(|index| self.stalled_after.get_mut(index)).map(|entry| *entry = Some(millis)).is_some()
    }

    /// All stages, `lead` first and `won` last.
    #[must_use]
    pub fn stages(&self) -> &[String] {
        &self.stages
    }

    /// The stages that are neither won nor lost: `lead` and those between `lead` and `won`.
    #[must_use]
    pub fn open_stages(&self) -> &[String] {
        self.stages.split_last().map_or(&[], |(_, open)| open)
    }

    /// The name of a stage by its index; empty if there is none.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.stages.get(index).map_or("", String::as_str)
    }

    /// The index of `won`: 1 to 63.
    #[must_use]
    pub fn won(&self) -> u8 {
        u8::try_from(self.stages.len() - 1).unwrap_or(u8::MAX)
    }

    /// How many stages lie between `lead` and `won`.
    #[must_use]
    pub fn between(&self) -> usize {
        self.stages.len() - 2
    }

    /// The stage that a stage change may name; `None` for `lead` and for unknown ones.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<Stage> {
        match name {
            "lost" => Some(Stage::Lost),
            "void" => Some(Stage::Void),
            _ => {
                let index = self.stages.iter().position(|stage| stage == name).filter(|index| *index > 0)?;
                u8::try_from(index).ok().map(Stage::Step)
            }
        }
    }

    /// The probability that a deal at this open stage is won.
    #[must_use]
    pub fn probability(&self, stage: u8) -> Ratio {
        let certain_not = Ratio { numerator: 0, denominator: 1 };
        self.probabilities.get(usize::from(stage)).copied().unwrap_or(certain_not)
    }

    /// After how many milliseconds a deal is stalled at this open stage; `None`: it never is.
    #[must_use]
    pub fn stalled_after(&self, stage: u8) -> Option<i64> {
        self.stalled_after.get(usize::from(stage)).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(stages: &[&str]) -> Result<Pipeline, String> {
        Pipeline::new(stages.iter().map(|stage| (*stage).to_owned()).collect())
    }

    #[test]
    fn stages_have_their_places() {
        let pipeline = pipeline(&["lead", "contacted", "won"]).unwrap();
        assert_eq!(pipeline.stage("contacted"), Some(Stage::Step(1)));
        assert_eq!(pipeline.stage("won"), Some(Stage::Step(pipeline.won())));
        assert_eq!(pipeline.stage("lead"), None);
        assert_eq!(pipeline.stage("lost"), Some(Stage::Lost));
        assert_eq!(pipeline.probability(1), Ratio { numerator: 1, denominator: 2 });
        assert_eq!(pipeline.open_stages(), ["lead", "contacted"]);
    }

    #[test]
    fn wrong_pipelines_say_why() {
        for (stages, why) in [
            (&["lead"][..], "the first stage must be"),
            (&["won"], "the first stage must be"),
            (&["lead", "a", "a", "won"], "stage \"a\" is named twice"),
            (&["lead", "lost", "won"], "stands beside"),
            (&["lead", "", "won"], "1 to 128 bytes"),
        ] {
            let error = pipeline(stages).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
