//! What may be asked of `salespulse simulate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::app::AppError;
use crate::app::values::{duration, instant, team_and_stage};
use crate::model::calendar::Zone;
use crate::model::time::{DAY, Time};
use crate::simulate::{BrokenStage, DEFAULT_ZONE, FASTEST, Faster, MOST_REPS, Plan};

/// How long a live simulation goes on.
const LIVE_DAYS: i64 = 366;
const WEEK: i64 = 7 * DAY;

/// What `simulate` needs.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("target").required(true).multiple(true).args(["output", "output_dir", "brokers", "config"])))]
pub struct SimulateArguments {
    /// Write all events into this file, one JSON object a line; - is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output_dir", "brokers", "config"])]
    pub(super) output: Option<PathBuf>,
    /// Write a file per topic, such as sales.leads.jsonl, into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["brokers", "config"])]
    pub(super) output_dir: Option<PathBuf>,
    /// Send all events to this cluster, host:port by commas
    #[arg(long, value_name = "HOST:PORT,…")]
    pub(super) brokers: Option<String>,
    /// Send all events to the cluster and the topics of this configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Send the events into topics that hold records, too; their past and that of the simulation then mix
    #[arg(long)]
    pub(super) force: bool,
    /// Write the configuration that fits the events here: time zone, pipeline, exchange rates, market size
    #[arg(long, value_name = "FILE")]
    pub(super) config_out: Option<PathBuf>,
    /// The same seed gives the same bytes, for the same span of time
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How many people sell
    #[arg(long, value_name = "NUMBER", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_REPS)))]
    reps: u32,
    /// About how many journeys begin in the whole span; by default 5 for each rep and week
    #[arg(long, value_name = "NUMBER")]
    journeys: Option<u64>,
    /// The length of the span, such as 90d or 12w
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = duration)]
    duration: i64,
    /// Where the span ends, RFC 3339 with an offset; by default at the last midnight in UTC, with --live now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    end: Option<Time>,
    /// The organisation's time zone
    #[arg(long, value_name = "ZONE", default_value = DEFAULT_ZONE, value_parser = zone)]
    timezone: Zone,
    /// Break one funnel stage of one team, such as east:proposal: hardly anything reaches it any more
    #[arg(long, value_name = "TEAM:STAGE", value_parser = team_and_stage)]
    break_stage: Option<(String, String)>,
    /// From when on the stage is broken; by default for the last third of the span, with --live from now on
    #[arg(long, value_name = "TIME", requires = "break_stage", value_parser = instant)]
    break_from: Option<Time>,
    /// Of ten thousand facts, those that come late, twice, wrong and corrected, or are taken back
    #[arg(long, value_name = "NUMBER", default_value_t = 800, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    disorder: u32,
    /// Of ten thousand facts, those before which a record comes that cannot be used
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    bad: u32,
    /// At most so many records a second; by default as fast as possible
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) rate: Option<u64>,
    /// Go on after the span, as the clock goes, until stopped
    #[arg(long)]
    pub(super) live: bool,
    /// Run so many times faster than real time once the span is over
    #[arg(long, value_name = "TIMES", requires = "live", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(FASTEST)))]
    speed: u32,
}

impl SimulateArguments {
    /// The plan that is asked for at `now`.
    pub(super) fn plan(&self, now: Time) -> Result<Plan, AppError> {
        let end = self.end.unwrap_or(if self.live { now } else { now.floor(DAY) });
        if self.live && self.end.is_some() {
            return Err(AppError::Usage("--live goes on from now: it takes no --end".to_owned()));
        }
        let start = end.plus(-self.duration);
        let broken_from = self.break_from.unwrap_or(if self.live { now } else { end.plus(-self.duration / 3) });
        let break_stage = self.break_stage.clone();
        let weekly = |journeys: u64| {
            let journeys =
                u128::from(journeys) * u128::from(WEEK.unsigned_abs()) / u128::from(self.duration.unsigned_abs());
            u64::try_from(journeys).unwrap_or(u64::MAX)
        };
        Ok(Plan {
            reps: self.reps,
            journeys_per_week: self.journeys.map_or_else(|| Plan::journeys_of(self.reps), weekly),
            zone: self.timezone.clone(),
            disorder: self.disorder,
            bad: self.bad,
            // What the leads of one pipeline were in the window before is not exposed, so a drop shows with one only.
            renewals: break_stage.is_none(),
            break_stage: break_stage.map(|(team, stage)| BrokenStage { team, stage, from: broken_from }),
            faster: (self.live && self.speed > 1).then_some(Faster { from: end, times: self.speed }),
            ..Plan::new(self.seed, start, if self.live { end.plus(LIVE_DAYS * DAY) } else { end })
        })
    }
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::new(text).ok_or_else(|| "it must be a time zone of the IANA database, such as Asia/Shanghai".to_owned())
}
