//! The environment as a layer: `SALESPULSE__ORG__TIMEZONE` is the key `org.timezone`.

use std::ffi::OsString;

use toml::de::DeValue;

use super::keys::{self, Kind};
use super::layer::{self, Layer};
use super::origin::Origin;
use super::path::KeyPath;
use super::value::Value;

/// What the names of our variables begin with, in upper or lower case.
const PREFIX: &str = "SALESPULSE__";

/// The layer of all variables that are ours.
pub(super) fn layer(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Layer {
    let mut ours: Vec<_> = variables
        .into_iter()
        .filter_map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let keys = name.split_at_checked(PREFIX.len()).filter(|(start, _)| start.eq_ignore_ascii_case(PREFIX));
            keys.map(|(_, keys)| keys.to_owned()).map(|keys| (name, keys, value))
        })
        .collect();
    // The order of an environment is not fixed; that of its errors should be.
    ours.sort();
    let mut layer = Layer::default();
    for (variable, keys, value) in ours {
        let origin = Origin::Environment { variable };
        add(&mut layer, &path_of(&keys), &value, &origin);
    }
    layer
}

/// What the names of variables begin with that look like ours and are not.
const NEARLY: &str = "SALESPULSE_";

/// One sentence for each variable that looks as if it were a key and is not, because an underscore is missing.
pub(super) fn strangers(variables: &[(OsString, OsString)]) -> Vec<String> {
    let mut names: Vec<String> = variables.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names.iter().filter_map(|name| stranger(name)).collect()
}

fn stranger(name: &str) -> Option<String> {
    let (begin, rest) = name.split_at_checked(NEARLY.len())?;
    let is_nearly_ours = begin.eq_ignore_ascii_case(NEARLY) && !rest.starts_with('_');
    let words: Vec<String> = rest.split('_').map(str::to_lowercase).collect();
    let first = words.first()?;
    let is_section = keys::below(&KeyPath::default()).iter().any(|name| name.split('_').next() == Some(first));
    if !is_nearly_ours || !is_section || is_of_a_service(&words) {
        return None;
    }
    let letters = |text: &str| text.replace(['_', '.'], "").to_lowercase();
    let key = keys::KEYS.iter().find(|key| letters(key.path) == letters(rest));
    let meant = match key {
        Some(key) => format!("{} is {PREFIX}{}", key.path, key.path.replace('.', "__").to_uppercase()),
        None => format!("a key such as org.timezone is {PREFIX}ORG__TIMEZONE"),
    };
    Some(format!(
        "the environment variable {name} is not read: two underscores stand after SALESPULSE and between names; {meant}"
    ))
}

/// Whether Kubernetes has set the variable, which shows every container where the services of its namespace are.
fn is_of_a_service(words: &[String]) -> bool {
    let is = |place: usize, word: &str| words.get(place).is_some_and(|known| known == word);
    (0..words.len()).any(|place| {
        let is_service = is(place, "service") && (is(place + 1, "host") || is(place + 1, "port"));
        let is_port = is(place, "port") && words.get(place + 1).is_none_or(|port| port.parse::<u16>().is_ok());
        is_service || is_port
    })
}

/// Two underscores separate levels. librdkafka's properties have points where names of variables
/// cannot, and no underscores.
fn path_of(keys: &str) -> KeyPath {
    let keys = keys.to_lowercase();
    let path = keys.split("__").fold(KeyPath::default(), |path, name| path.child(name));
    match path.parent() {
        section if section == KeyPath::new("kafka.properties") || section == KeyPath::new("kafka.property_files") => {
            section.child(&path.name().replace('_', "."))
        }
        _ => path,
    }
}

fn add(layer: &mut Layer, path: &KeyPath, value: &OsString, origin: &Origin) {
    let Some(text) = value.to_str() else {
        let shown = Value::Text(value.to_string_lossy().into_owned());
        layer.faults.push(layer::invalid(path, &shown, origin.clone(), "valid UTF-8".to_owned()));
        return;
    };
    if let Some(key) = keys::find(path) {
        return layer.set(path, value_of(text, key.kind), origin.clone());
    }
    if keys::below(path).is_empty() {
        layer.faults.push(layer::unknown(path, origin.clone()));
        return;
    }
    // A whole section: an inline table, or an array of them.
    match DeValue::parse(text) {
        Ok(value) => layer.add(path, value.get_ref(), origin.clone(), &|_| origin.clone()),
        Err(_) => {
            // In these sections the text may hold secrets that cannot be separated from the rest.
            let hidden = ["kafka", "snapshot"].iter().any(|section| path.starts_with(&KeyPath::new(section)));
            let shown = if hidden { Value::Hidden } else { Value::Text(text.to_owned()) };
            let allowed = format!("{}, written inline as TOML", layer::section_form(path));
            layer.faults.push(layer::invalid(path, &shown, origin.clone(), allowed));
        }
    }
}

/// A TOML value where the text is one of the key's kind; the text itself otherwise.
fn value_of(text: &str, kind: Kind) -> Value {
    let parsed = DeValue::parse(text).ok().map(|value| Value::new(value.get_ref()));
    let fits = |value: &Value| match (kind, value) {
        (Kind::Text | Kind::Property, Value::Text(_))
        | (Kind::Whole, Value::Integer(_))
        | (Kind::Truth, Value::Boolean(_))
        | (Kind::Number, Value::Integer(_) | Value::Float(_) | Value::Text(_))
        | (Kind::Texts, Value::List(_)) => true,
        (Kind::Text | Kind::Whole | Kind::Number | Kind::Truth | Kind::Texts | Kind::Property, _) => false,
    };
    parsed.filter(fits).unwrap_or_else(|| Value::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_values_of_the_expected_kind() {
        for (text, kind, value) in [
            ("24", Kind::Text, Value::Text("24".to_owned())),
            ("\"24\"", Kind::Text, Value::Text("24".to_owned())),
            ("", Kind::Text, Value::Text(String::new())),
            ("1_000", Kind::Whole, Value::Integer("1000".to_owned())),
            ("many", Kind::Whole, Value::Text("many".to_owned())),
            ("0.40", Kind::Number, Value::Float("0.40".to_owned())),
            ("[\"24h\"]", Kind::Texts, Value::List(vec![Value::Text("24h".to_owned())])),
            ("24h, 7d", Kind::Texts, Value::Text("24h, 7d".to_owned())),
        ] {
            assert_eq!(value_of(text, kind), value, "{text}");
        }
    }

    #[test]
    fn a_variable_with_an_underscore_too_few_is_named() {
        let told = |names: &[&str]| {
            let variables: Vec<_> = names.iter().map(|name| (OsString::from(name), OsString::new())).collect();
            strangers(&variables).join("\n")
        };
        insta::assert_snapshot!(told(&["SALESPULSE_ORG_TIMEZONE", "salespulse_kafka__brokers", "SALESPULSE_FX", "SALESPULSE_MAX_SERIES"]), @r"
        the environment variable SALESPULSE_FX is not read: two underscores stand after SALESPULSE and between names; a key such as org.timezone is SALESPULSE__ORG__TIMEZONE
        the environment variable SALESPULSE_MAX_SERIES is not read: two underscores stand after SALESPULSE and between names; max_series is SALESPULSE__MAX_SERIES
        the environment variable SALESPULSE_ORG_TIMEZONE is not read: two underscores stand after SALESPULSE and between names; org.timezone is SALESPULSE__ORG__TIMEZONE
        the environment variable salespulse_kafka__brokers is not read: two underscores stand after SALESPULSE and between names; kafka.brokers is SALESPULSE__KAFKA__BROKERS
        ");
        let others = [
            "SALESPULSE_CONFIG",
            "SALESPULSE__ORG__TIMEZONE",
            "SALESPULSE_PORT_9464_TCP_ADDR",
            "SALESPULSE_SERVICE_HOST",
            "SALESPULSE_HTTP_PORT",
            "SALESPULSE_HTTP_SERVICE_PORT_METRICS",
            "SALESPULSE_TEST_TOOLS",
            "KAFKA_BROKERS",
        ];
        assert_eq!(told(&others), "");
    }

    #[test]
    fn properties_have_points_for_underscores() {
        assert_eq!(
            path_of("KAFKA__PROPERTIES__SASL_PASSWORD"),
            KeyPath::new("kafka.properties").child("sasl.password")
        );
        assert_eq!(path_of("Org__Reporting_Currency"), KeyPath::new("org.reporting_currency"));
    }
}
