//! The rules by both versions of promtool and by Prometheus itself.

use std::path::PathBuf;
use std::process::Command;

use super::shipped;
use crate::harness::tools;

/// Debian's promtool and that of Prometheus 3. Both are asked for, so that each names its remedy if it is missing.
fn promtools() -> Option<[PathBuf; 2]> {
    let (old, new) = (tools::prometheus("promtool"), tools::promtool3());
    Some([old?, new?])
}

/// Runs a promtool; it must say yes. Answers what it said.
fn promtool(program: &PathBuf, command: &[&str], files: &[PathBuf]) -> String {
    let output = Command::new(program).args(command).args(files).output().expect("promtool starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {command:?}: {said}", program.display());
    said.into_owned()
}

#[test]
fn both_promtools_accept_the_configuration_and_the_rules() {
    for program in promtools().into_iter().flatten() {
        promtool(&program, &["check", "config"], &[shipped::prometheus().join("prometheus.yml")]);
        let said = promtool(
            &program,
            &["check", "rules", "--lint=all", "--lint-fatal"],
            &shipped::files(&shipped::prometheus().join("rules"), ".yml"),
        );
        assert!(said.contains("rules found"), "{said}");
    }
}

#[test]
fn the_rules_hold_their_cases_in_both_promtools() {
    for program in promtools().into_iter().flatten() {
        promtool(&program, &["test", "rules"], &shipped::files(&shipped::prometheus().join("tests"), ".yml"));
    }
}

/// Every alert has cases in which it fires and in which it does not.
#[test]
fn every_alert_has_its_cases() {
    let tests = shipped::files(&shipped::prometheus().join("tests"), ".yml");
    let tests: String = tests.iter().map(|file| shipped::read(file)).collect();
    let mut alerts = 0;
    for file in shipped::files(&shipped::prometheus().join("rules"), ".yml") {
        let text = shipped::read(&file);
        for name in text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
            alerts += 1;
            let silent = format!("alertname: {name}, exp_alerts: []");
            assert!(tests.contains(&silent), "no case leaves {name} silent");
            assert!(tests.contains(&format!("runbook_url: docs/runbooks/{name}.md")), "no case lets {name} fire");
        }
    }
    assert!(alerts >= 20, "this test finds the alerts by their indentation");
}
