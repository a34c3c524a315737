//! The committed dashboards, read as JSON.

use std::path::PathBuf;

use serde_json::Value;

/// The folders of the two languages.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "zh"];

/// One dashboard in one language.
pub(crate) struct Board {
    /// For messages: language and name.
    pub(crate) file: String,
    pub(crate) json: Value,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn folder() -> PathBuf {
    root().join("deploy/grafana/dashboards")
}

/// The names of the files of a language, in their order.
pub(crate) fn names(language: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder().join(language)).expect("the folder is there");
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(!names.is_empty(), "there are no dashboards in {language}");
    names
}

/// All dashboards of a language.
pub(crate) fn boards_in(language: &str) -> Vec<Board> {
    let read = |name: String| {
        let text = std::fs::read_to_string(folder().join(language).join(&name)).expect("the file is there");
        Board { json: serde_json::from_str(&text).expect("JSON"), file: format!("{language}/{name}") }
    };
    names(language).into_iter().map(read).collect()
}

/// All dashboards.
pub(crate) fn boards() -> Vec<Board> {
    LANGUAGES.into_iter().flat_map(boards_in).collect()
}

impl Board {
    /// Everything on the grid when all rows are open, the rows too.
    pub(crate) fn items(&self) -> Vec<&Value> {
        let panels = self.json["panels"].as_array().expect("panels").iter();
        panels
            .flat_map(|panel| std::iter::once(panel).chain(panel["panels"].as_array().into_iter().flatten()))
            .collect()
    }

    /// All panels that show something.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Value> {
        self.items().into_iter().filter(|panel| panel["type"] != "row")
    }

    /// The panels that are there when the dashboard opens.
    pub(crate) fn first(&self) -> impl Iterator<Item = &Value> {
        self.json["panels"].as_array().expect("panels").iter().filter(|panel| panel["type"] != "row")
    }

    pub(crate) fn variables(&self) -> &Vec<Value> {
        self.json["templating"]["list"].as_array().expect("variables")
    }

    /// The variables' names.
    pub(crate) fn variable_names(&self) -> Vec<&str> {
        self.variables().iter().map(|variable| text(&variable["name"])).collect()
    }
}

/// The queries of a panel.
pub(crate) fn targets(panel: &Value) -> &Vec<Value> {
    panel["targets"].as_array().expect("targets")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every text of some JSON, with the key that it stands under.
pub(crate) fn texts<'a>(value: &'a Value, key: &'a str, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => found.push((key, text)),
        Value::Array(values) => values.iter().for_each(|value| texts(value, key, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| texts(value, key, found)),
        _ => {}
    }
}
