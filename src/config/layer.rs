//! One layer of the configuration: TOML spread out into single values, every key of it known.

use std::collections::BTreeMap;

use toml::de::{DeArray, DeTable, DeValue};

use super::error::ConfigError;
use super::keys::{self, Kind};
use super::origin::Origin;
use super::path::{KeyPath, Step};
use super::secrets;
use super::value::Value;

/// One value and where it is written.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The values of one source.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) settings: BTreeMap<KeyPath, Setting>,
    /// The arrays of tables that this layer gives: they replace those below as a whole.
    pub(super) replaced: Vec<KeyPath>,
    /// What in the source means nothing, in its order.
    pub(super) faults: Vec<ConfigError>,
}

/// Finds the origin of what begins at a byte of the source.
pub(super) type Locate<'a> = &'a dyn Fn(usize) -> Origin;

impl Layer {
    /// Adds what a table at `path` holds.
    pub(super) fn add_table(&mut self, path: &KeyPath, table: &DeTable<'_>, locate: Locate<'_>) {
        for (name, value) in table {
            let child = path.child(name.get_ref());
            let origin = locate(name.span().start);
            self.add(&child, value.get_ref(), origin, locate);
        }
    }

    /// Adds a value of any kind at `path`, which `origin` names.
    pub(super) fn add(&mut self, path: &KeyPath, value: &DeValue<'_>, origin: Origin, locate: Locate<'_>) {
        if let Some(key) = keys::find(path) {
            return match value {
                DeValue::Table(table) if key.kind == Kind::Property && !table.is_empty() => {
                    self.add_properties(path, table, locate);
                }
                _ => self.set(path, Value::new(value), origin),
            };
        }
        match (value, keys::below(path).as_slice()) {
            (_, []) => self.faults.push(unknown(path, origin)),
            (DeValue::Array(rows), ["[]"]) => self.add_rows(path, rows, &origin, locate),
            // One of its own kind that holds nothing would otherwise be as if it were not there.
            (DeValue::Table(table), _) if table.is_empty() && path.parent() == KeyPath::new("pipelines") => {
                self.faults.push(invalid(path, &Value::Table, origin, section_form(path)));
            }
            (DeValue::Table(table), [first, ..]) if *first != "[]" => self.add_table(path, table, locate),
            _ => self.faults.push(invalid(path, &Value::new(value), origin, section_form(path))),
        }
    }

    /// Adds one value; the first of two stays.
    pub(super) fn set(&mut self, path: &KeyPath, value: Value, origin: Origin) {
        if let Some(earlier) = self.settings.get(path) {
            let once = format!("given once; {} gives it too", earlier.origin);
            self.faults.push(invalid(path, &value, origin, once));
            return;
        }
        self.settings.insert(path.clone(), Setting { value, origin });
    }

    fn add_rows(&mut self, path: &KeyPath, rows: &DeArray<'_>, origin: &Origin, locate: Locate<'_>) {
        self.replaced.push(path.clone());
        for (index, row) in rows.iter().enumerate() {
            let DeValue::Table(table) = row.get_ref() else {
                let whole = Value::new(&DeValue::Array(rows.clone()));
                self.faults.push(invalid(path, &whole, origin.clone(), section_form(path)));
                return;
            };
            self.add_table(&path.row(index + 1), table, locate);
        }
    }

    /// Unquoted, `sasl.password = "…"` is a table in a table to TOML, and means the property `sasl.password`.
    fn add_properties(&mut self, path: &KeyPath, table: &DeTable<'_>, locate: Locate<'_>) {
        for (name, value) in table {
            let longer = path.extended(name.get_ref());
            self.add(&longer, value.get_ref(), locate(name.span().start), locate);
        }
    }
}

/// The error of a value that must be something else.
pub(super) fn invalid(path: &KeyPath, value: &Value, origin: Origin, allowed: String) -> ConfigError {
    let value = secrets::shown(path, value).shown();
    ConfigError::Invalid { key: path.to_string(), value, origin, allowed }
}

/// The error of a key that means nothing.
pub(super) fn unknown(path: &KeyPath, origin: Origin) -> ConfigError {
    // The deepest section that exists shows best what was meant.
    let mut section = path.parent();
    while keys::below(&section).is_empty() {
        section = section.parent();
    }
    let names = keys::below(&section);
    let allowed = match (section.steps(), names.as_slice()) {
        (_, ["[]" | "*"]) => format!("{section} must be {}", section_form(&section)),
        ([], _) => format!("the top level allows {}", names.join(", ")),
        ([.., Step::Row(_)], _) => format!("[[{}]] allows {}", section.parent(), names.join(", ")),
        _ => format!("[{section}] allows {}", names.join(", ")),
    };
    ConfigError::UnknownKey { key: path.to_string(), origin, allowed }
}

/// How a section must be written.
pub(super) fn section_form(path: &KeyPath) -> String {
    match keys::below(path).as_slice() {
        ["[]"] => format!("tables [[{path}]] with {}", keys::below(&path.row(1)).join(", ")),
        ["*"] => format!("a table [{path}] of names and values"),
        names => format!("a table [{path}] with {}", names.join(", ")),
    }
}
