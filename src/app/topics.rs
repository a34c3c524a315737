//! `salespulse topics`: the topics that a configuration needs, and with `--create` the making of those that are missing.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;

use super::AppError;
use super::run::RunError;
use crate::config::{Config, Flag};
use crate::health::Stop;
use crate::kafka::{Made, create, find_cluster, plan};

/// How long a cluster that does not answer is tried; one that has just been started needs half a minute.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `topics` needs.
#[derive(Debug, Args)]
pub(super) struct TopicsArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    config: PathBuf,
    /// The brokers to ask first, host:port by commas; overrides kafka.brokers
    #[arg(long, value_name = "HOST:PORT,…")]
    brokers: Option<String>,
    /// Create the topics that are missing; those that exist stay as they are
    #[arg(long)]
    create: bool,
    /// Partitions of a topic of events that is created
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    partitions: i32,
    /// Copies of each partition; by default what the brokers are set to
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(1..=100))]
    replicas: Option<i32>,
}

/// Prints each topic with what it is and should be; answers the text, and whether all of them are there.
pub(super) fn topics(
    arguments: &TopicsArguments,
    environment: &[(OsString, OsString)],
) -> Result<(String, bool), AppError> {
    let brokers = arguments.brokers.clone();
    let flags: Vec<Flag> =
        brokers.into_iter().map(|value| Flag { name: "--brokers", key: "kafka.brokers", value }).collect();
    let Config { rules, kafka, .. } = Config::load(&arguments.config, environment, &flags)?;
    let cannot = |error| RunError::System(format!("cannot start threads: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let mut cluster = find_cluster(&kafka, &Stop::default(), PATIENCE).map_err(RunError::from)?;
    cluster.ask_settings(&kafka, runtime.handle());
    let plan = plan(&kafka, &cluster, arguments.partitions, rules.retention);
    let made = if arguments.create {
        create(&kafka, &cluster, &plan, arguments.replicas, runtime.handle()).map_err(RunError::from)?
    } else {
        Vec::new()
    };
    let mut text = String::new();
    let mut is_complete = true;
    for (place, topic) in plan.iter().enumerate() {
        let partitions = cluster.counts.of(&topic.name);
        let state = match made.get(place) {
            Some(Made::Created) => format!("created, {} partitions", topic.partitions),
            Some(Made::Refused(reason)) => format!("REFUSED: {reason}"),
            _ if partitions > 0 => format!("exists, {partitions} partitions"),
            _ => "MISSING".to_owned(),
        };
        let is_there = partitions > 0 || made.get(place) == Some(&Made::Created);
        is_complete &= is_there;
        let _ = writeln!(text, "{} ({}): {state}", topic.name, topic.holds);
        if !is_there {
            let _ = writeln!(
                text,
                "  {}",
                topic.command(&kafka.brokers, arguments.replicas.or_else(|| cluster.usual_replicas()))
            );
        }
    }
    if !is_complete && !arguments.create {
        text.push_str("The commands above create what is missing; --create does it now.\n");
    }
    for objection in cluster.warnings(&kafka, rules.retention) {
        let _ = writeln!(text, "warning: {objection}");
    }
    Ok((text, is_complete))
}
