//! `salespulse connect`: events from a CRM, without code of the user's.

mod arguments;
mod check;
mod files;
mod map;
mod run;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub(crate) use arguments::ConnectArguments;
use arguments::{LiveArguments, What};

use super::AppError;
use crate::config::Config;
use crate::connect::mapping::LoadFault;
use crate::connect::sources::{Connector, Defaults, Source, load_all};
use crate::model::money::Currency;
use crate::model::time::Clock;

impl From<LoadFault> for AppError {
    fn from(fault: LoadFault) -> AppError {
        AppError::Usage(fault.to_string())
    }
}

/// Does what is asked of the connectors; `print` writes to standard output, `say` to standard error.
pub(super) fn connect(
    arguments: &ConnectArguments,
    environment: &[(OsString, OsString)],
    print: &dyn Fn(&str) -> Result<(), AppError>,
    say: &dyn Fn(&str),
) -> Result<ExitCode, AppError> {
    match &arguments.what {
        What::Map(arguments) => map::map(arguments, environment, print, say),
        What::Run(arguments) => run::run(arguments, environment).map(|()| ExitCode::SUCCESS),
        What::Check(arguments) => check::check(arguments, environment, print),
    }
}

/// The configuration; without a file one that takes every currency, and the default pipeline.
fn configuration(file: Option<&Path>, environment: &[(OsString, OsString)]) -> Result<Config, AppError> {
    let Some(file) = file else {
        let mut text = "org.reporting_currency = \"USD\"\n".to_owned();
        for code in Currency::all().map(Currency::code).filter(|code| *code != "USD") {
            text.push_str(&format!("[[fx]]\ndate = \"1970-01-01\"\nfrom = \"{code}\"\nrate = \"1\"\n"));
        }
        return Ok(Config::of_text(&text, "the configuration of a mapping without --config", &[])?);
    };
    Ok(Config::load(file, environment, &[])?)
}

/// What sources take from the configuration.
fn defaults(config: &Config, is_given: bool) -> Result<Defaults, AppError> {
    let name = config.rules.zone.name();
    let zone = jiff::tz::TimeZone::get(name)
        .map_err(|error| AppError::Usage(format!("org.timezone {name:?} cannot be used: {error}")))?;
    let currency = is_given.then(|| config.rules.rates.reporting().code().to_owned());
    Ok(Defaults { zone, currency })
}

/// What polling needs to know.
struct Loaded {
    config: Config,
    connector: Connector,
    sources: Vec<Source>,
}

/// The configuration, and the sources of a file.
fn load_sources(arguments: &LiveArguments, environment: &[(OsString, OsString)]) -> Result<Loaded, AppError> {
    let config = Config::load(&arguments.config, environment, &[])?;
    let (path, defaults) = (&arguments.sources, defaults(&config, true)?);
    let (connector, sources) = load_all(&read_text(path)?, &path.display().to_string(), &defaults)?;
    Ok(Loaded { config, connector, sources: sources.into_values().collect() })
}

/// The text of a file of sources.
fn read_text(path: &Path) -> Result<String, AppError> {
    std::fs::read_to_string(path)
        .map_err(|error| AppError::Usage(format!("cannot read the file of sources {}: {error}", path.display())))
}

/// The clock, or the instant at which it is to stand still.
const fn clock(as_of: Option<crate::model::time::Time>) -> Clock {
    match as_of {
        Some(time) => Clock::Fixed(time),
        None => Clock::System,
    }
}
