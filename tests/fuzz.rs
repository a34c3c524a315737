//! Mutants of what is read from outside: records, whole snapshots, configuration files, what CRMs say. What a damaged
//! record should be answered is `tests/contract`'s to say.
//!
//! Every input of `corpus/` is run, then so many mutants as `FUZZ_RUNS` says, from `FUZZ_SEED`. A mutant that fails is
//! written into `corpus/`, and from then on run first: `cargo test --test pure fuzz::` is all it takes to see it fail again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test ends at its first surprise; clippy's own exception does not reach helpers of integration tests"
)]

mod configuration;
mod connect;
mod mutate;
mod objects;
mod records;
mod snapshot;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::dice::Dice;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Runs the corpus of a target, then mutants. `check` answers with a complaint or panics, both of which are failures.
fn run(target: &str, runs: u64, make: impl Fn(&mut Dice) -> Vec<u8>, check: impl Fn(&[u8]) -> Result<(), String>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let fault = |input: &[u8]| match catch_unwind(AssertUnwindSafe(|| check(input))) {
        Ok(Ok(())) => None,
        Ok(Err(complaint)) => Some(complaint),
        Err(_) => Some("it panics".to_owned()),
    };
    for path in files(&folder) {
        let fault = fault(&std::fs::read(&path).unwrap());
        assert!(fault.is_none(), "{}: {}", path.display(), fault.unwrap());
    }
    let (seed, runs) = (number("FUZZ_SEED", 20_261_124), number("FUZZ_RUNS", runs));
    for number in 0..runs {
        let input = make(&mut Dice::new(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93)));
        if let Some(fault) = fault(&input) {
            let path = folder.join(format!("{seed}-{number}"));
            std::fs::write(&path, &input).unwrap();
            panic!("seed {seed}, mutant {number}: {fault}; it is now {}", path.display());
        }
    }
    println!("{target}: seed {seed}, {runs} mutants");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}
