//! JSON as a tree that keeps what the contract judges: the written digits of numbers, and of a key
//! that comes twice the last value.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep a record may be nested; its object itself is 1.
const DEEPEST: u32 = 32;

/// One JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

/// An object's members in the order they are written, a key that comes twice still twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads one JSON object in UTF-8; `None` if the bytes are anything else.
pub(crate) fn read_object(bytes: &[u8]) -> Option<BTreeMap<String, Json>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    match value(whole.get(), 1)? {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

fn value(text: &str, depth: u32) -> Option<Json> {
    let first = text.bytes().next()?;
    if matches!(first, b'{' | b'[') && depth > DEEPEST {
        return None;
    }
    Some(match first {
        b'n' => Json::Null,
        b't' | b'f' => Json::Bool(first == b't'),
        b'"' => Json::Text(serde_json::from_str(text).ok()?),
        b'{' => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let read = members.into_iter().map(|(key, raw)| Some((key, value(raw.get(), depth + 1)?)));
            // Collecting into a map keeps the last of two.
            Json::Object(read.collect::<Option<_>>()?)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Json::List(items.into_iter().map(|raw| value(raw.get(), depth + 1)).collect::<Option<_>>()?)
        }
        _ => Json::Number(text.to_owned()),
    })
}

impl Json {
    /// The value as the validator takes it. Numbers beyond a double become the nearest double that is
    /// neither infinite nor, unless they are zero, zero: a schema asks only for their kind, sign and range.
    pub(crate) fn to_value(&self) -> serde_json::Value {
        match self {
            Json::Null => serde_json::Value::Null,
            Json::Bool(value) => (*value).into(),
            Json::Number(digits) => number(digits),
            Json::Text(text) => text.as_str().into(),
            Json::List(items) => items.iter().map(Json::to_value).collect(),
            Json::Object(members) => members.iter().map(|(key, value)| (key.clone(), value.to_value())).collect(),
        }
    }

    /// The number's digits if it is an integer without point or exponent.
    pub(crate) fn integer(&self) -> Option<&str> {
        match self {
            Json::Number(digits) if !digits.contains(['.', 'e', 'E']) => Some(digits),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn number(digits: &str) -> serde_json::Value {
    if let Ok(integer) = digits.parse::<u64>() {
        return integer.into();
    }
    if let Ok(integer) = digits.parse::<i64>() {
        return integer.into();
    }
    let nearest = digits.parse::<f64>().unwrap().clamp(f64::MIN, f64::MAX);
    let significand = digits.split(['e', 'E']).next().unwrap();
    let vanished = nearest == 0.0 && significand.contains(|digit| ('1'..='9').contains(&digit));
    let nearest = if vanished { f64::MIN_POSITIVE } else { nearest };
    if digits.starts_with('-') { (-nearest.abs()).into() } else { nearest.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str) -> bool {
        read_object(text.as_bytes()).is_some()
    }

    #[test]
    fn what_is_one_object() {
        assert!(fits(" {\"a\" : [1e400, -0, \"\\ud83d\\ude00\"]}\r\n"));
        for text in [
            "",
            "[]",
            "1",
            "{}{}",
            "{} x",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":NaN}",
            "{'a':1}",
            "{\"a\":1,}",
            "\u{feff}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"\\udc00\":1}",
            "{\"a\":[\"\\ud800\\u0041\"]}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\",\"a\":1}",
        ] {
            assert!(!fits(text), "{text}");
        }
        assert!(read_object(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn depth_is_counted_from_the_object() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(fits(&nested(32)));
        assert!(!fits(&nested(33)));
        assert!(!fits(&nested(20_000)));
    }

    #[test]
    fn the_last_of_two_counts_and_digits_are_kept() {
        let members = read_object(b"{\"a\":1,\"\\u0061\":12.340}").unwrap();
        assert_eq!(members, BTreeMap::from([("a".to_owned(), Json::Number("12.340".to_owned()))]));
    }

    #[test]
    fn numbers_keep_sign_and_kind_as_values() {
        assert_eq!(number("18446744073709551615"), serde_json::json!(u64::MAX));
        assert!(number("1e-999").as_f64().unwrap() > 0.0);
        assert!(number("-1e-999").as_f64().unwrap() < 0.0);
        assert!(number("-1e999").as_f64().unwrap() < -1e300);
        assert_eq!(number("0e9").as_f64(), Some(0.0));
    }
}
