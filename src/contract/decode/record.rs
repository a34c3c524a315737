//! A record as it is decoded.

use super::envelope;
use super::headers::Headers;
use crate::model::event::{Event, EventType};
use crate::model::time::Time;

/// A record as it came from a topic or a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// The type that its topic (or file name) decides.
    pub topic_type: Option<EventType>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Whether a Confluent prefix may stand before the JSON, and after it a byte order mark: in Kafka, not in files.
    pub may_be_framed: bool,
    /// Whether it is the first line of a file, before which a byte order mark may stand.
    pub starts_file: bool,
    /// Its headers.
    pub headers: Headers<'a>,
    /// The record's Kafka timestamp.
    pub timestamp: Option<Time>,
}

impl<'a> Record<'a> {
    /// The bytes that must be JSON; `None` of a tombstone.
    pub(super) fn json(&self) -> Option<&'a [u8]> {
        let json = if self.may_be_framed { envelope::without_frame(self.value?) } else { self.value? };
        Some(if self.may_be_framed || self.starts_file { envelope::without_mark(json) } else { json })
    }

    /// The hash of the whole value, if that of the event which was decoded from it is one.
    #[must_use]
    pub fn value_hash(&self, event: &Event<'_>) -> Option<u64> {
        let length = |bytes: Option<&[u8]>| bytes.map(<[u8]>::len);
        (length(self.json()) == length(self.value)).then_some(event.hash)
    }
}
