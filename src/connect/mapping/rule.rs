//! Rules: which event a record becomes.

use std::sync::Arc;

use super::condition::Condition;
use super::expression::{Expression, Scene, shown};
use super::tables::Tables;
use super::{Fault, FaultCode, Setting};
use crate::connect::json::Json;
use crate::contract::encode::{Draft, Field, FieldValue, Form};
use crate::model::event::EventType;

/// A record of a source, ready to be mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The stream of its source, such as `deals`; empty where the source has only one.
    pub from: &'static str,
    /// What the rules look at.
    pub record: Json,
    /// The whole payload where the record is a part of it.
    pub payload: Option<Arc<Json>>,
}

impl Document {
    /// A record that is a payload of its own.
    #[must_use]
    pub const fn new(from: &'static str, record: Json) -> Document {
        Document { from, record, payload: None }
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The stream it is for; every one if none is given.
    pub from: Option<String>,
    /// All of these must hold.
    pub when: Vec<Condition>,
    /// The event.
    pub to: EventType,
    /// Its fields.
    pub fields: Vec<(Field, Expression)>,
}

/// The rules of a source with their tables.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Every rule whose conditions hold makes an event.
    pub rules: Vec<Rule>,
    /// What lookups look into.
    pub tables: Tables,
}

/// The fields that name a thing of one source, which may have the name of another source's thing.
const PREFIXED: [&str; 3] = ["event_id", "lead_id", "customer_id"];

impl Mapping {
    /// Whether any rule is for this stream.
    #[must_use]
    pub fn is_for(&self, from: &str) -> bool {
        self.rules.iter().any(|rule| rule.from.as_deref().is_none_or(|wanted| wanted == from))
    }

    /// The events of a record; none if no rule is for it.
    #[must_use]
    pub fn apply(&self, document: &Document, setting: &Setting) -> Vec<Result<Draft, Fault>> {
        let payload = document.payload.as_deref().unwrap_or(&document.record);
        let rules = self.rules.iter().filter(|rule| rule.from.as_deref().is_none_or(|from| from == document.from));
        rules.filter_map(|rule| rule.apply(&document.record, payload, setting, &self.tables).transpose()).collect()
    }
}

impl Rule {
    fn apply(&self, record: &Json, payload: &Json, setting: &Setting, tables: &Tables) -> Result<Option<Draft>, Fault> {
        let scene = Scene { record, payload, setting, tables, field: "when" };
        for condition in &self.when {
            if !condition.holds(&scene)? {
                return Ok(None);
            }
        }
        let mut draft = Draft::new(self.to);
        for (field, expression) in &self.fields {
            let scene = Scene { field: field.name, ..scene };
            let Some(value) = expression.value(&scene)? else { continue };
            let mut written = written(*field, &value).ok_or_else(|| {
                scene.fault(FaultCode::Invalid, format!("{} is not {}", shown(&value), wanted(field.form)))
            })?;
            if let (true, FieldValue::Text(text)) = (PREFIXED.contains(&field.name), &mut written) {
                text.insert_str(0, &setting.id_prefix);
            }
            draft.set(field.name, written);
        }
        if draft.text("retracted") == "true" {
            return Ok(Some(draft.retraction(draft.version())));
        }
        if draft.get("retracted").is_some() {
            draft.remove("retracted");
        }
        // A currency alone says nothing, and rules need not care whether there is an amount.
        if self.to == EventType::StageChange && draft.get("amount").is_none() && draft.get("margin").is_none() {
            draft.remove("currency");
        }
        Ok(Some(draft))
    }
}

/// A value as a field is written; `None` if it is of the wrong kind.
fn written(field: Field, value: &Json) -> Option<FieldValue> {
    let is_integer = |digits: &str| digits.parse::<i128>().is_ok() && !digits.starts_with('+');
    Some(match (field.form, value) {
        (Form::Bool, Json::Bool(value)) => FieldValue::Literal(value.to_string()),
        (Form::Bool, Json::Text(word)) if word == "true" || word == "false" => FieldValue::Literal(word.clone()),
        (Form::Integer, Json::Number(digits) | Json::Text(digits)) if is_integer(digits) => {
            FieldValue::Literal(digits.clone())
        }
        (Form::Time, Json::Number(digits)) => FieldValue::Literal(digits.clone()),
        // The contract takes exponents in numbers only.
        (Form::Decimal, Json::Number(digits)) if digits.contains(['e', 'E']) => FieldValue::Literal(digits.clone()),
        (Form::Id | Form::Text | Form::Decimal, Json::Number(digits)) => FieldValue::Text(digits.clone()),
        (Form::Id | Form::Text | Form::Decimal | Form::Time, Json::Text(text)) => FieldValue::Text(text.clone()),
        _ => return None,
    })
}

const fn wanted(form: Form) -> &'static str {
    match form {
        Form::Id | Form::Text => "a word; of a list take the filter first, last or join",
        Form::Decimal => "an amount: a number or a decimal text",
        Form::Time => "a time: RFC 3339 with an offset, or Unix milliseconds",
        Form::Integer => "a whole number",
        Form::Bool => "true or false",
    }
}
