//! Messages that are facts of their own: what each becomes, without a memory.

use super::desk::{Batch, Letter};
use super::envelope::{Header, open};
use super::events::{Gate, Refused, map};
use super::mapping::FaultCode;
use super::sources::Source;
use crate::model::time::Time;

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where it came from: the source, or a topic.
    pub from: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
    /// Its key, in a topic.
    pub key: Option<&'a [u8]>,
    /// Its headers that a dead letter repeats.
    pub headers: &'a [(String, Option<Vec<u8>>)],
}

/// Adds to a batch what a message becomes; answers whether there was a fact in it, or something wrong.
pub fn take(
    source: &Source,
    message: Message<'_>,
    header: Header<'_>,
    gate: &Gate,
    now: Time,
    batch: &mut Batch,
) -> bool {
    let mut faults: Vec<(&'static str, String)> = Vec::new();
    let mut is_fact = false;
    match open(message.from, message.bytes, header) {
        Err(reason) => faults.push((FaultCode::NotJson.name(), reason)),
        Ok(payload) => {
            let mapped = map(source, &[payload], gate, now);
            is_fact = !mapped.events.is_empty();
            batch.events.extend(mapped.events);
            faults.extend(mapped.refused.into_iter().map(|refused| match refused {
                Refused::Unmapped(fault) => (fault.code.name(), fault.to_string()),
                Refused::Rejected { ref rejection, .. } => (rejection.code.name(), rejection.to_string()),
            }));
        }
    }
    let Some((code, _)) = faults.first() else { return is_fact };
    let messages: Vec<&str> = faults.iter().map(|(_, message)| message.as_str()).collect();
    batch.letters.push(Letter {
        stream: message.from.to_owned(),
        code,
        message: messages.join("; "),
        body: message.bytes.to_vec(),
        key: message.key.map(<[u8]>::to_vec),
        beside: message.headers.to_vec(),
    });
    true
}
