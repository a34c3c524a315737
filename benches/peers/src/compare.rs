//! All programs in turn, several times, and the table.

use std::process::Command;

use crate::generate;
use crate::measure::{Cost, measure};

/// Fewer runs say nothing of how much they differ.
const ROUNDS: &str = "5";

pub(crate) fn compare() {
    let events: usize = crate::variable("SALESPULSE_BENCH_EVENTS", "1000000").parse().expect("a number");
    let rounds: usize = crate::variable("ROUNDS", ROUNDS).parse().expect("a number");
    let produced = match crate::variable("PRODUCED", "").parse() {
        Ok(produced) => produced,
        Err(_) => generate::generate(events),
    };
    let programs = programs();
    println!("{}", machine());
    println!("{produced} events in 2 topics of 4 partitions, {rounds} alternating runs; median (least to most)\n");
    // The first pass only brings the log into the page cache, so that no run pays for the disk.
    measure(own("floor"), None, produced);
    let mut costs: Vec<Vec<Cost>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (program, costs) in programs.iter().zip(&mut costs) {
            costs.push(measure((program.command)(), program.port, produced));
        }
    }
    println!("| program | CPU s per million | ÷ floor | ÷ naive | events/s | peak MiB | CPU s of a scrape |");
    println!("|---|---|---|---|---|---|---|");
    for (program, own) in programs.iter().zip(&costs) {
        // What is beside each other in time is divided by each other: the machine was the same then.
        let by = |other: &str| {
            let other = programs.iter().position(|program| program.name == other).map(|place| &costs[place]);
            let quotients = own.iter().zip(other.into_iter().flatten());
            spread(quotients.map(|(own, other)| own.cpu_per_million / other.cpu_per_million).collect(), 2)
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            program.name,
            spread(own.iter().map(|cost| cost.cpu_per_million).collect(), 2),
            by("floor"),
            by("naive"),
            spread(own.iter().map(|cost| cost.events_per_second).collect(), 0),
            spread(own.iter().map(|cost| cost.peak_mib).collect(), 0),
            spread(own.iter().filter_map(|cost| cost.scrape).collect(), 2),
        );
    }
}

/// What takes part.
struct Program {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
    /// Where it serves its numbers.
    port: Option<&'static str>,
}

/// All programs, or those that PROGRAMS names.
fn programs() -> Vec<Program> {
    let of_ours = |name: &'static str, port| Program { name, command: Box::new(move || own(name)), port };
    let mut programs =
        vec![of_ours("floor", None), of_ours("naive", Some("29305")), of_ours("salespulse", Some("29310"))];
    if let Ok(before) = std::env::var("BEFORE") {
        let command = Box::new(move || {
            let mut command = own("salespulse");
            command.env("SALESPULSE", &before);
            command
        });
        programs.push(Program { name: "salespulse before", command, port: Some("29310") });
    }
    match std::env::var("KAFKA_STREAMS") {
        Ok(classes) => programs.push(Program {
            name: "Kafka Streams",
            command: Box::new(move || {
                let mut command = Command::new("java");
                command.args(["-Xms1g", "-Xmx6g", "-XX:+UseG1GC", "-cp", &classes, "Sales"]);
                command
            }),
            port: Some("29303"),
        }),
        Err(_) => println!("Kafka Streams is not run: KAFKA_STREAMS names no class path (see kstreams/Sales.java)"),
    }
    let wanted = crate::variable("PROGRAMS", "");
    programs.retain(|program| wanted.is_empty() || wanted.split(',').any(|name| name == program.name));
    programs
}

fn own(word: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command.arg(word);
    command
}

/// The median, and between which values all lie.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    if values.is_empty() {
        return "–".to_owned();
    }
    values.sort_unstable_by(f64::total_cmp);
    let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let (model, load) = (model.trim_start_matches([' ', '\t', ':']).to_owned(), read("/proc/loadavg"));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{model}, {cores} cores, load {}", load.split(' ').next().unwrap_or("unknown"))
}
