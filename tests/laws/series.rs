//! Series as text and value: naming, parsing an exposition, and comparing two readings.

use std::collections::{BTreeMap, BTreeSet};

/// A series' text with its labels sorted by name, whatever order they come in.
pub(crate) fn name<'a>(family: &str, labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let sorted: BTreeSet<(&str, &str)> = labels.collect();
    let labels: Vec<String> = sorted.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
    if labels.is_empty() { family.to_owned() } else { format!("{family}{{{}}}", labels.join(",")) }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The series of an exposition in the Prometheus text format.
///
/// # Panics
/// Where a line cannot be read, a series comes twice, or a family's samples lie apart or before its `TYPE`.
pub(crate) fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut series = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut family = String::new();
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (declared, kind) = declared.split_once(' ').expect("a kind");
            assert_eq!(kind, "gauge", "{declared}");
            assert!(seen.insert(declared.to_owned()), "{declared} is declared twice");
            declared.clone_into(&mut family);
        } else if !line.starts_with('#') && !line.is_empty() {
            let (name, value) = sample(line);
            assert_eq!(name.split('{').next(), Some(family.as_str()), "not under its own TYPE: {line}");
            assert!(series.insert(name, value).is_none(), "twice: {line}");
        }
    }
    series
}

fn sample(line: &str) -> (String, f64) {
    let (text, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    (canonical(text), value)
}

/// A series' text with its labels sorted by name.
pub(crate) fn canonical(text: &str) -> String {
    let Some((family, labels)) = text.split_once('{') else { return text.to_owned() };
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("no closing brace: {text}"));
    let mut rest = labels;
    let mut parts = BTreeSet::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {text}"));
        let end = closing_quote(after).unwrap_or_else(|| panic!("no closing quote: {text}"));
        parts.insert(format!("{key}=\"{}\"", &after[..end]));
        rest = after[end + 1..].strip_prefix(',').unwrap_or(&after[end + 1..]);
    }
    if parts.is_empty() {
        return family.to_owned();
    }
    format!("{family}{{{}}}", Vec::from_iter(parts).join(","))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(place, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(place)
    })
}

/// What differs between two readings: a line for each series that only one of them has, or whose
/// values are further apart than 1e-9 of their size (quantiles: than 1 % of the expected one).
pub(crate) fn differences(expected: &BTreeMap<String, f64>, seen: &BTreeMap<String, f64>) -> Vec<String> {
    let names: BTreeSet<&String> = expected.keys().chain(seen.keys()).collect();
    let difference = |name: &&String| match (expected.get(*name), seen.get(*name)) {
        (Some(expected), Some(seen)) if close(name, *expected, *seen) => None,
        (Some(expected), Some(seen)) => Some(format!("{name}: expected {expected}, seen {seen}")),
        (Some(expected), None) => Some(format!("{name}: expected {expected}, seen nothing")),
        (None, seen) => Some(format!("{name}: expected nothing, seen {}", seen.copied().unwrap_or(f64::NAN))),
    };
    names.iter().filter_map(difference).collect()
}

fn close(name: &str, expected: f64, seen: f64) -> bool {
    let family = name.split('{').next().unwrap_or(name);
    let is_quantile = family.ends_with("_p50_seconds") || family.ends_with("_p90_seconds");
    let tolerance = if is_quantile { 0.01 } else { 1e-9 };
    (expected - seen).abs() <= tolerance * expected.abs()
}

/// The first differences between two readings, if there are any.
pub(crate) fn equal(
    expected: &BTreeMap<String, f64>,
    seen: &BTreeMap<String, f64>,
    context: &str,
) -> Result<(), String> {
    let differences = differences(expected, seen);
    let first: Vec<&str> = differences.iter().take(20).map(String::as_str).collect();
    if first.is_empty() {
        return Ok(());
    }
    Err(format!("{context}: {} series differ\n{}", differences.len(), first.join("\n")))
}

/// Fails with the first differences, if there are any.
pub(crate) fn assert_equal(expected: &BTreeMap<String, f64>, seen: &BTreeMap<String, f64>, context: &str) {
    equal(expected, seen, context).unwrap_or_else(|differences| panic!("{differences}"));
}

#[test]
fn an_exposition_is_read_with_its_labels_sorted() {
    let text = "# HELP a b\n# TYPE a gauge\na{z=\"1\",b=\"x\\\"},{\"} 2.5\na 1e3\n";
    let series = parse(text);
    assert_eq!(series.get("a{b=\"x\\\"},{\",z=\"1\"}"), Some(&2.5));
    assert_eq!(series.get("a"), Some(&1000.0));
}

#[test]
fn differences_are_found_both_ways() {
    let reading = |entries: &[(&str, f64)]| entries.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let expected = reading(&[("a", 1.0), ("b", 2.0), ("c_p50_seconds", 100.0), ("d", 0.0)]);
    assert!(
        differences(&expected, &reading(&[("a", 1.0), ("b", 2.0), ("c_p50_seconds", 100.9), ("d", 0.0)])).is_empty()
    );
    let seen = reading(&[("a", 1.000_001), ("c_p50_seconds", 101.5), ("d", 1e-300), ("e", 0.0)]);
    assert_eq!(differences(&expected, &seen).len(), 5);
}
