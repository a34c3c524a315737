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
    measure(own("floor"), produced);
    let mut costs: Vec<Vec<Cost>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((_, command), costs) in programs.iter().zip(&mut costs) {
            costs.push(measure(command(), produced));
        }
    }
    println!("| program | CPU s per million | ÷ floor | ÷ naive | events/s | peak MiB |");
    println!("|---|---|---|---|---|---|");
    for ((name, _), own) in programs.iter().zip(&costs) {
        let by = |other: &[Cost]| {
            spread(own.iter().zip(other).map(|(own, other)| own.cpu_per_million / other.cpu_per_million).collect(), 2)
        };
        println!(
            "| {name} | {} | {} | {} | {} | {} |",
            spread(own.iter().map(|cost| cost.cpu_per_million).collect(), 2),
            by(&costs[0]),
            by(&costs[1]),
            spread(own.iter().map(|cost| cost.events_per_second).collect(), 0),
            spread(own.iter().map(|cost| cost.peak_mib).collect(), 0),
        );
    }
}

type Program = (&'static str, Box<dyn Fn() -> Command>);

fn programs() -> Vec<Program> {
    let mut programs: Vec<Program> = vec![
        ("floor", Box::new(|| own("floor"))),
        ("naive", Box::new(|| own("naive"))),
        ("salespulse", Box::new(|| own("salespulse"))),
    ];
    match std::env::var("KAFKA_STREAMS") {
        Ok(classes) => programs.push((
            "Kafka Streams, heap, no durability",
            Box::new(move || {
                let mut command = Command::new("java");
                command.args(["-Xms1g", "-Xmx6g", "-XX:+UseG1GC", "-cp", &classes, "Sales"]);
                command
            }),
        )),
        Err(_) => println!("Kafka Streams is not run: KAFKA_STREAMS names no class path (see kstreams/Sales.java)"),
    }
    programs
}

fn own(word: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command.arg(word);
    command
}

/// The median, and between which values all lie.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
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
