//! What may be asked of `salespulse demo`.

use std::path::PathBuf;

use clap::Args;

use crate::app::values::{duration, team_and_stage};
use crate::model::time::{DAY, Time};
use crate::simulate::{BrokenStage, FASTEST, Faster, Plan};

/// How long the past is: the year to date and the same days of the year before, and a month in which the first deals
/// of those years were begun.
const PAST: i64 = 760 * DAY;
/// How long a broken stage has been broken when the demo begins: a whole window of 7 days, so that all see it at once.
const BROKEN_FOR: i64 = 7 * DAY;
/// How long life goes on.
const FUTURE: i64 = 366 * DAY;
/// More people would take minutes to feed their past.
const MOST_REPS: i64 = 10_000;

/// What `demo` needs.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Run so many times faster than real time: at 600 a day takes 144 seconds
    #[arg(long, value_name = "TIMES", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=i64::from(FASTEST)))]
    pub(super) speed: u32,
    /// How many people sell
    #[arg(long, value_name = "NUMBER", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=MOST_REPS))]
    pub(super) reps: u32,
    /// Another seed is another organisation
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Break one funnel stage of one team, such as east:proposal: since seven days ago hardly anything reaches it.
    /// Teams are east, south, north, west, overseas. There are no renewals then
    #[arg(long, value_name = "TEAM:STAGE", value_parser = team_and_stage)]
    pub(super) break_stage: Option<(String, String)>,
    /// The address on which to serve
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9464")]
    pub(super) listen: String,
    /// The loopback address of the page [default: the port after that of --listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    page: Option<String>,
    /// Write every record into this file too, one JSON object a line, for `replay`
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Write the configuration that fits the records here
    #[arg(long, value_name = "FILE")]
    pub(super) config_out: Option<PathBuf>,
    /// End so long after the past is fed, such as 30s; by default at Ctrl-C
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) duration: Option<i64>,
}

impl DemoArguments {
    /// Where the page is: on this machine, one port further than the metrics, whose port the system may choose.
    pub(super) fn page(&self) -> String {
        let port = self.listen.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap_or(0);
        let next = if port == 0 { 0 } else { port.wrapping_add(1) };
        self.page.clone().unwrap_or_else(|| format!("127.0.0.1:{next}"))
    }

    /// The plan of a demo that begins at `now`.
    pub(super) fn plan(&self, now: Time) -> Plan {
        let break_stage = self.break_stage.clone();
        Plan {
            reps: self.reps,
            journeys_per_week: Plan::journeys_of(self.reps),
            // What the leads of one pipeline were in the window before is not exposed, so a drop shows with one only.
            renewals: break_stage.is_none(),
            break_stage: break_stage.map(|(team, stage)| BrokenStage { team, stage, from: now.plus(-BROKEN_FOR) }),
            faster: (self.speed > 1).then_some(Faster { from: now, times: self.speed }),
            ..Plan::new(self.seed, now.plus(-PAST), now.plus(FUTURE))
        }
    }
}
