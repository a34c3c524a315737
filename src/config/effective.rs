//! What holds in the end: every value that is set, and where.

use super::Config;
use super::keys::KEYS;
use super::origin::Origin;
use super::path::KeyPath;
use super::secrets;
use super::settings::Settings;
use super::value::{HIDDEN, Value};

/// A value that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The full dotted key.
    pub key: String,
    /// The value as the file would have it; a secret is hidden.
    pub written: String,
    /// The same for machines. A number with a point stays a text, so that it keeps its digits.
    pub json: serde_json::Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// All values, in the order in which the example explains their keys. An instance without a name of its own has the one
/// that the configuration made for it.
pub(super) fn list(settings: &Settings, config: Option<&Config>) -> Vec<Effective> {
    let instance_id = KeyPath::new("kafka.instance_id");
    let made = config.filter(|_| settings.value(&instance_id).is_none()).map(|config| {
        let name = Value::Text(config.kafka.instance_id.clone());
        (rank(&instance_id), effective(&instance_id, &name, Origin::Default))
    });
    let set =
        settings.all().map(|(path, setting)| (rank(path), effective(path, &setting.value, setting.origin.clone())));
    let mut values: Vec<(usize, Effective)> = set.chain(made).collect();
    // Of one key with several names, the paths are in order already.
    values.sort_by_key(|(rank, _)| *rank);
    values.into_iter().map(|(_, value)| value).collect()
}

/// The place of a path's section, and of its key within it.
fn rank(path: &KeyPath) -> usize {
    let is_row = |key: &str| key.starts_with("fx.[]");
    // A row stays together, whatever the order of its keys.
    let place = KEYS.iter().position(|key| key.fits(path)).unwrap_or(KEYS.len());
    let first = KEYS.iter().position(|key| is_row(key.path));
    match (KEYS.get(place), first) {
        (Some(key), Some(first)) if is_row(key.path) => first,
        _ => place,
    }
}

fn effective(path: &KeyPath, value: &Value, origin: Origin) -> Effective {
    let hidden = Value::Text(HIDDEN.to_owned());
    let value = if secrets::may_show(path, value) { value } else { &hidden };
    Effective { key: path.to_string(), written: value.to_string(), json: json(value), origin }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Integer(digits) => digits.parse::<u64>().map_or_else(|_| digits.clone().into(), Into::into),
        Value::Text(text) | Value::Float(text) | Value::Date(text) => text.clone().into(),
        Value::Boolean(value) => (*value).into(),
        Value::List(values) => values.iter().map(json).collect(),
        Value::Table => serde_json::Value::Object(serde_json::Map::new()),
        Value::Hidden => HIDDEN.into(),
    }
}
