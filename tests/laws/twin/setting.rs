//! The configuration as the twin reads it: from the text of the TOML file, by the page alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use salespulse::model::money::Currency;
use salespulse::model::time::{DAY, Time};
use toml::{Table, Value};

use super::calendar::Length;
use super::money::Decimal;

/// The pipeline of `[pipeline]`.
pub(crate) const DEFAULT: &str = "default";

/// The scopes, by the word in names and keys.
pub(crate) const SCOPES: [&str; 5] = ["rep", "team", "region", "org", "channel"];

/// A pipeline: its stages, and what is configured about them.
#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    pub(crate) name: String,
    pub(crate) stages: Vec<String>,
    pub(crate) probabilities: BTreeMap<String, Decimal>,
    /// In milliseconds.
    pub(crate) stalled_after: BTreeMap<String, i64>,
    pub(crate) aliases: BTreeMap<String, String>,
}

impl Pipe {
    /// Where a stage stands, if the pipeline has it.
    pub(crate) fn index(&self, stage: &str) -> Option<usize> {
        self.stages.iter().position(|known| known == stage)
    }

    pub(crate) fn won(&self) -> usize {
        self.stages.len() - 1
    }

    pub(crate) fn open_stages(&self) -> &[String] {
        &self.stages[..self.won()]
    }

    /// The stage that a name stands for.
    pub(crate) fn read<'a>(&'a self, said: &'a str) -> &'a str {
        self.aliases.get(said).map_or(said, String::as_str)
    }
}

/// One unit of a currency is so many of the reporting one from a local date on.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    pub(crate) date: Date,
    pub(crate) from: Currency,
    pub(crate) rate: Decimal,
}

/// What the numbers depend on beside the events and the instant.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) zone: String,
    pub(crate) currency: Currency,
    pub(crate) rates: Vec<Rate>,
    /// In milliseconds.
    pub(crate) retention: i64,
    /// In milliseconds.
    pub(crate) allowed_skew: i64,
    pub(crate) fiscal_year_starts: i8,
    pub(crate) named_by_end: bool,
    pub(crate) week_starts: Weekday,
    pub(crate) customer_period: Length,
    pub(crate) credit_through_deal: bool,
    pub(crate) roll_up: bool,
    pub(crate) market_size: Option<i128>,
    pub(crate) team_market_size: BTreeMap<String, i128>,
    pub(crate) regions: BTreeMap<String, BTreeSet<String>>,
    /// The default one first.
    pub(crate) pipelines: Vec<Pipe>,
    /// By scope.
    pub(crate) windows: BTreeMap<&'static str, Vec<String>>,
    /// By scope; none: everything.
    pub(crate) expose: BTreeMap<&'static str, Vec<String>>,
    pub(crate) leaderboard: Vec<String>,
}

impl Setting {
    /// Reads a configuration that is valid.
    pub(crate) fn read(text: &str) -> Setting {
        let whole: Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let (nothing, section) = (Table::new(), |key: &str| whole.get(key).and_then(Value::as_table));
        let org = section("org").expect("[org]");
        let word = |key: &str, default: &str| org.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
        let flag = |table: &Table, key: &str| table.get(key).and_then(Value::as_bool).unwrap_or(false);
        let duration = |key: &str, default: i64| whole.get(key).and_then(Value::as_str).map_or(default, millis);
        let size = |value: &Value| i128::from(value.as_integer().expect("a size"));
        let mut pipelines = vec![pipeline(DEFAULT, section("pipeline").expect("[pipeline]"))];
        let more = section("pipelines").unwrap_or(&nothing);
        pipelines.extend(more.iter().map(|(name, table)| pipeline(name, table.as_table().expect("a pipeline"))));
        Setting {
            zone: word("timezone", "UTC"),
            currency: Currency::from_code(&word("reporting_currency", "")).expect("a reporting currency"),
            rates: whole.get("fx").and_then(Value::as_array).into_iter().flatten().map(rate).collect(),
            retention: duration("retention", 800 * DAY),
            allowed_skew: duration("allowed_skew", DAY),
            fiscal_year_starts: org
                .get("fiscal_year_starts")
                .and_then(Value::as_integer)
                .map_or(1, |month| i8::try_from(month).expect("a month")),
            named_by_end: word("fiscal_year_named_by", "end") == "end",
            week_starts: weekday(&word("week_starts", "monday")),
            customer_period: Length::from_word(&word("customer_period", "quarter")),
            credit_through_deal: flag(org, "credit_through_deal"),
            roll_up: section("targets").is_some_and(|targets| flag(targets, "roll_up")),
            market_size: org.get("market_size").map(size),
            team_market_size: entries(org, "team_market_size", size),
            regions: entries(org, "regions", |teams| strings(teams).into_iter().collect()),
            pipelines,
            windows: windows(section("windows").unwrap_or(&nothing)),
            expose: per_scope(section("expose").unwrap_or(&nothing)),
            leaderboard: section("leaderboard")
                .and_then(|table| table.get("by"))
                .map_or_else(|| ["revenue", "won", "quota_attainment"].map(str::to_owned).into(), strings),
        }
    }

    /// Whether more pipelines than the default one are configured.
    pub(crate) fn has_pipelines(&self) -> bool {
        self.pipelines.len() > 1
    }

    pub(crate) fn pipeline(&self, name: &str) -> &Pipe {
        self.pipelines.iter().find(|pipe| pipe.name == name).unwrap_or_else(|| panic!("no pipeline {name}"))
    }

    /// The start of the UTC day of `now − retention`.
    pub(crate) fn horizon(&self, now: Time) -> Time {
        Time::from_millis((now.millis() - self.retention).div_euclid(DAY) * DAY)
    }
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
}

fn entries<T>(table: &Table, key: &str, read: impl Fn(&Value) -> T) -> BTreeMap<String, T> {
    let found = table.get(key).and_then(Value::as_table);
    found.into_iter().flatten().map(|(name, value)| (name.clone(), read(value))).collect()
}

fn pipeline(name: &str, table: &Table) -> Pipe {
    Pipe {
        name: name.to_owned(),
        stages: strings(&table["stages"]),
        probabilities: entries(table, "probabilities", |value| match value {
            Value::String(text) => Decimal::read(text),
            number => Decimal::read(&number.to_string()),
        }),
        stalled_after: entries(table, "stalled_after", |value| millis(value.as_str().expect("a duration"))),
        aliases: entries(table, "aliases", |value| value.as_str().expect("a stage").to_owned()),
    }
}

fn rate(entry: &Value) -> Rate {
    let text = |key: &str| entry[key].as_str().map_or_else(|| entry[key].to_string(), str::to_owned);
    Rate {
        date: text("date").parse().expect("a date"),
        from: Currency::from_code(&text("from")).expect("a currency"),
        rate: Decimal::read(&text("rate")),
    }
}

fn windows(table: &Table) -> BTreeMap<&'static str, Vec<String>> {
    let default = |scope: &str| match scope {
        "rep" => "24h 7d 30d mtd qtd",
        _ => "1h 24h 7d 30d 90d mtd qtd ytd",
    };
    let mut windows = per_scope(table);
    for scope in SCOPES {
        windows.entry(scope).or_insert_with(|| default(scope).split(' ').map(str::to_owned).collect());
    }
    windows
}

fn per_scope(table: &Table) -> BTreeMap<&'static str, Vec<String>> {
    SCOPES.into_iter().filter_map(|scope| Some((scope, strings(table.get(scope)?)))).collect()
}

/// A whole number and its unit, in milliseconds.
fn millis(text: &str) -> i64 {
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let number: i64 = text[..text.len() - unit.len()].parse().expect("a duration");
    let of_unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY,
        "w" => 7 * DAY,
        other => panic!("no unit: {other}"),
    };
    number * of_unit
}

fn weekday(word: &str) -> Weekday {
    let mut day = Weekday::Monday;
    for known in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] {
        if known == word {
            return day;
        }
        day = day.next();
    }
    panic!("no day of the week: {word}")
}
