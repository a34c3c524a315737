//! What one run of one program took.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What reading all the events took, start and joining of the group left out.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu_per_million: f64,
    pub(crate) events_per_second: f64,
    pub(crate) peak_mib: f64,
}

/// A run that does not end by then has failed.
const DEADLINE: Duration = Duration::from_secs(900);

/// Runs a program until it has told that it has seen so many events.
pub(crate) fn measure(mut command: Command, expected: u64) -> Cost {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let started = Instant::now();
    let (mut first, mut peak) = (None, 0.0_f64);
    for line in lines.map_while(Result::ok) {
        assert!(started.elapsed() < DEADLINE, "not done after {DEADLINE:?}");
        let Some(events) = line.strip_prefix("PROGRESS ").and_then(|text| text.parse::<u64>().ok()) else { continue };
        let (cpu, memory) = used(&child);
        peak = peak.max(memory);
        if events == 0 {
            continue;
        }
        let (before, cpu_before, began) = *first.get_or_insert((events, cpu, Instant::now()));
        if events >= expected {
            end(child);
            let (counted, seconds) = ((events - before) as f64, began.elapsed().as_secs_f64());
            return Cost {
                cpu_per_million: (cpu - cpu_before) / counted * 1e6,
                events_per_second: counted / seconds,
                peak_mib: peak,
            };
        }
    }
    panic!("the program has ended before it had seen {expected} events");
}

fn end(mut child: Child) {
    // Its children first: a program that is killed cannot do it.
    for process in tree(child.id()).into_iter().rev() {
        let _ = Command::new("kill").arg(process.to_string()).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The process and all that it has started.
fn tree(process: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(tree);
    std::iter::once(process).chain(children).collect()
}

/// CPU seconds and resident mebibytes of a program with what it has started.
fn used(child: &Child) -> (f64, f64) {
    /// What Linux calls a clock tick, on every platform that we build for.
    const TICKS_PER_SECOND: f64 = 100.0;
    let (mut cpu, mut memory) = (0.0, 0.0);
    for process in tree(child.id()) {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name, in brackets, may hold blanks.
        let fields: Vec<f64> = match stat.rsplit_once(')') {
            Some((_, rest)) => rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect(),
            None => continue,
        };
        cpu += fields[11..13].iter().sum::<f64>() / TICKS_PER_SECOND;
        memory += fields[21] * 4_096.0 / f64::from(1 << 20);
    }
    (cpu, memory)
}
