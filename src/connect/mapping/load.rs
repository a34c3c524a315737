//! Reading rules and tables from TOML, every fault with its line and key.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use toml::de::{DeArray, DeTable, DeValue};

use super::condition::{Condition, Test};
use super::expression::Expression;
use super::rule::Rule;
use super::tables::Tables;
use crate::connect::json::Json;
use crate::contract::encode::{fields, find_field};
use crate::model::event::EventType;

/// What a file of sources gets wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {key}: {message}")]
pub struct LoadFault {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The dotted key.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// A text that is being read, and its name.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What errors call it.
    pub file: &'a str,
    /// The whole text.
    pub text: &'a str,
}

impl Place<'_> {
    fn fault(&self, start: usize, key: &str, message: impl Into<String>) -> LoadFault {
        let line = 1 + self.text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        LoadFault { file: self.file.to_owned(), line, key: key.to_owned(), message: message.into() }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// [`LoadFault`] if it is no TOML.
    pub fn parse<'a>(&self, text: &'a str) -> Result<DeTable<'a>, LoadFault> {
        match DeTable::parse(text) {
            Ok(document) => Ok(document.into_inner()),
            Err(error) => {
                let start = error.span().unwrap_or_default().start;
                Err(self.fault(start, "TOML", error.message().replace('\n', " ")))
            }
        }
    }
}

/// A table of TOML, of which every key must be asked for.
pub struct Section<'a> {
    place: Place<'a>,
    table: &'a DeTable<'a>,
    path: String,
    start: usize,
    asked: RefCell<Vec<String>>,
}

impl fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section").field("path", &self.path).finish_non_exhaustive()
    }
}

type Found<T> = Result<T, LoadFault>;

impl<'a> Section<'a> {
    /// The whole file.
    #[must_use]
    pub fn root(place: Place<'a>, table: &'a DeTable<'a>) -> Section<'a> {
        Section::new(place, table, String::new(), 0)
    }

    fn new(place: Place<'a>, table: &'a DeTable<'a>, path: String, start: usize) -> Section<'a> {
        Section { place, table, path, start, asked: RefCell::default() }
    }

    fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The fault of a key, at its line.
    #[must_use]
    pub fn fault(&self, name: &str, message: impl Into<String>) -> LoadFault {
        let start = self.span(name).unwrap_or(self.start);
        let key = if name.is_empty() { self.path.clone() } else { self.key(name) };
        self.place.fault(start, &key, message)
    }

    fn span(&self, name: &str) -> Option<usize> {
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, _)| key.span().start)
    }

    fn value(&self, name: &str) -> Option<&'a DeValue<'a>> {
        self.asked.borrow_mut().push(name.to_owned());
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value.get_ref())
    }

    /// The names of all keys.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.table.keys().map(|key| key.get_ref().as_ref())
    }

    /// A text.
    ///
    /// # Errors
    /// [`LoadFault`] if it is something else.
    pub fn text(&self, name: &str) -> Found<Option<String>> {
        match self.value(name) {
            None => Ok(None),
            Some(DeValue::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(self.fault(name, "must be a text")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`LoadFault`] if it is not.
    pub fn required(&self, name: &str) -> Found<String> {
        self.text(name)?.ok_or_else(|| self.place.fault(self.start, &self.key(name), "is required"))
    }

    /// A text or a list of texts.
    ///
    /// # Errors
    /// [`LoadFault`] if it is something else.
    pub fn texts(&self, name: &str) -> Found<Option<Vec<String>>> {
        let wrong = || self.fault(name, "must be a text or a list of texts");
        let text = |value: &DeValue<'_>| word(value).ok_or_else(wrong);
        match self.value(name) {
            None => Ok(None),
            Some(DeValue::Array(items)) => {
                items.iter().map(|item| text(item.get_ref())).collect::<Found<_>>().map(Some)
            }
            Some(value) => text(value).map(|text| Some(vec![text])),
        }
    }

    /// A whole number, not negative.
    ///
    /// # Errors
    /// [`LoadFault`] if it is something else.
    pub fn whole(&self, name: &str) -> Found<Option<u64>> {
        match self.value(name) {
            None => Ok(None),
            Some(DeValue::Integer(number)) => {
                number.as_str().parse().map(Some).map_err(|_| self.fault(name, "must be a whole number"))
            }
            Some(_) => Err(self.fault(name, "must be a whole number, not negative")),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`LoadFault`] if it is something else.
    pub fn switch(&self, name: &str) -> Found<Option<bool>> {
        match self.value(name) {
            None => Ok(None),
            Some(DeValue::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(self.fault(name, "must be true or false")),
        }
    }

    /// A table.
    ///
    /// # Errors
    /// [`LoadFault`] if it is something else.
    pub fn section(&self, name: &str) -> Found<Option<Section<'a>>> {
        match self.value(name) {
            None => Ok(None),
            Some(DeValue::Table(table)) => {
                let start = self.span(name).unwrap_or(self.start);
                Ok(Some(Section::new(self.place, table, self.key(name), start)))
            }
            Some(_) => Err(self.fault(name, "must be a table")),
        }
    }

    /// The tables of an array of tables.
    ///
    /// # Errors
    /// [`LoadFault`] if it is something else.
    pub fn rows(&self, name: &str) -> Found<Vec<Section<'a>>> {
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let DeValue::Array(items) = value else { return Err(self.fault(name, "must be an array of tables")) };
        let row = |(number, item): (usize, &'a toml::Spanned<DeValue<'a>>)| match item.get_ref() {
            DeValue::Table(table) => {
                let path = format!("{}[{}]", self.key(name), number + 1);
                Ok(Section::new(self.place, table, path, item.span().start))
            }
            _ => Err(self.fault(name, "must be an array of tables")),
        };
        items.iter().enumerate().map(row).collect()
    }

    /// An expression: a constant, a text of the mapping language, or a list of which the first value counts.
    ///
    /// # Errors
    /// [`LoadFault`] with what is allowed.
    pub fn expression(&self, name: &str) -> Found<Option<Expression>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        self.expression_of(name, value).map(Some)
    }

    fn expression_of(&self, name: &str, value: &DeValue<'_>) -> Found<Expression> {
        Ok(match value {
            DeValue::String(text) => Expression::parse(text).map_err(|message| self.fault(name, message))?,
            DeValue::Boolean(value) => Expression::constant(Json::Bool(*value)),
            DeValue::Integer(number) => Expression::constant(Json::Number(number.as_str().to_owned())),
            DeValue::Array(items) => Expression::First(self.alternatives(name, items)?),
            _ => return Err(self.fault(name, "must be a text, a whole number, true or false, or a list of these")),
        })
    }

    fn alternatives(&self, name: &str, items: &DeArray<'_>) -> Found<Vec<Expression>> {
        items.iter().map(|item| self.expression_of(name, item.get_ref())).collect()
    }

    /// Refuses keys that nobody has asked for.
    ///
    /// # Errors
    /// [`LoadFault`] of the first.
    pub fn finish(&self) -> Found<()> {
        let mut asked = self.asked.borrow_mut();
        let unknown = self.names().find(|name| !asked.iter().any(|known| known == name));
        let Some(unknown) = unknown else { return Ok(()) };
        asked.sort_unstable();
        asked.dedup();
        Err(self.fault(unknown, format!("is unknown; known here: {}", asked.join(", "))))
    }

    /// Named tables of words.
    ///
    /// # Errors
    /// [`LoadFault`] if a table holds anything but words.
    pub fn tables(&self, name: &str) -> Found<Tables> {
        let mut tables = Tables::default();
        let Some(all) = self.section(name)? else { return Ok(tables) };
        for table in all.names() {
            tables.declare(table);
            let Some(entries) = all.section(table)? else { continue };
            for entry in entries.names() {
                let meaning = entries.value(entry).and_then(word);
                let meaning = meaning.ok_or_else(|| entries.fault(entry, "must be a word"))?;
                tables.add(table, entry, &meaning);
            }
        }
        Ok(tables)
    }

    /// The rules below a key, which may look into these tables.
    ///
    /// # Errors
    /// [`LoadFault`] of the first rule that cannot be read.
    pub fn rules(&self, name: &str, tables: &Tables) -> Found<Vec<Rule>> {
        self.rows(name)?.iter().map(|row| row.rule(tables)).collect()
    }

    fn rule(&self, tables: &Tables) -> Found<Rule> {
        let name = self.required("to")?;
        let to = EventType::from_name(&name).ok_or_else(|| {
            self.fault("to", format!("{name:?} is none of {}", EventType::ALL.map(EventType::name).join(", ")))
        })?;
        let from = self.text("from")?;
        let when = self.rows("when")?.iter().map(|row| row.condition(tables)).collect::<Found<_>>()?;
        let mut found = BTreeMap::new();
        for name in self.names().filter(|name| !["to", "from", "when"].contains(name)) {
            let Some(field) = find_field(to, name) else {
                let known: Vec<&str> = fields(to).iter().map(|field| field.name).collect();
                let known = format!("event_id, version, retracted, occurred_at, {}", known.join(", "));
                return Err(self.fault(name, format!("is no field of \"{to}\"; its fields are {known}")));
            };
            let Some(expression) = self.expression(name)? else { continue };
            self.check_tables(name, &expression, tables)?;
            found.insert(field.name, (field, expression));
        }
        if !found.contains_key("event_id") {
            return Err(self.fault("", format!("a rule for \"{to}\" needs event_id")));
        }
        Ok(Rule { from, when, to, fields: found.into_values().collect() })
    }

    fn condition(&self, tables: &Tables) -> Found<Condition> {
        let at = self.expression("at")?.ok_or_else(|| self.fault("", "needs \"at\", a pointer such as \"/status\""))?;
        self.check_tables("at", &at, tables)?;
        let test = match (self.texts("is")?, self.texts("not")?, self.switch("exists")?) {
            (Some(words), None, None) => Test::Is(words),
            (None, Some(words), None) => Test::Not(words),
            (None, None, Some(wanted)) => Test::Exists(wanted),
            _ => return Err(self.fault("", "needs exactly one of \"is\", \"not\" and \"exists\"")),
        };
        self.finish()?;
        Ok(Condition { at, test })
    }

    fn check_tables(&self, name: &str, expression: &Expression, tables: &Tables) -> Found<()> {
        let unknown = expression.tables().into_iter().find(|table| !tables.has(table));
        let Some(unknown) = unknown else { return Ok(()) };
        let known: Vec<&str> = tables.names().collect();
        let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
        Err(self.fault(name, format!("there is no [tables.{unknown}]; tables: {known}")))
    }
}

/// A word, a number's digits, or a truth value.
fn word(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}
