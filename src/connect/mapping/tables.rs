//! Tables of words: a CRM's stages, reps and channels, and what they are called here.

use std::collections::BTreeMap;

/// The entry that stands for every word that has none.
const ANY: &str = "*";

/// Named tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables(BTreeMap<String, BTreeMap<String, String>>);

impl Tables {
    /// Adds an entry, in place of one that may be there.
    pub fn add(&mut self, table: &str, word: &str, meaning: &str) {
        self.0.entry(table.to_owned()).or_default().insert(word.to_owned(), meaning.to_owned());
    }

    /// Makes a table known, even if it stays empty.
    pub fn declare(&mut self, table: &str) {
        self.0.entry(table.to_owned()).or_default();
    }

    /// Lays other tables over these: an entry there wins over one here.
    pub fn lay(&mut self, upper: &Tables) {
        for (name, entries) in &upper.0 {
            self.0.entry(name.clone()).or_default().extend(entries.clone());
        }
    }

    /// Whether there is a table of this name.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        self.0.contains_key(table)
    }

    /// The names of all tables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The meaning of a word; the entry `*` stands for those that have none.
    #[must_use]
    pub fn find(&self, table: &str, word: &str) -> Option<&str> {
        let entries = self.0.get(table)?;
        entries.get(word).or_else(|| entries.get(ANY)).map(String::as_str)
    }

    /// The words of a table.
    #[must_use]
    pub fn words(&self, table: &str) -> Vec<&str> {
        self.0.get(table).map(|entries| entries.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}
