//! How `run` begins, and how it ends where no Kafka is needed for that.

use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use crate::cli::program::{Ended, Folder};

/// The lines of a log, each of which is JSON.
fn lines(ended: &Ended) -> Vec<Value> {
    ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether a line of a log is a warning that holds these words.
fn warns_of(ended: &Ended, words: &str) -> bool {
    lines(ended).iter().any(|line| line["level"] == "WARN" && line["message"].as_str().unwrap().contains(words))
}

/// Ends at once, because somebody listens there already.
fn run_where_nobody_can_listen(variable: (&str, &str), more: &[&str]) -> Ended {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let arguments = ["run", "--config", "salespulse.toml", "--listen", &listen];
    let ended = Folder::new().run_with(variable, &[&arguments[..], more].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(71), ""), "{}", ended.stderr);
    ended
}

#[test]
fn why_it_ends_is_the_last_line_of_its_log_with_the_exit_code() {
    let ended = run_where_nobody_can_listen(("LANG", "C"), &[]);
    let lines = lines(&ended);
    let last = lines.last().unwrap();
    assert_eq!((&last["level"], &last["exit_code"]), (&"ERROR".into(), &71.into()), "{last}");
    assert!(last["message"].as_str().unwrap().contains("(http.listen)"), "{last}");
    assert!(!ended.stderr.contains(env!("CARGO_MANIFEST_DIR")), "where it was built: {}", ended.stderr);
}

#[test]
fn a_clock_that_stands_still_is_warned_of() {
    let words = "the clock stands still (--as-of)";
    let ended = run_where_nobody_can_listen(("LANG", "C"), &["--as-of", "2026-03-31T18:00:00+08:00"]);
    assert!(warns_of(&ended, words), "{}", ended.stderr);
    assert!(!warns_of(&run_where_nobody_can_listen(("LANG", "C"), &[]), words));
}

#[test]
fn a_variable_that_is_nearly_one_of_ours_is_warned_of() {
    let ended = run_where_nobody_can_listen(("SALESPULSE_ORG_TIMEZONE", "UTC"), &[]);
    assert!(warns_of(&ended, "org.timezone is SALESPULSE__ORG__TIMEZONE"), "{}", ended.stderr);
}

/// Without files there are no connections, which would be tried again for ever.
#[test]
fn too_few_open_files_are_refused_with_the_number_that_it_needs() {
    let folder = Folder::new();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" run --config \"$1\""]);
    shell.arg(env!("CARGO_BIN_EXE_salespulse")).arg(folder.path("salespulse.toml"));
    let output = shell.output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(71), "{log}");
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let words = "the process may open 64 files, and needs 512";
    assert!(last["message"].as_str().unwrap().contains(words), "{log}");
}
