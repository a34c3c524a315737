//! Records as the twin reads them: well-formed ones, from their JSON, by the page alone.

use std::collections::BTreeMap;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use salespulse::model::money::Currency;
use salespulse::model::time::Time;

use super::calendar::Calendar;
use super::journey::Credit;
use super::money::{self, Decimal};
use super::setting::{DEFAULT, Setting};

/// The id that stands for an absent one.
pub(crate) const UNASSIGNED: &str = "unassigned";

/// A part of a deal's money: whose it is, and its share in billionths.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    rep: Option<String>,
    team: Option<String>,
    pub(crate) share: i128,
}

impl Part {
    pub(crate) fn credit(&self) -> Credit<'_> {
        Credit { rep: or_unassigned(self.rep.as_ref()), team: or_unassigned(self.team.as_ref()) }
    }
}

/// One record; what its type has not is absent.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) kind: String,
    pub(crate) event_id: String,
    pub(crate) version: u64,
    /// XXH3-64 of its JSON bytes.
    pub(crate) hash: u64,
    pub(crate) at: Time,
    pub(crate) retracted: bool,
    pub(crate) sequence: u64,
    /// The fields that are texts, by their names.
    texts: BTreeMap<String, String>,
    /// In minor units of the reporting currency.
    pub(crate) amount: Option<i128>,
    /// The amount of a target that counts things.
    pub(crate) number: Option<i128>,
    pub(crate) margin: Option<i128>,
    pub(crate) expected_close: Option<Time>,
    pub(crate) started: Option<Time>,
    pub(crate) splits: Option<Vec<Part>>,
    pub(crate) score: u64,
    pub(crate) scale_max: u64,
    pub(crate) active: bool,
}

impl Record {
    /// One well-formed record that was written at `now`.
    pub(crate) fn read(json: &str, setting: &Setting, days: &Calendar, now: Time) -> Record {
        let value: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
        let retracted = value["retracted"].as_bool().unwrap_or(false);
        let mut texts = BTreeMap::new();
        for (field, value) in value.as_object().expect("an object") {
            if let Some(text) = value.as_str() {
                texts.insert(field.clone(), text.to_owned());
            }
        }
        let at = if retracted { now } else { time(&value["occurred_at"]).expect("a time") };
        let mut record = Record {
            kind: texts["type"].clone(),
            event_id: texts["event_id"].clone(),
            version: value["version"].as_u64().unwrap_or(0),
            hash: xxh3_64(json.as_bytes()),
            at,
            retracted,
            sequence: value["sequence"].as_u64().unwrap_or(0),
            texts,
            amount: None,
            number: None,
            margin: None,
            expected_close: time(&value["expected_close_at"]),
            started: time(&value["started_at"]),
            splits: splits(&value["splits"]),
            score: value["score"].as_u64().unwrap_or(0),
            scale_max: value["scale_max"].as_u64().unwrap_or(5),
            active: value["active"].as_bool().unwrap_or(true),
        };
        if !retracted {
            record.read_money(&value, setting, days);
        }
        record
    }

    fn read_money(&mut self, value: &Value, setting: &Setting, days: &Calendar) {
        if self.kind == "target" && !matches!(self.measure(), "revenue" | "payments") {
            self.number = Some(decimal(&value["amount"]).expect("a number").times_ten_to(0));
            return;
        }
        let Some(code) = self.text("currency") else { return };
        let currency = Currency::from_code(code).expect("a currency");
        let on = days.day(self.at);
        let worth = |field: &str| Some(money::reporting_minor(decimal(&value[field])?, currency, on, setting));
        (self.amount, self.margin) = (worth("amount"), worth("margin"));
    }

    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.texts.get(field).map(String::as_str)
    }

    /// An id, or the one that stands for an absent one.
    pub(crate) fn id(&self, field: &str) -> &str {
        or_unassigned(self.texts.get(field))
    }

    /// The rep and team that the record names.
    pub(crate) fn credit(&self) -> Credit<'_> {
        Credit { rep: self.id("rep_id"), team: self.id("team_id") }
    }

    pub(crate) fn is_lead(&self) -> bool {
        self.kind == "lead"
    }

    pub(crate) fn is_of_journey(&self) -> bool {
        matches!(self.kind.as_str(), "lead" | "stage_change")
    }

    pub(crate) fn measure(&self) -> &str {
        self.text("measure").unwrap_or("revenue")
    }

    /// The pipeline that the record names, where the configuration has any to name.
    pub(crate) fn named_pipeline(&self, setting: &Setting) -> Option<&str> {
        self.text("pipeline").filter(|_| setting.has_pipelines())
    }

    /// The stage of a stage change: of an alias the one that it stands for.
    pub(crate) fn stage<'a>(&'a self, setting: &'a Setting) -> &'a str {
        let pipeline = setting.pipeline(self.named_pipeline(setting).unwrap_or(DEFAULT));
        pipeline.read(self.text("stage").expect("a stage"))
    }
}

fn or_unassigned(id: Option<&String>) -> &str {
    id.map_or(UNASSIGNED, String::as_str)
}

fn time(value: &Value) -> Option<Time> {
    value.as_i64().map(Time::from_millis).or_else(|| Time::parse(value.as_str()?))
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => Some(Decimal::read(text)),
        Value::Number(number) => Some(Decimal::read(&number.to_string())),
        _ => None,
    }
}

fn splits(value: &Value) -> Option<Vec<Part>> {
    let text = |entry: &Value, field: &str| entry[field].as_str().map(str::to_owned);
    let part = |entry: &Value| Part {
        rep: text(entry, "rep_id"),
        team: text(entry, "team_id"),
        share: decimal(&entry["share"]).expect("a share").times_ten_to(9),
    };
    Some(value.as_array()?.iter().map(part).collect())
}
