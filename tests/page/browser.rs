//! The page in a real browser, over a small server that answers as the API does from the numbers of a real `replay`.
//!
//! What is looked at lies in `browser/scenarios`; each has a test here. All of them share the browser's machine, so they run
//! one after the other.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::harness::tools::{announce, cache, installed, on_path};

/// Where the fixture's past ends, and its reading is.
const END: &str = "2026-11-28T14:26:27Z";

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What the organisation shows beside what it does by default.
const WINDOWS: &str = r#"
[windows]
rep = ["24h", "7d", "30d", "wtd", "mtd", "qtd"]
team = ["1h", "24h", "7d", "30d", "90d", "wtd", "mtd", "qtd", "ytd"]
org = ["1h", "24h", "7d", "30d", "90d", "wtd", "mtd", "qtd", "ytd"]
"#;

/// The folder of the packages that drive and judge the page, as its lock file is now.
pub(crate) fn packages() -> Option<PathBuf> {
    let home = cache().join("page");
    let lock = std::fs::read(root().join("scripts/page/package-lock.json")).expect("it is ours");
    let is_current = std::fs::read(home.join("complete")).is_ok_and(|installed| installed == lock);
    installed(is_current, "the page's judges", "scripts/setup-test-tools.sh page", || home)
}

/// The gauges of a simulated organisation of which one team has broken a stage a week ago.
fn metrics() -> &'static Path {
    static METRICS: OnceLock<PathBuf> = OnceLock::new();
    METRICS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
        std::fs::create_dir_all(&folder).expect("a folder");
        let program = |arguments: &[&str]| {
            let output = Command::new(env!("CARGO_BIN_EXE_salespulse"))
                .args(arguments)
                .current_dir(&folder)
                .stderr(Stdio::null())
                .output()
                .expect("the program starts");
            assert!(output.status.success(), "{arguments:?}");
            output.stdout
        };
        let broken = ["--break-stage=east:contacted", "--break-from=2026-11-21T12:00:00Z"];
        let span = ["simulate", "--reps=40", "--duration=450d", "--output=events.jsonl", "--config-out=rules.toml"];
        let (end, as_of) = (format!("--end={END}"), format!("--as-of={END}"));
        program(&[&span[..], &broken[..], &[end.as_str()]].concat());
        let mut rules = std::fs::read_to_string(folder.join("rules.toml")).expect("it was written");
        rules.push_str(WINDOWS);
        std::fs::write(folder.join("rules.toml"), rules).expect("the folder can be written");
        let exposition = program(&["replay", "events.jsonl", "--config=rules.toml", as_of.as_str()]);
        let path = folder.join("metrics.prom");
        std::fs::write(&path, exposition).expect("the folder can be written");
        path
    })
}

/// Runs a scenario; what it prints is seen.
fn run(scenario: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let (Some(packages), Some(chromium)) = (packages(), on_path("chromium", "scripts/setup-test-tools.sh page")) else {
        return;
    };
    // A failed scenario leaves nothing behind that the next one could trip over.
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new("node")
        .args(["run.mjs", scenario])
        .current_dir(root().join("tests/page/browser"))
        .env("PAGE_PACKAGES", packages)
        .env("PAGE_METRICS", metrics())
        .env("CHROMIUM", chromium)
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{scenario}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().for_each(|line| announce(&format!("page, {scenario}: {line}")));
}

#[test]
fn each_state_has_its_words_and_no_number_stands_where_none_may() {
    run("states");
}

#[test]
fn a_frozen_or_dead_connection_is_lost_within_seconds_and_comes_back() {
    run("lost");
}

#[test]
fn fifty_starts_leave_a_page_as_it_was() {
    run("restarts");
}

#[test]
fn a_win_moves_its_rep_and_what_happens_is_celebrated_once() {
    run("moving");
}

#[test]
fn everything_can_be_done_by_keyboard() {
    run("keyboard");
}

#[test]
fn axe_finds_nothing_serious() {
    run("accessible");
}

#[test]
fn each_language_shows_its_own_words() {
    run("languages");
}

#[test]
fn every_value_is_the_api_s_digit_by_digit() {
    run("digits");
}

#[test]
fn the_first_load_is_small_the_page_works_below_a_path_and_its_memory_does_not_grow() {
    run("budget");
}

#[test]
fn the_parts_without_a_browser_do_what_they_say() {
    run("parts");
}
