//! How often the alerts fire over an organisation in which nothing is broken. docs/alerts.md quotes this measurement.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;

use salespulse::config::{Config, Settings};
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::rules::Rules;
use salespulse::model::time::{DAY, HOUR, Time};
use salespulse::simulate::{Plan, Simulation};

use super::shipped;
use crate::harness::{announce, tools};

/// The organisations that are watched.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;
/// They live for so long before anybody looks: the 90 days that the rules look back on, and 30 of the windows before.
const BEFORE: i64 = 120 * DAY;
/// Then they are read every hour for so long.
const WATCHED: i64 = 60 * DAY;

/// What the funnel's alert reads.
const EXPOSED: &str = r#"
[windows]
rep = []
team = ["24h", "7d", "30d"]
channel = ["24h", "7d", "30d"]
org = ["24h", "7d", "30d"]
[expose]
rep = []
team = ["sales_team_leads*", "sales_team_stage_entries*", "sales_team_funnel_conversion_ratio"]
channel = ["sales_channel_leads*", "sales_channel_stage_entries*", "sales_channel_funnel_conversion_ratio"]
org = ["sales_org_leads*", "sales_org_stage_entries*", "sales_org_funnel_conversion_ratio"]
"#;

/// The rules of a simulation's own configuration, showing no more than is needed.
fn rules(simulation: &Simulation) -> Arc<Rules> {
    let mut settings = Settings::defaults().unwrap();
    settings.lay_toml(simulation.configuration(), "simulation").unwrap();
    settings.lay_toml(EXPOSED, "exposed").unwrap();
    Arc::new(Config::new(&settings, || "test".to_owned()).unwrap().rules)
}

/// The values of each series, one a reading; `None` where it was absent.
type Readings = BTreeMap<String, Vec<Option<String>>>;

/// Reads an organisation as it lives: at each hour all that has arrived by then.
fn watch(seed: u64) -> Readings {
    let start = Time::parse("2026-01-04T16:00:00Z").unwrap();
    let first = start.plus(BEFORE);
    let plan = Plan::new(seed, start, first.plus(WATCHED));
    let mut simulation = Simulation::new(plan).unwrap();
    let rules = rules(&simulation);
    let (decoder, catalogue) = (Decoder::new(Arc::clone(&rules)), Catalogue::new(&rules).unwrap());
    let mut engine = Engine::new(&rules, 1, start);
    let (mut readings, mut hours) = (Readings::new(), 0_usize);
    let mut text = String::new();
    for produced in simulation.by_ref() {
        while produced.produced_at > first.plus(i64::try_from(hours).unwrap() * HOUR) {
            let now = first.plus(i64::try_from(hours).unwrap() * HOUR);
            if now > first.plus(WATCHED) {
                return readings;
            }
            text.clear();
            render(&catalogue, &engine.read(now), Format::Prometheus, &mut text).unwrap();
            note(&mut readings, &text, hours);
            hours += 1;
        }
        let record = Record {
            topic_type: Some(produced.kind),
            value: Some(&produced.value),
            timestamp: Some(produced.produced_at),
            ..Record::default()
        };
        if let Ok(Decoded::Event(event)) = decoder.decode(&record, produced.produced_at) {
            engine.accept(&event, produced.produced_at);
        }
    }
    readings
}

/// Adds one reading's values.
fn note(readings: &mut Readings, text: &str, hours: usize) {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let values = match readings.get_mut(series) {
            Some(values) => values,
            None => readings.entry(series.to_owned()).or_default(),
        };
        values.resize(hours, None);
        values.push(Some(value.to_owned()));
    }
}

/// A case for promtool that no rule can hold, since it says nothing fires: so promtool tells what did.
fn case(readings: &Readings) -> String {
    let mut text = String::from("rule_files: [rules/funnel.yml, rules/kpi-alerts.yml]\nevaluation_interval: 1h\n");
    text += "group_eval_order: [sales_funnel, sales_kpi_alerts]\ntests:\n  - interval: 1h\n    input_series:\n";
    for (series, values) in readings {
        let _ = write!(text, "      - {{series: '{}', values: '", series.replacen('{', "{job=\"salespulse\",", 1));
        for run in values.chunk_by(|left, right| left == right) {
            let value = run[0].as_deref();
            let _ = match (value, run.len()) {
                (Some(value), 1) => write!(text, "{value} "),
                (Some(value), times) => write!(text, "{value}x{} ", times - 1),
                (None, times) => write!(text, "_x{times} "),
            };
        }
        text += "'}\n";
    }
    let hours = WATCHED / HOUR;
    let firing = "ALERTS{alertname=\"SalesFunnelConversionDrop\",alertstate=\"firing\"}";
    let _ = writeln!(
        text,
        "    promql_expr_test:\n      - expr: sum by (scope) (sum_over_time(({firing} unless {firing} offset 1h)[{hours}h:1h]))"
    );
    let _ = writeln!(text, "        eval_time: {hours}h\n        exp_samples: []");
    text
}

/// How often an alert began to fire, by scope.
fn alarms(seed: u64) -> Option<BTreeMap<String, u64>> {
    let promtool = tools::promtool3()?;
    let folder = shipped::prometheus_at("127.0.0.1:1", "127.0.0.1:1");
    let path = folder.path().join("noise.yml");
    std::fs::write(&path, case(&watch(seed))).expect("the folder can be written");
    let output = Command::new(promtool).args(["test", "rules"]).arg(&path).output().expect("promtool starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Some(BTreeMap::new());
    }
    let got = said.lines().find_map(|line| line.trim().strip_prefix("got: ")).unwrap_or_else(|| panic!("{said}"));
    let counts = got.split(", {").map(|sample| {
        let (labels, count) = sample.trim_start_matches('{').split_once("} ").unwrap_or_else(|| panic!("{said}"));
        let count: f64 = count.trim().parse().unwrap_or_else(|_| panic!("{said}"));
        let scope = labels.trim_start_matches("scope=").trim_matches('"').to_owned();
        (scope, format!("{count:.0}").parse().expect("a whole number"))
    });
    Some(counts.collect())
}

#[test]
fn the_funnel_is_quiet_where_nothing_is_broken() {
    let mut total: BTreeMap<String, u64> = BTreeMap::new();
    for seed in SEEDS {
        let Some(alarms) = alarms(seed) else { return };
        alarms.into_iter().for_each(|(scope, count)| *total.entry(scope).or_default() += count);
    }
    let count = |scope: &str| total.get(scope).copied().unwrap_or_default();
    let sentence = format!(
        "{} times for a team, {} for a channel and {} for the organisation",
        count("team"),
        count("channel"),
        count("org")
    );
    announce(&format!("false alarms of the funnel: {sentence}"));
    let page = shipped::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alerts.md"));
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(&sentence), "docs/alerts.md must say: {sentence}");
}
