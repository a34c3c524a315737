//! Exposition text as a set of series, read by rules of our own and not by the code under test.

use std::collections::{BTreeMap, BTreeSet};

/// The series of one scrape: name and sorted labels to value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposition {
    series: BTreeMap<String, f64>,
    families: BTreeSet<String>,
}

impl Exposition {
    /// Reads text 0.0.4 or OpenMetrics 1.0.
    ///
    /// # Errors
    /// A sentence if a series or a family comes twice, or a line is neither a comment nor a sample.
    pub(crate) fn read(text: &str) -> Result<Exposition, String> {
        let mut exposition = Exposition::default();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let family = rest.split(' ').next().unwrap_or_default();
                if !exposition.families.insert(family.to_owned()) {
                    return Err(format!("the family {family} comes twice"));
                }
            } else if !line.starts_with('#') && !line.is_empty() {
                let (series, value) = sample(line).ok_or_else(|| format!("not a sample: {line}"))?;
                if exposition.series.insert(series.clone(), value).is_some() {
                    return Err(format!("the series {series} comes twice"));
                }
            }
        }
        Ok(exposition)
    }

    /// As [`Exposition::read`], for text that must be right.
    pub(crate) fn parse(text: &str) -> Exposition {
        Exposition::read(text).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The value of a series, its labels in any order.
    pub(crate) fn get(&self, series: &str) -> Option<f64> {
        self.series.get(&canonical(series)?).copied()
    }

    /// All series, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.series.iter().map(|(series, value)| (series.as_str(), *value))
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether any KPI is shown.
    pub(crate) fn has_kpis(&self) -> bool {
        self.series.keys().any(|series| series.starts_with("sales_"))
    }
}

/// The metric name of a series.
pub(crate) fn family(series: &str) -> &str {
    series.split('{').next().unwrap_or_default()
}

/// The lines of the KPI families, comments included, as they stand in the text.
pub(crate) fn kpi_lines(text: &str) -> String {
    let is_kpi = |line: &&str| {
        let name = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        name.or_else(|| line.strip_prefix("# UNIT ")).unwrap_or(line).starts_with("sales_")
    };
    text.lines().filter(is_kpi).flat_map(|line| [line, "\n"]).collect()
}

fn sample(line: &str) -> Option<(String, f64)> {
    // A label's value may hold spaces and braces; the value of a sample may not.
    let (series, value) = line.rsplit_once(' ')?;
    Some((canonical(series)?, value.parse().ok()?))
}

/// The series with its labels sorted.
fn canonical(series: &str) -> Option<String> {
    let Some((name, labels)) = series.split_once('{') else { return Some(series.to_owned()) };
    let mut rest = labels.strip_suffix('}')?;
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (label, next) = label(rest)?;
        pairs.push(label);
        rest = next.strip_prefix(',').unwrap_or(next);
    }
    pairs.sort_unstable();
    Some(if pairs.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", pairs.join(",")) })
}

/// The first `name="value"` and what follows it.
fn label(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let value = text.find("=\"")? + 2;
    for (at, byte) in text.bytes().enumerate().skip(value) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return text.split_at_checked(at + 1),
            _ => {}
        }
    }
    None
}

#[test]
fn reads_labels_in_any_order_and_with_escapes() {
    let text = "# TYPE a gauge\na{y=\"2\",x=\"a,b}\\\" {\"} 1.5\na 2\n# EOF\n";
    let exposition = Exposition::parse(text);
    assert_eq!(exposition.get("a{x=\"a,b}\\\" {\",y=\"2\"}"), Some(1.5));
    assert_eq!((exposition.get("a"), exposition.get("a{}"), exposition.len()), (Some(2.0), Some(2.0), 2));
}

#[test]
fn refuses_the_same_series_twice() {
    let read = Exposition::read("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n");
    assert_eq!(read.err().as_deref(), Some("the series a{x=\"1\",y=\"2\"} comes twice"));
}

#[test]
fn refuses_the_same_family_twice() {
    assert_eq!(Exposition::read("# TYPE a gauge\n# TYPE a gauge\n").err().as_deref(), Some("the family a comes twice"));
}
