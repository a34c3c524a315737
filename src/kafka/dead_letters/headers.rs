//! The headers of a dead letter: those of the record, in their order, then ours.

use rdkafka::message::{BorrowedHeaders, Header, OwnedHeaders};

use crate::contract::decode::Rejection;
use crate::kafka::record::SourceRecord;

/// Stands for the timestamp of a record that has none, as in Kafka itself.
const NO_TIMESTAMP: i64 = -1;

/// The headers of a rejected record's dead letter. The record's own are copied by librdkafka, whatever bytes they hold.
pub(super) fn headers(record: &SourceRecord<'_>, rejection: &Rejection) -> OwnedHeaders {
    let copied = record.headers.headers().map_or_else(OwnedHeaders::new, BorrowedHeaders::detach);
    let ours = [
        ("salespulse.error.topic", record.topic.to_owned()),
        ("salespulse.error.partition", record.partition.to_string()),
        ("salespulse.error.offset", record.offset.to_string()),
        ("salespulse.error.timestamp", record.timestamp.unwrap_or(NO_TIMESTAMP).to_string()),
        ("salespulse.error.code", rejection.code.name().to_owned()),
        ("salespulse.error.message", rejection.message.clone()),
    ];
    ours.iter().fold(copied, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::decode::RejectionCode;
    use rdkafka::message::Headers as _;

    fn texts(headers: &OwnedHeaders) -> Vec<(String, Option<String>)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        headers.as_borrowed().iter().map(|header| (header.key.to_owned(), header.value.map(text))).collect()
    }

    #[test]
    fn the_records_own_come_first_in_their_order() {
        let own = OwnedHeaders::new()
            .insert(Header { key: "b", value: Some("2") })
            .insert(Header { key: "a", value: None::<&str> })
            .insert(Header { key: "b", value: Some("") });
        let record = SourceRecord {
            topic: "sales.leads",
            partition: 3,
            offset: 41,
            timestamp: Some(1_700_000_000_000),
            key: None,
            value: None,
            headers: &Some(own),
        };
        let rejection = Rejection::new(RejectionCode::NotJson, "The value is not one JSON object.");
        let told = texts(&headers(&record, &rejection));
        let expected = [
            ("b", Some("2")),
            ("a", None),
            ("b", Some("")),
            ("salespulse.error.topic", Some("sales.leads")),
            ("salespulse.error.partition", Some("3")),
            ("salespulse.error.offset", Some("41")),
            ("salespulse.error.timestamp", Some("1700000000000")),
            ("salespulse.error.code", Some("not_json")),
            ("salespulse.error.message", Some("The value is not one JSON object.")),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_record_without_headers_and_timestamp() {
        let record = SourceRecord {
            topic: "t",
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: None,
            headers: &None,
        };
        let told = texts(&headers(&record, &Rejection::new(RejectionCode::TooLarge, "Too large.")));
        assert_eq!(told.len(), 6);
        assert_eq!(told[3].1.as_deref(), Some("-1"));
    }
}
