//! The program under a preloaded library that sets the clock. Such a library runs before `main` and asks for memory and for
//! the time while neither is there yet, so that an allocator which does the same while it begins can end the process.

use std::process::{Command, Output};

use crate::harness::tools;

/// What the program does on the first day of 2020.
fn in_2020(arguments: &[&str]) -> Option<Output> {
    let faketime = tools::on_path("faketime", "scripts/setup-test-tools.sh faketime")?;
    let program = env!("CARGO_BIN_EXE_salespulse");
    let mut command = Command::new(faketime);
    command.args(["2020-01-01 12:00:00", program]).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    Some(command.env("TZ", "UTC").output().expect("faketime starts"))
}

#[test]
fn the_version_is_told() {
    let Some(output) = in_2020(&["--version"]) else { return };
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with(concat!("salespulse ", env!("CARGO_PKG_VERSION"))), "{told}");
}

/// With threads and files, and an instant of its own.
#[test]
fn a_replay_goes_to_its_end() {
    let small_team = ["examples/small-team/events.jsonl", "--config", "examples/small-team/salespulse.toml"];
    let arguments = [&["replay"][..], &small_team, &["--as-of", "2026-11-16T00:00:00+08:00"]].concat();
    let Some(output) = in_2020(&arguments) else { return };
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("sales_org_won{"), "{shown}");
}
