//! The two languages of the KPI pages tell the same: the same sections, links and examples.

use std::collections::BTreeSet;

use crate::page::{self, Page, Section};

fn shape(page: &Page) -> Vec<(usize, &str)> {
    page.sections.iter().map(|section| (section.level, section.anchor.as_str())).collect()
}

/// The names after `](#` of a section's links.
fn links(section: &Section) -> BTreeSet<&str> {
    let ends = section.prose.iter().flat_map(|line| line.split("](#").skip(1));
    ends.filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn the_sections_correspond() {
    let (english, chinese) = (page::english(), page::chinese());
    assert_eq!(shape(&english), shape(&chinese));
}

#[test]
fn the_examples_are_the_same() {
    let (english, chinese) = (page::english(), page::chinese());
    for (english, chinese) in english.sections.iter().zip(&chinese.sections) {
        assert_eq!(english.blocks, chinese.blocks, "{}", english.anchor);
    }
}

#[test]
fn the_links_are_the_same_and_lead_somewhere() {
    let (english, chinese) = (page::english(), page::chinese());
    let anchors: BTreeSet<&str> = english.sections.iter().map(|section| section.anchor.as_str()).collect();
    assert_eq!(anchors.len(), english.sections.len(), "no anchor comes twice");
    for (english, chinese) in english.sections.iter().zip(&chinese.sections) {
        assert_eq!(links(english), links(chinese), "{}", english.anchor);
        for link in links(english) {
            assert!(anchors.contains(link), "{}: #{link} leads nowhere", english.anchor);
        }
    }
}
