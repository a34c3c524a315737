//! What may be asked of `salespulse connect`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::values::instant;
use crate::model::time::Time;

/// What is to be done.
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub(crate) struct ConnectArguments {
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Print the events that payloads become, without a network
    #[command(after_help = MAP_OUTPUT)]
    Map(MapArguments),
    /// Read the sources of a file, take what is posted to them, and produce their events
    #[command(after_help = RUN_USE)]
    Run(LiveArguments),
    /// Ask the CRMs of a file of sources whether everything is as it must be
    #[command(after_help = CHECK_USE)]
    Check(LiveArguments),
}

const RUN_USE: &str = "\
Of several instances one polls CRMs and reads topics and tables, and another takes over when it ends; webhooks are taken
by all of them. Nothing is kept on disk.
It serves /metrics, /livez and /readyz at connect.listen of the file of sources, 127.0.0.1:9465 by default, and takes
what is posted at connect.receive, 127.0.0.1:9466.
SIGINT (Ctrl-C), SIGTERM and SIGHUP end it in good order.";

const CHECK_USE: &str = "\
It only reads, and needs no Kafka. Each line is the name of a source, ok, note or WRONG, and a sentence.
Ends with 0, or with 1 if something is wrong.";

/// What polling needs.
#[derive(Debug, Args)]
pub(super) struct LiveArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
    /// The file of sources (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_SOURCES", hide_env_values = true)]
    pub(super) sources: PathBuf,
}

const MAP_OUTPUT: &str = "\
Standard output is one event a line, each once, sorted by type, time and identity; replay reads it.
Standard error says which payloads hold no facts and which records cannot be mapped, and ends with a summary in JSON.
Examples:
  salespulse connect map --source zoho deals.json deal_history.json leads.json
  salespulse connect map --source crm --sources sources.toml --config salespulse.toml payloads/
  salespulse connect map --print zoho > zoho.toml
Ends with 0, or with 1 if a record cannot be mapped.";

#[derive(Debug, Args)]
pub(super) struct MapArguments {
    /// A source of --sources; without that file one of zoho, sharecrm, hubspot, pipedrive, salesforce, debezium, csv
    #[arg(long, value_name = "NAME", required_unless_present = "print")]
    pub(super) source: Option<String>,
    /// The file of sources (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_SOURCES", hide_env_values = true)]
    pub(super) sources: Option<PathBuf>,
    /// The configuration file (TOML), by which every event is judged; without it every currency is taken
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: Option<PathBuf>,
    /// The instant at which the events are judged, RFC 3339 with an offset; now, if none is given
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(super) as_of: Option<Time>,
    /// Print the mapping that comes with the program for this kind of source
    #[arg(long, value_name = "KIND", conflicts_with_all = ["source", "files"])]
    pub(super) print: Option<String>,
    /// Payloads: .json, .jsonl or .csv; of a folder all of these, except those named expected.*; - is standard input
    #[arg(value_name = "FILES", required_unless_present = "print")]
    pub(super) files: Vec<PathBuf>,
}
