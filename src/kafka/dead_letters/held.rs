//! A dead letter that cannot be handed to librdkafka now, with bytes of its own.

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Message as _, OwnedHeaders};

use crate::kafka::partition::Origin;
use crate::kafka::record::SourceRecord;

/// A dead letter on its own.
#[derive(Debug)]
pub(super) struct HeldRecord {
    /// Absent is something else than empty.
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: OwnedHeaders,
    pub(super) origin: Box<Origin>,
}

impl HeldRecord {
    /// A copy of a record.
    pub(super) fn of(record: &SourceRecord<'_>, headers: OwnedHeaders, origin: Box<Origin>) -> HeldRecord {
        HeldRecord { key: record.key.map(<[u8]>::to_vec), value: record.value.map(<[u8]>::to_vec), headers, origin }
    }

    /// A copy of a dead letter that the broker refused.
    pub(super) fn returned(message: &BorrowedMessage<'_>, origin: Box<Origin>) -> HeldRecord {
        let headers = message.headers().map_or_else(OwnedHeaders::new, BorrowedHeaders::detach);
        HeldRecord {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
            origin,
        }
    }
}
