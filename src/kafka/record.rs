//! A record as it lies in a topic, whoever read it.

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, Message, OwnedHeaders};

use crate::contract::decode::{CloudEventHeaders, FindHeaders, Headers, Record};
use crate::health::quietly;
use crate::model::event::EventType;
use crate::model::time::Time;
use crate::snapshot::Fingerprint;

/// A record with its place.
#[derive(Clone, Copy)]
pub struct SourceRecord<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp in Unix milliseconds, if it has one.
    pub timestamp: Option<i64>,
    /// Its key; absent is something else than empty.
    pub key: Option<&'a [u8]>,
    /// Its value; absent is something else than empty.
    pub value: Option<&'a [u8]>,
    /// Its headers.
    pub headers: &'a dyn HasHeaders,
}

/// What has headers, which are parsed when somebody asks for them: librdkafka allocates to find that there are none.
pub trait HasHeaders {
    /// The headers, if there are any.
    fn headers(&self) -> Option<&BorrowedHeaders>;
}

impl HasHeaders for BorrowedMessage<'_> {
    fn headers(&self) -> Option<&BorrowedHeaders> {
        Message::headers(self)
    }
}

impl HasHeaders for Option<OwnedHeaders> {
    fn headers(&self) -> Option<&BorrowedHeaders> {
        self.as_ref().map(OwnedHeaders::as_borrowed)
    }
}

impl std::fmt::Debug for SourceRecord<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FindHeaders for SourceRecord<'_> {
    fn cloud_event(&self) -> CloudEventHeaders<'_> {
        self.headers.headers().map(event_headers).unwrap_or_default()
    }
}

impl<'a> SourceRecord<'a> {
    /// The record in a message.
    #[must_use]
    pub fn of(message: &'a BorrowedMessage<'_>) -> SourceRecord<'a> {
        SourceRecord {
            topic: message.topic(),
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            key: message.key(),
            value: message.payload(),
            headers: message,
        }
    }

    /// What the decoder sees of it, in a topic of this type.
    #[must_use]
    pub fn decodable(&self, kind: EventType) -> Record<'_> {
        Record {
            topic_type: Some(kind),
            value: self.value,
            may_be_framed: true,
            starts_file: false,
            headers: Headers::Asked(self),
            timestamp: self.timestamp.map(Time::from_millis),
        }
    }

    /// By what it is known again.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.offset, self.timestamp, self.key, self.value)
    }

    /// The same where the XXH3-64 of its value is known.
    #[must_use]
    pub fn fingerprint_of_hashed(&self, value: u64) -> Fingerprint {
        Fingerprint::of_hashed(self.offset, self.timestamp, self.key, value)
    }

    /// How long its key and its value are together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)
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
    use rdkafka::message::Header;

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
