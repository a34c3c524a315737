//! The two languages of the KPI pages and of the README tell the same: the same sections, links and examples.

use std::collections::BTreeSet;

use crate::docs::page::{self, Page, Section, code_spans};

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

#[test]
fn pages_in_both_languages_say_the_same() {
    for (english, chinese) in page::in_both_languages() {
        page::assert_same(&english, &chinese);
        // A page that is there in Chinese is the one that the Chinese page leads to.
        let targets = |section: &Section| -> BTreeSet<String> {
            let targets = section.prose.iter().flat_map(|line| line.split("](").skip(1));
            targets.filter_map(|rest| Some(rest.split(')').next()?.replace(".zh-CN", ""))).collect()
        };
        for (english, chinese) in english.sections.iter().zip(&chinese.sections) {
            assert_eq!(targets(english), targets(chinese), "{}", english.heading);
        }
    }
}

/// The README's headings in both languages. A new one is added here with its translation.
const README_HEADINGS: [(&str, &str); 9] = [
    ("# salespulse", "# salespulse"),
    ("## Try it", "## 试一试"),
    ("## See an alert fire", "## 看告警触发"),
    ("## Send your first event", "## 发送第一个事件"),
    ("## Events", "## 事件"),
    ("## Check before you run", "## 运行之前的检查"),
    ("## Running it", "## 运行"),
    ("## Two commands for developers", "## 开发者的两条命令"),
    ("## More", "## 更多"),
];

/// What a section's prose names: files and pages by links, everything else by code.
fn names(section: &Section) -> BTreeSet<&str> {
    let targets = section.prose.iter().flat_map(|line| line.split("](").skip(1));
    let targets = targets.filter_map(|rest| rest.split(')').next());
    targets.chain(section.prose.iter().flat_map(|line| code_spans(line))).collect()
}

#[test]
fn the_readmes_have_the_same_headings() {
    let headings = |page: Page| -> Vec<String> {
        page.sections.iter().map(|section| format!("{} {}", "#".repeat(section.level), section.heading)).collect()
    };
    let (english, chinese): (Vec<&str>, Vec<&str>) = README_HEADINGS.into_iter().unzip();
    assert_eq!(headings(page::readme()), english);
    assert_eq!(headings(page::chinese_readme()), chinese);
}

#[test]
fn the_readmes_have_the_same_blocks_tables_and_lists() {
    let (english, chinese) = (page::readme(), page::chinese_readme());
    for (english, chinese) in english.sections.iter().zip(&chinese.sections) {
        assert_eq!(english.blocks, chinese.blocks, "{}", english.heading);
        for mark in ["| ", "- "] {
            let count = |section: &Section| section.prose.iter().filter(|line| line.starts_with(mark)).count();
            assert_eq!(count(english), count(chinese), "{}: lines that begin with {mark}", english.heading);
        }
    }
}

#[test]
fn the_readmes_name_the_same_things_and_each_other() {
    let (english, chinese) = (page::readme(), page::chinese_readme());
    for (english, chinese) in english.sections.iter().zip(&chinese.sections) {
        // Each leads to the other, and what a comment in a block says in English the Chinese prose may say again.
        let mut unnamed: Vec<_> = names(english).difference(&names(chinese)).copied().collect();
        // A picture of the page is in the language of the README.
        unnamed.retain(|name| !names(chinese).contains(name.replace(".png", ".zh-CN.png").as_str()));
        assert!(unnamed.is_empty() || unnamed == ["README.zh-CN.md"], "{}: {unnamed:?}", english.heading);
    }
    for (page, other) in [(&english, "README.zh-CN.md"), (&chinese, "README.md")] {
        assert!(names(&page.sections[0]).contains(other), "{} does not lead to {other} at its top", page.file);
    }
}
