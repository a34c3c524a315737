//! A second reading of well-formed records, so that the twin does not rest on the decoder under test.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use salespulse::model::event::{
    Body, Event, EventType, Feedback, Goal, Lead, Measure, Payment, PaymentKind, Period, Rep, Retraction, Score, Spend,
    StageChange, Target, TargetScope, Text,
};
use salespulse::model::money::{Currency, Decimal, Money};
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

/// All records of a file that were written at `now`, which must be well-formed.
pub(crate) fn read(text: &str, rules: &Rules, now: Time) -> Vec<Event<'static>> {
    text.lines().map(|line| event(line, rules, now)).collect()
}

/// One well-formed record that was written at `now`.
pub(crate) fn event(line: &str, rules: &Rules, now: Time) -> Event<'static> {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let record = Record { value: &value, rules };
    let is_retracted = value["retracted"].as_bool().unwrap_or(false);
    Event {
        event_id: record.required("event_id"),
        version: value["version"].as_u64().unwrap_or(0),
        hash: xxh3_64(line.as_bytes()),
        occurred_at: if is_retracted { now } else { record.time("occurred_at").expect("occurred_at") },
        recorded_at: now,
        body: if is_retracted { record.retraction() } else { record.body() },
    }
}

struct Record<'a> {
    value: &'a Value,
    rules: &'a Rules,
}

impl Record<'_> {
    fn text(&self, field: &str) -> Option<Text<'static>> {
        self.value[field].as_str().map(|text| Cow::Owned(text.to_owned()))
    }

    fn required(&self, field: &str) -> Text<'static> {
        self.text(field).unwrap_or_else(|| panic!("no {field}: {}", self.value))
    }

    fn time(&self, field: &str) -> Option<Time> {
        let value = &self.value[field];
        value.as_i64().map(Time::from_millis).or_else(|| Time::parse(value.as_str()?))
    }

    fn number(&self, field: &str) -> Option<u8> {
        self.value[field].as_u64().map(|number| u8::try_from(number).expect("small"))
    }

    fn money(&self, field: &str) -> Option<Money> {
        let amount = match &self.value[field] {
            Value::String(text) => Decimal::parse(text),
            Value::Number(number) => Decimal::from_json_number(&number.to_string()),
            _ => None,
        }?;
        let currency = Currency::from_code(&self.required("currency")).expect("a currency");
        let minor = amount.minor_units(currency).expect("an amount of this currency");
        let occurred_at = self.time("occurred_at").expect("occurred_at").millis();
        let zone = TimeZone::get(self.rules.zone.name()).expect("a zone");
        let instant = jiff::Timestamp::from_millisecond(occurred_at).expect("within range");
        let reporting = self.rules.rates.convert(minor, currency, || zone.to_datetime(instant).date());
        Some(Money { minor, currency, reporting_minor: reporting.expect("a rate") })
    }

    fn retraction(&self) -> Body<'static> {
        Body::Retraction(Retraction { kind: self.kind(), lead_id: self.text("lead_id") })
    }

    fn kind(&self) -> EventType {
        EventType::from_name(&self.required("type")).expect("one of the seven types")
    }

    fn body(&self) -> Body<'static> {
        match self.kind() {
            EventType::Lead => self.lead(),
            EventType::StageChange => self.stage_change(),
            EventType::Spend => self.spend(),
            EventType::Feedback => self.feedback(),
            EventType::Payment => self.payment(),
            EventType::Target => self.target(),
            EventType::Rep => self.rep(),
        }
    }

    fn lead(&self) -> Body<'static> {
        Body::Lead(Lead {
            lead_id: self.required("lead_id"),
            sequence: 0,
            pipeline: None,
            customer_id: self.text("customer_id"),
            rep_id: self.text("rep_id"),
            team_id: self.text("team_id"),
            channel: self.text("channel"),
        })
    }

    fn stage_change(&self) -> Body<'static> {
        Body::StageChange(StageChange {
            lead_id: self.required("lead_id"),
            stage: self.required("stage"),
            sequence: 0,
            pipeline: None,
            splits: Vec::new(),
            lost_reason: None,
            channel: None,
            started_at: None,
            customer_id: self.text("customer_id"),
            rep_id: self.text("rep_id"),
            team_id: self.text("team_id"),
            amount: self.money("amount"),
            margin: self.money("margin"),
            expected_close_at: self.time("expected_close_at"),
        })
    }

    fn spend(&self) -> Body<'static> {
        Body::Spend(Spend {
            amount: self.money("amount").expect("an amount"),
            channel: self.text("channel"),
            campaign: self.text("campaign"),
            rep_id: self.text("rep_id"),
            team_id: self.text("team_id"),
        })
    }

    fn feedback(&self) -> Body<'static> {
        let score = self.number("score").expect("a score");
        let score = match self.required("survey").as_ref() {
            "csat" => Score::Csat { score, scale_max: self.number("scale_max").unwrap_or(5) },
            "nps" => Score::Nps(score),
            _ => Score::Ces(score),
        };
        Body::Feedback(Feedback {
            score,
            customer_id: self.text("customer_id"),
            rep_id: self.text("rep_id"),
            team_id: self.text("team_id"),
            lead_id: self.text("lead_id"),
        })
    }

    fn payment(&self) -> Body<'static> {
        let is_refund = self.text("kind").as_deref() == Some("refund");
        Body::Payment(Payment {
            kind: if is_refund { PaymentKind::Refund } else { PaymentKind::Payment },
            amount: self.money("amount").expect("an amount"),
            lead_id: self.text("lead_id"),
            customer_id: self.text("customer_id"),
            rep_id: self.text("rep_id"),
            team_id: self.text("team_id"),
        })
    }

    fn target(&self) -> Body<'static> {
        let scope = match self.required("scope").as_ref() {
            "rep" => TargetScope::Rep { rep_id: self.required("rep_id"), team_id: self.required("team_id") },
            "team" => TargetScope::Team { team_id: self.required("team_id") },
            _ => TargetScope::Org,
        };
        Body::Target(Target {
            scope,
            period: Period::parse(&self.required("period")).expect("a period"),
            measure: Measure::Revenue,
            amount: Goal::Money(self.money("amount").expect("an amount")),
        })
    }

    fn rep(&self) -> Body<'static> {
        Body::Rep(Rep {
            rep_id: self.required("rep_id"),
            team_id: self.required("team_id"),
            name: self.text("name"),
            active: self.value["active"].as_bool().unwrap_or(true),
        })
    }
}
