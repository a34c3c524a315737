//! Scenarios a sales manager can check: timed events and the readings they must give.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::laws::equality::engine_equals_twin;
use crate::laws::notation::Script;
use crate::laws::subject::Subject;
use crate::laws::twin::record::Record;
use crate::laws::{order, series, twin};

/// The files of a folder beside this one, by name.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/laws").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    files.sort();
    files
}

/// What a reading lacks of what is expected.
fn unmet(expected: &[(String, Option<f64>)], seen: &BTreeMap<String, f64>) -> Vec<String> {
    let mut unmet = Vec::new();
    for (name, value) in expected {
        if let Some(prefix) = name.strip_suffix('*') {
            let found = seen.keys().filter(|seen| seen.starts_with(prefix));
            let absent = found.map(|found| format!("{found}: expected nothing, seen {}", seen[found]));
            assert!(value.is_none(), "{name}: a prefix can only be absent");
            unmet.extend(absent);
        } else {
            let of_name = |reading: Option<f64>| reading.map(|value| (name.clone(), value)).into_iter().collect();
            unmet.extend(series::differences(&of_name(*value), &of_name(seen.get(name).copied())));
        }
    }
    unmet
}

/// Whose readings a folder's expectations are held against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Twin,
    TwinAndEngine,
}

/// The expectations hold for the twin, and where they are the engine's too the two are equal in everything else.
fn check(script: &Script, whose: Whose) -> Result<(), String> {
    let mut subject = Subject::new(&script.rules, 2, script.chapters[0].now);
    let mut accepted: Vec<Record> = Vec::new();
    for chapter in &script.chapters {
        for arrival in &chapter.arrivals {
            subject.accept(&arrival.event, chapter.now);
            accepted.push(arrival.record.clone());
        }
        let mut readings = vec![("the twin's", twin::reading(&accepted, &script.setting, chapter.now))];
        if whose == Whose::TwinAndEngine {
            readings.push(("the engine's", subject.series(chapter.now)));
        }
        for (whose, seen) in readings {
            let unmet = unmet(&chapter.expected, &seen);
            if !unmet.is_empty() {
                return Err(format!("{whose} reading at {}:\n{}", chapter.now, unmet.join("\n")));
            }
        }
    }
    if whose == Whose::Twin {
        return Ok(());
    }
    engine_equals_twin(script, 3)?;
    order::holds(script)
}

/// Checks all scripts of a folder; answers how many there are.
fn check_all(folder: &str, must_expect: bool, whose: Whose) -> usize {
    let files = files(folder);
    let mut failures = Vec::new();
    for file in &files {
        let script = Script::parse(&std::fs::read_to_string(file).expect("a text"));
        let expects = script.chapters.iter().any(|chapter| !chapter.expected.is_empty());
        assert!(expects || !must_expect, "{}: nothing is expected", file.display());
        failures.extend(check(&script, whose).err().map(|failure| format!("{}: {failure}", file.display())));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    files.len()
}

#[test]
fn scenarios_read_as_expected() {
    let checked = check_all("scenarios", true, Whose::TwinAndEngine);
    assert!(checked >= 40, "{checked} scenarios");
}

/// What the second version of the contract added.
#[test]
fn scenarios_of_the_second_version_read_as_expected() {
    let checked = check_all("scenarios/second", true, Whose::TwinAndEngine);
    assert!(checked >= 40, "{checked} scenarios");
}

/// Streams on which a law was once broken.
#[test]
fn streams_that_once_failed_stay_equal() {
    check_all("regressions", false, Whose::TwinAndEngine);
}
