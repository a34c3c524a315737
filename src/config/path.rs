//! The full name of one value of the configuration, such as `fx[2].rate`.

use std::fmt;

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A key of a table.
    Name(String),
    /// A table of an array of tables, counted from 1.
    Row(usize),
}

/// The way from the top of the configuration to one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyPath(Vec<Step>);

impl KeyPath {
    /// The path of these dotted names, none of which holds a dot itself.
    pub(super) fn new(dotted: &str) -> KeyPath {
        KeyPath(dotted.split('.').map(|name| Step::Name(name.to_owned())).collect())
    }

    /// The path of a key of the table at this path.
    pub(super) fn child(&self, name: &str) -> KeyPath {
        self.step(Step::Name(name.to_owned()))
    }

    /// The path of a row, counted from 1, of the array of tables at this path.
    pub(super) fn row(&self, number: usize) -> KeyPath {
        self.step(Step::Row(number))
    }

    fn step(&self, step: Step) -> KeyPath {
        let mut steps = self.0.clone();
        steps.push(step);
        KeyPath(steps)
    }

    /// This path with `.name` written on to its last name: librdkafka's names hold dots, and TOML takes
    /// unquoted ones for tables.
    pub(super) fn extended(&self, name: &str) -> KeyPath {
        let mut steps = self.0.clone();
        if let Some(Step::Name(last)) = steps.last_mut() {
            last.push('.');
            last.push_str(name);
        }
        KeyPath(steps)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The table that holds this path's value.
    pub(super) fn parent(&self) -> KeyPath {
        KeyPath(self.0.split_last().map_or(&[][..], |(_, parent)| parent).to_vec())
    }

    /// This path up to so many steps.
    pub(super) fn first(&self, steps: usize) -> KeyPath {
        KeyPath(self.0.iter().take(steps).cloned().collect())
    }

    /// The last name; empty where the path is empty or ends in a row.
    pub(super) fn name(&self) -> &str {
        match self.0.last() {
            Some(Step::Name(name)) => name,
            _ => "",
        }
    }

    pub(super) fn starts_with(&self, prefix: &KeyPath) -> bool {
        self.0.starts_with(&prefix.0)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Row(number) => write!(f, "[{number}]")?,
                Step::Name(name) => {
                    let dot = if place > 0 { "." } else { "" };
                    let bare = !name.is_empty()
                        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
                    if bare { write!(f, "{dot}{name}")? } else { write!(f, "{dot}{name:?}")? }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_one_would_write_them() {
        assert_eq!(KeyPath::new("org.timezone").to_string(), "org.timezone");
        assert_eq!(KeyPath::new("fx").row(2).child("rate").to_string(), "fx[2].rate");
        let properties = KeyPath::new("kafka.properties");
        assert_eq!(properties.child("sasl").extended("password").to_string(), "kafka.properties.\"sasl.password\"");
    }
}
