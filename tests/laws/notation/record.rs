//! Event lines, made into the JSON records that they stand for.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use salespulse::model::time::Time;

/// An instant: RFC 3339, or the clock on the organisation's wall without an offset.
pub(crate) fn time(zone: &str, text: &str) -> Time {
    Time::parse(text).unwrap_or_else(|| {
        let local: DateTime = text.parse().unwrap_or_else(|_| panic!("no time: {text}"));
        let zone = TimeZone::get(zone).expect("a zone");
        Time::from_millis(zone.to_timestamp(local).expect("within range").as_millisecond())
    })
}

/// The JSON of an event line, and the hash that it states in place of its own.
pub(crate) fn json(zone: &str, number: usize, line: &str) -> (String, Option<u64>) {
    let words = words(line);
    let (named, plain): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.contains('='));
    let plain: Vec<&str> = plain.into_iter().map(String::as_str).collect();
    let mut record = Map::new();
    record.insert("event_id".to_owned(), json!(format!("e{number:04}")));
    if let [_, at, ..] = plain.as_slice()
        && plain[0] != "retract"
    {
        record.insert("occurred_at".to_owned(), json!(time(zone, at).to_string()));
    }
    for (field, value) in of_type(&plain, line) {
        record.insert(field.to_owned(), value);
    }
    let mut hash = None;
    for word in named {
        let (key, value) = word.split_once('=').expect("partitioned so");
        if key == "hash" {
            hash = Some(value.parse().expect(line));
        } else {
            let (field, value) = named_field(zone, key, value);
            record.insert(field.to_owned(), value);
        }
    }
    (Value::Object(record).to_string(), hash)
}

/// The fields that the words of a line stand for by their places.
fn of_type(plain: &[&str], line: &str) -> Vec<(&'static str, Value)> {
    match plain {
        ["lead", _, lead_id] => vec![("type", json!("lead")), ("lead_id", json!(lead_id))],
        ["stage", _, lead_id, stage, money @ ..] => {
            let mut fields =
                vec![("type", json!("stage_change")), ("lead_id", json!(lead_id)), ("stage", json!(stage))];
            fields.extend(amount(money));
            fields
        }
        ["spend", _, money @ ..] => [vec![("type", json!("spend"))], amount(money)].concat(),
        ["payment", _, money @ ..] => [vec![("type", json!("payment"))], amount(money)].concat(),
        ["refund", _, money @ ..] => {
            [vec![("type", json!("payment")), ("kind", json!("refund"))], amount(money)].concat()
        }
        ["feedback", _, survey, score] => {
            let score: u64 = score.parse().expect(line);
            vec![("type", json!("feedback")), ("survey", json!(survey)), ("score", json!(score))]
        }
        ["target", _, scope, period, money @ ..] => {
            let fields = vec![("type", json!("target")), ("period", json!(period))];
            [fields, target_scope(scope), amount(money)].concat()
        }
        ["rep", _, rep, team] => vec![("type", json!("rep")), ("rep_id", json!(rep)), ("team_id", json!(team))],
        ["retract", kind] => vec![("type", json!(kind)), ("retracted", json!(true))],
        ["retract", kind, lead_id] => {
            vec![("type", json!(kind)), ("retracted", json!(true)), ("lead_id", json!(lead_id))]
        }
        _ => panic!("cannot be read: {line}"),
    }
}

fn amount(money: &[&str]) -> Vec<(&'static str, Value)> {
    match money {
        [] => Vec::new(),
        [number] => vec![("amount", json!(number))],
        [amount, currency] => vec![("amount", json!(amount)), ("currency", json!(currency))],
        other => panic!("no amount with its currency: {other:?}"),
    }
}

/// `org`, `region:<region>`, `team:<team>` or `rep:<rep>/<team>`.
fn target_scope(text: &str) -> Vec<(&'static str, Value)> {
    match text.split_once(':') {
        Some(("region", region)) => vec![("scope", json!("region")), ("region_id", json!(region))],
        Some(("team", team)) => vec![("scope", json!("team")), ("team_id", json!(team))],
        Some(("rep", pair)) => {
            let (rep, team) = pair.split_once('/').expect("<rep>/<team>");
            vec![("scope", json!("rep")), ("rep_id", json!(rep)), ("team_id", json!(team))]
        }
        _ => vec![("scope", json!(text))],
    }
}

fn named_field(zone: &str, key: &str, value: &str) -> (&'static str, Value) {
    match key {
        "id" => ("event_id", json!(value)),
        "version" => ("version", json!(value.parse::<u64>().expect("an integer"))),
        "rep" => ("rep_id", json!(value)),
        "team" => ("team_id", json!(value)),
        "customer" => ("customer_id", json!(value)),
        "channel" => ("channel", json!(value)),
        "campaign" => ("campaign", json!(value)),
        "lead" => ("lead_id", json!(value)),
        "amount" => ("amount", json!(value)),
        "margin" => ("margin", json!(value)),
        "currency" => ("currency", json!(value)),
        "name" => ("name", json!(value)),
        "active" => ("active", json!(value == "true")),
        "seq" => ("sequence", json!(value.parse::<u64>().expect("an integer"))),
        "pipeline" => ("pipeline", json!(value)),
        "measure" => ("measure", json!(value)),
        "reason" => ("lost_reason", json!(value)),
        "close" => ("expected_close_at", json!(time(zone, value).to_string())),
        "started" => ("started_at", json!(time(zone, value).to_string())),
        "splits" => ("splits", splits(value)),
        "scale_max" => ("scale_max", json!(value.parse::<u64>().expect("an integer"))),
        other => panic!("no such field: {other}"),
    }
}

/// `<rep>/<team>:<share>,…`; a rep or a team that is empty is absent.
fn splits(text: &str) -> Value {
    let part = |text: &str| {
        let (pair, share) = text.rsplit_once(':').expect("<rep>/<team>:<share>");
        let (rep, team) = pair.split_once('/').expect("<rep>/<team>");
        let ids = [("rep_id", rep), ("team_id", team)].into_iter().filter(|(_, id)| !id.is_empty());
        let part = ids.chain([("share", share)]).map(|(field, value)| (field.to_owned(), json!(value)));
        Value::Object(part.collect())
    };
    text.split(',').map(part).collect()
}

/// The words of a line; quotes hold words with spaces together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("never empty").push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
