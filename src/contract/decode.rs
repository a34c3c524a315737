//! From bytes to an event, or to a rejection with its code: every rule of the event contract.
//!
//! The scanner reads a record once and keeps the spans of the fields that mean something; the
//! fields are then judged in the order of the codes, so that the first fault is the one reported.

mod body;
mod envelope;
mod faults;
mod fields;
mod headers;
mod hints;
mod json;
mod reader;
mod record;
mod rejection;
mod unread;

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

pub use self::envelope::BYTE_ORDER_MARK;
use self::fields::{Fields, Key};
pub use self::headers::{CloudEventHeaders, FindHeaders, Headers};
use self::json::Raw;
use self::reader::Reader;
pub use self::record::Record;
pub use self::rejection::{Rejection, RejectionCode, Setting};
pub use self::unread::unread_fields;
use crate::model::event::{Event, EventType, Text};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// The largest value of a record, framing included, in bytes.
pub const LARGEST_VALUE: usize = 64 * 1024;

/// What a usable record is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a decoded event is consumed at once, never stored in this form")]
pub enum Decoded<'a> {
    /// An accepted event.
    Event(Event<'a>),
    /// A record with a null value: ignored and counted.
    Tombstone,
}

/// Whom a record names that may yet be rejected.
#[derive(Clone, Debug, Default)]
pub struct Named<'a> {
    /// The team.
    pub team_id: Option<Text<'a>>,
    /// The rep.
    pub rep_id: Option<Text<'a>>,
}

/// Judges records by the event contract.
#[derive(Clone, Debug)]
pub struct Decoder {
    rules: Arc<Rules>,
}

impl Decoder {
    /// A decoder for this configuration.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Decoder {
        Decoder { rules }
    }

    /// Decodes one record that arrived at `now`.
    ///
    /// # Errors
    /// A [`Rejection`] with the first of its faults in the order of [`RejectionCode`].
    pub fn decode<'a>(&self, record: &Record<'a>, now: Time) -> Result<Decoded<'a>, Rejection> {
        self.decode_telling(record, now, |_| ())
    }

    /// The same; `early` is told whom the record names, before the rest of it is read.
    ///
    /// # Errors
    /// As of [`decode`](Decoder::decode).
    pub fn decode_telling<'a>(
        &self,
        record: &Record<'a>,
        now: Time,
        early: impl FnOnce(Named<'a>),
    ) -> Result<Decoded<'a>, Rejection> {
        let (Some(value), Some(json)) = (record.value, record.json()) else { return Ok(Decoded::Tombstone) };
        // Each rejection is explained where it arises: an event is too large to be passed through one more result.
        let explained = |rejection| hints::explained(rejection, record, now);
        if value.len() > LARGEST_VALUE {
            return Err(explained(Rejection::new(
                RejectionCode::TooLarge,
                format!("the value has {} bytes; at most {LARGEST_VALUE} are allowed, framing included", value.len()),
            )));
        }
        let Ok(text) = std::str::from_utf8(json) else { return Err(explained(not_json())) };
        let mut fields = Fields::of(text);
        if fields.scan().is_none() {
            return Err(explained(not_json()));
        }
        envelope::open(&mut fields, record.headers);
        let kind = kind(&fields, record.topic_type).map_err(explained)?;
        let named = |key| fields.get(key).and_then(Raw::into_text);
        early(Named { team_id: named(Key::TeamId), rep_id: named(Key::RepId) });
        let recorded_at = record.timestamp.unwrap_or(now);
        let mut reader = Reader::new(&fields, &self.rules);
        let event = self.read(&mut reader, kind, xxh3_64(json), recorded_at, recorded_at.min(now));
        if let Some(fault) = reader.into_fault() {
            return Err(explained(fault));
        }
        match event {
            Some(event) => Ok(Decoded::Event(event)),
            None => Err(explained(Rejection::new(RejectionCode::InvalidField, "a field cannot be read"))),
        }
    }

    /// Reads all fields of a type; `None` only if a fault was noted.
    // Inlined, with what it calls for journeys, so that an event is built where it is returned: it is large to move.
    #[inline(always)]
    fn read<'a>(
        &self,
        reader: &mut Reader<'a, '_>,
        kind: EventType,
        hash: u64,
        recorded_at: Time,
        earliest_now: Time,
    ) -> Option<Event<'a>> {
        let event_id = reader.required_id(Key::EventId);
        let version = match reader.has(Key::Version) {
            true => {
                reader.integer(Key::Version, "an integer from 0 to 18446744073709551615", |digits| digits.parse().ok())
            }
            false => Some(0),
        };
        let (occurred_at, body) = if reader.bool(Key::Retracted) == Some(true) {
            (Some(recorded_at), body::retraction(reader, kind))
        } else {
            let at = reader.required_time(Key::OccurredAt);
            let latest = earliest_now.plus(self.rules.allowed_skew);
            // A target's period says when it holds, so it may be set at any time before.
            if let Some(at) = at.filter(|at| *at > latest && kind != EventType::Target) {
                reader.note(RejectionCode::InFuture, Key::OccurredAt, || {
                    format!(
                        "\"occurred_at\" is {at}, later than {latest}, the latest allowed when this record was written"
                    )
                });
            }
            (at, body::read(reader, kind, at))
        };
        let (event_id, version, occurred_at) = (event_id?, version?, occurred_at?);
        Some(Event { event_id, version, hash, occurred_at, recorded_at, body: body? })
    }
}

/// The `lead_id` that a record names, whatever else is wrong with it.
#[must_use]
pub fn lead_id_of<'a>(record: &Record<'a>) -> Option<Text<'a>> {
    let mut fields = Fields::scanned(std::str::from_utf8(record.json()?).ok()?)?;
    envelope::open(&mut fields, record.headers);
    fields.get(Key::LeadId)?.into_text()
}

fn not_json() -> Rejection {
    Rejection::new(
        RejectionCode::NotJson,
        "the value is not one JSON object in UTF-8, nested at most 32 deep and without lone surrogates",
    )
}

/// The type that the record and its topic agree on.
fn kind(fields: &Fields<'_>, topic_type: Option<EventType>) -> Result<EventType, Rejection> {
    let said = match fields.get(Key::Type) {
        None => None,
        Some(Raw::String(string)) => Some(EventType::from_name(&string.text()).ok_or_else(unknown_type)?),
        Some(_) => return Err(unknown_type()),
    };
    match (said, topic_type) {
        (Some(said), Some(topic)) if said != topic => Err(Rejection::of_field(
            RejectionCode::TypeMismatch,
            Key::Type,
            format!("\"type\" is \"{said}\", but this topic carries \"{topic}\""),
        )),
        (Some(kind), _) | (None, Some(kind)) => Ok(kind),
        (None, None) => Err(Rejection::of_field(
            RejectionCode::MissingField,
            Key::Type,
            "\"type\" is required where neither the topic nor the file's name decides it",
        )),
    }
}

fn unknown_type() -> Rejection {
    let names = EventType::ALL.map(EventType::name).join(", ");
    Rejection::of_field(RejectionCode::UnknownType, Key::Type, format!("\"type\" must be one of {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::{Currency, Decimal, Rates};
    use crate::model::rules::Pipeline;
    use jiff::civil::date;

    fn decoder() -> Decoder {
        let currency = |code| Currency::from_code(code).unwrap();
        let mut rates = Rates::new(currency("CNY"));
        rates.add(date(2026, 1, 1), currency("USD"), Decimal::parse("7.10").unwrap().to_ratio().unwrap());
        let stages = ["lead", "contacted", "won"].map(str::to_owned).to_vec();
        let mut pipeline = Pipeline::new(stages).unwrap();
        pipeline.set_alias("dead", "lost").unwrap();
        Decoder::new(Arc::new(Rules { pipeline, ..Rules::new(rates) }))
    }

    /// The same with a pipeline `renewals` beside the first.
    fn two_pipelines() -> Decoder {
        let Decoder { rules } = decoder();
        let renewals = Pipeline::new(["lead", "notice", "won"].map(str::to_owned).to_vec()).unwrap();
        let pipelines = std::collections::BTreeMap::from([("renewals".to_owned(), renewals)]);
        Decoder::new(Arc::new(Rules { pipelines, ..(*rules).clone() }))
    }

    const NOW: &str = "2026-03-01T00:00:00Z";

    fn decode(json: &str) -> Result<String, RejectionCode> {
        decode_by(&decoder(), json)
    }

    fn decode_by(decoder: &Decoder, json: &str) -> Result<String, RejectionCode> {
        let record = Record { value: Some(json.as_bytes()), ..Record::default() };
        match decoder.decode(&record, Time::parse(NOW).unwrap()) {
            Ok(decoded) => Ok(format!("{decoded:?}")),
            Err(rejection) => Err(rejection.code),
        }
    }

    fn moved(decoder: &Decoder, fields: &str) -> Result<String, RejectionCode> {
        let common =
            "\"type\":\"stage_change\",\"event_id\":\"e\",\"lead_id\":\"l\",\"occurred_at\":\"2026-02-01T00:00:00Z\"";
        decode_by(decoder, &format!("{{{common},{fields}}}"))
    }

    fn code(fields: &str) -> Option<RejectionCode> {
        decode(&format!("{{\"event_id\":\"e\",\"occurred_at\":\"2026-02-01T00:00:00Z\",{fields}}}")).err()
    }

    #[test]
    fn a_rejected_record_still_names_its_journey() {
        fn named(value: &str) -> Option<Text<'_>> {
            lead_id_of(&Record { value: Some(value.as_bytes()), ..Record::default() })
        }
        assert_eq!(named(r#"{"lead_id":"L1","stage":7}"#).as_deref(), Some("L1"));
        assert_eq!(named(r#"{"specversion":"1.0","data":{"lead_id":"L2"},"lead_id":"L3"}"#).as_deref(), Some("L2"));
        for value in [r#"{"lead_id":1}"#, "{}", "[]", "not json"] {
            assert_eq!(named(value), None, "{value}");
        }
        assert_eq!(lead_id_of(&Record::default()), None);
    }

    #[test]
    fn the_first_fault_in_the_order_of_the_codes_counts() {
        use RejectionCode::*;
        let lead = "\"type\":\"lead\",\"lead_id\":\"l\"";
        let move_to = |rest: &str| format!("\"type\":\"stage_change\",\"lead_id\":\"l\",{rest}");
        for (fields, expected) in [
            (lead.to_owned(), None),
            ("\"type\":\"deal\"".to_owned(), Some(UnknownType)),
            ("\"type\":5".to_owned(), Some(UnknownType)),
            ("\"type\":null".to_owned(), Some(MissingField)),
            ("\"type\":\"lead\",\"rep_id\":5".to_owned(), Some(MissingField)),
            (format!("{lead},\"rep_id\":5,\"occurred_at\":\"x\""), Some(InvalidField)),
            (format!("{lead},\"occurred_at\":\"x\""), Some(InvalidTime)),
            (format!("{lead},\"occurred_at\":1.5"), Some(InvalidTime)),
            (format!("{lead},\"occurred_at\":true"), Some(InvalidField)),
            (format!("{lead},\"occurred_at\":\"2026-03-02T00:00:00Z\""), None),
            (format!("{lead},\"occurred_at\":\"2026-03-02T00:00:00.001Z\""), Some(InFuture)),
            (format!("{lead},\"version\":-1"), Some(InvalidField)),
            (format!("{lead},\"version\":18446744073709551615"), None),
            (move_to("\"stage\":\"lead\""), None),
            (move_to("\"stage\":\"leads\""), Some(UnknownStage)),
            (move_to("\"stage\":\"contacted\",\"amount\":\"1\""), Some(MissingField)),
            (move_to("\"stage\":\"contacted\",\"amount\":\"1.234\",\"currency\":\"XXX\""), Some(UnknownCurrency)),
            (move_to("\"stage\":\"contacted\",\"amount\":\"-1\",\"currency\":\"XXX\""), Some(InvalidAmount)),
            (move_to("\"stage\":\"contacted\",\"amount\":\"1.234\",\"currency\":\"EUR\""), Some(InvalidAmount)),
            (move_to("\"stage\":\"contacted\",\"amount\":\"1.23\",\"currency\":\"EUR\""), Some(UnknownCurrency)),
            (move_to("\"stage\":\"contacted\",\"currency\":\"EUR\""), None),
            (move_to("\"stage\":\"void\",\"margin\":\"-1.23\",\"currency\":\"USD\""), None),
            (move_to("\"stage\":\"lost\",\"expected_close_at\":\"soon\""), Some(InvalidTime)),
            ("\"type\":\"spend\",\"retracted\":true,\"occurred_at\":\"x\"".to_owned(), None),
            ("\"type\":\"lead\",\"retracted\":true".to_owned(), Some(MissingField)),
            ("\"type\":\"feedback\",\"survey\":\"nps\",\"score\":0,\"scale_max\":\"x\"".to_owned(), None),
            ("\"type\":\"feedback\",\"survey\":\"csat\",\"score\":6".to_owned(), Some(InvalidField)),
            ("\"type\":\"feedback\",\"survey\":\"csat\",\"score\":6,\"scale_max\":10".to_owned(), None),
            ("\"type\":\"payment\",\"amount\":0,\"currency\":\"CNY\"".to_owned(), Some(InvalidAmount)),
            (
                "\"type\":\"target\",\"scope\":\"team\",\"period\":\"2026\",\"amount\":0,\"currency\":\"CNY\""
                    .to_owned(),
                Some(MissingField),
            ),
        ] {
            assert_eq!(code(&fields), expected, "{fields}");
        }
    }

    #[test]
    fn pipelines_are_read_where_there_are_any() {
        use RejectionCode::*;
        let two = two_pipelines();
        for (fields, of_one, of_two) in [
            (r#""stage":"contacted""#, None, None),
            (r#""stage":"notice""#, Some(UnknownStage), Some(UnknownStage)),
            (r#""stage":"notice","pipeline":"renewals""#, Some(UnknownStage), None),
            (r#""stage":"contacted","pipeline":"renewals""#, None, Some(UnknownStage)),
            (r#""stage":"contacted","pipeline":"default""#, None, None),
            (r#""stage":"won","pipeline":"other""#, None, Some(UnknownStage)),
            (r#""stage":"won","pipeline":5"#, None, Some(InvalidField)),
            (r#""stage":"dead","pipeline":"renewals""#, None, Some(UnknownStage)),
            (r#""stage":"dead","lost_reason":"price""#, None, None),
            (r#""stage":"dead","lost_reason":"""#, Some(InvalidField), Some(InvalidField)),
            (r#""stage":"won","lost_reason":5"#, None, None),
        ] {
            assert_eq!(moved(&decoder(), fields).err(), of_one, "{fields}");
            assert_eq!(moved(&two, fields).err(), of_two, "{fields}");
        }
    }

    #[test]
    fn shares_are_good_and_add_up_to_one() {
        use RejectionCode::*;
        for (splits, expected) in [
            ("null", None),
            (r#"[{"rep_id":"a","share":"0.5"},{"rep_id":"b","share":0.50}]"#, None),
            (r#"[{"share":1}]"#, None),
            (r#"[{"share":"0.333333333"},{"team_id":"t","share":"0.666666667"}]"#, None),
            ("[]", Some(InvalidField)),
            ("{}", Some(InvalidField)),
            ("[null]", Some(InvalidField)),
            (r#"[{"share":"x"},5]"#, Some(InvalidField)),
            (r#"[{"rep_id":"a"}]"#, Some(MissingField)),
            (r#"[{"share":null}]"#, Some(MissingField)),
            (r#"[{"share":true}]"#, Some(InvalidField)),
            (r#"[{"rep_id":"","share":1}]"#, Some(InvalidField)),
            (r#"[{"share":"0.5"},{"rep_id":"unassigned","share":"0.5"}]"#, Some(InvalidField)),
            (r#"[{"share":"0.5"},{"rep_id":"a","share":"0.4"}]"#, Some(InvalidAmount)),
            (r#"[{"share":"0"},{"rep_id":"a","share":"1"}]"#, Some(InvalidAmount)),
            (r#"[{"share":"0.3333333333"},{"rep_id":"a","share":"0.6666666667"}]"#, Some(InvalidAmount)),
            (r#"[{"share":"1,0"}]"#, Some(InvalidAmount)),
        ] {
            assert_eq!(
                moved(&decoder(), &format!("\"stage\":\"won\",\"splits\":{splits}")).err(),
                expected,
                "{splits}"
            );
        }
        let eleven = [r#"{"share":"0.1"}"#; 11].join(",");
        assert_eq!(moved(&decoder(), &format!(r#""stage":"won","splits":[{eleven}]"#)).err(), Some(InvalidField));
    }

    #[test]
    fn targets_are_of_measures_and_periods_that_there_are() {
        use RejectionCode::*;
        let target = |fields: &str| code(&format!("\"type\":\"target\",\"scope\":\"org\",{fields}"));
        for (fields, expected) in [
            (r#""period":"2026-W53","amount":1,"currency":"CNY""#, None),
            (r#""period":"2025-W53","amount":1,"currency":"CNY""#, Some(InvalidField)),
            (r#""period":"2026-H2","amount":1,"currency":"CNY""#, None),
            (r#""period":"2026","measure":"won","amount":"12.00""#, None),
            (r#""period":"2026","measure":"won","amount":12,"currency":5"#, None),
            (r#""period":"2026","measure":"won","amount":"12.5""#, Some(InvalidAmount)),
            (r#""period":"2026","measure":"payments","amount":12"#, Some(MissingField)),
            (r#""period":"2026","measure":"calls","amount":12"#, Some(InvalidField)),
            (r#""period":"2026","measure":"calls""#, Some(MissingField)),
            (r#""period":"2026","amount":1,"currency":"CNY","occurred_at":"2030-01-01T00:00:00Z""#, None),
            (r#""period":"2026","amount":1,"currency":"CNY","scope":"region""#, Some(MissingField)),
            (r#""period":"2026","amount":1,"currency":"CNY","scope":"region","region_id":"north""#, None),
            (r#""period":"2026","amount":1,"currency":"CNY","region_id":7"#, Some(InvalidField)),
        ] {
            assert_eq!(target(fields), expected, "{fields}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_once_where_one_may_be() {
        let json = "{\"type\":\"lead\",\"event_id\":\"e\",\"lead_id\":\"l\",\"occurred_at\":100000000000}";
        let now = Time::parse(NOW).unwrap();
        for (prefix, in_kafka, first_line) in
            [("", true, true), ("\u{feff}", true, true), ("\u{feff}\u{feff}", false, false)]
        {
            let value = [prefix, json].concat();
            let record = Record { value: Some(value.as_bytes()), ..Record::default() };
            for (record, is_fine) in [
                (Record { may_be_framed: true, ..record }, in_kafka),
                (Record { starts_file: true, ..record }, first_line),
                (record, prefix.is_empty()),
            ] {
                match decoder().decode(&record, now) {
                    Ok(Decoded::Event(event)) => assert_eq!((is_fine, event.hash), (true, xxh3_64(json.as_bytes()))),
                    other => assert!(!is_fine && other.is_err(), "{other:?}"),
                }
            }
        }
        let framed = [&[0_u8; 5][..], "\u{feff}".as_bytes(), json.as_bytes()].concat();
        let record = Record { value: Some(&framed), may_be_framed: true, ..Record::default() };
        assert!(decoder().decode(&record, now).is_ok());
    }

    #[test]
    fn framing_is_taken_off_in_kafka_only() {
        let json =
            b"{\"type\":\"rep\",\"event_id\":\"e\",\"occurred_at\":100000000000,\"rep_id\":\"r\",\"team_id\":\"t\"}";
        for prefix in [vec![], vec![0; 5], [vec![1], vec![9; 16]].concat()] {
            let value = [prefix.as_slice(), json].concat();
            let record = Record { value: Some(&value), may_be_framed: true, ..Record::default() };
            let framed = decoder().decode(&record, Time::parse(NOW).unwrap());
            let Ok(Decoded::Event(event)) = framed else { panic!("{framed:?}") };
            assert_eq!(event.hash, xxh3_64(json));
            assert_eq!(record.value_hash(&event), prefix.is_empty().then(|| xxh3_64(&value)));
            let in_file = decoder().decode(&Record { may_be_framed: false, ..record }, Time::parse(NOW).unwrap());
            assert_eq!(in_file.is_ok(), prefix.is_empty());
        }
        let cut = Record { value: Some(&[0, 0, 0]), may_be_framed: true, ..Record::default() };
        assert_eq!(decoder().decode(&cut, Time::default()).unwrap_err().code, RejectionCode::NotJson);
    }

    #[test]
    fn cloud_events_stand_in_for_what_is_missing() {
        let json = "{\"specversion\":\"1.0\",\"id\":\"e\",\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"lead\",\"data\":{\"lead_id\":\"l\"}}";
        assert!(decode(json).unwrap().contains("event_id: \"e\""));
        let foreign = json.replace("\"lead\"", "\"com.crm.deal\"");
        assert_eq!(decode(&foreign), Err(RejectionCode::MissingField));
        let headers = CloudEventHeaders { id: Some(b"h"), time: Some(b"2026-01-01T00:00:00Z"), kind: Some(b"lead") };
        let record =
            Record { value: Some(b"{\"lead_id\":\"l\"}"), headers: Headers::Known(headers), ..Record::default() };
        let decoded = decoder().decode(&record, Time::parse(NOW).unwrap()).unwrap();
        assert!(matches!(decoded, Decoded::Event(event) if event.event_id == "h"));
    }

    #[test]
    fn a_rejection_says_what_its_record_looks_like() {
        let message = |value: &str, timestamp| {
            let record = Record { value: Some(value.as_bytes()), timestamp, ..Record::default() };
            decoder().decode(&record, Time::parse(NOW).unwrap()).unwrap_err().message
        };
        let (later, early) = (Time::parse("2099-01-01T00:00:00Z").unwrap(), Time::from_millis(1_790_000_000));
        let future = format!(
            "{{\"type\":\"rep\",\"event_id\":\"e\",\"occurred_at\":\"{later}\",\"rep_id\":\"r\",\"team_id\":\"t\"}}"
        );
        for (value, timestamp, words) in [
            ("<lead/>", None, "it looks like XML"),
            ("{\"schema\":{},\"payload\":{}}", None, "an envelope of Kafka Connect"),
            (&future, Some(early), "as if it were in seconds"),
        ] {
            let message = message(value, timestamp);
            assert!(message.contains(words), "{value}: {message}");
        }
    }
}
