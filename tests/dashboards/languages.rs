//! Both languages have the same dashboards, each in its own words.

use serde_json::Value;

use crate::dashboards::board::{self, LANGUAGES, boards_in, text};

/// Where words of a language stand; everywhere else the two must be equal.
const WORDS: [&str; 8] = ["title", "description", "label", "text", "legendFormat", "noValue", "query", "unit"];

/// The dashboard with its words blanked: what must be the same in both languages.
fn structure(value: &Value, language: &str) -> Value {
    match value {
        // Windows are named by labels, which the list of the variable shows.
        Value::String(text) if text.contains("\"name\", \"") => unnamed(text).into(),
        // Units that are words.
        Value::String(text) if text.starts_with("suffix:") => "suffix".into(),
        // Each language leads to its own pages.
        Value::String(text) => text.replace(".zh-CN.md", ".md").replace(&format!("-{language}"), "-*").into(),
        Value::Array(values) => values.iter().map(|value| structure(value, language)).collect(),
        // What a name is called, and the unit of a column.
        Value::Object(fields) if fields.get("id").is_some_and(|id| id == "displayName" || id == "unit") => {
            "word".into()
        }
        Value::Object(fields) => {
            let blank = |(key, value): (&String, &Value)| {
                // A custom variable's list is words; a query has brackets; several choices are a list.
                let is_word = (value.is_string() || (key == "text" && value.is_array()))
                    && WORDS.contains(&key.as_str())
                    && !(key == "query" && text(value).contains('('));
                (key.clone(), if is_word { Value::Null } else { structure(value, language) })
            };
            // The columns of tables are named by their titles, which are keys of these objects or their values.
            fields.iter().filter(|(key, _)| *key != "renameByName").map(blank).collect()
        }
        other => other.clone(),
    }
}

/// A query without the names that its `label_replace`s give.
fn unnamed(query: &str) -> String {
    let name = regex::Regex::new(r#""name", "[^"$]*""#).expect("a pattern");
    name.replace_all(query, "\"name\", \"*\"").into_owned()
}

#[test]
fn both_have_the_same_structure() {
    let [english, chinese] = LANGUAGES.map(boards_in);
    assert_eq!(board::names("en"), board::names("zh"));
    for (english, chinese) in english.iter().zip(&chinese) {
        assert_eq!(english.items().len(), chinese.items().len(), "{}", english.file);
        for (en, zh) in english.items().iter().zip(chinese.items()) {
            assert_eq!(strip(en, "en"), strip(zh, "zh"), "{}: {}", english.file, en["title"]);
        }
        for key in ["templating", "time", "refresh", "schemaVersion"] {
            assert_eq!(strip(&english.json[key], "en"), strip(&chinese.json[key], "zh"), "{}: {key}", english.file);
        }
        assert_eq!(english.json["links"].as_array().map(Vec::len), chinese.json["links"].as_array().map(Vec::len));
    }
}

/// The structure without what names a column by its title: matchers of overrides, and pages of one language.
fn strip(value: &Value, language: &str) -> Value {
    let mut structure = structure(value, language);
    // The panels below a closed row are looked at by themselves.
    structure.as_object_mut().and_then(|row| row.remove("panels"));
    if let Some(overrides) = structure.pointer_mut("/fieldConfig/overrides").and_then(Value::as_array_mut) {
        overrides.iter_mut().for_each(|rule| rule["matcher"]["options"] = Value::Null);
    }
    structure
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[test]
fn each_has_words_of_its_own() {
    for (language, is_chinese) in [("en", false), ("zh", true)] {
        for board in boards_in(language) {
            for item in board.items() {
                let title = text(&item["title"]);
                // What is called so in both.
                assert_eq!(
                    has_chinese(title) || title == "LTV : CAC",
                    is_chinese || title == "LTV : CAC",
                    "{}: {title}",
                    board.file
                );
                let description = text(&item["description"]);
                assert!(item["type"] == "row" || has_chinese(description) == is_chinese, "{}: {title}", board.file);
            }
            for variable in board.variables() {
                let label = text(&variable["label"]);
                assert_eq!(has_chinese(label), is_chinese, "{}: {label}", board.file);
                // Grafana's own entry for all of a list is called "All" in every language.
                let has_own = variable["includeAll"] == true && variable["hide"] != 2;
                assert!(!has_own, "{}: {label} has Grafana's own entry", board.file);
            }
        }
    }
}
