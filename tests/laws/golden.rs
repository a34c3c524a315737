//! The twin and the engine against the real data sets: all series of `golden-v2.prom`, both ways, which holds `golden.prom`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use salespulse::model::time::Time;

use crate::laws::notation::Script;
use crate::laws::subject::{Subject, of_the_catalogue};
use crate::laws::twin::record::Record;
use crate::laws::{series, twin};

/// A data set: its golden series, and its records under its own configuration, all read at one instant.
struct DataSet {
    golden: BTreeMap<String, f64>,
    script: Script,
}

/// The folder of a data set, where the environment names the real data.
fn folder(name: &str) -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("SALESPULSE_TEST_DATA") {
        return Some(PathBuf::from(root).join(name));
    }
    assert!(std::env::var_os("CI").is_none(), "SALESPULSE_TEST_DATA must name the real data sets in CI");
    // Written past the test harness, which would hide what a passing test prints.
    let sentence = "the golden comparison; SALESPULSE_TEST_DATA does not name the real data sets";
    writeln!(std::io::stderr(), "NOT RUN: {name}: {sentence}").expect("standard error is open");
    None
}

/// A data set under its own configuration file.
fn data_set(name: &str, now: &str) -> Option<DataSet> {
    let folder = folder(name)?;
    let text = |file: &str| {
        let path = folder.join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let golden = series::parse(&text("golden-v2.prom"));
    let of_the_first_version = series::parse(&text("golden.prom"));
    let lost = of_the_first_version.iter().filter(|(name, value)| golden.get(*name) != Some(value)).count();
    assert_eq!(lost, 0, "{name}: every series of the first version of the contract is in the second as it was");
    let mut script = Script::under(&text("config.toml"));
    let now = Time::parse(now).expect("a time");
    script.tell(now, text("events.jsonl").lines().map(|line| (line.to_owned(), None)));
    Some(DataSet { golden, script })
}

fn olist() -> Option<DataSet> {
    data_set("olist", "2018-11-14T00:00:00Z")
}

fn maven() -> Option<DataSet> {
    data_set("maven", "2017-12-31T12:00:00Z")
}

fn twin_equals_golden(data: &DataSet) {
    let DataSet { golden, script } = data;
    let chapter = &script.chapters[0];
    let records: Vec<Record> = chapter.arrivals.iter().map(|arrival| arrival.record.clone()).collect();
    let seen = twin::reading(&records, &script.setting, chapter.now);
    series::assert_equal(golden, &seen, "the twin against golden-v2.prom");
}

/// Every record through the decoder and an engine of three shards.
fn engine_equals_golden(data: &DataSet) {
    let DataSet { golden, script } = data;
    let chapter = &script.chapters[0];
    let mut subject = Subject::new(&script.rules, 3, chapter.now);
    for arrival in &chapter.arrivals {
        subject.accept(&arrival.event, chapter.now);
    }
    let golden = of_the_catalogue(golden.clone());
    series::assert_equal(&golden, &subject.series(chapter.now), "the engine against golden-v2.prom");
}

#[test]
fn engine_equals_olist() {
    olist().iter().for_each(engine_equals_golden);
}

#[test]
fn engine_equals_maven() {
    maven().iter().for_each(engine_equals_golden);
}

#[test]
fn twin_equals_olist() {
    olist().iter().for_each(twin_equals_golden);
}

#[test]
fn twin_equals_maven() {
    maven().iter().for_each(twin_equals_golden);
}
