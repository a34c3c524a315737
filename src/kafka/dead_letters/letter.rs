//! A dead letter that cannot be handed to librdkafka now, with bytes of its own.

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Message as _, OwnedHeaders};

use crate::kafka::Origin;

/// A dead letter on its own.
#[derive(Debug)]
pub(super) struct Letter {
    /// Absent is something else than empty.
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: OwnedHeaders,
    pub(super) origin: Box<Origin>,
}

impl Letter {
    /// A copy of a message, which may be one that the broker gave back.
    pub(super) fn of(message: &BorrowedMessage<'_>, headers: OwnedHeaders, origin: Box<Origin>) -> Letter {
        Letter { key: message.key().map(<[u8]>::to_vec), value: message.payload().map(<[u8]>::to_vec), headers, origin }
    }

    /// A copy of a dead letter that the broker refused.
    pub(super) fn returned(message: &BorrowedMessage<'_>, origin: Box<Origin>) -> Letter {
        let headers = message.headers().map_or_else(OwnedHeaders::new, BorrowedHeaders::detach);
        Letter::of(message, headers, origin)
    }
}
