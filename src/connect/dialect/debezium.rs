//! Debezium: the changes of a database's rows, bare or beside their schema.

use super::{Payload, Reading};
use crate::connect::json::Json;
use crate::connect::mapping::{FaultCode, decimal_of_base64};
use crate::model::time::Time;

const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";

/// Reads change events: `row` is the row after the change, or before its deletion.
pub(super) fn read(payloads: &[Payload]) -> Reading {
    let mut reading = Reading::default();
    for payload in payloads {
        read_one(payload, &mut reading);
    }
    reading
}

fn read_one(payload: &Payload, reading: &mut Reading) {
    let json = payload.body();
    let envelope = match json.at("/payload") {
        Some(envelope) if json.at("/schema").is_some() => envelope,
        _ => json,
    };
    let (kind, side) = match envelope.word("/op") {
        Some(op @ ("c" | "u" | "r")) => (op, "after"),
        Some("d") => ("d", "before"),
        Some("t") => return reading.skip(&payload.name, "is a truncation, which names no rows"),
        _ if envelope == &Json::Null => return reading.skip(&payload.name, "is a tombstone"),
        _ => return reading.skip(&payload.name, "is no change event"),
    };
    let Some(row) = envelope.at(&format!("/{side}")) else {
        let message = "a deletion without the row before it: set REPLICA IDENTITY FULL, or map from the topic's key";
        return reading.fault(FaultCode::Missing, side, message);
    };
    match converted(row, json.at("/schema"), side) {
        Ok(row) => {
            let field = |pointer: &str| envelope.at(pointer).cloned().unwrap_or(Json::Null);
            let document = [
                ("op", Json::text_of(kind)),
                ("row", row),
                ("source", field("/source")),
                ("ts_ms", field("/ts_ms")),
                // When the connector has read the change: the only order in which no change is older than the first
                // reading of its row, and in which two changes of one transaction differ.
                ("ts_us", field("/ts_us")),
                ("table", field("/source/table")),
            ];
            reading.add("rows", Json::object(document));
        }
        Err((field, message)) => reading.fault(FaultCode::Invalid, field, message),
    }
}

/// The row with its decimals and times as the mapping reads them, by the names of their types.
fn converted(row: &Json, schema: Option<&Json>, side: &str) -> Result<Json, (String, String)> {
    let Json::Object(fields) = row else { return Ok(row.clone()) };
    let described = |name: &str| {
        let of_side = schema?.items("/fields").iter().find(|field| field.word("/field") == Some(side))?;
        of_side.items("/fields").iter().find(|field| field.word("/field") == Some(name))
    };
    let mut converted = Vec::new();
    for (name, value) in fields.iter() {
        let value = match described(name) {
            Some(field) => by_type(value, field).map_err(|message| (name.to_owned(), message))?,
            None => match value {
                Json::Number(digits) if digits.contains(['.', 'e', 'E']) => return Err((name.to_owned(), double())),
                value => value.clone(),
            },
        };
        converted.push((name.to_owned(), value));
    }
    Ok(Json::Object(converted.into_iter().collect()))
}

fn double() -> String {
    "is a double, which has lost digits already: set decimal.handling.mode to string (or precise)".to_owned()
}

fn by_type(value: &Json, field: &Json) -> Result<Json, String> {
    let number = || value.word("").and_then(|digits| digits.parse::<i64>().ok());
    let wrong = |type_name: &str| format!("is not what {type_name} says");
    let name = field.word("/name").unwrap_or_default();
    // Written out, so that nobody takes its number for one of another unit.
    let instant = |of_millisecond: i64| {
        let millis = number().map(|number| number.div_euclid(of_millisecond)).ok_or_else(|| wrong(name))?;
        Ok::<_, String>(Json::Text(Time::from_millis(millis).to_string()))
    };
    Ok(match (name, value) {
        (_, Json::Null) => Json::Null,
        (DECIMAL, value) => {
            let places = field.word("/parameters/scale").and_then(|scale| scale.parse().ok()).unwrap_or(0);
            let text = value.word("").and_then(|text| decimal_of_base64(text, places)).ok_or_else(|| wrong(name))?;
            Json::Text(text)
        }
        ("io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp", _) => instant(1)?,
        ("io.debezium.time.MicroTimestamp", _) => instant(1_000)?,
        ("io.debezium.time.NanoTimestamp", _) => instant(1_000_000)?,
        ("io.debezium.time.Date" | "org.apache.kafka.connect.data.Date", _) => {
            let days = number().and_then(|days| jiff::Span::new().try_days(days).ok());
            let date = days.and_then(|days| jiff::civil::date(1970, 1, 1).checked_add(days).ok());
            Json::Text(date.ok_or_else(|| wrong(name))?.to_string())
        }
        (_, Json::Number(digits))
            if matches!(field.word("/type"), Some("double" | "float")) || digits.contains(['.', 'e', 'E']) =>
        {
            return Err(double());
        }
        (_, value) => value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Reading {
        read(&[Payload::new("topic", Json::parse(text.as_bytes()).unwrap())])
    }

    #[test]
    fn doubles_are_refused() {
        let reading = read_text(r#"{"op":"c","after":{"id":1,"amount":0.1}}"#);
        assert!(reading.documents.is_empty());
        assert_eq!(reading.faults[0].field, "amount");
        assert!(reading.faults[0].message.contains("decimal.handling.mode"));
    }

    #[test]
    fn types_are_converted_by_their_names() {
        let reading = read_text(
            r#"{"schema":{"fields":[{"field":"after","fields":[
                {"field":"amount","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}},
                {"field":"day","name":"io.debezium.time.Date"},
                {"field":"at","name":"io.debezium.time.MicroTimestamp"}]}]},
               "payload":{"op":"r","after":{"amount":"AfwC","day":20767,"at":1794301200123456}}}"#,
        );
        let row = &reading.documents[0].record;
        assert_eq!(row.word("/row/amount"), Some("1300.50"));
        assert_eq!(row.word("/row/day"), Some("2026-11-10"));
        assert_eq!(row.word("/row/at"), Some("2026-11-10T09:00:00.123Z"));
    }

    #[test]
    fn the_order_of_changes_is_that_in_which_they_were_read() {
        let reading = read_text(r#"{"op":"u","after":{"id":1},"source":{"lsn":7,"ts_ms":8},"ts_ms":9,"ts_us":9001}"#);
        let record = &reading.documents[0].record;
        assert_eq!(
            ["/ts_us", "/ts_ms", "/source/ts_ms"].map(|at| record.word(at)),
            [Some("9001"), Some("9"), Some("8")]
        );
    }

    #[test]
    fn a_deletion_needs_its_row() {
        assert_eq!(read_text(r#"{"op":"d","before":null,"after":null}"#).faults.len(), 1);
        assert_eq!(read_text(r#"{"op":"t"}"#).skipped.len(), 1);
    }
}
