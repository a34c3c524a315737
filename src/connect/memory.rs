//! What a source has told, so that an edit of a record becomes exactly the events that are new.
//!
//! Without it the same facts would be told again under the same identities and versions, which changes no number; but
//! nobody would know what is to be taken back. With it nothing is told twice, credit stays with the owner of the moment, and
//! a journey that turns out to have begun with a lead is moved there.

mod entry;
mod packed;
mod store;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use self::packed::{has, pack, unpack};
use self::store::Store;
use super::json::Json;
use crate::contract::encode::{Draft, FieldValue};
use crate::model::event::EventType;

pub use entry::{Facts, Object, Told};
pub use packed::Trait;

/// The memory of one source: its cursors and objects, by their keys within the source.
///
/// Objects are packed but for those that were touched last, so that a million of them take less than 200 MB.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    objects: Store,
    /// Objects that may have changed since they were packed.
    touched: BTreeMap<String, Object>,
    /// Objects of which the state topic does not have the packed form.
    unkept: BTreeSet<String>,
    cursors: BTreeMap<String, i64>,
    /// The generation in which the cursors count.
    generation: u64,
    /// Digests of the records that were refused, so that one that is read again and again is kept once.
    refused: BTreeSet<u64>,
    /// How often anything was refused.
    refusals: usize,
}

/// So many objects may wait to be packed.
const MOST_TOUCHED: usize = 1_000;
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
    ///
    /// # Errors
    /// [`Unreadable`] if it is none of ours, or of a newer program's.
    pub fn restore(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), Unreadable> {
        if let Some(stream) = key.strip_prefix("cursor/") {
            let value = value.map(Json::parse).transpose().map_err(|_| Unreadable)?;
            let is_of_now = |value: &Json| value.word("/generation").unwrap_or("0") == self.generation.to_string();
            match value.filter(is_of_now).and_then(|value| value.word("/at")?.parse().ok()) {
                Some(at) => self.cursors.insert(stream.to_owned(), at),
                None => self.cursors.remove(stream),
            };
            return Ok(());
        }
        self.touched.remove(key);
        self.unkept.remove(key);
        match value {
            None => self.objects.remove(key),
            Some(value) if value.starts_with(b"{") => {
                let value = Json::parse(value).map_err(|_| Unreadable)?;
                self.objects.put(key, &pack(key, &Object::from_json(&value)));
            }
            Some(value) if unpack(key, value).is_some() => self.objects.put(key, value),
            Some(_) => return Err(Unreadable),
        }
        Ok(())
    }

    /// The cursor of a stream, in Unix milliseconds.
    #[must_use]
    pub fn cursor(&self, stream: &str) -> Option<i64> {
        self.cursors.get(stream).copied()
    }

    /// Moves a cursor, and gives the entry that says so.
    pub fn move_cursor(&mut self, stream: &str, at: i64) -> (String, Vec<u8>) {
        self.cursors.insert(stream.to_owned(), at);
        let entry = [("at", Json::number_of(at)), ("generation", Json::number_of(self.generation))];
        (format!("cursor/{stream}"), Json::object(entry).encode())
    }

    /// What is known of an object.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<Object> {
        self.touched.get(key).cloned().or_else(|| self.unpacked(key))
    }

    fn unpacked(&self, key: &str) -> Option<Object> {
        unpack(key, self.objects.get(key)?)
    }

    /// What is known of an object, to be changed.
    pub fn object_mut(&mut self, key: &str) -> &mut Object {
        if self.touched.len() >= MOST_TOUCHED && !self.touched.contains_key(key) {
            self.pack_touched();
        }
        if !self.touched.contains_key(key) {
            let object = self.unpacked(key).unwrap_or_default();
            self.touched.insert(key.to_owned(), object);
        }
        self.touched.entry(key.to_owned()).or_default()
    }

    fn pack_touched(&mut self) {
        for (key, object) in std::mem::take(&mut self.touched) {
            if self.pack(&key, &object).is_some() {
                self.unkept.insert(key);
            }
        }
    }

    /// Packs an object; its packed form, if that says something else than before.
    fn pack(&mut self, key: &str, object: &Object) -> Option<Vec<u8>> {
        let packed = pack(key, object);
        let is_new = match self.objects.get(key) {
            Some(known) => known != packed,
            // Somebody has asked what is known of it, and that is nothing.
            None => *object != Object::default(),
        };
        is_new.then(|| {
            self.objects.put(key, &packed);
            packed
        })
    }

    /// The keys that begin so, of objects that have a trait if one is wanted: sorted.
    #[must_use]
    pub fn keys(&mut self, prefix: &str, wanted: Option<Trait>) -> Vec<String> {
        self.pack_touched();
        let is_wanted = |packed: &[u8]| wanted.is_none_or(|wanted| has(packed, wanted));
        let all = self.objects.iter().filter(|(key, packed)| is_wanted(packed) && key.starts_with(prefix));
        let mut keys: Vec<String> = all.map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys
    }

    /// The entry of an object, if it says something else than when it was asked for last.
    pub fn changed_entry(&mut self, key: &str) -> Option<Vec<u8>> {
        let object = self.touched.remove(key);
        let packed = object.and_then(|object| self.pack(key, &object));
        let was_unkept = self.unkept.remove(key);
        packed.or_else(|| self.objects.get(key).filter(|_| was_unkept).map(<[u8]>::to_vec))
    }

    /// How many objects are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        let is_new =
            |(key, object): &(&String, &Object)| **object != Object::default() && self.objects.get(key).is_none();
        self.objects.len() + self.touched.iter().filter(is_new).count()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the packed objects take, with all that is held for them.
    #[must_use]
    pub fn packed_bytes(&self) -> usize {
        self.objects.bytes()
    }
}

/// An entry of the state topic that is none of ours, or of a newer program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no entry of this program's")]
pub struct Unreadable;

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
        restored.restore("deal/1", Some(&value)).unwrap();
        assert_eq!(restored.changed_entry("deal/1"), None, "what was read is kept already");
        assert_eq!(restored.object("deal/1"), memory.object("deal/1"));
        let (key, value) = memory.move_cursor("deals", 5);
        restored.restore(&key, Some(&value)).unwrap();
        assert_eq!(restored.cursor("deals"), Some(5));
        let mut anew = Memory::of_generation(1);
        anew.restore(&key, Some(&value)).unwrap();
        assert_eq!(anew.cursor("deals"), None, "everything is read anew");
        restored.restore("deal/1", None).unwrap();
        assert!(restored.is_empty());
    }

    #[test]
    fn what_was_changed_and_not_kept_is_kept_later() {
        let mut memory = Memory::default();
        memory.object_mut("lead/1").modified = 1;
        memory.object_mut("lead/2");
        assert_eq!(memory.keys("lead/", None), ["lead/1"], "of the other one nothing is known");
        assert!(memory.changed_entry("lead/1").is_some(), "though it was packed meanwhile");
        assert_eq!(memory.changed_entry("lead/1"), None);
        for number in 0..3 * MOST_TOUCHED {
            memory.object_mut(&format!("deal/{number}")).modified = 5;
        }
        assert!(memory.touched.len() <= MOST_TOUCHED);
        assert_eq!(memory.len(), 3 * MOST_TOUCHED + 1);
        assert!((0..3 * MOST_TOUCHED).all(|number| memory.changed_entry(&format!("deal/{number}")).is_some()));
    }

    #[test]
    fn keys_are_those_of_a_trait() {
        let mut memory = Memory::default();
        memory.object_mut("deal/2").deleted = Some(5);
        memory.object_mut("deal/1").held_since = Some(5);
        memory.object_mut("lead/1").deleted = Some(5);
        assert_eq!(memory.keys("deal/", None), ["deal/1", "deal/2"]);
        assert_eq!(memory.keys("deal/", Some(Trait::IsDeleted)), ["deal/2"]);
        assert_eq!(memory.keys("deal/", Some(Trait::IsHeld)), ["deal/1"]);
        memory.object_mut("deal/2").deleted = None;
        assert!(memory.keys("deal/", Some(Trait::IsDeleted)).is_empty(), "as it is now");
    }

    #[test]
    fn entries_of_the_format_before_are_read_and_foreign_ones_refused() {
        let mut memory = Memory::default();
        let before = r#"{"modified":12,"told":[{"id":"deal:1:5","kind":"stage_change","journey":"7","base":24,
            "version":26,"content":18446744073709551615,"rep":"9","team":null,"at":3}],"lead":"7",
            "current":{"id":"5","Stage":"Won"},"deleted":4,"held_since":5,"floor":22}"#;
        memory.restore("deal/1", Some(before.as_bytes())).unwrap();
        let told = Told {
            kind: EventType::StageChange,
            journey: "7".to_owned(),
            base: 24,
            version: 26,
            content: u64::MAX,
            rep: Some("9".to_owned()),
            team: None,
            at: Some(3),
        };
        let expected = Object {
            lead: Some("7".to_owned()),
            modified: 12,
            current: Some(Json::object([("id", Json::text_of("5")), ("Stage", Json::text_of("Won"))])),
            deleted: Some(4),
            held_since: Some(5),
            floor: 22,
            told: std::iter::once(("deal:1:5".to_owned(), told)).collect(),
        };
        assert_eq!(memory.object("deal/1"), Some(expected));
        assert_eq!(memory.changed_entry("deal/1"), None, "it is kept, in another form");
        for foreign in [&b"not ours"[..], b"", b"\x01", b"\x02\x00\x00", b"{"] {
            assert_eq!(memory.restore("deal/1", Some(foreign)), Err(Unreadable), "{foreign:?}");
        }
    }
}
