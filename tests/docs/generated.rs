//! Pages that are made of others, and so can't contradict them: the configuration's reference, of the commented
//! configuration; the glossary, of the KPI pages and the dashboards. `UPDATE_DOCS=1 cargo test --test pure docs::` writes them.

use crate::docs::page::{self, Page, Section, code_spans, root};

/// Lines of documents are at most so long.
const COLUMNS: usize = 120;
/// Chinese marks behind which a line may end.
const MARKS: [char; 6] = ['。', '；', '，', '、', '？', '！'];

/// Holds a page to what it is made of, or writes it.
fn hold(file: &str, made: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, made).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == made, "{file} is out of date; write it with: UPDATE_DOCS=1 cargo test --test pure docs::");
}

/// The columns that a text takes: Chinese letters are twice as wide.
fn width(text: &str) -> usize {
    text.chars().map(|letter| if letter >= '\u{2e80}' { 2 } else { 1 }).sum()
}

/// A paragraph in lines of at most `COLUMNS`, all but the first indented. A line ends at a space, or behind a Chinese mark,
/// where the space that Markdown makes of a line's end is not seen.
fn wrap(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        for (place, part) in word.split_inclusive(MARKS).enumerate() {
            let space = if place > 0 || line.is_empty() { "" } else { " " };
            if !line.is_empty() && width(&line) + space.len() + width(part) > COLUMNS {
                lines.push_str(&line);
                lines.push('\n');
                line = indent.to_owned();
            } else {
                line.push_str(space);
            }
            line.push_str(part);
        }
    }
    lines + &line + "\n"
}

/// A key of the commented configuration with what stands above it.
struct Key {
    table: String,
    name: String,
    value: String,
    is_default: bool,
    says: String,
}

/// The head's paragraphs, and all keys. A comment above a table that has one belongs to the table's first key.
fn keys(text: &str) -> (Vec<String>, Vec<Key>) {
    let mut paragraphs = text.split("\n\n");
    let mut head: Vec<String> = Vec::new();
    let first = paragraphs.next().expect("a head");
    let mut paragraph = String::new();
    for line in first.lines().map(|line| line.trim_start_matches('#').trim_end()).chain([""]) {
        match line.trim() {
            "" if !paragraph.is_empty() => head.push(std::mem::take(&mut paragraph)),
            "" => {}
            _ if line.starts_with("   ") => head.push(format!("    {}", line.trim())),
            line => paragraph = format!("{paragraph} {line}").trim().to_owned(),
        }
    }
    let mut keys: Vec<Key> = Vec::new();
    let (mut table, mut says) = (String::new(), String::new());
    for line in text[first.len()..].lines() {
        let line = line.trim_end();
        if line.is_empty() {
            says.clear();
        } else if let Some(comment) = line.strip_prefix("# ") {
            says = format!("{says} {comment}").trim().to_owned();
        } else if line.trim_start_matches('#').starts_with('[') {
            table = line.trim_matches(['#', '[', ']']).to_owned();
        } else if let Some((name, value)) = line.trim_start_matches('#').split_once(" = ") {
            let is_default = !line.starts_with('#');
            let (name, value) = (name.to_owned(), value.to_owned());
            keys.push(Key { table: table.clone(), name, value, is_default, says: says.clone() });
        }
    }
    (head, keys)
}

/// The variable that sets a key.
fn variable(key: &Key) -> String {
    let path = if key.table.is_empty() { key.name.clone() } else { format!("{}.{}", key.table, key.name) };
    format!("SALESPULSE__{}", path.replace('"', "").to_uppercase().replace('.', "__"))
}

#[test]
fn the_configuration_has_its_reference() {
    let text = std::fs::read_to_string(root().join("deploy/config.example.toml")).expect("a configuration");
    let (head, keys) = keys(&text);
    assert!(keys.len() > 40, "only {} keys", keys.len());
    let mut made = String::from("# Configuration\n\n");
    made += &wrap(
        "Every key, made of the comments of [deploy/config.example.toml](../deploy/config.example.toml), which is a file to \
         start from. `salespulse check config` lists the faults of yours, and every value with the place where it is set.",
        "",
    );
    for paragraph in &head[1..] {
        made += "\n";
        match paragraph.strip_prefix("    ") {
            Some(command) => made += &format!("```sh\n{command}\n```\n"),
            None => made += &wrap(paragraph, ""),
        }
    }
    let mut table = None;
    let mut said = String::new();
    for key in &keys {
        if table != Some(&key.table) {
            let title = if key.table.is_empty() { "Top level".to_owned() } else { format!("`[{}]`", key.table) };
            made += &format!("\n## {title}\n");
            table = Some(&key.table);
        }
        let kind = if key.is_default { "Default" } else { "Off by default; an example is" };
        made += &format!("\n**`{}`** · {kind} `{}`", key.name, key.value);
        // What depends on names of the user's own has no variable of its own.
        if key.is_default {
            made += &format!(" · `{}`", variable(key));
        }
        made += "\n";
        if !key.says.is_empty() && key.says != said {
            made += "\n";
            made += &wrap(&key.says, "");
        }
        said.clone_from(&key.says);
    }
    hold("docs/configuration.md", &made);
}

/// The dashboards whose files name a family, by their titles.
fn boards(language: &str, families: &[String]) -> Vec<String> {
    let folder = root().join("deploy/grafana/dashboards").join(language);
    let mut names: Vec<_> =
        std::fs::read_dir(folder).expect("dashboards").map(|entry| entry.expect("a file").path()).collect();
    names.sort();
    let mut titles = Vec::new();
    for path in names {
        let text = std::fs::read_to_string(&path).expect("a dashboard");
        let is_word = |text: &str, at: usize, family: &str| {
            !text[at + family.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
        };
        if families.iter().any(|family| text.match_indices(family).any(|(at, _)| is_word(&text, at, family))) {
            let board: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            titles.push(board["title"].as_str().expect("a title").replace("salespulse · ", ""));
        }
    }
    titles
}

/// The full names behind `sales_{rep,team}_leads`.
fn families(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (scopes, after) = rest.split_once('}').expect("a brace is closed");
    scopes.split(',').map(|scope| format!("{before}{scope}{after}")).collect()
}

/// A part of a KPI's section on one line, without its links.
fn part(section: &Section, name: &str, stop: &str) -> String {
    let head = format!("- **{name}{stop}**");
    let mut lines = section.prose.iter().skip_while(|line| !line.starts_with(&head));
    let first = lines.next().unwrap_or_else(|| panic!("{}: no {name}", section.heading));
    let rest = lines.take_while(|line| line.starts_with("  "));
    let lines: Vec<&str> = std::iter::once(first[head.len()..].trim()).chain(rest.map(|line| line.trim())).collect();
    without_links(&joined(&lines))
}

/// The lines of a paragraph as one: a Chinese mark needs no space behind it, and two Chinese letters none between.
fn joined(lines: &[&str]) -> String {
    let is_wide = |letter: char| letter >= '\u{2e80}';
    lines.iter().fold(String::new(), |text, line| {
        let is_tight = match (text.chars().last(), line.chars().next()) {
            (Some(last), Some(first)) => is_wide(last) && (MARKS.contains(&last) || is_wide(first)),
            _ => true,
        };
        text + if is_tight { "" } else { " " } + line
    })
}

fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once("](") {
            Some((label, target)) if !label.contains('[') => {
                plain.push_str(label);
                rest = target.split_once(')').map_or("", |(_, rest)| rest);
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain + rest
}

/// Up to and with the first full stop.
fn first_sentence(text: &str, stop: &str) -> String {
    text.split_once(stop).map_or(text.to_owned(), |(sentence, _)| format!("{sentence}{}", stop.trim_end()))
}

fn glossary(page: &Page, language: &str) -> String {
    let is_english = language == "en";
    let (title, head, explained) = if is_english {
        ("Glossary", "Every KPI in a sentence, with its formula and the dashboards that show it.", "kpis.md")
    } else {
        ("指标词汇表", "每个指标一句话说明，附公式和展示它的仪表盘。", "kpis.zh-CN.md")
    };
    let more = if is_english {
        format!(
            "Edge cases and worked examples are in [{explained}]({explained}). `*` stands for a scope: rep, team, org, channel."
        )
    } else {
        format!(
            "边界情况和算例见 [{explained}]({explained})。`*` 代表范围：rep（销售）、team（团队）、org（全公司）、channel（渠道）。"
        )
    };
    let space = if is_english { " " } else { "" };
    let mut made = format!("# {title}\n\n") + &wrap(&format!("{head}{space}{more}"), "");
    let mut group = "";
    for section in &page.sections {
        if section.level == 2 {
            group = &section.heading;
        }
        if section.level != 3 {
            continue;
        }
        if !group.is_empty() {
            made += &format!("\n## {group}\n\n");
            group = "";
        }
        let summary = section.summary();
        let name = summary.split("**").nth(1).expect("a title");
        let pattern = code_spans(&summary)[0];
        let starred = pattern.split_once('{').map_or(pattern.to_owned(), |(before, rest)| {
            format!("{before}*{}", rest.split_once('}').expect("a brace is closed").1)
        });
        let shown = boards(language, &families(pattern));
        let entry = if is_english {
            let means = first_sentence(&part(section, "Meaning", "."), ". ");
            let shown = if shown.is_empty() { "no dashboard".to_owned() } else { shown.join(", ") };
            let formula = part(section, "Formula", ".");
            format!(
                "- **[{name}]({explained}#{})** `{starred}`: {means} *Formula:* {formula} *Shown on:* {shown}.",
                section.anchor
            )
        } else {
            let means = first_sentence(&part(section, "含义", "。"), "。");
            let shown = if shown.is_empty() { "无".to_owned() } else { shown.join("、") };
            let formula = part(section, "公式", "。");
            format!(
                "- **[{name}]({explained}#{})** `{starred}`：{means} *公式：*{formula} *仪表盘：*{shown}。",
                section.anchor
            )
        };
        made += &wrap(&entry, "  ");
    }
    made
}

#[test]
fn the_glossary_is_made_of_the_kpi_pages() {
    hold("docs/glossary.md", &glossary(&page::english(), "en"));
    hold("docs/glossary.zh-CN.md", &glossary(&page::chinese(), "zh"));
}
