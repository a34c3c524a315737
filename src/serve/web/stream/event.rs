//! Server-sent events as bytes.

use axum::body::Bytes;
use serde_json::{Map, Value};

/// What stands in front of an event that is the same for all: its name, its id where it has one, and the number of the view for
/// this client.
pub(super) fn head(name: &str, id: Option<&str>, view: usize) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {name}\n{id}data: {{\"view\":{view},").into()
}

/// The rest of an event of a view: the fields of an object after the first, and the end of the event.
pub(super) fn tail(fields: &Map<String, Value>) -> Bytes {
    // A map of JSON always has a JSON text.
    let json = serde_json::to_string(fields).unwrap_or_default();
    let fields = json.strip_prefix('{').unwrap_or(&json);
    format!("{fields}\n\n").into()
}

/// A whole event.
pub(super) fn whole(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_of_a_view_is_one_object() {
        let fields = json!({"tick": 3, "rows": ["a\nb"]});
        let text = [head("picture", Some("b.3"), 1), tail(fields.as_object().unwrap())].concat();
        let text = String::from_utf8(text).unwrap();
        let (first, data) = text.split_once("data: ").unwrap();
        assert_eq!(first, "event: picture\nid: b.3\n");
        let data: Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        assert_eq!(data, json!({"view": 1, "tick": 3, "rows": ["a\nb"]}));
        assert_eq!(whole("beat", &json!({"a": 1})), "event: beat\ndata: {\"a\":1}\n\n");
    }
}
