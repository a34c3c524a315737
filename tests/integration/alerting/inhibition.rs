//! The routes by amtool, and what holds what back by a real Alertmanager.

use std::process::Command;

use serde_json::{Value, json};

use super::shipped;
use crate::harness::alertmanager::Alertmanager;
use crate::harness::service::SOON;
use crate::harness::{tools, wait_until};

/// Whatever makes the numbers absent, half, old or wrong.
const UNTRUSTED: [&str; 5] =
    ["SalespulseDown", "SalespulseOwnerMissing", "SalespulseReplaying", "SalespulseLagging", "SalespulseAuditMismatch"];

/// The names of the alerts that the rules hold, of one category by its prefix.
fn names(prefix: &str) -> Vec<String> {
    let files = shipped::files(&shipped::prometheus().join("rules"), ".yml");
    let text: String = files.iter().map(|file| shipped::read(file)).collect();
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let names: Vec<String> = names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect();
    assert!(names.len() >= 9, "{names:?}");
    names
}

/// The labels of an alert of the job `salespulse`, and these.
fn alert(name: &str, labels: &[(&str, &str)]) -> Value {
    let category = if name.starts_with("Salespulse") { "service" } else { "kpi" };
    let mut all = json!({"alertname": name, "job": "salespulse", "category": category});
    labels.iter().for_each(|(key, value)| all[*key] = json!(value));
    all
}

/// Starts an Alertmanager that holds these alerts, and answers those that are not held back.
fn told(alerts: &[Value]) -> Option<Vec<Value>> {
    let alertmanager =
        Alertmanager::start(tools::alertmanager("prometheus-alertmanager")?, &shipped::read(&shipped::alertmanager()));
    let sent: Vec<Value> = alerts.iter().map(|labels| json!({"labels": labels})).collect();
    alertmanager.send(&json!(sent));
    // Alertmanager's inhibitor hears of alerts a moment after the API has taken them.
    let mut last = Vec::new();
    let mut same = 0;
    wait_until("Alertmanager has made up its mind", SOON, || {
        let known = alertmanager.alerts();
        let decided =
            known.len() == alerts.len() && known.iter().all(|alert| alert["status"]["state"] != "unprocessed");
        let mut told: Vec<Value> =
            known.iter().filter(|alert| inhibitors(alert) == 0).map(|alert| alert["labels"].clone()).collect();
        told.sort_by_key(Value::to_string);
        same = if decided && told == last { same + 1 } else { 0 };
        last = told;
        (same == 20).then_some(())
    });
    Some(last)
}

fn inhibitors(alert: &Value) -> usize {
    alert["status"]["inhibitedBy"].as_array().map_or(0, Vec::len)
}

/// Panics unless of these alerts exactly the first `kept` are told.
fn assert_told(alerts: &[Value], kept: usize) {
    let mut expected = alerts[..kept].to_vec();
    expected.sort_by_key(Value::to_string);
    if let Some(told) = told(alerts) {
        assert_eq!(told, expected);
    }
}

#[test]
fn amtool_accepts_the_configuration() {
    let Some(amtool) = tools::alertmanager("amtool") else { return };
    let output = Command::new(amtool).arg("check-config").arg(shipped::alertmanager()).output().expect("amtool starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("SUCCESS"), "{said}");
}

#[test]
fn sales_hear_of_kpis_and_operations_of_the_service() {
    let Some(amtool) = tools::alertmanager("amtool") else { return };
    for (prefix, category, receiver) in [("Sales", "kpi", "sales"), ("Salespulse", "service", "operations")] {
        for name in names(prefix).iter().filter(|name| category == "service" || !name.starts_with("Salespulse")) {
            for severity in ["critical", "warning", "info"] {
                let mut command = Command::new(&amtool);
                command.args(["config", "routes", "test", "--config.file"]).arg(shipped::alertmanager());
                command.args([&format!("--verify.receivers={receiver}"), &format!("alertname={name}")]);
                command.args([&format!("category={category}"), &format!("severity={severity}"), "job=salespulse"]);
                let output = command.output().expect("amtool starts");
                let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{name}: {said}");
            }
        }
    }
}

/// One Alertmanager for each: an inhibitor is seen to act alone.
#[test]
fn no_kpi_is_told_while_the_numbers_are_not_to_be_trusted() {
    let kpis: Vec<Value> = names("Sales")
        .iter()
        .filter(|name| !name.starts_with("Salespulse"))
        .map(|name| alert(name, &[("scope", "team"), ("team", "east")]))
        .collect();
    for inhibitor in UNTRUSTED {
        // Another service's numbers have nothing to do with it.
        let mut elsewhere = alert("SalesQuotaPaceOffTrack", &[("team", "east")]);
        elsewhere["job"] = json!("another");
        let mut alerts = vec![alert(inhibitor, &[]), elsewhere];
        alerts.extend(kpis.iter().cloned());
        assert_told(&alerts, 2);
    }
}

#[test]
fn other_troubles_of_the_service_hold_no_kpi_back() {
    let others = names("Salespulse");
    let mut alerts: Vec<Value> = others
        .iter()
        .filter(|name| !UNTRUSTED.contains(&name.as_str()))
        .map(|name| alert(name, &[("instance", "a")]))
        .collect();
    alerts.push(alert("SalesWinRatioDrop", &[("scope", "team"), ("team", "east")]));
    let all = alerts.len();
    assert!(all >= 5, "{alerts:?}");
    assert_told(&alerts, all);
}

#[test]
fn an_outage_is_told_once() {
    let mut alerts = vec![alert("SalespulseDown", &[])];
    alerts.extend(names("Salespulse").iter().filter(|name| *name != "SalespulseDown").map(|name| alert(name, &[])));
    assert_told(&alerts, 1);
}

#[test]
fn a_silent_team_is_not_told_rep_by_rep() {
    let rep = |rep: &str, team: &str| alert("SalesRepSilent", &[("rep", rep), ("team", team)]);
    let silent = alert("SalesTeamSilent", &[("scope", "team"), ("team", "east")]);
    assert_told(&[silent, rep("li", "north"), rep("wang", "east"), rep("zhao", "east")], 2);
}

#[test]
fn nothing_is_told_beside_a_feed_that_has_stopped() {
    let mut alerts = vec![alert("SalesOrgSilent", &[("scope", "org")])];
    let others = names("Sales");
    let others = others.iter().filter(|name| !name.starts_with("Salespulse") && *name != "SalesOrgSilent");
    alerts.extend(others.map(|name| alert(name, &[("scope", "team"), ("team", "east")])));
    assert_told(&alerts, 1);
}

#[test]
fn a_drop_is_told_by_the_narrowest_scope_and_the_shorter_window() {
    let funnel = |scope: (&str, &str), to: &str, window: &str| {
        alert(
            "SalesFunnelConversionDrop",
            &[("scope", scope.0), scope, ("from", "lead"), ("to", to), ("window", window)],
        )
    };
    let (east, expo, all) = (("team", "east"), ("channel", "expo"), ("scope", "org"));
    assert_told(
        &[
            funnel(east, "contacted", "7d"),
            // Another step, which no team explains.
            funnel(expo, "qualified", "7d"),
            // Another team by its month.
            funnel(("team", "west"), "contacted", "30d"),
            funnel(east, "contacted", "30d"),
            funnel(expo, "contacted", "7d"),
            funnel(all, "contacted", "7d"),
            funnel(all, "qualified", "30d"),
        ],
        3,
    );
    let drop = |name: &str, scope: (&str, &str)| alert(name, &[("scope", scope.0), scope]);
    assert_told(
        &[
            drop("SalesWinRatioDrop", east),
            drop("SalesCsatDrop", all),
            drop("SalesCacSpike", expo),
            drop("SalesPipelineOverdue", east),
            drop("SalesDealsSlipping", all),
            drop("SalesWinRatioDrop", expo),
            drop("SalesWinRatioDrop", all),
            drop("SalesCacSpike", all),
            drop("SalesPipelineOverdue", all),
        ],
        5,
    );
}
