//! The catalogues of words: the same keys and placeholders in each language, none missing and none left over.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::page::browser::root;
use crate::page::files::modules;

const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

fn catalogue(language: &str) -> BTreeMap<String, String> {
    let path = root().join(format!("src/serve/web/page/i18n/{language}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("the catalogue is there")).expect("texts by key")
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    let pattern = Regex::new(r"\{\w+\}").expect("a pattern");
    pattern.find_iter(text).map(|found| found.as_str()).collect()
}

#[test]
fn the_languages_have_the_same_keys_and_placeholders() {
    let [english, chinese] = LANGUAGES.map(catalogue);
    let keys = |words: &BTreeMap<String, String>| words.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(keys(&english), keys(&chinese));
    for (key, text) in &english {
        assert_eq!(placeholders(text), placeholders(&chinese[key]), "{key}");
        assert!(!text.trim().is_empty() && !chinese[key].trim().is_empty(), "{key} is empty");
    }
}

#[test]
fn the_page_uses_every_word_and_no_other() {
    let words = catalogue("en");
    let direct = Regex::new(r"'([a-z][a-z_.]*)'").expect("a pattern");
    let computed = Regex::new(r"`([a-z]+\.)\$\{|`\$\{[^}]*\}(\.[a-z]+)`").expect("a pattern");
    let asked = Regex::new(r"\bt(?:Or)?\('([^']+)'").expect("a pattern");
    let (mut named, mut parts) = (BTreeSet::new(), BTreeSet::new());
    for (name, text) in modules() {
        named.extend(direct.captures_iter(&text).map(|found| found[1].to_owned()));
        parts.extend(
            computed
                .captures_iter(&text)
                .filter_map(|found| found.get(1).or_else(|| found.get(2)).map(|part| part.as_str().to_owned())),
        );
        for found in asked.captures_iter(&text) {
            assert!(words.contains_key(&found[1]), "{name} asks for the word {}", &found[1]);
        }
    }
    for key in words.keys() {
        let is_computed = parts.iter().any(|part| key.starts_with(part.as_str()) || key.ends_with(part.as_str()));
        assert!(named.contains(key) || is_computed, "nothing shows {key}");
    }
}
