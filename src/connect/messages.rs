//! Messages: what each becomes, where it is a fact of its own, and where it only says what has changed.

use super::desk::{Batch, Desk, Letter};
use super::envelope::{Header, open};
use super::events::{Gate, Refused, map};
use super::mapping::FaultCode;
use super::salesforce;
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
    batch.letters.extend(message.letter(&faults));
    is_fact || !faults.is_empty()
}

/// The same of a message that only says what has changed; the memory knows the rest.
pub fn follow(message: Message<'_>, header: Header<'_>, desk: &mut Desk<'_>) -> bool {
    let payload = match open(message.from, message.bytes, header) {
        Ok(payload) => payload,
        Err(reason) => {
            desk.batch.letters.extend(message.letter(&[(FaultCode::NotJson.name(), reason)]));
            return true;
        }
    };
    let known = desk.batch.letters.len();
    let outcome = salesforce::follow(payload.body(), desk);
    // Of what was remembered a dead letter would hold our own words: it holds the message.
    for letter in desk.batch.letters.iter_mut().skip(known) {
        *letter = message.as_letter(letter.code, std::mem::take(&mut letter.message));
    }
    let faults: Vec<(&'static str, String)> =
        outcome.faults.iter().map(|fault| (fault.code.name(), fault.to_string())).collect();
    desk.batch.letters.extend(message.letter(&faults));
    outcome.is_fact || !faults.is_empty()
}

impl Message<'_> {
    /// The dead letter of a message, if anything is wrong with it.
    fn letter(&self, faults: &[(&'static str, String)]) -> Option<Letter> {
        let (code, _) = faults.first()?;
        let messages: Vec<&str> = faults.iter().map(|(_, message)| message.as_str()).collect();
        Some(self.as_letter(code, messages.join("; ")))
    }

    fn as_letter(&self, code: &'static str, message: String) -> Letter {
        Letter {
            stream: self.from.to_owned(),
            code,
            message,
            body: self.bytes.to_vec(),
            key: self.key.map(<[u8]>::to_vec),
            beside: self.headers.to_vec(),
        }
    }
}
