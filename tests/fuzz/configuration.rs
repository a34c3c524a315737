//! Configuration files: a mutant is read, or refused with a sentence that names the key or the line.

use salespulse::config::{Config, ConfigError};

use crate::dice::Dice;
use crate::fuzz::mutate::damage;

const EXAMPLE: &str = include_str!("../../deploy/config.example.toml");
const TEAM: &str = include_str!("../../examples/small-team/salespulse.toml");

/// Values that are wrong almost everywhere.
const VALUES: [&str; 14] = [
    "\"\"",
    "0",
    "-1",
    "9223372036854775807",
    "1e308",
    "nan",
    "true",
    "[]",
    "{}",
    "[\"\"]",
    "\"0s\"",
    "\"99999999999999d\"",
    "1979-05-27",
    "\"\\u0000\"",
];

fn mutant(dice: &mut Dice) -> Vec<u8> {
    // What the example comments out is a setting too.
    let example = EXAMPLE.replace("\n# [", "\n[");
    let mut lines: Vec<String> = [EXAMPLE, TEAM, &example][dice.below(3)].lines().map(str::to_owned).collect();
    for _ in 0..dice.below(4) {
        let place = dice.below(lines.len());
        let line = lines[place].clone();
        match (dice.below(4), line.split_once(" = ")) {
            (0, _) => drop(lines.remove(place)),
            (1, _) => lines.insert(dice.below(place + 1), line),
            (_, Some((key, _))) => lines[place] = format!("{key} = {}", VALUES[dice.below(VALUES.len())]),
            _ => {}
        }
    }
    let mut bytes = lines.join("\n").into_bytes();
    if dice.percent(40) {
        damage(dice, &mut bytes);
    }
    bytes
}

fn check(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let Err(error) = Config::of_text(&text, "mutant.toml", &[]) else { return Ok(()) };
    if names(&error, &text) { Ok(()) } else { Err(format!("the message names neither key nor line: {error}")) }
}

/// Whether an error says where the fault is.
fn names(error: &ConfigError, text: &str) -> bool {
    let told = error.to_string();
    match error {
        ConfigError::Unreadable { .. } => false,
        ConfigError::Syntax { line, .. } => (1..=text.lines().count() + 1).contains(line),
        ConfigError::UnknownKey { key, .. } | ConfigError::Missing { key, .. } | ConfigError::Invalid { key, .. } => {
            !key.is_empty() && told.contains(key)
        }
        ConfigError::Catalogue(told) => told.contains("expose") || told.contains("leaderboard"),
        ConfigError::Several(faults) => faults.iter().all(|fault| names(fault, text)),
    }
}

#[test]
fn a_configuration_is_read_or_refused_with_its_place() {
    assert!(Config::of_text(TEAM, "small-team", &[]).is_ok());
    crate::fuzz::run("configuration", 3_000, mutant, check);
}
