//! Scenarios a sales manager can check: timed events and the readings they must give.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use salespulse::event::Event;

use crate::equality::engine_equals_twin;
use crate::notation::Script;
use crate::series;
use crate::subject::Subject;
use crate::twin;

/// The files of a folder beside this one, by name.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/laws").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    files.sort();
    files
}

fn script(file: &Path) -> Script {
    println!("{}", file.display());
    Script::parse(&std::fs::read_to_string(file).expect("a text"))
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

/// The expectations hold for the engine and for the twin, which are equal in everything else too.
fn check(script: &Script) {
    let mut subject = Subject::new(&script.rules, 2, script.chapters[0].now);
    let mut accepted: Vec<Event<'static>> = Vec::new();
    for chapter in &script.chapters {
        for (_, event) in &chapter.arrivals {
            subject.accept(event, chapter.now);
            accepted.push(event.clone());
        }
        let of_twin = unmet(&chapter.expected, &twin::reading(&accepted, &script.rules, chapter.now));
        assert!(of_twin.is_empty(), "the twin at {}:\n{}", chapter.now, of_twin.join("\n"));
        let of_engine = unmet(&chapter.expected, &subject.series(chapter.now));
        assert!(of_engine.is_empty(), "at {}:\n{}", chapter.now, of_engine.join("\n"));
    }
    engine_equals_twin(script, 3).unwrap_or_else(|differences| panic!("{differences}"));
}

#[test]
fn scenarios_read_as_expected() {
    let files = files("scenarios");
    assert!(files.len() >= 40, "{} scenarios", files.len());
    for file in files {
        let script = script(&file);
        assert!(script.chapters.iter().any(|chapter| !chapter.expected.is_empty()), "nothing is expected");
        check(&script);
    }
}

/// Streams on which engine and twin once differed.
#[test]
fn streams_that_once_failed_stay_equal() {
    for file in files("regressions") {
        let script = script(&file);
        check(&script);
    }
}
