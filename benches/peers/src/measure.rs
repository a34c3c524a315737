//! What one run of one program took.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What reading all the events took, start and joining of the group left out.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu_per_million: f64,
    pub(crate) events_per_second: f64,
    pub(crate) peak_mib: f64,
    /// What one scrape of all numbers took afterwards, in CPU seconds; a program that only counts has none.
    pub(crate) scrape: Option<f64>,
}

/// A run that does not end by then has failed.
const DEADLINE: Duration = Duration::from_secs(900);

/// Runs a program until it says that it has seen so many events, and scrapes it once at its port, if it has one.
pub(crate) fn measure(mut command: Command, port: Option<&str>, expected: u64) -> Cost {
    if let Some(port) = port {
        command.env("PORT", port);
    }
    // What a run leaves in its temporary folder goes with it.
    let scratch = Scratch::new();
    command.env("TMPDIR", &scratch.0);
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
            let (counted, seconds) = ((events - before) as f64, began.elapsed().as_secs_f64());
            let scrape = port.map(|port| scrape(&child, port));
            end(child);
            return Cost {
                cpu_per_million: (cpu - cpu_before) / counted * 1e6,
                events_per_second: counted / seconds,
                peak_mib: peak,
                scrape,
            };
        }
    }
    panic!("the program has ended before it had seen {expected} events");
}

/// A folder that goes when this does.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let folder = std::env::temp_dir().join(crate::group("peers"));
        std::fs::create_dir_all(&folder).expect("a folder");
        Scratch(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The CPU seconds of one scrape. salespulse shows its numbers only when the group has confirmed it.
fn scrape(child: &Child, port: &str) -> f64 {
    let started = Instant::now();
    loop {
        let (before, _) = used(child);
        let text = get(port, "/metrics").expect("it answers");
        // Half a million series; before that salespulse shows only how it fares.
        if text.len() > 1_000_000 {
            return used(child).0 - before;
        }
        assert!(started.elapsed() < DEADLINE, "no numbers after {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What a server of this machine answers, its headers included.
pub(crate) fn get(port: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map(|_| text)
}

/// Ends a program with all that it has started, at once: a last snapshot would be written beside the next program, and into
/// a folder that is going.
fn end(mut child: Child) {
    for process in tree(child.id()) {
        let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
    }
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
