//! What may be asked of `salespulse check`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::values::instant;
use crate::model::time::Time;

/// What is to be checked.
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub(crate) struct CheckArguments {
    #[command(subcommand)]
    pub(super) what: What,
}

impl CheckArguments {
    /// Whether the document for machines is wanted.
    pub(crate) fn wants_json(&self) -> bool {
        match &self.what {
            What::Config(arguments) => arguments.json,
            What::Events(arguments) => arguments.json,
            What::Cluster(arguments) => arguments.json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// A configuration: everything that is wrong, what holds in the end, and how many series it makes
    Config(ConfigArguments),
    /// Files of events: every line that would be rejected, with its field, its rule and what is allowed
    Events(EventsArguments),
    /// A cluster: its topics and their settings, and the last records in them; nothing is written or committed
    Cluster(ClusterArguments),
}

#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
    /// Count the series of an organisation of so many reps, each counted once for each team they are in
    #[arg(long, value_name = "NUMBER", requires_all = ["teams", "channels"])]
    pub(super) reps: Option<u32>,
    /// So many teams
    #[arg(long, value_name = "NUMBER", requires_all = ["reps", "channels"])]
    pub(super) teams: Option<u32>,
    /// And so many channels
    #[arg(long, value_name = "NUMBER", requires_all = ["reps", "teams"])]
    pub(super) channels: Option<u32>,
    /// As `run` would be given it; stands for kafka.brokers
    #[arg(long, value_name = "HOST:PORT,…")]
    pub(super) brokers: Option<String>,
    /// As `run` would be given it; stands for http.listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
    /// As `run` would be given it, and judged with the files that it names; stands for web.config_file
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub(super) web_config_file: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct EventsArguments {
    /// Files of events, one JSON object a line; - is standard input. A file named after a default topic, such
    /// as sales.leads.jsonl, lends its lines that topic's type
    #[arg(required = true, value_name = "FILES")]
    pub(super) files: Vec<PathBuf>,
    /// The configuration file (TOML), for its stages and rates; without one the stages are the default ones and
    /// every currency counts as known
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: Option<PathBuf>,
    /// The instant at which the events are judged, RFC 3339 with an offset; by default now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(super) as_of: Option<Time>,
    /// List at most so many lines for each rule; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(super) limit: u32,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ClusterArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
    /// The brokers to ask first, host:port by commas; stands for kafka.brokers
    #[arg(long, value_name = "HOST:PORT,…")]
    pub(super) brokers: Option<String>,
    /// Look at the last so many records of every partition; 0: at none
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(super) sample: u32,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}
