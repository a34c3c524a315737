//! The same job by several programs, in one run on one broker: what salespulse is measured against.
//!
//! `peers compare` fills two topics and runs the programs one after another, several times; the other words are the
//! programs themselves, each a process of its own, so that its CPU time and memory can be told apart.

mod compare;
mod floor;
mod generate;
mod latency;
mod measure;
mod naive;
mod salespulse;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compare"] => compare::compare(),
        ["generate", events] => drop(generate::generate(events.parse().expect("a number of events"))),
        ["latency"] => latency::run(),
        ["floor"] => floor::run(),
        ["naive"] => naive::run(),
        ["salespulse"] => salespulse::run(),
        _ => panic!("usage: peers compare | latency | generate EVENTS | floor | naive | salespulse"),
    }
}

/// Where the broker is.
fn broker() -> String {
    variable("BOOTSTRAP", "127.0.0.1:9092")
}

fn variable(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

/// A consumer group that nobody has used.
fn group(program: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("{program}-{}-{}", std::process::id(), now.as_millis())
}

const TOPICS: [&str; 2] = ["sales.leads", "sales.stage-changes"];
const STAGES: [&str; 7] = ["lead", "contacted", "qualified", "proposal", "negotiation", "won", "lost"];
