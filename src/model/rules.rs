//! The part of the configuration that the numbers depend on, already valid.

use std::collections::BTreeMap;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::CONTRACT;
use crate::model::calendar::{Calendar, PeriodKind, Zone};
use crate::model::event::Stage;
use crate::model::money::{Currency, Rates, Ratio};
use crate::model::needs::{Counted, Needs};
use crate::model::time::{DAY, Time};
use crate::model::window::{DAYS, Lanes, Range, Window, Windows};

/// What a KPI is computed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scope {
    /// A rep in a team.
    Rep,
    /// A team.
    Team,
    /// A region: the sum of its teams.
    Region,
    /// The whole organisation.
    Org,
    /// A channel.
    Channel,
}

impl Scope {
    /// All five.
    pub const ALL: [Scope; 5] = [Scope::Rep, Scope::Team, Scope::Region, Scope::Org, Scope::Channel];

    /// The word in metric names and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Rep => "rep",
            Scope::Team => "team",
            Scope::Region => "region",
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
    /// Of regions.
    pub region: T,
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
            Scope::Region => &self.region,
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
    /// When its fiscal years and weeks begin.
    pub calendar: Calendar,
    /// The reporting currency and the rates to it.
    pub rates: Rates,
    /// The period in which customers are called active.
    pub customer_period: PeriodKind,
    /// How many customers there could be.
    pub market_size: Option<u64>,
    /// How many customers each team could have.
    pub team_market_size: BTreeMap<String, u64>,
    /// The teams of each region; a team is in one at most.
    pub regions: BTreeMap<String, Vec<String>>,
    /// Whether payments and answers without a rep and a team are credited to the owner of their deal.
    pub credit_through_deal: bool,
    /// Whether a target that is not set is the sum of its parts' targets.
    pub roll_up: bool,
    /// The stages of a journey in the pipeline `default`.
    pub pipeline: Pipeline,
    /// More pipelines, by their names; the field `pipeline` of events is read if there are any.
    pub pipelines: BTreeMap<String, Pipeline>,
    /// The windows that each scope exposes, in the order of [`Window::ALL`].
    pub windows: PerScope<Vec<Window>>,
    /// The families that each scope exposes: full names, or prefixes that end in `*`. `None`: all.
    pub expose: PerScope<Option<Vec<String>>>,
    /// The KPIs by which reps are ranked.
    pub leaderboard: Vec<String>,
    /// What is counted: all that somebody can be shown. No value of what is shown depends on it.
    pub counted: Counted,
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
    /// The rules of a configuration that says nothing but what money is counted in.
    #[must_use]
    pub fn new(rates: Rates) -> Rules {
        let stages = ["lead", "contacted", "qualified", "proposal", "negotiation", "won"];
        let usual = || Window::USUAL.to_vec();
        Rules {
            max_series: 2_000_000,
            retention: 800 * DAY,
            allowed_skew: DAY,
            zone: Zone::utc(),
            calendar: Calendar::default(),
            rates,
            customer_period: PeriodKind::Quarter,
            market_size: None,
            team_market_size: BTreeMap::new(),
            regions: BTreeMap::new(),
            credit_through_deal: false,
            roll_up: false,
            pipeline: Pipeline::unchecked(stages.map(str::to_owned).to_vec()),
            pipelines: BTreeMap::new(),
            windows: PerScope {
                rep: Window::USUAL_OF_REPS.to_vec(),
                team: usual(),
                region: Vec::new(),
                org: usual(),
                channel: usual(),
            },
            expose: PerScope::default(),
            leaderboard: ["revenue", "won", "quota_attainment"].map(str::to_owned).to_vec(),
            counted: Counted::GAUGES,
        }
    }

    /// The whole period of a kind that holds an instant.
    #[must_use]
    pub fn present(&self, kind: PeriodKind, now: Time) -> Range {
        let first = self.calendar.first_day(kind, self.zone.date_of(now));
        let end = kind.next(first).map_or(Time::MAX, |next| self.zone.midnight(next));
        Range { start: self.zone.midnight(first), end }
    }

    /// The windows at an instant, of those that a KPI needs.
    #[must_use]
    pub fn windows_at(&self, now: Time, used: Lanes) -> Windows {
        Windows::at(now, &self.zone, self.calendar, used)
    }

    /// The midnights between which the last local dates lie, ascending; none where they are not counted one by one.
    #[must_use]
    pub fn midnights(&self, now: Time) -> Vec<Time> {
        let tomorrow = self.zone.date_of(now).tomorrow().unwrap_or(Date::MAX);
        let ago =
            (0..=DAYS).rev().filter(|_| self.counted.has(Needs::DAYS)).filter_map(|days| i64::try_from(days).ok());
        ago.map(|days| self.zone.midnight(tomorrow.checked_sub(days.days()).unwrap_or(Date::MIN))).collect()
    }

    /// The windows that some KPI needs whatever the events say, with their previous and year-ago ones.
    #[must_use]
    pub fn lanes(&self) -> Lanes {
        let counted = |any: Needs| {
            let of = move |scope: &Scope| match scope {
                Scope::Channel => self.counted.channels.has(any),
                _ => self.counted.reps.has(any),
            };
            Scope::ALL.into_iter().filter(of).flat_map(|scope| self.windows.get(scope).iter().copied())
        };
        // What is booked of the present periods, whose targets may come at any time, and what lifetime value and velocity
        // are computed from.
        let always = [
            Window::Quarter,
            Window::WeekToDate,
            Window::MonthToDate,
            Window::QuarterToDate,
            Window::HalfToDate,
            Window::YearToDate,
        ];
        let always = always.into_iter().filter(|_| self.counted.has(Needs::PERIODS));
        let year_ago = counted(Needs::YEAR_AGO).filter(|window| self.has_year_ago(*window));
        Lanes::present(counted(Needs::GAUGES).chain(always))
            .with(Lanes::previous(counted(Needs::PREVIOUS)))
            .with(Lanes::year_ago(year_ago))
    }

    /// Whether a window's year-ago values are exposed: not if what they need is forgotten.
    #[must_use]
    pub fn has_year_ago(&self, window: Window) -> bool {
        window.year_ago_days().is_some_and(|days| self.retention >= days * DAY)
    }

    /// The pipeline of a name; `None` stands for `default`.
    #[must_use]
    pub fn pipeline_named(&self, name: Option<&str>) -> Option<&Pipeline> {
        match name {
            None | Some(DEFAULT_PIPELINE) => Some(&self.pipeline),
            Some(name) => self.pipelines.get(name),
        }
    }

    /// All pipelines with their names: `default`, then the others in the order of their names.
    pub fn all_pipelines(&self) -> impl Iterator<Item = (&str, &Pipeline)> {
        let others = self.pipelines.iter().map(|(name, pipeline)| (name.as_str(), pipeline));
        std::iter::once((DEFAULT_PIPELINE, &self.pipeline)).chain(others)
    }

    /// The instant before which events do not exist, seen from `now`: the start of a UTC day.
    #[must_use]
    pub fn horizon(&self, now: Time) -> Time {
        now.plus(-self.retention).floor(DAY)
    }

    /// Stands for everything here that decides whether a record is accepted.
    #[must_use]
    pub fn acceptance(&self) -> Acceptance {
        let reporting = self.reporting_currency().code();
        let (rates, stages) = (self.rates.listed(), self.pipeline.stages());
        let (zone, skew) = (self.zone.name(), self.allowed_skew);
        // Another version of the contract refuses what the one before accepted.
        let mut text = format!("{CONTRACT} {zone} {reporting} {rates:?} {stages:?} {skew}");
        let aliases = self.pipeline.aliases();
        if !self.pipelines.is_empty() || !aliases.is_empty() {
            text += &format!(" {aliases:?} {:?}", self.pipelines);
        }
        if self.calendar.week_starts != Calendar::default().week_starts {
            text += &format!(" {:?}", self.calendar.week_starts);
        }
        Acceptance(xxh3_64(text.as_bytes()))
    }

    /// The first instant from which a horizon is seen.
    #[must_use]
    pub fn first_with_horizon(&self, horizon: Time) -> Time {
        horizon.plus(self.retention)
    }

    /// The currency of every amount that is shown.
    #[must_use]
    pub fn reporting_currency(&self) -> Currency {
        self.rates.reporting()
    }
}

/// The most stages that a pipeline may have, `lead` and `won` included.
pub const MOST_STAGES: usize = 64;

/// The most pipelines beside `default`.
pub const MOST_PIPELINES: usize = 100;

/// The name of the pipeline of events that name none.
pub const DEFAULT_PIPELINE: &str = "default";

/// The ordered stages from `lead` to `won`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    stages: Vec<String>,
    /// By an old name, the stage for which it stands.
    aliases: BTreeMap<String, Stage>,
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
        Ok(Pipeline::unchecked(stages))
    }

    /// A pipeline of stages that are known to be right.
    fn unchecked(stages: Vec<String>) -> Pipeline {
        let last = stages.len().saturating_sub(1);
        let probability = |index| Ratio { numerator: index as u128, denominator: last as u128 };
        let probabilities = (0..last).map(probability).collect();
        Pipeline { stalled_after: vec![None; last], probabilities, aliases: BTreeMap::new(), stages }
    }

    /// Lets an old name stand for a stage of this pipeline, for `lost` or for `void`.
    ///
    /// # Errors
    /// A sentence that says what is wrong: the old name is empty or none, or the stage is not there.
    pub fn set_alias(&mut self, alias: &str, stage: &str) -> Result<(), String> {
        if alias.is_empty() || self.own_stage(alias).is_some() {
            return Err(format!("given for an old name; \"{alias}\" is a stage, \"lost\", \"void\" or empty"));
        }
        let stage = self
            .own_stage(stage)
            .ok_or_else(|| format!("a stage of its pipeline ({}), \"lost\" or \"void\"", self.stages.join(", ")))?;
        self.aliases.insert(alias.to_owned(), stage);
        Ok(())
    }

    /// The old names and the stages for which they stand.
    #[must_use]
    pub fn aliases(&self) -> &BTreeMap<String, Stage> {
        &self.aliases
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

    /// The stage that a name or an alias stands for; `None` for unknown ones.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<Stage> {
        self.aliases.get(name).copied().or_else(|| self.own_stage(name))
    }

    fn own_stage(&self, name: &str) -> Option<Stage> {
        match name {
            "lost" => Some(Stage::Lost),
            "void" => Some(Stage::Void),
            _ => self.index_of(name).map(Stage::Step),
        }
    }

    /// The index of a stage, aliases aside.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<u8> {
        self.stages.iter().position(|stage| stage == name).and_then(|index| u8::try_from(index).ok())
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
        assert_eq!(pipeline.stage("lead"), Some(Stage::Step(0)));
        assert_eq!(pipeline.stage("lost"), Some(Stage::Lost));
        assert_eq!(pipeline.probability(1), Ratio { numerator: 1, denominator: 2 });
        assert_eq!(pipeline.open_stages(), ["lead", "contacted"]);
    }

    #[test]
    fn aliases_stand_for_stages_and_are_none_themselves() {
        let mut pipeline = pipeline(&["lead", "contacted", "won"]).unwrap();
        for (alias, stage) in [("new", "lead"), ("talked", "contacted"), ("dead", "lost"), ("deleted", "void")] {
            pipeline.set_alias(alias, stage).unwrap();
            assert_eq!(pipeline.stage(alias), pipeline.stage(stage));
            assert_eq!(pipeline.index_of(alias), None);
        }
        for (alias, stage) in [("", "won"), ("won", "contacted"), ("lost", "void"), ("old", "new"), ("old", "nowhere")]
        {
            assert!(pipeline.set_alias(alias, stage).is_err(), "{alias} = {stage}");
        }
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
