//! The variables of a dashboard, and what they stand for in queries, by rules of our own.

use std::collections::BTreeMap;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::dashboards::board::{Board, text};
use crate::dashboards::organisation::Organisation;

/// A value for each variable.
pub(crate) type Values = BTreeMap<String, String>;

/// The names of the variables in a text. `$1` of a `label_replace` is none.
const VARIABLE: &str = r"\$(?:\{(\w+)(?::regex)?\}|([a-z_]\w*))";

/// The text with its variables replaced. Panics if it names one that the dashboard does not have.
pub(crate) fn substitute(query: &str, values: &Values) -> String {
    let variable = Regex::new(VARIABLE).expect("a pattern");
    let value = |captures: &Captures<'_>| {
        let name = captures.get(1).or_else(|| captures.get(2)).expect("one of the two").as_str();
        let value = || values.get(name).unwrap_or_else(|| panic!("{query} names ${name}, which is not here"));
        match name {
            "__rate_interval" | "__range" => "1m".to_owned(),
            _ if captures[0].ends_with(":regex}") => regex::escape(value()),
            _ => value().clone(),
        }
    };
    variable.replace_all(query, value).into_owned()
}

/// Whether a query depends on a variable.
pub(crate) fn names(query: &str, name: &str) -> bool {
    let variable = Regex::new(VARIABLE).expect("a pattern");
    variable
        .captures_iter(query)
        .any(|found| found.get(1).or_else(|| found.get(2)).is_some_and(|it| it.as_str() == name))
}

/// The variables with a fixed list: what is chosen at first.
fn defaults(board: &Board) -> Values {
    let chosen = |variable: &Value| {
        // What is chosen of the windows is only where the list begins.
        if variable["regex"].as_str().is_some_and(|regex| !regex.is_empty()) || variable["name"] == "pipeline" {
            return None;
        }
        let value = variable["current"]["value"].as_str().or_else(|| variable["query"].as_str())?;
        Some((text(&variable["name"]).to_owned(), value.to_owned()))
    };
    board.variables().iter().filter_map(chosen).collect()
}

/// Every choice of the variables that Prometheus is asked for, with the defaults of the others.
pub(crate) fn choices(board: &Board, organisation: &Organisation) -> Vec<Values> {
    let mut choices = vec![defaults(board)];
    for variable in board.variables().iter().filter(|variable| variable["type"] == "query") {
        let name = text(&variable["name"]);
        let with = |values: Values| {
            let mut found =
                if values.contains_key(name) { Vec::new() } else { options(variable, &values, organisation) };
            // All of its choices at once.
            if variable["current"]["value"][0] == "$__all" {
                found = vec![found.join("|")];
            }
            let chosen = found.into_iter().map(|option| {
                let mut values = values.clone();
                values.insert(name.to_owned(), option);
                values
            });
            let chosen: Vec<Values> = chosen.collect();
            if chosen.is_empty() { vec![values] } else { chosen }
        };
        choices = choices.into_iter().flat_map(with).collect();
    }
    choices
}

/// What Grafana would list for a query variable.
pub(crate) fn options(variable: &Value, values: &Values, organisation: &Organisation) -> Vec<String> {
    let query = substitute(text(&variable["query"]["query"]), values);
    let inner = |function: &str| query.strip_prefix(function)?.strip_suffix(')');
    let (expression, label) = match (inner("label_values("), inner("query_result(")) {
        (Some(inner), None) => {
            let (metric, label) = inner.rsplit_once(", ").expect("a metric and a label");
            (format!("group by ({label}) ({metric})"), Some(label))
        }
        (None, Some(inner)) => (inner.to_owned(), None),
        _ => panic!("{query} is neither label_values nor query_result"),
    };
    let series = organisation.ask(&expression);
    let series = series.iter();
    let found: Vec<String> = match label {
        Some(label) => series.map(|series| text(&series["metric"][label]).to_owned()).collect(),
        None => series.map(|series| by_pattern(&described(series), text(&variable["regex"]))).collect(),
    };
    // Where nothing labels releases, Grafana has no choice and the empty value.
    if ["namespace", "service"].contains(&text(&variable["name"])) && found.iter().all(String::is_empty) {
        return vec![String::new()];
    }
    assert!(!found.is_empty() && found.iter().all(|option| !option.is_empty()), "{query} finds {found:?}");
    found
}

/// A series as the text that Grafana applies a variable's pattern to.
fn described(series: &Value) -> String {
    let labels = series["metric"].as_object().expect("labels");
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", text(value))).collect();
    format!("{{{}}} {} {}", labels.join(","), text(&series["value"][1]), series["value"][0])
}

fn by_pattern(described: &str, pattern: &str) -> String {
    let pattern = Regex::new(pattern.trim_matches('/')).expect("a pattern");
    let found = pattern.captures(described).unwrap_or_else(|| panic!("{pattern} does not match {described}"));
    let shown = found.name("text").or_else(|| found.name("value")).expect("a name");
    assert!(!shown.is_empty(), "{described} has no text to show");
    found["value"].to_owned()
}
