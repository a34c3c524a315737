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
    let of = |name: &str| programs.iter().zip(&costs).find(|(program, _)| program.name == name).map(|(_, costs)| costs);
    let cpu = |cost: &Cost| cost.cpu_per_million;
    let speed = |cost: &Cost| cost.events_per_second;
    for (program, own) in programs.iter().zip(&costs) {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            program.name,
            spread(own.iter().map(cpu).collect(), 2),
            spread(quotients(Some(own), of("floor"), cpu), 2),
            spread(quotients(Some(own), of("naive"), cpu), 2),
            spread(own.iter().map(speed).collect(), 0),
            spread(own.iter().map(|cost| cost.peak_mib).collect(), 0),
            spread(own.iter().filter_map(|cost| cost.scrape).collect(), 2),
        );
    }
    let own = of("salespulse");
    println!("\n| salespulse | aim | at least | measured |\n|---|---|---|---|");
    let tell = |what: &str, aim: &str, least: &str, values: Vec<f64>, digits: usize| {
        println!("| {what} | {aim} | {least} | {} |", spread(values, digits));
    };
    tell("CPU ÷ floor", "≤ 2.0", "≤ 3.0", quotients(own, of("floor"), cpu), 2);
    tell("CPU ÷ naive", "≤ 0.30", "≤ 0.45", quotients(own, of("naive"), cpu), 2);
    tell("events/s ÷ Kafka Streams", "≥ 3", "≥ 2", quotients(own, of("Kafka Streams"), speed), 2);
    let all = |of: &dyn Fn(&Cost) -> f64| own.into_iter().flatten().map(of).collect();
    tell("events/s", "≥ 1,000,000", "≥ 500,000", all(&speed), 0);
    tell("peak MiB, of a million journeys", "≤ 500", "≤ 700", all(&|cost| cost.peak_mib), 0);
}

/// Those of one program divided by those of another: what is beside each other in time, since the machine was the same then.
fn quotients(own: Option<&Vec<Cost>>, other: Option<&Vec<Cost>>, of: impl Fn(&Cost) -> f64) -> Vec<f64> {
    own.into_iter().flatten().zip(other.into_iter().flatten()).map(|(own, other)| of(own) / of(other)).collect()
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
        // Of its own port: the other may still be ending when this begins.
        programs.push(Program { name: "salespulse before", command, port: Some("29311") });
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
