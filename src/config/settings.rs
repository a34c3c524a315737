//! The layers of a configuration on top of each other: defaults, file, environment, flags.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use toml::de::DeTable;

use super::environment;
use super::error::ConfigError;
use super::keys::{self, KEYS};
use super::layer::{self, Layer, Setting};
use super::origin::Origin;
use super::path::{KeyPath, Step};
use super::value::Value;

/// A flag of the command line that stands for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The flag with its hyphens.
    pub name: &'static str,
    /// The dotted key for which it stands, which takes a text.
    pub key: &'static str,
    /// What the user gave.
    pub value: String,
}

/// Every value of a configuration with its origin, not yet judged beyond its key.
///
/// It shows none of its values, since some are secrets.
#[derive(Clone)]
pub struct Settings {
    settings: BTreeMap<KeyPath, Setting>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let origins = self.settings.iter().map(|(path, setting)| (path.to_string(), setting.origin.to_string()));
        f.debug_map().entries(origins).finish()
    }
}

impl Settings {
    /// The defaults alone.
    ///
    /// # Errors
    /// None unless the table of keys is wrong, which a test rules out.
    pub fn defaults() -> Result<Settings, ConfigError> {
        let mut settings = Settings { settings: BTreeMap::new() };
        let lines = KEYS.iter().filter_map(|key| key.default.map(|default| format!("{} = {default}\n", key.path)));
        let faults = settings.lay_text(&lines.collect::<String>(), "the defaults", &|_| Origin::Default);
        first(faults).map(|()| settings)
    }

    /// Lays the configuration file over what is there.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, is no TOML, or holds an unknown key.
    pub fn lay_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        first(self.lay_all_of_file(path))
    }

    /// Lays what can be laid of the configuration file over what is there, and answers what cannot.
    pub(super) fn lay_all_of_file(&mut self, path: &Path) -> Vec<ConfigError> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => self.lay_text(&text, &name, &|start| file_origin(&text, &name, start)),
            Err(error) => vec![ConfigError::Unreadable { path: name, reason: error.to_string() }],
        }
    }

    /// Lays the text of a configuration file over what is there; `name` is what errors call it.
    ///
    /// # Errors
    /// [`ConfigError`] if it is no TOML or holds an unknown key.
    pub fn lay_toml(&mut self, text: &str, name: &str) -> Result<(), ConfigError> {
        first(self.lay_text(text, name, &|start| file_origin(text, name, start)))
    }

    /// Lays over what is there every variable whose name begins with `SALESPULSE__`.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown key, or one that two variables name.
    pub fn lay_environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        first(self.lay_all_of_environment(variables))
    }

    /// Lays over what is there what can be laid of the environment, and answers what cannot.
    pub(super) fn lay_all_of_environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Vec<ConfigError> {
        self.lay(environment::layer(variables))
    }

    /// Lays flags of the command line over what is there.
    ///
    /// # Errors
    /// [`ConfigError::UnknownKey`] if a flag stands for no key, which its definition rules out.
    pub fn lay_flags(&mut self, flags: &[Flag]) -> Result<(), ConfigError> {
        let mut top = Layer::default();
        for flag in flags {
            let (path, origin) = (KeyPath::new(flag.key), Origin::Flag { name: flag.name });
            if keys::find(&path).is_none() {
                return Err(layer::unknown(&path, origin));
            }
            top.set(&path, Value::Text(flag.value.clone()), origin);
        }
        first(self.lay(top))
    }

    fn lay_text(&mut self, text: &str, name: &str, locate: layer::Locate<'_>) -> Vec<ConfigError> {
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => return vec![syntax(&error, text, name)],
        };
        let mut file = Layer::default();
        file.add_table(&KeyPath::default(), document.get_ref(), locate);
        self.lay(file)
    }

    /// Lays a layer over what is there, and answers its faults.
    fn lay(&mut self, upper: Layer) -> Vec<ConfigError> {
        upper.replaced.iter().for_each(|rows| self.remove(rows));
        self.settings.extend(upper.settings);
        upper.faults
    }

    /// Where the value of a dotted key comes from; `None` if it is not set and has no default.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.settings.get(&KeyPath::new(key)).map(|setting| &setting.origin)
    }

    /// All values with their paths, in the order of these.
    pub(super) fn all(&self) -> impl Iterator<Item = (&KeyPath, &Setting)> {
        self.settings.iter()
    }

    /// The value at `path`, not judged.
    pub(super) fn value(&self, path: &KeyPath) -> Option<&Value> {
        self.settings.get(path).map(|setting| &setting.value)
    }

    /// Takes out what lies at `path` or below.
    pub(super) fn remove(&mut self, path: &KeyPath) {
        self.settings.retain(|known, _| !known.starts_with(path));
    }

    /// Puts a value in place of what is there.
    pub(super) fn put(&mut self, path: KeyPath, value: Value, origin: Origin) {
        self.settings.insert(path, Setting { value, origin });
    }

    /// Reads the value at `path`; `None` if there is none.
    pub(super) fn optional<T>(
        &self,
        path: &KeyPath,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(setting) = self.settings.get(path) else { return Ok(None) };
        read(&setting.value).map(Some).ok_or_else(|| self.refuse(path, allowed(path)))
    }

    /// Reads the value at `path`, which must be set.
    pub(super) fn required<T>(&self, path: &KeyPath, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, ConfigError> {
        let missing = || ConfigError::Missing { key: path.to_string(), allowed: allowed(path).to_owned() };
        self.optional(path, read)?.ok_or_else(missing)
    }

    /// Reads a list of texts that names nothing twice; `None` if there is none.
    pub(super) fn texts(&self, path: &KeyPath) -> Result<Option<Vec<String>>, ConfigError> {
        let all_texts = |value: &Value| match value {
            Value::List(values) => values.iter().map(|value| value.text().map(str::to_owned)).collect(),
            _ => None,
        };
        let Some(texts) = self.optional::<Vec<String>>(path, all_texts)? else { return Ok(None) };
        let twice =
            texts.iter().enumerate().find(|(place, text)| texts.iter().take(*place).any(|other| other == *text));
        match twice {
            Some((_, text)) => Err(self.refuse(path, format!("{}; it names {text:?} twice", allowed(path)))),
            None => Ok(Some(texts)),
        }
    }

    /// The paths right below a section that are set.
    pub(super) fn below(&self, section: &KeyPath) -> impl Iterator<Item = &KeyPath> {
        self.settings.keys().filter(move |path| path.parent() == *section)
    }

    /// The sections right below a section in which something is set, in the order of their names.
    pub(super) fn sections_below(&self, section: &KeyPath) -> Vec<KeyPath> {
        let depth = section.steps().len();
        let inside = self.settings.keys().filter(|path| path.starts_with(section) && path.steps().len() > depth + 1);
        let mut sections: Vec<_> = inside.map(|path| path.first(depth + 1)).collect();
        sections.dedup();
        sections
    }

    /// The rows of an array of tables.
    pub(super) fn rows(&self, array: &KeyPath) -> Vec<KeyPath> {
        let numbers = self.settings.keys().filter(|path| path.starts_with(array)).map(KeyPath::parent);
        let mut rows: Vec<_> = numbers.filter(|path| matches!(path.steps().last(), Some(Step::Row(_)))).collect();
        rows.dedup();
        rows
    }

    /// The error of the value at `path`, which must be something else.
    pub(super) fn refuse(&self, path: &KeyPath, allowed: impl Into<String>) -> ConfigError {
        match self.settings.get(path) {
            Some(Setting { value, origin }) => layer::invalid(path, value, origin.clone(), allowed.into()),
            None => ConfigError::Missing { key: path.to_string(), allowed: allowed.into() },
        }
    }
}

#[cfg(test)]
impl Settings {
    /// The patterns of the keys that files set.
    pub(super) fn patterns_from_files(&self) -> Vec<&'static str> {
        let set = self.settings.iter().filter(|(_, setting)| matches!(setting.origin, Origin::File { .. }));
        set.filter_map(|(path, _)| keys::find(path)).map(|key| key.path).collect()
    }
}

/// The first fault, if there is any.
fn first(faults: Vec<ConfigError>) -> Result<(), ConfigError> {
    faults.into_iter().next().map_or(Ok(()), Err)
}

fn file_origin(text: &str, name: &str, start: usize) -> Origin {
    Origin::File { path: name.to_owned(), line: line_of(text, start) }
}

/// What the value at `path` must be.
pub(super) fn allowed(path: &KeyPath) -> &'static str {
    keys::find(path).map_or("", |key| key.allowed)
}

fn syntax(error: &toml::de::Error, text: &str, name: &str) -> ConfigError {
    let span = error.span().unwrap_or_default();
    let mut reason = error.message().replace('\n', " ");
    if reason == "duplicate key" {
        // Here, unlike elsewhere, what the parser points at is a name and cannot be a secret.
        reason = format!("{reason} {}", text.get(span.clone()).unwrap_or_default());
    }
    ConfigError::Syntax { path: name.to_owned(), line: line_of(text, span.start), reason }
}

fn line_of(text: &str, start: usize) -> usize {
    1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count()
}
