//! What an alert says to people, and the runbooks that it leads to, on a real Prometheus.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::shipped;
use crate::harness::prometheus::Prometheus;
use crate::harness::service::SOON;
use crate::harness::{tools, wait_until};

/// Nobody listens there: these tests ask for rules and not for values.
const NOBODY: &str = "127.0.0.1:1";

fn start() -> Option<Prometheus> {
    let program = tools::prometheus("prometheus")?;
    Some(Prometheus::start_in(program, shipped::prometheus_at(NOBODY, NOBODY)))
}

/// All alerts as Prometheus has read them.
pub(crate) fn alerts(prometheus: &Prometheus) -> Vec<Value> {
    let data = wait_until("Prometheus tells its rules", SOON, || prometheus.data("rules", &[("type", "alert")]));
    let groups = data["groups"].as_array().cloned().unwrap_or_default();
    let rules: Vec<Value> =
        groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect();
    assert!(rules.len() >= 20, "only {} alerts", rules.len());
    rules
}

/// The text of the queries in a document.
fn queries(text: &str) -> impl Iterator<Item = &str> {
    text.split("```promql\n").skip(1).filter_map(|rest| rest.split("```").next())
}

#[test]
fn every_alert_says_what_where_and_how_bad() {
    let Some(prometheus) = start() else { return };
    for alert in alerts(&prometheus) {
        let name = alert["name"].as_str().expect("a name");
        let (labels, annotations) = (&alert["labels"], &alert["annotations"]);
        let severity = labels["severity"].as_str().unwrap_or_default();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: severity {severity:?}");
        let category = if name.starts_with("Salespulse") { "service" } else { "kpi" };
        assert_eq!(labels["category"], category, "{name}");
        for annotation in ["summary", "description", "summary_zh", "description_zh"] {
            let text = annotations[annotation].as_str().unwrap_or_default();
            assert!(text.len() > 20, "{name} has no {annotation}");
            let is_chinese = text.chars().any(|char| ('\u{4e00}'..='\u{9fff}').contains(&char));
            assert_eq!(is_chinese, annotation.ends_with("_zh"), "{name}: {annotation} is in the other language");
        }
        let page = format!("docs/runbooks/{name}.md");
        assert_eq!(annotations["runbook_url"], page.as_str(), "{name}");
        // A KPI is absent during a restart: without this its alert would end, and begin anew after it.
        let kept = alert["keepFiringFor"].as_f64().unwrap_or_default();
        assert!(category == "service" || kept >= 3_600.0, "{name} is kept for {kept} s only");
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let Some(prometheus) = start() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = shipped::read(&root.join("docs/alerts.md"));
    let mut pages = BTreeSet::new();
    for alert in alerts(&prometheus) {
        let name = alert["name"].as_str().expect("a name");
        let page = shipped::read(&root.join(format!("docs/runbooks/{name}.md")));
        assert!(page.starts_with(&format!("# {name}\n")), "{name}: the page has another title");
        for part in ["## What it means", "## How to check", "## What to do"] {
            assert!(page.contains(&format!("\n{part}\n")), "{name}: the page has no {part:?}");
        }
        assert!(queries(&page).count() > 0, "{name}: the page has no query");
        let chinese = shipped::read(&root.join(format!("docs/runbooks/{name}.zh-CN.md")));
        for part in ["## 含义", "## 如何检查", "## 怎么办"] {
            assert!(chinese.contains(&format!("\n{part}\n")), "{name}: the Chinese page has no {part:?}");
        }
        let asked =
            |page: &str| -> Vec<String> { queries(page).map(|query| query.split_whitespace().collect()).collect() };
        assert_eq!(asked(&page), asked(&chinese), "{name}: the two languages ask Prometheus different things");
        pages.insert(format!("{name}.zh-CN.md"));
        assert!(index.contains(&format!("(runbooks/{name}.md)")), "docs/alerts.md does not lead to {name}");
        pages.insert(format!("{name}.md"));
    }
    let files = shipped::files(&root.join("docs/runbooks"), ".md");
    let files = files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()));
    assert_eq!(files.collect::<BTreeSet<_>>(), pages);
}

#[test]
fn the_runbooks_queries_are_queries() {
    let Some(prometheus) = start() else { return };
    wait_until("Prometheus answers", SOON, || prometheus.data("query", &[("query", "vector(1)")]));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = shipped::files(&root.join("docs/runbooks"), ".md");
    pages.push(root.join("docs/alerts.md"));
    for page in pages {
        for query in queries(&shipped::read(&page)) {
            // A refusal panics with the query and Prometheus's reason.
            let _ = prometheus.data("query", &[("query", query)]).expect("Prometheus answers");
        }
    }
}
