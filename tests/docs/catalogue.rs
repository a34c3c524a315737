//! Both pages document every family of the catalogue once, and none that does not exist.

use salespulse::kpi::{Formula, Kpi, Unit, every_family};
use salespulse::model::rules::Scope;

use crate::docs::page::{self, CHINESE_PARTS, ENGLISH_PARTS, Page, code_spans};

/// What the summary of a KPI must say: its name pattern, its labels beside those of its scope, its unit.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    name: &'static str,
    code: Vec<String>,
}

/// The catalogue, each KPI once with all its scopes.
fn expected() -> Vec<Summary> {
    let mut summaries: Vec<(Summary, Vec<Scope>)> = Vec::new();
    let mut entries: Vec<&'static Kpi> = Vec::new();
    for (_, _, kpi) in every_family() {
        if !entries.iter().any(|known| std::ptr::eq(*known, kpi)) {
            entries.push(kpi);
            summaries.push((Summary { name: kpi.name, code: Vec::new() }, kpi.scopes.to_vec()));
        }
    }
    let summary = |((mut summary, scopes), kpi): ((Summary, Vec<Scope>), &&'static Kpi)| {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        let scopes = if names.len() == 1 { names.concat() } else { format!("{{{}}}", names.join(",")) };
        summary.code.push(format!("sales_{scopes}_{}", kpi.name));
        summary.code.extend(labels(kpi).into_iter().map(str::to_owned));
        summary.code.push(unit(kpi.unit).to_owned());
        summary
    };
    summaries.into_iter().zip(&entries).map(summary).collect()
}

fn labels(kpi: &Kpi) -> Vec<&'static str> {
    let mut labels = match kpi.formula {
        Formula::Windowed(_) | Formula::Quantile(_) | Formula::YearAgo(_) => vec!["window"],
        Formula::Staged(_) | Formula::Left(_) => vec!["stage", "window"],
        Formula::Piped(_) => vec!["pipeline", "window"],
        Formula::Reasoned(_) => vec!["reason", "window"],
        Formula::Measured(_) => vec!["measure", "period"],
        Formula::Funnel(_) => vec!["from", "to", "window"],
        Formula::Surveyed(_) => vec!["survey", "window"],
        Formula::Periodic(_) | Formula::Closing(_) | Formula::Active(_) => vec!["period"],
        Formula::Open(_) | Formula::Stalled(_) => vec!["stage"],
        Formula::Plain(_) | Formula::Market(_) => Vec::new(),
        Formula::Rank => vec!["by", "window"],
        Formula::Roster => vec!["name"],
    };
    if kpi.unit == Unit::Money {
        labels.insert(0, "currency");
    }
    labels
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Ratio => "ratio",
        Unit::Seconds => "seconds",
        Unit::Money => "money",
        Unit::Points => "points",
        Unit::OfMeasure => "measure",
    }
}

fn holds_the_catalogue(page: &Page) {
    let documented: Vec<&str> = page.kpis().map(|section| section.heading.as_str()).collect();
    let expected = expected();
    let names: Vec<&str> = expected.iter().map(|summary| summary.name).collect();
    assert_eq!(documented, names, "{}: the sections are the catalogue, in its order", page.file);
    for (section, summary) in page.kpis().zip(expected) {
        let code: Vec<String> = code_spans(&section.summary()).into_iter().map(str::to_owned).collect();
        assert_eq!(code, summary.code, "{}: name pattern, labels and unit of {}", page.file, section.heading);
    }
}

/// The titles that the page and the API show are those of the pages.
fn holds_the_titles(page: &Page, title: impl Fn(&Kpi) -> &'static str) {
    for section in page.kpis() {
        let families = every_family();
        let kpi = families.iter().find(|(_, _, kpi)| kpi.name == section.heading).map(|(_, _, kpi)| *kpi);
        let summary = section.summary();
        let written = summary.strip_prefix("**").and_then(|line| line.split_once("**"));
        let titles = (written.map(|(title, _)| title), kpi.map(&title));
        assert_eq!(titles.0, titles.1, "{}: the title of {}", page.file, section.heading);
    }
}

fn every_kpi_has_its_parts(page: &Page, parts: [&str; 4]) {
    for section in page.kpis() {
        let bullets = section.prose.iter().filter(|line| line.starts_with("- **"));
        let opened: Vec<&str> =
            bullets.filter_map(|line| line.strip_prefix("- **")?.split(['.', '。']).next()).collect();
        assert_eq!(opened, parts, "{}: the parts of {}", page.file, section.heading);
    }
}

#[test]
fn the_english_page_holds_the_catalogue() {
    let page = page::english();
    holds_the_catalogue(&page);
    holds_the_titles(&page, |kpi| kpi.title.en);
    every_kpi_has_its_parts(&page, ENGLISH_PARTS);
}

#[test]
fn the_chinese_page_holds_the_catalogue() {
    let page = page::chinese();
    holds_the_catalogue(&page);
    holds_the_titles(&page, |kpi| kpi.title.zh);
    every_kpi_has_its_parts(&page, CHINESE_PARTS);
}
