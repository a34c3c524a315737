//! How fast the simulation makes records, in memory and into a file: `cargo bench --bench simulate`.
//!
//! Beside the rate that a clock shows stands the rate while this thread had a processor, which a busy machine does not
//! change; compare the figures of one run with each other.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench tells rates to people")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::time::Instant;

use salespulse::model::time::{DAY, Time};
use salespulse::simulate::{Plan, Simulation};

const START: Time = Time::from_millis(1_767_571_200_000);

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    for (reps, journeys_per_week) in [(40, 200), (40, 100_000), (10_000, 100_000)] {
        let plan = || Plan { reps, journeys_per_week, ..Plan::new(1, START, START.plus(90 * DAY)) };
        println!("{reps} reps, {journeys_per_week} journeys a week, 90 days");
        measure("memory", plan(), io::sink())?;
        measure("file", plan(), BufWriter::with_capacity(1 << 20, File::create(folder.path().join("events.jsonl"))?))?;
    }
    Ok(())
}

fn measure(what: &str, plan: Plan, mut out: impl Write) -> io::Result<()> {
    let (start, processor) = (Instant::now(), processor_seconds());
    let mut simulation = Simulation::new(plan).map_err(io::Error::other)?;
    let (mut records, mut bytes, mut line) = (0_u64, 0, Vec::new());
    while simulation.write_next(&mut line).is_some() {
        line.push(b'\n');
        out.write_all(&line)?;
        (records, bytes) = (records + 1, bytes + line.len());
        line.clear();
    }
    out.flush()?;
    let rate = |seconds: f64| records as f64 / seconds;
    let (by_clock, by_processor) =
        (rate(start.elapsed().as_secs_f64()), rate(processor_seconds().unwrap_or(f64::NAN) - processor.unwrap_or(0.0)));
    println!(
        "  {what:<7} {records:>8} records {:>5} MB {by_clock:>9.0} a second, {by_processor:>9.0} a second of processor",
        bytes / 1_000_000
    );
    Ok(())
}

/// How long this thread has had a processor; `None` where the system does not tell.
fn processor_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
}
