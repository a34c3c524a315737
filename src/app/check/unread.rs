//! Fields that nobody reads, counted by type and name.

use std::collections::BTreeMap;

use crate::contract::decode::{Record, unread_fields};
use crate::model::event::{Body, Event, EventType};

/// The most names that are listed; there may be keys of any number.
const MOST_NAMES: usize = 50;
/// The longest name that is shown in full, in characters.
const LONGEST_SHOWN: usize = 40;

/// How often each field was there and ignored.
#[derive(Debug, Default)]
pub(super) struct Unread {
    counts: BTreeMap<(EventType, String), u64>,
    has_more: bool,
}

impl Unread {
    /// Looks at an accepted event.
    pub(super) fn note(&mut self, record: &Record<'_>, event: &Event<'_>) {
        if matches!(event.body, Body::Retraction(_)) {
            // Of a retraction nothing but its identity is read, and it may well be the whole event again.
            return;
        }
        let kind = event.body.kind();
        for name in unread_fields(record, kind) {
            let name: String = name.chars().take(LONGEST_SHOWN).collect();
            let is_full = self.counts.len() >= MOST_NAMES;
            match self.counts.get_mut(&(kind, name.clone())) {
                Some(count) => *count += 1,
                None if is_full => self.has_more = true,
                None => drop(self.counts.insert((kind, name), 1)),
            }
        }
    }

    /// One note on all of them, if there are any.
    pub(super) fn note_text(&self) -> Option<String> {
        let fields = self.counts.iter().map(|((kind, name), count)| format!("{name:?} of {kind} ({count})"));
        let fields: Vec<String> = fields.chain(self.has_more.then(|| "and more".to_owned())).collect();
        (!fields.is_empty()).then(|| format!("fields that nobody reads, with their numbers: {}", fields.join(", ")))
    }
}
