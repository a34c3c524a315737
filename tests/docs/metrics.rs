//! The page on the service's own metrics says what a scrape shows: the same names, types, labels and units.

use std::collections::BTreeMap;

use salespulse::health::{self, Metrics};
use salespulse::health::{Condition, Readiness};
use salespulse::kpi::exposition::Format;

use crate::docs::page::{code_spans, root};

const PAGE: &str = "docs/metrics.md";

/// A metric as a scrape shows it and the page tells it.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    kind: String,
    labels: Vec<String>,
    unit: &'static str,
}

fn unit(name: &str) -> &'static str {
    match name.trim_end_matches("_total").rsplit('_').next() {
        Some("seconds") => "seconds",
        Some("bytes") => "bytes",
        _ => "1",
    }
}

/// The health part of a scrape by an owner that has met everything once.
fn scrape() -> String {
    let metrics = Metrics::new(["sales.leads"].into_iter()).expect("no name comes twice");
    metrics.topic("sales.leads").expect("the one topic").set_last_event(1.0);
    let euro = salespulse::model::money::Currency::from_code("EUR").expect("a currency");
    metrics.show_stages(&salespulse::model::rules::Rules::new(salespulse::model::money::Rates::new(euro)));
    metrics.http.connections.with_label_values(&["admin"]).set(1);
    metrics.lag_records.with_label_values(&["sales.leads", "0"]).set(1);
    metrics.lag_seconds.with_label_values(&["sales.leads", "0"]).set(1.0);
    let mut text = String::new();
    health::encode(&metrics.gather(&Readiness::default()), Format::Prometheus, &mut text);
    text
}

fn scraped() -> BTreeMap<String, Told> {
    let text = scrape();
    let mut metrics: BTreeMap<String, Told> = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a type");
        let mut samples = text.lines().filter_map(|line| line.strip_prefix(name));
        // The labels of the first sample; the bound of a bucket is no label of the metric.
        let rest = samples.find(|rest| rest.starts_with(['{', ' ', '_'])).expect("a sample");
        let pairs = rest.split_once('{').and_then(|(_, pairs)| pairs.split_once('}')).map_or("", |(pairs, _)| pairs);
        let labels = pairs.split(',').filter_map(|pair| Some(pair.split_once('=')?.0.to_owned()));
        let labels = labels.filter(|label| label != "le").collect();
        metrics.insert(name.to_owned(), Told { kind: kind.to_owned(), labels, unit: unit(name) });
    }
    metrics
}

fn documented() -> BTreeMap<String, Told> {
    let text = std::fs::read_to_string(root().join(PAGE)).expect("the page");
    let mut metrics = BTreeMap::new();
    for row in text.lines().filter(|line| line.starts_with("| `salespulse_")) {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, name, kind, labels, told_unit, meaning, _] = columns.as_slice() else { panic!("{PAGE}: {row}") };
        assert!(meaning.ends_with('.'), "{PAGE}: {name} has no meaning");
        let unit = ["seconds", "bytes", "1"].into_iter().find(|unit| unit == told_unit).unwrap_or("no unit");
        let mut labels: Vec<String> = code_spans(labels).into_iter().map(str::to_owned).collect();
        labels.sort();
        let told = Told { kind: (*kind).to_owned(), labels, unit };
        assert!(metrics.insert(name.trim_matches('`').to_owned(), told).is_none(), "{PAGE}: {name} comes twice");
    }
    metrics
}

#[test]
fn the_page_on_metrics_is_what_a_scrape_shows() {
    let (mut scraped, documented) = (scraped(), documented());
    scraped.values_mut().for_each(|told| told.labels.sort());
    for (name, told) in &scraped {
        assert_eq!(documented.get(name), Some(told), "{PAGE}: {name}");
    }
    let invented: Vec<&String> = documented.keys().filter(|name| !scraped.contains_key(*name)).collect();
    assert!(invented.is_empty(), "{PAGE} tells of what no scrape shows: {invented:?}");
    assert!(scraped.len() > 30, "{scraped:?}");
}

/// The table of conditions in the pages for operators says of each whether it makes an instance not ready.
#[test]
fn every_condition_is_told_to_operators() {
    for page in ["docs/operations.md", "docs/operations.zh-CN.md"] {
        let text = std::fs::read_to_string(root().join(page)).expect("the page");
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let told: Vec<(&str, &str)> = rows.filter_map(|(name, rest)| Some((name, rest.get(..3)?))).collect();
        let status = |condition: Condition| if condition.stops_numbers() { "503" } else { "200" };
        let expected = Condition::ALL.map(|condition| (condition.name(), status(condition)));
        let is_of_conditions = |(_, status): &&(&str, &str)| ["200", "503"].contains(status);
        assert_eq!(told.iter().filter(is_of_conditions).copied().collect::<Vec<_>>(), expected, "{page}");
    }
}

#[test]
fn every_condition_has_words_on_the_page_in_each_language() {
    for language in ["en", "zh-CN"] {
        let path = root().join(format!("src/serve/web/page/i18n/{language}.json"));
        let text = std::fs::read_to_string(path).expect("the catalogue is there");
        let words: BTreeMap<String, String> = serde_json::from_str(&text).expect("texts by key");
        let missing = Condition::ALL.map(Condition::name).into_iter();
        let missing: Vec<&str> = missing.filter(|name| !words.contains_key(&format!("condition.{name}"))).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}
