//! Nothing is found in what we ship.

use std::fs;
use std::path::{Path, PathBuf};

use salespulse::model::event::EventType;

use super::{check, findings};
use crate::cli::program::Folder;

/// When the examples of the schemas are judged, and with which rates; schemas/README.md says both.
const SCHEMAS_AS_OF: &str = "2026-11-24T12:00:00Z";

fn shipped(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_str().unwrap().to_owned()
}

fn assert_clean(folder: &Folder, arguments: &[&str]) {
    let document = check(folder, arguments);
    assert_eq!(findings(&document).len(), 0, "{arguments:?}: {document:#}");
}

#[test]
fn configurations_are_clean() {
    let folder = Folder::new();
    for path in ["deploy/config.example.toml", "examples/small-team/salespulse.toml"] {
        assert_clean(&folder, &["config", "--config", &shipped(path), "--reps=400", "--teams=20", "--channels=20"]);
    }
}

#[test]
fn the_events_of_the_small_team_are_clean() {
    let folder = Folder::new();
    let events = shipped("examples/small-team/events.jsonl");
    let config = shipped("examples/small-team/salespulse.toml");
    assert_clean(&folder, &["events", &events, "--config", &config, "--as-of", "2026-11-16T00:00:00+08:00"]);
}

/// The valid examples that can stand in a file of JSON lines: such a file has neither prefixes nor headers.
fn valid_examples(kind: EventType) -> Vec<PathBuf> {
    let folder = shipped(&format!("schemas/examples/{}/valid", kind.name()));
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| {
            path.extension().is_some_and(|ending| ending == "json") && !path.with_extension("headers").exists()
        })
        .collect()
}

#[test]
fn valid_examples_of_the_schemas_are_clean() {
    let folder = Folder::new();
    let rates = ["USD", "JPY", "KWD", "CLF", "HKD", "SGD", "TWD", "VND", "EUR"];
    let rate = |code: &str| format!("[[fx]]\ndate = \"2000-01-01\"\nfrom = {code:?}\nrate = \"0.0001\"\n");
    let rates: String = rates.map(rate).concat();
    // The pipelines and aliases of which the examples speak.
    let pipelines = "[pipeline.aliases]\nintro = \"contacted\"\ndropped = \"lost\"\n[pipelines.renewals]\n\
                     stages = [\"lead\", \"notice\", \"won\"]\n[pipelines.renewals.aliases]\nreminded = \"notice\"\n";
    let organisation = "org.reporting_currency = \"CNY\"\norg.timezone = \"Asia/Shanghai\"\n";
    folder.write("salespulse.toml", format!("{organisation}{pipelines}{rates}"));
    for kind in EventType::ALL {
        let examples = valid_examples(kind);
        assert!(!examples.is_empty(), "{kind} has no example");
        // Line feeds of JSON stand between its tokens only.
        let line = |path: &PathBuf| fs::read_to_string(path).unwrap().replace('\n', " ") + "\n";
        let file = format!("{}.jsonl", kind.default_topic());
        folder.write(&file, examples.iter().map(line).collect::<String>());
        assert_clean(&folder, &["events", &file, "--config", "salespulse.toml", "--as-of", SCHEMAS_AS_OF]);
    }
}

#[test]
fn a_simulated_organisation_without_bad_records_is_clean() {
    let folder = Folder::new();
    let simulate = [
        "simulate",
        "--output=events.jsonl",
        "--config-out=fits.toml",
        "--bad=0",
        "--duration=30d",
        "--end=2026-03-31T00:00:00Z",
    ];
    assert_eq!(folder.run(&simulate).code, Some(0));
    assert_clean(&folder, &["config", "--config", "fits.toml"]);
    assert_clean(&folder, &["events", "events.jsonl", "--config", "fits.toml", "--as-of", "2026-04-04T00:00:00Z"]);
}
