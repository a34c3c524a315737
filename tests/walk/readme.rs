//! The README's commands, in its order, in a fresh clone.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::clone::Clone;
use crate::page::{self, Step};
use crate::ports::Ports;
use crate::terminal::{Job, Terminal};
use crate::tools;
use crate::wait::wait_until;

/// A build on a slow machine.
const BUILD: Duration = Duration::from_secs(20 * 60);
/// Anything else.
const SOON: Duration = Duration::from_secs(90);

/// Runs every test, this one too; and what needs a container engine.
const NOT_WALKED: [&str; 2] = ["make test", "docker compose"];

/// A command that goes on until Ctrl-C, and the sign by which the README tells that it is there.
struct GoesOn {
    command: &'static str,
    sign: Sign,
    /// Whether it ends with 0. Make says that it was interrupted.
    ends_well: bool,
    /// Whether it serves our metrics: of these only one can go on.
    serves: bool,
}

enum Sign {
    /// It prints these words.
    Printed(&'static str),
    /// A page says these words.
    Page(&'static str, &'static str),
}

static GOES_ON: [GoesOn; 4] = [
    GoesOn { command: "make demo", sign: Sign::Printed("Worth trying:"), ends_well: false, serves: true },
    GoesOn { command: "make prometheus", sign: Sign::Printed("Prometheus is at"), ends_well: false, serves: false },
    GoesOn {
        command: "make kafka",
        sign: Sign::Printed("Kafka is at localhost:9092"),
        ends_well: false,
        serves: false,
    },
    GoesOn {
        command: "cargo run -- run",
        sign: Sign::Page("http://localhost:9464/readyz", "\"ready\":true"),
        ends_well: true,
        serves: true,
    },
];

/// A walk through the README.
struct Walk<'a> {
    page: &'a str,
    ports: &'a Ports,
    terminal: Terminal<'a>,
    running: Vec<(&'static GoesOn, Job)>,
}

impl Walk<'_> {
    fn take(&mut self, step: &Step) {
        let last = step.commands.len() - 1;
        for (place, command) in step.commands.iter().enumerate() {
            if NOT_WALKED.iter().any(|other| command.starts_with(other)) {
                continue;
            }
            match (GOES_ON.iter().find(|job| command.starts_with(job.command)), &step.printed) {
                (Some(kind), _) => self.start(command, kind),
                (None, Some(shown)) if place == last => self.read(command, shown),
                (None, _) => self.run(command),
            }
        }
    }

    fn start(&mut self, command: &str, kind: &'static GoesOn) {
        let is_in_the_way = |(other, _): &(&GoesOn, Job)| kind.serves && other.serves;
        let (ended, others) = std::mem::take(&mut self.running).into_iter().partition(is_in_the_way);
        self.running = others;
        interrupt(ended);
        let mut job = self.terminal.start(command);
        wait_until(&format!("{command} is there"), BUILD, || {
            job.assert_running();
            let there = match kind.sign {
                Sign::Printed(words) => job.printed().contains(&self.ports.rewrite(words)),
                Sign::Page(address, words) => self.fetch(address).contains(words),
            };
            there.then_some(())
        });
        self.running.push((kind, job));
    }

    /// What a page says; nothing while nobody serves it.
    fn fetch(&self, address: &str) -> String {
        let output = Command::new("curl").args(["-s", &self.ports.rewrite(address)]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A command that asks what has become of the one before. Nobody types so fast that the answer is not there yet.
    fn read(&mut self, command: &str, shown: &str) {
        let shown = self.ports.rewrite(shown);
        let mut printed = String::new();
        let start = std::time::Instant::now();
        wait_until(&format!("{command} prints what the README shows"), SOON * 2, || {
            let mut job = self.terminal.start(command);
            job.wait(SOON);
            printed = job.printed();
            assert!(start.elapsed() < SOON, "{command} should print\n{shown}\nbut prints\n{printed}");
            page::fits(&printed, &shown).then_some(())
        });
        self.running.iter_mut().for_each(|(_, job)| job.assert_running());
    }

    fn run(&mut self, command: &str) {
        let printed = self.terminal.run(command, BUILD);
        if command.starts_with("make example") {
            let excerpt = page::blocks(self.page, "prometheus").concat();
            for line in excerpt.lines() {
                assert!(printed.lines().any(|printed| printed == line), "{command} does not print {line}");
            }
        }
    }
}

/// Ctrl-C in every terminal, the last first.
fn interrupt(running: Vec<(&GoesOn, Job)>) {
    for (kind, mut job) in running.into_iter().rev() {
        job.interrupt();
        let status = job.wait(SOON);
        assert!(status.success() || !kind.ends_well, "{} ended with {status}: {}", kind.command, job.errors());
    }
}

/// What a newcomer would install first.
fn everything_is_here() -> bool {
    let program = |name| tools::on_path(name, "your system's package of that name").is_some();
    let is_clone = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists();
    ["bash", "git", "make", "curl"].into_iter().all(program)
        && tools::on_path("kcat", "scripts/setup-test-tools.sh kcat").is_some()
        && tools::kafka().is_some()
        && tools::installed(is_clone, "a clone of the repository", "git clone", || ()).is_some()
}

#[test]
fn the_readme_can_be_walked() {
    if !everything_is_here() {
        return;
    }
    let (clone, ports) = (Clone::make(), Ports::choose());
    let page = fs::read_to_string(clone.path().join("README.md")).unwrap();
    let steps = page::steps(&page);
    for command in NOT_WALKED.iter().chain(GOES_ON.iter().map(|job| &job.command)) {
        let mut typed = steps.iter().flat_map(|step| &step.commands);
        assert!(typed.any(|typed| typed.starts_with(command)), "the README does not say {command}");
    }
    let mut walk = Walk { page: &page, ports: &ports, terminal: Terminal::open(&clone, &ports), running: Vec::new() };
    steps.iter().for_each(|step| walk.take(step));

    let commit = walk.terminal.run("git rev-parse --short=12 HEAD", SOON);
    let version = walk.terminal.run("cargo run --quiet -- --version", BUILD);
    assert_eq!(version.trim_end(), format!("salespulse {} ({})", env!("CARGO_PKG_VERSION"), commit.trim_end()));
    interrupt(walk.running);
}
