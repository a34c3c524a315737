//! Where records become events that are kept: mapped, judged, compared with what was told, and committed
//! together with what is remembered of them.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::dialect::void_document;
use super::events::Gate;
use super::json::Json;
use super::mapping::Document;
use super::memory::Memory;
use super::sources::Source;
use crate::contract::encode::Draft;
use crate::model::time::Time;

/// After so many records a batch is committed, so that memory stays bounded however much a scan finds.
const BATCH: usize = 500;

/// What is to be kept together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events, in their order.
    pub events: Vec<Draft>,
    /// Records that are no events.
    pub letters: Vec<Letter>,
    /// Entries of the state, by their keys within the source; `None` forgets one.
    pub state: BTreeMap<String, Option<Vec<u8>>>,
    /// Up to where topics have been read, by topic and partition: the next offset.
    pub offsets: BTreeMap<(String, i32), i64>,
}

impl Batch {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.letters.is_empty() && self.state.is_empty() && self.offsets.is_empty()
    }
}

/// A record that is no event, byte for byte, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The stream that it came from.
    pub stream: String,
    /// The kind of fault.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The record as it came.
    pub body: Vec<u8>,
    /// Its key, where it came from a topic.
    pub key: Option<Vec<u8>>,
    /// Its headers, where it came from a topic; else the records that it was joined with, as they came.
    pub beside: Vec<(String, Option<Vec<u8>>)>,
}

impl Letter {
    /// What a document was made of: the record that it is about, and those that it was joined with.
    fn of_document(document: &Document, code: &'static str, message: String) -> Letter {
        let bytes = |record: &Json| record.source_text().map(|text| text.as_bytes().to_vec());
        let mut beside = Vec::new();
        let mut body = bytes(&document.record);
        if let (None, Json::Object(parts)) = (&body, &document.record) {
            for (name, text) in parts.iter().filter_map(|(name, part)| Some((name, bytes(part)?))) {
                match body {
                    None => body = Some(text),
                    Some(_) => beside.push((format!("salespulse.connect.with.{name}"), Some(text))),
                }
            }
        }
        // What we have made ourselves came in no bytes: a deal that is missing, or was deleted.
        let body = body.unwrap_or_else(|| document.record.encode());
        Letter { stream: document.from.to_owned(), code, message, body, key: None, beside }
    }
}

/// Keeps batches.
pub trait Sink {
    /// Returns once all of the batch is kept. All of it is or nothing, and nothing of whoever was followed by another one.
    ///
    /// # Errors
    /// A sentence on why nothing is known to be kept; then the memory must be read again.
    fn commit(&mut self, batch: Batch) -> Result<(), String>;
}

/// A source at work.
pub struct Desk<'a> {
    /// The source.
    pub source: &'a Source,
    /// Our own decoder.
    pub gate: &'a Gate,
    /// What was told.
    pub memory: &'a mut Memory,
    /// Where batches go.
    pub sink: &'a mut dyn Sink,
    /// The present instant.
    pub now: Time,
    /// What waits to be committed.
    pub batch: Batch,
}

impl Desk<'_> {
    /// Maps the documents of one object and tells what is new; answers the ids of all its facts.
    pub fn tell(&mut self, key: &str, documents: &[Document]) -> Vec<String> {
        let desired = self.map(documents);
        self.tell_drafts(key, desired)
    }

    /// Maps and judges documents; what is no event is kept as a letter.
    pub fn map(&mut self, documents: &[Document]) -> Vec<Draft> {
        let mut desired = Vec::new();
        for document in documents {
            for result in self.source.mapping.apply(document, &self.source.setting) {
                match result {
                    Ok(draft) => desired.extend(self.judged(draft, document)),
                    Err(fault) => self.refuse(document, fault.code.name(), fault.to_string()),
                }
            }
        }
        desired
    }

    /// Tells what is new of the history of one object, which is only ever added to; answers the ids of all its facts.
    pub fn tell_history(&mut self, key: &str, documents: &[Document]) -> Vec<String> {
        let desired = self.map(documents);
        let ids = desired.iter().map(|draft| draft.text("event_id").to_owned()).collect();
        let events = self.memory.object_mut(key).tell_history(desired);
        self.batch.events.extend(events);
        self.remember(key);
        ids
    }

    /// Tells what is new of the events of one object; answers the ids of all of them.
    pub fn tell_drafts(&mut self, key: &str, desired: Vec<Draft>) -> Vec<String> {
        let ids = desired.iter().map(|draft| draft.text("event_id").to_owned()).collect();
        let events = self.memory.object_mut(key).tell(desired);
        self.batch.events.extend(events);
        self.remember(key);
        ids
    }

    /// Tells that an object is gone.
    pub fn tell_void(&mut self, object: &str, id: &str, at: Json, journey: &str) {
        let document = Document::new("voids", void_document(object, id, at, journey));
        let told = self.tell(&format!("{object}/{id}"), &[document]);
        self.take_back(&format!("{object}/{id}"), &format!("{}void:{object}:", self.source.setting.id_prefix), &told);
    }

    /// Takes back the facts of an object whose ids begin so, but for these.
    pub fn take_back(&mut self, key: &str, prefix: &str, except: &[String]) {
        let events = self.memory.object_mut(key).retract_all(prefix, &|id| except.iter().any(|kept| kept == id));
        if !events.is_empty() {
            self.batch.events.extend(events);
            self.remember(key);
        }
    }

    fn judged(&mut self, draft: Draft, document: &Document) -> Option<Draft> {
        match self.gate.judge(&draft, self.now) {
            Ok(()) => Some(draft),
            Err(rejection) => {
                self.refuse(document, rejection.code.name(), rejection.to_string());
                None
            }
        }
    }

    /// Keeps a record that is no event, once for each thing that is wrong with it.
    pub fn refuse(&mut self, document: &Document, code: &'static str, message: String) {
        let digest = xxh3_64(&[document.from.as_bytes(), message.as_bytes(), &document.record.encode()].join(&0));
        if self.memory.note_refused(digest) {
            self.batch.letters.push(Letter::of_document(document, code, message));
        }
    }

    /// Lets the batch say what is known of an object now.
    pub fn remember(&mut self, key: &str) {
        if let Some(entry) = self.memory.changed_entry(key) {
            self.batch.state.insert(key.to_owned(), Some(entry));
        }
    }

    /// Keeps what waits if it is much: to be called where no object is half told.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn make_room(&mut self) -> Result<(), String> {
        let waiting = self.batch.events.len() + self.batch.letters.len() + self.batch.state.len();
        if waiting >= BATCH { self.commit() } else { Ok(()) }
    }

    /// Keeps what waits.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn commit(&mut self) -> Result<(), String> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() { Ok(()) } else { self.sink.commit(batch) }
    }

    /// Moves a cursor, together with everything before it.
    pub fn move_cursor(&mut self, stream: &str, at: i64) {
        if self.memory.cursor(stream) != Some(at) {
            let (key, entry) = self.memory.move_cursor(stream, at);
            self.batch.state.insert(key, Some(entry));
        }
    }
}
