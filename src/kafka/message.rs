//! A Kafka message as the decoder wants it.

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, Message as _};

use crate::contract::decode::{CloudEventHeaders, Record};
use crate::health::quietly;
use crate::model::event::EventType;
use crate::model::time::Time;

/// The record in a message of the topic of this type.
#[must_use]
pub fn record_of<'a>(message: &'a BorrowedMessage<'_>, kind: EventType) -> Record<'a> {
    Record {
        topic_type: Some(kind),
        value: message.payload(),
        may_be_framed: true,
        starts_file: false,
        headers: message.headers().map(event_headers).unwrap_or_default(),
        timestamp: message.timestamp().to_millis().map(Time::from_millis),
    }
}

fn event_headers(headers: &BorrowedHeaders) -> CloudEventHeaders<'_> {
    let mut found = CloudEventHeaders::default();
    for index in 0..headers.count() {
        // rdkafka panics at a name that is not UTF-8. Such a header is none of those we look for, and the record must
        // neither be lost nor stop the stream.
        let Some(Some(header)) = quietly(|| headers.try_get(index)) else { continue };
        match header.key {
            "ce_id" => found.id = header.value,
            "ce_time" => found.time = header.value,
            "ce_type" => found.kind = header.value,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::message::{Header, OwnedHeaders};

    #[test]
    fn the_last_of_a_name_counts() {
        let headers = OwnedHeaders::new()
            .insert(Header { key: "ce_id", value: Some("first") })
            .insert(Header { key: "ce_type", value: Some("lead") })
            .insert(Header { key: "other", value: Some("x") })
            .insert(Header { key: "ce_id", value: Some("last") })
            .insert(Header { key: "ce_time", value: None::<&str> });
        let found = event_headers(headers.as_borrowed());
        assert_eq!(found.id, Some(&b"last"[..]));
        assert_eq!(found.kind, Some(&b"lead"[..]));
        assert_eq!(found.time, None);
    }
}
