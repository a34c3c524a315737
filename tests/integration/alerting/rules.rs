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

/// What the page marks is what the alert finds, by generated counts, of which many lie close to the limit. The alert also asks
/// the recent part of the window, which the page does not show.
#[test]
fn the_page_marks_the_drops_that_the_alert_finds() {
    let Some(program) = tools::promtool3() else { return };
    let alerts = shipped::read(&shipped::prometheus().join("rules/kpi-alerts.yml"));
    let (_, alert) = alerts.split_once("- alert: SalesFunnelConversionDrop").expect("the alert");
    let (_, expression) = alert.split_once("expr: |\n").expect("its expression");
    let lines = expression.lines().map(str::trim).take_while(|line| !line.contains("_recent:"));
    let expression = lines.collect::<Vec<_>>().join(" ");
    assert_eq!(expression.matches(" and ").count(), 3, "{expression}");

    let (mut series, mut found, mut teams) = (String::new(), String::new(), 0);
    let mut seed = 17_u64;
    let mut random = |most: i128| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i128::from(seed >> 33) % (most + 1)
    };
    let mut dropped = 0;
    for _ in 0..400 {
        let size = [12, 40, 400, 4_000][teams % 4];
        let (from, from_before) = (1 + random(size), 1 + random(size));
        let (to, to_before) = (random(from), random(from_before));
        let team = format!("t{teams}");
        let lines = [
            (format!("sales_team_leads{{team=\"{team}\",window=\"7d\"}}"), from),
            (format!("sales_team_leads_previous{{team=\"{team}\",window=\"7d\"}}"), from_before),
            (format!("sales_team_stage_entries{{team=\"{team}\",stage=\"won\",window=\"7d\"}}"), to),
            (format!("sales_team_stage_entries_previous{{team=\"{team}\",stage=\"won\",window=\"7d\"}}"), to_before),
            (
                format!("sales_team_funnel_conversion_ratio{{team=\"{team}\",from=\"lead\",to=\"won\",window=\"7d\"}}"),
                1,
            ),
        ];
        for (name, value) in lines {
            series += &format!("      - {{series: '{name}', values: '{value}x10'}}\n");
        }
        if salespulse::kpi::has_dropped([from, from_before], [to, to_before]) {
            dropped += 1;
            found += &format!("          - {{labels: '{{team=\"{team}\"}}', value: 1}}\n");
        }
        teams += 1;
    }
    assert!((40..360).contains(&dropped), "{dropped} of {teams} are drops");
    let rules = shipped::prometheus().join("rules/funnel.yml");
    let text = format!(
        "rule_files: [{:?}]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n{series}    \
         promql_expr_test:\n      - expr: 'count by (team) ({expression})'\n        eval_time: 5m\n        exp_samples:\n{found}",
        rules.display()
    );
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let path = folder.path().join("drops.yml");
    std::fs::write(&path, text).expect("the folder can be written");
    promtool(&program, &["test", "rules"], &[path]);
}
