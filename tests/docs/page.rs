//! The pages of `docs/`, read as a sequence of sections.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// A page in one language.
pub(crate) struct Page {
    /// The file's name, for messages.
    pub(crate) file: &'static str,
    pub(crate) sections: Vec<Section>,
}

/// Everything from one heading to the next.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// How many `#` the heading has.
    pub(crate) level: usize,
    pub(crate) heading: String,
    /// What links name: the explicit anchor above the heading, or the heading itself.
    pub(crate) anchor: String,
    /// The lines outside fenced blocks.
    pub(crate) prose: Vec<String>,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) lines: Vec<String>,
}

/// The words that open the parts of a KPI's section, in their order.
pub(crate) const ENGLISH_PARTS: [&str; 4] = ["Formula", "Meaning", "Edge cases", "Example"];
pub(crate) const CHINESE_PARTS: [&str; 4] = ["公式", "含义", "边界情况", "示例"];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn english() -> Page {
    Page::read("docs/kpis.md")
}

pub(crate) fn chinese() -> Page {
    Page::read("docs/kpis.zh-CN.md")
}

/// The page on mapping a CRM's records to events.
pub(crate) fn events() -> Page {
    Page::read("docs/events.md")
}

pub(crate) fn chinese_events() -> Page {
    Page::read("docs/events.zh-CN.md")
}

/// The page for those who come from version 1 of the contract.
pub(crate) fn upgrade() -> Page {
    Page::read("docs/upgrade-2.md")
}

pub(crate) fn chinese_upgrade() -> Page {
    Page::read("docs/upgrade-2.zh-CN.md")
}

/// The pages of operators and that of the simulation, each in both languages.
pub(crate) fn in_both_languages() -> [(Page, Page); 3] {
    [
        (Page::read("docs/operations.md"), Page::read("docs/operations.zh-CN.md")),
        (Page::read("docs/alerts.md"), Page::read("docs/alerts.zh-CN.md")),
        (Page::read("docs/simulation.md"), Page::read("docs/simulation.zh-CN.md")),
    ]
}

pub(crate) fn readme() -> Page {
    Page::read("README.md")
}

pub(crate) fn chinese_readme() -> Page {
    Page::read("README.zh-CN.md")
}

impl Page {
    fn read(file: &'static str) -> Page {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        Page { file, sections: sections(&text) }
    }

    /// The sections of KPIs, whose headings are their names.
    pub(crate) fn kpis(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| section.level == 3)
    }
}

impl Section {
    /// The paragraph below the heading that holds a KPI's name pattern, labels and unit.
    pub(crate) fn summary(&self) -> String {
        let paragraphs = self.prose.split(String::is_empty).map(|lines| lines.join(" "));
        let mut summaries = paragraphs.filter(|paragraph| paragraph.contains("`sales_"));
        summaries.next().unwrap_or_else(|| panic!("{}: no paragraph with the name pattern", self.heading))
    }
}

/// Fails unless two languages of a page have the same sections, blocks, tables and lists, and name the same things.
pub(crate) fn assert_same(english: &Page, chinese: &Page) {
    assert_eq!(english.sections.len(), chinese.sections.len(), "{}", chinese.file);
    for (english, chinese) in english.sections.iter().zip(&chinese.sections) {
        assert_eq!(english.blocks, chinese.blocks, "{}", english.heading);
        for mark in ["| ", "- "] {
            let lines = |section: &Section| section.prose.iter().filter(|line| line.starts_with(mark)).count();
            assert_eq!(lines(english), lines(chinese), "{}: lines that begin with {mark}", english.heading);
        }
        let code = |section: &Section| -> BTreeSet<String> {
            section.prose.iter().flat_map(|line| code_spans(line)).map(str::to_owned).collect()
        };
        assert_eq!(code(english), code(chinese), "{}", english.heading);
    }
}

/// The code spans of a line.
pub(crate) fn code_spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut anchor = None;
    let mut open: Option<Block> = None;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            match open.take() {
                Some(block) => sections.last_mut().expect("a heading before a block").blocks.push(block),
                None => open = Some(Block { language: language.to_owned(), lines: Vec::new() }),
            }
        } else if let Some(block) = &mut open {
            block.lines.push(line.to_owned());
        } else if let Some(id) = line.strip_prefix("<a id=\"") {
            anchor = Some(id.trim_end_matches("\"></a>").to_owned());
        } else if line.starts_with('#') {
            let level = line.bytes().take_while(|byte| *byte == b'#').count();
            let heading = line[level..].trim().to_owned();
            let anchor = anchor.take().unwrap_or_else(|| heading.clone());
            sections.push(Section { level, heading, anchor, ..Section::default() });
        } else if let Some(section) = sections.last_mut() {
            section.prose.push(line.to_owned());
        }
    }
    assert!(open.is_none(), "a fenced block is not closed");
    sections
}
