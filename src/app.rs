//! The command line: reads what the user wants, does it, and ends with an exit code that says how it went.

mod check;
mod command_line;
mod connect;
pub mod demo;
mod error;
mod guides;
mod history;
pub mod replay;
pub mod run;
pub mod simulate;
mod topics;
mod values;

pub use error::AppError;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use tracing::{Level, warn};

use command_line::{Asked, Command, ReplayArguments, RunArguments};

use crate::config::{Config, Flag};
use crate::health::logs;
use crate::kafka::try_properties;
use crate::model::time::Clock;
use crate::snapshot::try_options;

/// The exit code of a check that has found something.
const FOUND: u8 = 1;

/// Does what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    let command = match command_line::parse(std::env::args_os()) {
        Asked::For(command) => command,
        Asked::Text(text) => return end(print(&text)),
        Asked::Nothing(first_steps) => {
            say(&first_steps);
            return ExitCode::from(AppError::USAGE);
        }
        Asked::Wrongly(sentence) => return end(Err(AppError::Usage(sentence))),
    };
    let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let outcome = match command {
        Command::Demo(arguments) => demo::demo(&arguments, &print),
        Command::Run(arguments) => return end_service(run(arguments, &environment)),
        Command::Simulate(arguments) => simulate::simulate(&arguments, &environment).map(|summary| {
            say(&format!("{summary}\n"));
        }),
        Command::Completions { shell } => print(&guides::completions(shell)),
        Command::Man { output_dir: None } => guides::man_page().and_then(|page| print(&page)),
        Command::Man { output_dir: Some(folder) } => guides::write_man_pages(&folder),
        Command::Replay(arguments) => match replay(&arguments, &environment) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Connect(arguments) => match connect::connect(&arguments, &environment, &print, &say) {
            Ok(code) => return code,
            Err(error) => return end_service(Err(error)),
        },
        Command::History(arguments) => history(&arguments, &environment),
        Command::Topics(arguments) => match topics(&arguments, &environment) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Check(arguments) => match check(&arguments, &environment) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
    };
    end(outcome)
}

/// Prints the topics, and answers whether one of them is missing.
fn topics(arguments: &topics::TopicsArguments, environment: &[(OsString, OsString)]) -> Result<ExitCode, AppError> {
    let (text, is_complete) = topics::topics(arguments, environment)?;
    print(&text)?;
    Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn history(arguments: &history::HistoryArguments, environment: &[(OsString, OsString)]) -> Result<(), AppError> {
    let config = Config::load(&arguments.config, environment, &[])?;
    print(&history::history(arguments, config.rules)?)
}

/// Prints what was found, and answers whether that was anything.
fn check(arguments: &check::CheckArguments, environment: &[(OsString, OsString)]) -> Result<ExitCode, AppError> {
    let report = check::check(arguments, environment)?;
    let code = if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) };
    if arguments.wants_json() {
        let written = report.into_json();
        print(&written.map_err(|error| AppError::Output(format!("cannot write the report as JSON: {error}")))?)?;
    } else {
        print(report.text())?;
    }
    Ok(code)
}

fn run(arguments: RunArguments, environment: &[(OsString, OsString)]) -> Result<(), AppError> {
    let flag = |name, key, value: Option<String>| value.map(|value| Flag { name, key, value });
    let brokers = flag("--brokers", "kafka.brokers", arguments.brokers);
    let listen = flag("--listen", "http.listen", arguments.listen);
    let web = flag("--web.config.file", "web.config_file", arguments.web_config_file);
    let flags: Vec<Flag> = brokers.into_iter().chain(listen).chain(web).collect();
    let config = Config::load(&arguments.config, environment, &flags)?;
    let refused = try_properties(&config.kafka).into_iter().map(|failure| failure.to_string());
    let options = try_options(&config.snapshot).into_iter().map(|failure| failure.to_string());
    let refused: Vec<String> = refused.chain(options).collect();
    if !refused.is_empty() {
        return Err(AppError::Usage(refused.join("\n")));
    }
    logs::start(Level::INFO);
    Config::strange_variables(environment).iter().for_each(|sentence| warn!("{sentence}"));
    if let Some(as_of) = arguments.as_of {
        warn!(%as_of, "the clock stands still (--as-of): the numbers are those of this one instant, whatever is read later");
    }
    let clock = arguments.as_of.map_or(Clock::System, Clock::Fixed);
    #[cfg(debug_assertions)]
    let clock = arguments.clock_file.as_deref().map_or(Ok(clock), run::follow)?;
    Ok(run::run(config, clock)?)
}

/// Prints the exposition, or why there is none, and after that the summary as the last line.
fn replay(arguments: &ReplayArguments, environment: &[(OsString, OsString)]) -> Result<ExitCode, AppError> {
    let config = Config::load(&arguments.config, environment, &[])?;
    Config::strange_variables(environment).iter().for_each(|sentence| say(&format!("warning: {sentence}\n")));
    let job = replay::Job {
        files: &arguments.files,
        rejects: arguments.rejects.as_deref(),
        as_of: arguments.as_of,
        shards: usize::from(arguments.shards),
        progress: io::stderr().is_terminal(),
    };
    let done = replay::replay(config.rules, &job)?;
    let code = end(done.exposition.map_err(AppError::from).and_then(|text| print(&text)));
    say(&format!("{}\n", done.summary));
    Ok(code)
}

/// Writes to standard output. A reader that has had enough is no error.
fn print(text: &str) -> Result<(), AppError> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(AppError::Output(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes to standard error, where nothing can be done about a failure.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Ends the service: among JSON lines the reason is one, too.
fn end_service(outcome: Result<(), AppError>) -> ExitCode {
    match outcome {
        Err(error) if logs::end_with(&error.to_string(), error.exit_code()) => ExitCode::from(error.exit_code()),
        outcome => end(outcome),
    }
}

/// Says what went wrong, if anything did, and answers the exit code.
fn end(outcome: Result<(), AppError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}\n"));
            ExitCode::from(error.exit_code())
        }
    }
}
