//! What a panel asks Prometheus, and the labels that it needs in the answer.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::dashboards::board::{targets, text, texts};
use crate::dashboards::organisation::Organisation;

/// The series that answer a target's query.
pub(crate) fn ask(organisation: &Organisation, target: &Value, query: &str) -> Vec<Value> {
    if target["instant"] == true { organisation.ask(query) } else { organisation.ask_for_curve(query) }
}

/// Whether a series has a value that can be drawn.
pub(crate) fn is_finite(series: &Value) -> bool {
    let points = series["values"].as_array().cloned().unwrap_or_else(|| vec![series["value"].clone()]);
    points.iter().any(|point| text(&point[1]).parse::<f64>().is_ok_and(f64::is_finite))
}

/// Whether all series have a label.
pub(crate) fn all_have(series: &[Value], label: &str) -> bool {
    series.iter().all(|series| !text(&series["metric"][label]).is_empty())
}

/// The labels that must be in every answer to a target: those of its legend, and those that links of the panel hand on.
pub(crate) fn labels_of_target(panel: &Value, target: &Value) -> BTreeSet<String> {
    let mut found = Vec::new();
    texts(&panel["fieldConfig"], "", &mut found);
    let links: String = found.iter().filter(|(key, _)| *key == "url").map(|(_, url)| *url).collect();
    let mut labels = matches(r"\{\{(\w+)\}\}", text(&target["legendFormat"]));
    labels.extend(matches(r"__field\.labels\.(\w+)", &links));
    labels
}

/// The labels that a table's columns show, and those that links of its cells hand on.
pub(crate) fn labels_of_table(panel: &Value) -> BTreeSet<String> {
    let steps = panel["transformations"].as_array().cloned().unwrap_or_default();
    let columns = steps.iter().filter(|step| step["id"] == "organize");
    let columns = columns.flat_map(|step| step["options"]["indexByName"].as_object().expect("columns").keys().cloned());
    let mut labels: BTreeSet<String> = columns.filter(|column| !column.starts_with("Value")).collect();
    let handed_on = matches(r"__data\.fields\.(\w+)", &panel["fieldConfig"]["overrides"].to_string());
    assert!(handed_on.is_subset(&labels), "{}: links ask for {handed_on:?} of {labels:?}", panel["title"]);
    labels.extend(handed_on);
    labels
}

/// Every value that a table shows belongs to a query: as many columns of values as targets.
pub(crate) fn columns_fit_targets(panel: &Value) -> bool {
    let steps = panel["transformations"].as_array().cloned().unwrap_or_default();
    if let Some(matrix) = steps.iter().find(|step| step["id"] == "groupingToMatrix") {
        return matrix["options"]["valueField"] == "Value #A" && targets(panel).len() == 2;
    }
    let Some(organize) = steps.iter().find(|step| step["id"] == "organize") else { return false };
    let shown = organize["options"]["indexByName"].as_object().expect("columns");
    let shown: BTreeSet<&str> = shown.keys().map(String::as_str).filter(|name| name.starts_with("Value")).collect();
    // Grafana numbers the values only where there are several.
    if targets(panel).len() == 1 {
        return shown == BTreeSet::from(["Value"]);
    }
    let asked: Vec<String> = targets(panel).iter().map(|target| format!("Value #{}", text(&target["refId"]))).collect();
    shown == asked.iter().map(String::as_str).collect()
}

fn matches(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}
