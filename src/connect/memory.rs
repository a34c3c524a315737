//! What a source has told, so that an edit of a record becomes exactly the events that are new.
//!
//! Without it the same facts would be told again under the same identities and versions, which changes no number; but
//! nobody would know what is to be taken back. With it nothing is told twice, credit stays with the owner of the moment, and
//! a journey that turns out to have begun with a lead is moved there.

mod entry;

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::json::Json;
use crate::contract::encode::{Draft, FieldValue};
use crate::model::event::EventType;

pub use entry::{Facts, Object, Told};

/// The memory of one source: its cursors and objects, by their keys within the source.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    objects: BTreeMap<String, Object>,
    cursors: BTreeMap<String, i64>,
    /// The generation in which the cursors count.
    generation: u64,
    /// Digests of the records that were refused, so that one that is read again and again is kept once.
    refused: BTreeSet<u64>,
    /// How often anything was refused.
    refusals: usize,
}

/// So many refused records are known at once.
const MOST_REFUSED: usize = 10_000;

impl Memory {
    /// An empty memory of a source in this generation: cursors of another one do not count, so that everything is read anew.
    #[must_use]
    pub fn of_generation(generation: u64) -> Memory {
        Memory { generation, ..Memory::default() }
    }

    /// Notes a refused record; false if it is known.
    pub(super) fn note_refused(&mut self, digest: u64) -> bool {
        self.refusals += 1;
        if self.refused.len() >= MOST_REFUSED {
            self.refused.clear();
        }
        self.refused.insert(digest)
    }

    /// How often anything was refused since the memory was read.
    #[must_use]
    pub(super) const fn refusals(&self) -> usize {
        self.refusals
    }

    /// Takes in an entry of the state topic; `None` forgets it.
    pub fn restore(&mut self, key: &str, value: Option<&Json>) {
        if let Some(stream) = key.strip_prefix("cursor/") {
            let is_of_now = |value: &&Json| value.word("/generation").unwrap_or("0") == self.generation.to_string();
            match value.filter(is_of_now).and_then(|value| value.word("/at")?.parse().ok()) {
                Some(at) => self.cursors.insert(stream.to_owned(), at),
                None => self.cursors.remove(stream),
            };
            return;
        }
        match value {
            Some(value) => {
                let kept = xxh3_64(&value.encode());
                self.objects.insert(key.to_owned(), Object { kept, ..Object::from_json(value) })
            }
            None => self.objects.remove(key),
        };
    }

    /// The cursor of a stream, in Unix milliseconds.
    #[must_use]
    pub fn cursor(&self, stream: &str) -> Option<i64> {
        self.cursors.get(stream).copied()
    }

    /// Moves a cursor, and gives the entry that says so.
    pub fn move_cursor(&mut self, stream: &str, at: i64) -> (String, Json) {
        self.cursors.insert(stream.to_owned(), at);
        let entry = [("at", Json::number_of(at)), ("generation", Json::number_of(self.generation))];
        (format!("cursor/{stream}"), Json::object(entry))
    }

    /// What is known of an object.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<&Object> {
        self.objects.get(key)
    }

    /// What is known of an object, to be changed.
    pub fn object_mut(&mut self, key: &str) -> &mut Object {
        self.objects.entry(key.to_owned()).or_default()
    }

    /// The keys that begin so.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.objects
            .range(prefix.to_owned()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    /// The entry of an object, if it says something else than when it was asked for last.
    pub fn changed_entry(&mut self, key: &str) -> Option<Json> {
        let object = self.objects.get_mut(key)?;
        let entry = object.to_json();
        let digest = xxh3_64(&entry.encode());
        (std::mem::replace(&mut object.kept, digest) != digest).then_some(entry)
    }

    /// How many objects are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// Above every version of a fact whose record says nothing newer: milliseconds count double.
const ONE_MS: u64 = 2;

impl Object {
    /// The events that are new, of those that the records say now.
    pub fn tell(&mut self, desired: Vec<Draft>) -> Vec<Draft> {
        desired.into_iter().flat_map(|draft| self.tell_one(draft)).collect()
    }

    /// The same of a history that is only ever added to: what it says now holds, whatever was told while less of it was seen.
    pub fn tell_history(&mut self, mut desired: Vec<Draft>) -> Vec<Draft> {
        for draft in &mut desired {
            let told = self.told.get(draft.text("event_id")).map_or(0, |told| told.base);
            draft.set_version(draft.version().max(told));
        }
        self.tell(desired)
    }

    fn tell_one(&mut self, mut draft: Draft) -> Vec<Draft> {
        let id = draft.text("event_id").to_owned();
        let base = draft.version();
        let is_retraction = draft.text("retracted") == "true";
        let mut events = Vec::new();
        let moved = self
            .told
            .get(&id)
            .is_some_and(|told| draft.kind().is_of_journey() && told.journey != draft.text("lead_id"));
        if moved {
            events.extend(self.retract(&id));
        }
        let version = match self.told.get(&id) {
            None if is_retraction => return events,
            None => base.max(if self.floor > 0 { self.floor + ONE_MS } else { 0 }),
            Some(told) => {
                told.keep_in(&mut draft);
                if content(&draft) == told.content || base < told.base {
                    return events;
                }
                base.max(told.version + ONE_MS)
            }
        };
        if is_retraction {
            events.extend(self.retract(&id));
            return events;
        }
        self.told.insert(id, Told::of(&draft, base, version, content(&draft)));
        draft.set_version(version);
        events.push(draft);
        events
    }

    /// Takes a fact back; nothing if it was never told.
    pub fn retract(&mut self, event_id: &str) -> Option<Draft> {
        let told = self.told.remove(event_id)?;
        let version = told.version + ONE_MS;
        self.floor = self.floor.max(version);
        Some(told.draft(event_id).retraction(version))
    }

    /// Takes back the facts whose ids begin so, but for these.
    pub fn retract_all(&mut self, prefix: &str, except: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        let ids: Vec<String> = self.told.keys().filter(|id| id.starts_with(prefix) && !except(id)).cloned().collect();
        ids.iter().filter_map(|id| self.retract(id)).collect()
    }
}

impl Told {
    /// Puts what stays as it was told first into a new telling: whose stage it was, and when.
    fn keep_in(&self, draft: &mut Draft) {
        let keeps = match draft.kind() {
            EventType::StageChange => draft.text("stage") != "void",
            // A lead waits in a pool until somebody takes it.
            EventType::Lead => self.rep.is_some(),
            _ => false,
        };
        if keeps {
            for (name, kept) in [("rep_id", &self.rep), ("team_id", &self.team)] {
                match kept {
                    Some(kept) => draft.set(name, FieldValue::Text(kept.clone())),
                    None => draft.remove(name),
                }
            }
        }
        if let Some(at) = self.at {
            draft.set("occurred_at", FieldValue::Literal(at.to_string()));
        }
    }
}

/// What an event says, its version apart.
fn content(draft: &Draft) -> u64 {
    let mut draft = draft.clone();
    draft.remove("version");
    xxh3_64(&draft.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(lead: &str, stage: &str, rep: &str, amount: &str, version: u64) -> Draft {
        let mut draft = Draft::new(EventType::StageChange);
        let fields = [("event_id", "e"), ("lead_id", lead), ("stage", stage), ("rep_id", rep), ("amount", amount)];
        for (name, value) in fields {
            draft.set(name, FieldValue::Text(value.to_owned()));
        }
        draft.set_version(version);
        draft
    }

    fn told(object: &mut Object, draft: Draft) -> Vec<String> {
        object.tell(vec![draft]).iter().map(Draft::to_json).collect()
    }

    #[test]
    fn what_has_not_changed_is_not_told_again() {
        let mut object = Object::default();
        assert_eq!(told(&mut object, stage("L", "won", "r", "1", 7)).len(), 1);
        assert!(told(&mut object, stage("L", "won", "r", "1", 7)).is_empty());
        assert!(told(&mut object, stage("L", "won", "r", "1", 9)).is_empty());
        assert!(told(&mut object, stage("L", "won", "r", "2", 5)).is_empty(), "an older state of the record");
    }

    #[test]
    fn a_history_holds_whatever_was_told_of_less_of_it() {
        let mut object = Object::default();
        object.tell(vec![stage("L", "lost", "r", "1", 9)]);
        assert!(told(&mut object, stage("L", "contacted", "r", "1", 4)).is_empty(), "an older state of the record");
        let mended = object.tell_history(vec![stage("L", "contacted", "r", "1", 4)]);
        assert_eq!((mended[0].text("stage"), mended[0].version()), ("contacted", 11));
        assert!(object.tell_history(vec![stage("L", "contacted", "r", "1", 4)]).is_empty());
    }

    #[test]
    fn two_edits_of_one_second_are_two_versions() {
        let mut object = Object::default();
        object.tell(vec![stage("L", "won", "r", "1", 7)]);
        let again = object.tell(vec![stage("L", "won", "r", "2", 7)]);
        assert_eq!((again[0].version(), again[0].text("amount")), (9, "2"));
        let later = object.tell(vec![stage("L", "won", "r", "3", 8)]);
        assert_eq!(later[0].version(), 11, "beyond what the same second took");
    }

    #[test]
    fn credit_stays_with_the_owner_of_the_moment() {
        let mut object = Object::default();
        object.tell(vec![stage("L", "won", "first", "1", 7)]);
        assert!(told(&mut object, stage("L", "won", "second", "1", 9)).is_empty());
        assert_eq!(object.tell(vec![stage("L", "won", "second", "2", 11)])[0].text("rep_id"), "first");
    }

    #[test]
    fn a_journey_moves_to_the_lead_that_turned_up() {
        let mut object = Object::default();
        object.tell(vec![stage("deal", "won", "r", "1", 7)]);
        let moved = object.tell(vec![stage("lead", "won", "r", "1", 7)]);
        assert_eq!(moved.len(), 2);
        assert_eq!((moved[0].text("lead_id"), moved[0].text("retracted"), moved[0].version()), ("deal", "true", 9));
        assert_eq!((moved[1].text("lead_id"), moved[1].version()), ("lead", 11));
        assert!(told(&mut object, stage("lead", "won", "r", "1", 7)).is_empty());
    }

    #[test]
    fn memory_comes_back_from_its_entries() {
        let mut memory = Memory::default();
        let object = memory.object_mut("deal/1");
        object.tell(vec![stage("L", "won", "r", "1", 7)]);
        object.lead = Some("L".to_owned());
        object.modified = 12;
        let value = memory.changed_entry("deal/1").unwrap();
        assert_eq!(memory.changed_entry("deal/1"), None, "nothing has changed since");
        let mut restored = Memory::default();
        restored.restore("deal/1", Some(&value));
        assert_eq!(restored.changed_entry("deal/1"), None, "what was read is kept already");
        assert_eq!(restored.object("deal/1"), memory.object("deal/1"));
        let (key, value) = memory.move_cursor("deals", 5);
        restored.restore(&key, Some(&value));
        assert_eq!(restored.cursor("deals"), Some(5));
        let mut anew = Memory::of_generation(1);
        anew.restore(&key, Some(&value));
        assert_eq!(anew.cursor("deals"), None, "everything is read anew");
        restored.restore("deal/1", None);
        assert!(restored.is_empty());
    }
}
