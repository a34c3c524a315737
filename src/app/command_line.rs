//! What the user may type.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use super::check::CheckArguments;
use super::connect::ConnectArguments;
use super::demo::DemoArguments;
use super::history::HistoryArguments;
use super::simulate::SimulateArguments;
use super::topics::TopicsArguments;
use super::values::instant;
use crate::model::time::Time;

/// Streaming sales KPIs: Kafka events in, exact live Prometheus gauges out.
#[derive(Debug, Parser)]
#[command(name = "salespulse", version = VERSION, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

/// The release, and the commit that it is built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SALESPULSE_COMMIT"), ")");

const EXIT_CODES: &str = "\
Exit codes:
   0  done
   1  the reading has more series than max_series allows, check has found something, or connect map has refused a record
  64  wrong command line or configuration, or a file that cannot be read
  69  Kafka cannot be used
  70  a bug in salespulse
  71  the system refuses an address or a thread, or its clock went back by days
  74  a result cannot be written";

const FIRST_STEPS: &str = "\
salespulse turns sales events from Kafka into exact live KPIs for Prometheus.

See it live, with a simulated organisation and nothing else to install:
  salespulse demo

See what it makes of the events of a simulated sales organisation, without Kafka:
  salespulse simulate --output events.jsonl --config-out salespulse.toml --end 2026-03-31T00:00:00Z
  salespulse replay events.jsonl --config salespulse.toml --as-of 2026-04-05T00:00:00Z

Serve the gauges of a cluster:
  salespulse run --config salespulse.toml

The smallest configuration is one line: org.reporting_currency = \"CNY\"
All commands and flags: salespulse --help
";

/// One command with its arguments.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// See a simulated sales organisation live, with nothing else to install
    #[command(after_help = DEMO_OUTPUT)]
    Demo(Box<DemoArguments>),
    /// Read events from Kafka and serve the gauges
    #[command(after_help = RUN_SURFACE)]
    Run(RunArguments),
    /// Read events from files and print the gauges as of one instant
    #[command(after_help = REPLAY_OUTPUT)]
    Replay(ReplayArguments),
    /// Produce the events of a simulated sales organisation, into files or Kafka
    #[command(after_help = SIMULATE_OUTPUT)]
    Simulate(Box<SimulateArguments>),
    /// Say what is wrong with a configuration, files of events or a cluster
    #[command(after_help = CHECK_OUTPUT)]
    Check(CheckArguments),
    /// Bring events from a CRM, without code: poll it, check it, or map payloads
    Connect(ConnectArguments),
    /// Print the topics that a configuration needs, or create those that are missing
    #[command(after_help = TOPICS_OUTPUT)]
    Topics(TopicsArguments),
    /// Print the KPIs of past instants, for Prometheus to take in as its history
    #[command(after_help = HISTORY_USE)]
    History(HistoryArguments),
    /// Print the script that completes commands and flags in a shell
    #[command(after_help = COMPLETIONS_USE)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page, or write those of all commands
    #[command(after_help = MAN_USE)]
    Man {
        /// Write a page for the program and one for each command into this folder
        #[arg(long, value_name = "FOLDER")]
        output_dir: Option<PathBuf>,
    },
}

const TOPICS_OUTPUT: &str = "\
Ends with 0 if all topics are there, with 1 if one is missing or the cluster refuses to create it.
A topic that is created keeps events for as long as retention says, and is never compacted; the dead-letter topic takes
records somewhat larger than the others do.
  salespulse topics --config salespulse.toml --create --partitions 6 --replicas 3";

const HISTORY_USE: &str = "\
The KPIs of each instant are those of replay --as-of. Into a Prometheus that scrapes salespulse at localhost:9464:
  salespulse history events.jsonl --config salespulse.toml --from 2026-01-01T00:00:00Z --to 2026-03-31T00:00:00Z \\
    --every 6h --label job=salespulse --label instance=localhost:9464 > history.om
  promtool tsdb create-blocks-from openmetrics history.om /var/lib/prometheus";

const DEMO_OUTPUT: &str = "\
It needs no Kafka and no file: the broker is a mock cluster in this process, which keeps everything in memory.
A funnel that drops for all to see:
  salespulse demo --break-stage east:proposal
A check of any scrape by the same events; TIME is its salespulse_reading_timestamp_seconds in RFC 3339:
  salespulse demo --record events.jsonl --config-out salespulse.toml
  salespulse replay events.jsonl --config salespulse.toml --as-of TIME";

const RUN_SURFACE: &str = "\
It serves /metrics for Prometheus, /livez, and /readyz, which says whether the numbers may be read and if not, why.
Every key of the configuration may come from the environment too: kafka.brokers is SALESPULSE__KAFKA__BROKERS.
SIGINT (Ctrl-C), SIGTERM and SIGHUP end it in good order; a second one ends it at once.";

const COMPLETIONS_USE: &str = "\
Bash, from now on:
  salespulse completions bash > ~/.local/share/bash-completion/completions/salespulse
Zsh, in a folder of $fpath:
  salespulse completions zsh > ~/.zfunc/_salespulse
Fish:
  salespulse completions fish > ~/.config/fish/completions/salespulse.fish";

const MAN_USE: &str = "\
Read it now:
  salespulse man | man -l -
Let man find all of them:
  salespulse man --output-dir ~/.local/share/man/man1";

const CHECK_OUTPUT: &str = "\
Examples:
  salespulse check config --config salespulse.toml --reps 40 --teams 5 --channels 8
  salespulse check events events.jsonl --config salespulse.toml
  salespulse check cluster --config salespulse.toml
Ends with 0 if nothing is wrong, with 1 if something is. With --json the report is one document: docs/check.md";

const SIMULATE_OUTPUT: &str = "\
A file of events and their gauges:
  salespulse simulate --output events.jsonl --config-out salespulse.toml --end 2026-03-31T00:00:00Z
  salespulse replay events.jsonl --config salespulse.toml --as-of 2026-04-05T00:00:00Z
Late records arrive up to three days after the end.
A cluster, and then on and on, an hour in six seconds:
  salespulse simulate --brokers localhost:9092 --live --speed 600
The last line on standard error is a summary in JSON: the records, and the truths they hold.
Where every distribution comes from: docs/simulation.md";

const REPLAY_OUTPUT: &str = "\
Standard output is the Prometheus exposition (text 0.0.4) and nothing else.
The last line on standard error is a summary in JSON:
{\"records\":…,\"accepted\":…,\"duplicate\":…,\"superseded\":…,\"expired\":…,\"tombstones\":…,\"rejected\":{\"<code>\":n,…}}";

/// What `run` needs.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
    /// The brokers to ask first, host:port by commas; stands for kafka.brokers
    #[arg(long, value_name = "HOST:PORT,…")]
    pub(super) brokers: Option<String>,
    /// The address on which to serve, such as 127.0.0.1:9464; stands for http.listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
    /// The web configuration: TLS, users, headers, a rate limit; stands for web.config_file
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub(super) web_config_file: Option<String>,
    /// Let the clock stand still at this instant, RFC 3339 with an offset: for back-tests
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(super) as_of: Option<Time>,
    /// Take the time from this file, whenever it changes: for tests of a clock that jumps
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "as_of")]
    pub(super) clock_file: Option<PathBuf>,
}

/// What `replay` needs.
#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// Files of events, one JSON object a line; - is standard input. A file named after a default topic, such
    /// as sales.leads.jsonl, lends its lines that topic's type
    #[arg(required = true, value_name = "FILES")]
    pub(super) files: Vec<PathBuf>,
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
    /// The instant of the reading, RFC 3339 with an offset, such as 2026-03-31T18:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(super) as_of: Time,
    /// Keep every rejected line here, one JSON object each: its file, line, code, message and record, which is
    /// the line itself byte for byte. A line that is not UTF-8, or longer than 64 KiB, is record_base64 instead.
    /// An existing file is replaced
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// Over how many shards to spread the events; the numbers are the same for any
    #[arg(long, hide = true, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) shards: u16,
}

/// What a command line asks for.
#[derive(Debug)]
pub(super) enum Asked {
    /// A command.
    For(Command),
    /// A text on standard output: help or the version.
    Text(String),
    /// No arguments at all: what to type first.
    Nothing(String),
    /// Something that is not allowed, as one sentence.
    Wrongly(String),
}

/// Reads a command line, the program's name included.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Asked {
    match CommandLine::try_parse_from(arguments) {
        Ok(CommandLine { command: Some(command) }) => Asked::For(command),
        Ok(CommandLine { command: None }) => Asked::Nothing(FIRST_STEPS.to_owned()),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Asked::Text(error.render().to_string()),
            _ => Asked::Wrongly(one_line(&error.render().to_string()).replace("[COMMAND]", &commands())),
        },
    }
}

/// The whole command line, for those who write about it.
pub(super) fn definition() -> clap::Command {
    CommandLine::command()
}

/// The names of all commands, as a usage line shows a choice.
fn commands() -> String {
    let line = definition();
    line.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>().join("|")
}

/// clap's paragraphs as one line: the fault, its tips, and how the command is used.
fn one_line(rendered: &str) -> String {
    let mut sentence = String::new();
    for line in rendered.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (between, line) = match line.strip_prefix("Usage:") {
            Some(usage) => ("; usage:", usage),
            None if line.starts_with("tip:") => ("; ", line),
            None if line.starts_with("For more information") => continue,
            None => (if sentence.is_empty() { "" } else { " " }, line.trim_start_matches("error: ")),
        };
        sentence.push_str(between);
        sentence.push_str(line);
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: &str) -> Asked {
        parse(arguments.split_whitespace().map(OsString::from))
    }

    fn sentence(arguments: &str) -> String {
        match asked(arguments) {
            Asked::Wrongly(sentence) => sentence,
            other => panic!("{arguments}: {other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    /// Help that says nothing of an argument, or says it in another form than the others, reads badly.
    #[test]
    fn every_command_and_argument_is_explained_alike() {
        let definition = definition();
        let all = definition.get_subcommands().flat_map(|command| command.get_subcommands().chain([command]));
        for command in all {
            let about = command.get_about().map(ToString::to_string);
            let arguments = command.get_arguments().map(|argument| argument.get_help().map(ToString::to_string));
            for words in std::iter::once(about).chain(arguments) {
                let words = words.unwrap_or_else(|| panic!("{} leaves something unexplained", command.get_name()));
                assert!(words.starts_with(char::is_uppercase) && !words.ends_with('.'), "{words}");
            }
        }
    }

    #[test]
    fn help_and_version_are_no_errors() {
        for arguments in ["salespulse --help", "salespulse run --help", "salespulse replay -h", "salespulse --version"]
        {
            assert!(matches!(asked(arguments), Asked::Text(_)), "{arguments}");
        }
        assert!(matches!(asked("salespulse"), Asked::Nothing(_)));
    }

    #[test]
    fn wrong_command_lines_are_one_sentence() {
        let sentences: Vec<_> = [
            "salespulse rn",
            "salespulse --config x",
            "salespulse run",
            "salespulse run --config x --broker a:1",
            "salespulse run --config x --as-of yesterday",
            "salespulse replay --config x",
            "salespulse replay e.jsonl --config x --as-of 2026-03-31T18:00:00",
            "salespulse replay e.jsonl --config x --as-of 2026-03-31T18:00:00Z --shards 0",
            "salespulse check",
            "salespulse check config --config x --reps 3",
        ]
        .map(sentence)
        .into();
        insta::assert_snapshot!(sentences.join("\n"), @r"
    unrecognized subcommand 'rn'; usage: salespulse demo|run|replay|simulate|check|connect|topics|history|completions|man
    unexpected argument '--config' found; usage: salespulse demo|run|replay|simulate|check|connect|topics|history|completions|man
    the following required arguments were not provided: --config <FILE>; usage: salespulse run --config <FILE>
    unexpected argument '--broker' found; tip: a similar argument exists: '--brokers'; usage: salespulse run --config <FILE> --brokers <HOST:PORT,…>
    invalid value 'yesterday' for '--as-of <TIME>': it must be RFC 3339 with an offset, such as 2026-03-31T18:00:00+08:00
    the following required arguments were not provided: --as-of <TIME> <FILES>...; usage: salespulse replay --config <FILE> --as-of <TIME> <FILES>...
    invalid value '2026-03-31T18:00:00' for '--as-of <TIME>': it must be RFC 3339 with an offset, such as 2026-03-31T18:00:00+08:00
    invalid value '0' for '--shards <SHARDS>': 0 is not in 1..=1024
    'salespulse check' requires a subcommand but one was not provided [subcommands: config, events, cluster]; usage: salespulse check <COMMAND>
    the following required arguments were not provided: --channels <NUMBER> --teams <NUMBER>; usage: salespulse check config --config <FILE> --reps <NUMBER> --channels <NUMBER> --teams <NUMBER>
    ");
    }
}
