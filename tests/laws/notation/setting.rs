//! Configuration lines, made into the TOML file that they stand for.

use std::fmt::Write;

use toml::{Table, Value};

/// The configuration of a script.
pub(crate) struct Configuration(Table);

impl Configuration {
    /// The defaults: UTC, CNY and a short pipeline.
    pub(crate) fn new() -> Configuration {
        let mut configuration = Configuration(Table::new());
        for line in ["zone UTC", "currency CNY", "stages lead contacted qualified won"] {
            assert!(configuration.apply(line), "{line}");
        }
        configuration
    }

    /// Applies a configuration line; false if the line is none.
    pub(crate) fn apply(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["zone", name] => self.set("org", "timezone", text(name)),
            ["currency", code] => self.set("org", "reporting_currency", text(code)),
            ["fiscal_year", month] => self.set("org", "fiscal_year_starts", whole(month)),
            ["fiscal_year", month, named_by] => {
                self.set("org", "fiscal_year_starts", whole(month));
                self.set("org", "fiscal_year_named_by", text(named_by));
            }
            ["week_starts", day] => self.set("org", "week_starts", text(day)),
            ["customer_period", word] => self.set("org", "customer_period", text(word)),
            ["credit_through_deal"] => self.set("org", "credit_through_deal", Value::Boolean(true)),
            ["market_size", size] => self.set("org", "market_size", whole(size)),
            ["team_market_size", team, size] => self.set("org.team_market_size", team, whole(size)),
            ["region", name, teams @ ..] => self.set("org.regions", name, list(teams)),
            ["rate", day, code, rate] => self.add_rate(day, code, rate),
            ["stages", stages @ ..] => self.set("pipeline", "stages", list(stages)),
            ["pipeline", name, stages @ ..] => self.set(&format!("pipelines.{name}"), "stages", list(stages)),
            ["probability", stage, probability] => self.set_of_stage("probabilities", stage, probability),
            ["stalled", stage, limit] => self.set_of_stage("stalled_after", stage, limit),
            ["alias", name, stage] => self.set_of_stage("aliases", name, stage),
            ["roll_up"] => self.set("targets", "roll_up", Value::Boolean(true)),
            ["retention", duration] => self.set("", "retention", text(duration)),
            ["max_series", limit] => self.set("", "max_series", whole(limit)),
            ["windows", scope, windows @ ..] => self.set("windows", scope, list(windows)),
            ["expose", scope, families @ ..] => self.set("expose", scope, list(families)),
            ["leaderboard", by @ ..] => self.set("leaderboard", "by", list(by)),
            _ => return false,
        }
        true
    }

    /// The file.
    pub(crate) fn toml(&self) -> String {
        // Tables that TOML would have to end before the keys beside them come last.
        let mut text = String::new();
        let (plain, tables): (Vec<_>, Vec<_>) = self.0.iter().partition(|(_, value)| !value.is_table());
        for (key, value) in plain {
            let _ = writeln!(text, "{key} = {value}");
        }
        text + &toml::to_string(&tables.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Table>())
            .expect("a table")
    }

    /// Sets a key in the table of this path.
    fn set(&mut self, path: &str, key: &str, value: Value) {
        let mut table = &mut self.0;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let entry = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
            table = entry.as_table_mut().expect("a table");
        }
        table.insert(key.to_owned(), value);
    }

    /// Sets what is configured about a stage: `stage`, or `pipeline/stage`.
    fn set_of_stage(&mut self, key: &str, stage: &str, value: &str) {
        match stage.split_once('/') {
            Some((pipeline, stage)) => self.set(&format!("pipelines.{pipeline}.{key}"), stage, text(value)),
            None => self.set(&format!("pipeline.{key}"), stage, text(value)),
        }
    }

    fn add_rate(&mut self, day: &str, code: &str, rate: &str) {
        let entry = [("date", day), ("from", code), ("rate", rate)].map(|(key, value)| (key.to_owned(), text(value)));
        let rates = self.0.entry("fx").or_insert_with(|| Value::Array(Vec::new()));
        rates.as_array_mut().expect("a list").push(Value::Table(entry.into_iter().collect()));
    }
}

fn text(word: &str) -> Value {
    Value::String(word.to_owned())
}

fn whole(word: &str) -> Value {
    Value::Integer(word.parse().expect("a whole number"))
}

fn list(words: &[&str]) -> Value {
    Value::Array(words.iter().map(|word| text(word)).collect())
}
