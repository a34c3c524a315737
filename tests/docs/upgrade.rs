//! The page for those who come from version 1: its configuration is valid, its links lead somewhere, and both languages say the
//! same.

use std::collections::BTreeSet;

use salespulse::config::Config;

use crate::docs::page::{self, Page};

/// The places that a page leads to: with the page where it is not its own, without the language.
fn places(page: &Page) -> BTreeSet<(bool, &str)> {
    let lines = page.sections.iter().flat_map(|section| &section.prose);
    let links = lines.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    links.filter_map(|link| link.split_once('#')).map(|(file, place)| (file.is_empty(), place)).collect()
}

fn anchors(page: &Page) -> BTreeSet<&str> {
    page.sections.iter().map(|section| section.anchor.as_str()).collect()
}

#[test]
fn both_languages_say_the_same() {
    let (english, chinese) = (page::upgrade(), page::chinese_upgrade());
    assert_eq!(places(&english), places(&chinese));
    page::assert_same(&english, &chinese);
}

#[test]
fn its_links_lead_somewhere() {
    let (page, kpis) = (page::upgrade(), page::english());
    let (own, other) = (anchors(&page), anchors(&kpis));
    for (is_own, place) in places(&page) {
        assert!(if is_own { own.contains(place) } else { other.contains(place) }, "#{place} leads nowhere");
    }
}

#[test]
fn its_configuration_is_valid() {
    let page = page::upgrade();
    let blocks = page.sections.iter().flat_map(|section| &section.blocks);
    let whole = blocks.map(|block| block.lines.join("\n")).find(|text| text.contains("reporting_currency")).unwrap();
    Config::of_text(&whole, "docs/upgrade-2.md", &[]).unwrap_or_else(|error| panic!("{error}"));
}
