//! Which metrics the dashboards use: none that does not exist, and all of the catalogue but what is listed.

use std::collections::BTreeSet;

use regex::Regex;
use salespulse::kpi::every_family;
use serde_json::Value;

use crate::dashboards::board::{boards, root, targets, text};
use crate::dashboards::organisation::shared;

/// The metrics that queries and variables name.
fn used() -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:sales|salespulse)_[a-z0-9_]+").expect("a pattern");
    let mut used = BTreeSet::new();
    for board in boards() {
        let panels = board.panels().flat_map(targets).map(|target| text(&target["expr"]));
        let variables = board.variables().iter().map(|variable| text(&variable["query"]["query"]));
        let queries: Vec<&str> = panels.chain(variables).collect();
        used.extend(queries.iter().flat_map(|query| name.find_iter(query)).map(|found| found.as_str().to_owned()));
    }
    used
}

/// The families of `unused.toml`, as patterns.
fn listed_as_unused() -> Vec<(String, Regex)> {
    let text = std::fs::read_to_string(root().join("deploy/grafana/unused.toml")).expect("the list is there");
    let list: toml::Table = text.parse().expect("TOML");
    let entries = list["unused"].as_array().expect("entries");
    let mut patterns = Vec::new();
    for entry in entries {
        assert!(entry["reason"].as_str().expect("a reason").len() > 20, "{entry} has no reason");
        for family in entry["families"].as_array().expect("families") {
            let family = family.as_str().expect("a name");
            let pattern = Regex::new(&format!("^{}$", family.replace('*', ".*"))).expect("a pattern");
            patterns.push((family.to_owned(), pattern));
        }
    }
    patterns
}

#[test]
fn every_kpi_family_is_used_or_listed_as_unused() {
    let (used, unused) = (used(), listed_as_unused());
    for (family, _, _) in every_family() {
        let listed = unused.iter().find(|(_, pattern)| pattern.is_match(&family));
        match (used.contains(&family), listed) {
            (true, Some((entry, _))) => panic!("{family} is used, but unused.toml lists {entry}"),
            (false, None) => panic!("{family} is not used: show it, or list it in unused.toml with the reason"),
            _ => {}
        }
    }
    for (entry, pattern) in unused {
        assert!(every_family().iter().any(|(family, _, _)| pattern.is_match(family)), "no family is called {entry}");
    }
}

#[test]
fn every_metric_used_exists() {
    let Some(organisation) = shared() else { return };
    let names = organisation.prometheus.data("label/__name__/values", &[]).expect("Prometheus answers");
    let names: BTreeSet<&str> = names.as_array().expect("names").iter().filter_map(Value::as_str).collect();
    for metric in used() {
        assert!(names.contains(metric.as_str()), "{metric} is not among the scraped metrics");
    }
}
