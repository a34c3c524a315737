//! `salespulse simulate`: a simulated sales organisation as a producer, to files or to Kafka.

pub(super) mod arguments;
pub(super) mod broker;
pub(super) mod files;
pub(super) mod pace;
mod summary;

pub use self::arguments::SimulateArguments;

use std::ffi::OsString;
use std::path::Path;

use tokio::runtime::{Builder, Runtime};

use self::broker::Broker;
use self::files::Files;
use self::pace::Pace;
use super::AppError;
use super::run::RunError;
use crate::config::{Config, ConfigError, Flag};
use crate::health::{Stop, stop_on_signals};
use crate::model::time::Clock;
use crate::simulate::{PlanError, Simulation, Written};

/// What errors call the configuration that fits a simulation.
pub(super) const FITTING: &str = "the simulation's own configuration";

/// Where records go.
enum Target {
    Files(Files),
    Broker(Box<Broker>),
}

impl Target {
    fn take(&mut self, record: &Written, value: &[u8]) -> Result<(), AppError> {
        match self {
            Target::Files(files) => files.write(record.kind, value),
            Target::Broker(broker) => broker.send(record, value),
        }
    }

    fn flush(&mut self) -> Result<(), AppError> {
        match self {
            Target::Files(files) => files.flush(),
            Target::Broker(broker) => broker.flush(),
        }
    }
}

impl From<PlanError> for AppError {
    fn from(error: PlanError) -> AppError {
        AppError::Usage(error.to_string())
    }
}

/// Produces a whole plan, or as much of it as there is until SIGINT or SIGTERM; answers the summary as one line of JSON.
///
/// # Errors
/// [`AppError`] if the plan is impossible, or a file or Kafka does not take the records.
pub fn simulate(arguments: &SimulateArguments, environment: &[(OsString, OsString)]) -> Result<String, AppError> {
    let plan = arguments.plan(Clock::System.now())?;
    let (start, end) = (plan.start, plan.end);
    let mut simulation = Simulation::new(plan)?;
    if let Some(path) = &arguments.config_out {
        write_configuration(path, simulation.configuration())?;
    }
    let mut target = match (&arguments.output, &arguments.output_dir) {
        (Some(path), _) => Target::Files(Files::single(path)?),
        (None, Some(folder)) => Target::Files(Files::per_topic(folder)?),
        (None, None) => {
            let config = cluster(arguments, simulation.configuration(), environment)?;
            let broker = Broker::connect(config.kafka)?;
            if !arguments.force {
                broker.refuse_records()?;
            }
            Target::Broker(Box::new(broker))
        }
    };
    let signals = Signals::watch()?;
    let records = produce(&mut simulation, &mut target, arguments, &signals.stop)?;
    Ok(summary::line(&simulation, records, (start, end), arguments.output.is_some()))
}

/// The cluster and the topics of the arguments' configuration, or the default topics.
fn cluster(
    arguments: &SimulateArguments,
    fitting: &str,
    environment: &[(OsString, OsString)],
) -> Result<Config, ConfigError> {
    let brokers = arguments.brokers.clone();
    let flag = brokers.map(|value| Flag { name: "--brokers", key: "kafka.brokers", value });
    let flags: Vec<Flag> = flag.into_iter().collect();
    match &arguments.config {
        Some(path) => Config::load(path, environment, &flags),
        None => Config::of_text(fitting, FITTING, &flags),
    }
}

/// Produces records until there are none any more or somebody stops it; answers how many.
fn produce(
    simulation: &mut Simulation,
    target: &mut Target,
    arguments: &SimulateArguments,
    stop: &Stop,
) -> Result<u64, AppError> {
    let mut pace = Pace::new(arguments.rate, arguments.live.then_some(Clock::System));
    let (mut value, mut records) = (Vec::new(), 0);
    while let Some(record) = simulation.write_next(&mut value) {
        if pace.must_wait(record.produced_at) {
            target.flush()?;
            pace.wait(record.produced_at, stop);
        }
        if stop.requested() {
            break;
        }
        target.take(&record, &value)?;
        value.clear();
        records += 1;
    }
    target.flush()?;
    Ok(records)
}

/// Watches for SIGINT and SIGTERM as long as it lives.
struct Signals {
    stop: Stop,
    _runtime: Runtime,
}

impl Signals {
    fn watch() -> Result<Signals, AppError> {
        let cannot = |error| AppError::Run(RunError::System(format!("cannot handle signals: {error}")));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(cannot)?;
        let stop = Stop::default();
        let entered = runtime.enter();
        stop_on_signals(stop.clone()).map_err(cannot)?;
        drop(entered);
        Ok(Signals { stop, _runtime: runtime })
    }
}

/// Writes the configuration that fits a simulation.
pub(super) fn write_configuration(path: &Path, text: &str) -> Result<(), AppError> {
    std::fs::write(path, text)
        .map_err(|error| AppError::Output(format!("cannot write the configuration to {}: {error}", path.display())))
}
