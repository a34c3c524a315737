//! What the JSON Schema of a type finds wrong, as codes of the contract.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use salespulse::model::event::EventType;
use serde_json::Value;

use super::json::Json;
use super::{Fault, Members, parts, rules};
use crate::contract::schemas;

/// The seven schemas.
pub(super) struct Shapes {
    validators: BTreeMap<&'static str, Validator>,
    fields: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Shapes {
    pub(super) fn load() -> Shapes {
        let fields = EventType::ALL.map(|kind| (kind.name(), schemas::fields_of(kind)));
        Shapes { validators: schemas::validators(), fields: fields.into() }
    }

    /// The types that have a schema.
    pub(super) fn types(&self) -> impl Iterator<Item = &'static str> {
        self.validators.keys().copied()
    }

    pub(super) fn takes(&self, kind: &str, body: &Members) -> bool {
        self.validators[kind].is_valid(&Json::Object(body.clone()).to_value())
    }

    /// Every fault that the schema of this type can express.
    pub(super) fn faults(&self, kind: &str, body: &Members) -> Vec<Fault> {
        let value = Json::Object(body.clone()).to_value();
        // The entries of what is no list of objects are not judged.
        let judges_parts = body.get("splits").is_none_or(|splits| parts::entries(splits).is_some());
        let errors = self.validators[kind].iter_errors(&value);
        let judged = errors.filter(|error| judges_parts || !error.instance_path().to_string().starts_with("/splits/"));
        judged.map(|error| fault(&error)).collect()
    }

    /// The members that are read and present: of a retraction only the identity and the version, of a
    /// feedback that is no csat not its scale, of what is no loss not its reason, of a count not its currency.
    pub(super) fn read_fields(&self, kind: &str, mut body: Members) -> Members {
        let retracted = body.get("retracted") == Some(&Json::Bool(true));
        let csat = body.get("survey").and_then(Json::text) == Some("csat");
        let journey = matches!(kind, "lead" | "stage_change");
        let (is_loss, counts) = (rules::is_loss(&body), rules::counts(kind, &body));
        body.retain(|name, value| match name.as_str() {
            _ if *value == Json::Null => false,
            "type" | "event_id" | "version" | "retracted" => true,
            "lead_id" if journey => true,
            "scale_max" if !csat => false,
            "lost_reason" if !is_loss => false,
            "currency" if counts => false,
            name => !retracted && self.fields[kind].contains(name),
        });
        body
    }
}

fn fault(error: &jsonschema::ValidationError<'_>) -> Fault {
    let kind = error.kind();
    let path = error.instance_path().to_string();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    if let ValidationErrorKind::Required { property } = kind {
        return Fault::new("missing_field", property.as_str().unwrap());
    }
    // Of an entry of a list the field that is wrong, of the list itself its name.
    let field = *steps.iter().rfind(|step| step.parse::<usize>().is_err()).unwrap();
    let of_wrong_type = matches!(kind, ValidationErrorKind::Type { .. });
    let code = match (field, error.instance().as_ref()) {
        (_, Value::Null) => "missing_field",
        ("occurred_at" | "expected_close_at" | "started_at", Value::Number(_)) => "invalid_time",
        _ if of_wrong_type => "invalid_field",
        ("occurred_at" | "expected_close_at" | "started_at", _) => "invalid_time",
        ("amount" | "margin" | "share", _) => "invalid_amount",
        ("currency", _) => "unknown_currency",
        ("stage", _) => "unknown_stage",
        _ => "invalid_field",
    };
    Fault::new(code, field)
}
