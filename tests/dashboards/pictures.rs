//! The pictures of the documents: there for every dashboard in both languages, small, and named for what they are; and the
//! dashboards' texts: with letters that the drawing machine has, and short enough for where they stand.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::dashboards::board::{boards, boards_in, names, root, text, texts};
use crate::harness::tools;

/// The most bytes of a picture.
const MOST: u64 = 200_000;
/// How wide a column of the grid is on a screen of 1600 pixels.
const COLUMN: f64 = 66.3;

#[test]
fn every_dashboard_has_pictures_in_the_documents() {
    let page = std::fs::read_to_string(root().join("docs/dashboards.md")).expect("the page is there");
    for name in names("en") {
        let picture = format!("pictures/{}", name.replace(".json", ".png"));
        assert!(page.contains(&format!("]({picture})")), "docs/dashboards.md does not show {picture}");
        let size = std::fs::metadata(root().join("docs").join(&picture)).expect("the picture is there").len();
        assert!(size < MOST, "{picture} has {size} bytes");
    }
    assert!(page.contains("not Grafana"), "the page must say that the pictures are not of Grafana itself");
}

/// Without a font for a letter its picture is an empty box.
#[test]
fn the_drawing_machine_has_every_letter() {
    let Some(fonts) = tools::on_path("fc-list", "scripts/setup-test-tools.sh page") else { return };
    let mut letters = BTreeSet::new();
    for board in boards() {
        let mut found = Vec::new();
        texts(&board.json, "", &mut found);
        letters.extend(found.iter().flat_map(|(_, text)| text.chars()).filter(|letter| *letter > '\u{ff}'));
    }
    assert!(letters.len() > 300, "only {} letters beyond Latin were found", letters.len());
    for letter in letters {
        let charset = format!(":charset={:x}", u32::from(letter));
        let output = Command::new(&fonts).args([&charset, "family"]).output().expect("fc-list starts");
        assert!(!output.stdout.is_empty(), "no font has {letter}: install fonts-noto-cjk");
    }
}

/// Grafana names its units of time and of large numbers in English: "15 mins", "1.2 Mil".
#[test]
fn no_chinese_dashboard_has_a_unit_with_an_english_name() {
    let mut found = BTreeSet::new();
    for board in boards_in("zh") {
        for panel in board.panels() {
            let config = &panel["fieldConfig"];
            let overrides = config["overrides"].as_array().into_iter().flatten();
            let properties = overrides.flat_map(|rule| rule["properties"].as_array().into_iter().flatten());
            let units = properties.filter(|one| one["id"] == "unit").map(|one| &one["value"]);
            found.extend(units.chain([&config["defaults"]["unit"]]).map(|unit| text(unit).to_owned()));
        }
    }
    // Numbers in groups of three, shares, bytes and hours:minutes:seconds have no words.
    let wordless = ["none", "locale", "percentunit", "bytes", "dthms"];
    let is_word = |letter: char| letter.is_ascii_alphabetic();
    found.retain(|unit| match unit.strip_prefix("suffix:") {
        Some(suffix) => suffix.contains(is_word),
        None => !wordless.contains(&unit.as_str()),
    });
    assert!(found.is_empty(), "{found:?}");
}

/// How wide a text is about, in the size that Grafana gives titles and heads of columns.
fn width(text: &str) -> f64 {
    text.chars().map(|letter| if letter >= '\u{2e80}' { 14.0 } else { 7.2 }).sum()
}

#[test]
fn no_title_and_no_head_of_a_column_is_cut() {
    let mut cut = Vec::new();
    for board in boards() {
        for panel in board.panels() {
            let room = panel["gridPos"]["w"].as_f64().expect("a width") * COLUMN - 8.0;
            let title = text(&panel["title"]);
            // A link to a runbook has a sign beside the title, and so has the description.
            if width(title) > room - 56.0 {
                cut.push(format!("{}: {title}", board.file));
            }
            let heads = heads(panel);
            // A table gives its columns equal widths, and the first more if the others let it.
            let each = room / f64::from(u32::try_from(heads.len().max(1)).expect("few columns"));
            cut.extend(
                heads
                    .iter()
                    .filter(|head| width(head) > each - 14.0)
                    .map(|head| format!("{}: {title}: {head} ({} of {each:.0})", board.file, width(head))),
            );
        }
    }
    assert!(cut.is_empty(), "{cut:#?}");
}

/// The heads of a table's columns that are shown.
fn heads(panel: &Value) -> Vec<String> {
    let steps = panel["transformations"].as_array().cloned().unwrap_or_default();
    let Some(organize) = steps.iter().find(|step| step["id"] == "organize") else { return Vec::new() };
    let renamed = organize["options"]["renameByName"].as_object().expect("names");
    let hidden: BTreeSet<&str> = panel["fieldConfig"]["overrides"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|rule| {
            rule["properties"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == "custom.hidden"))
        })
        .map(|rule| text(&rule["matcher"]["options"]))
        .collect();
    let columns = organize["options"]["indexByName"].as_object().expect("columns");
    let shown = columns.keys().filter(|name| !hidden.contains(name.as_str()));
    shown.filter_map(|name| Some(text(renamed.get(name)?).to_owned())).collect()
}
