//! Facts that stand alone, by their identity: the truth of each among all its versions.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;

use super::chunks::Chunks;
use crate::engine::entry::{Meeting, Version};
use crate::model::time::Time;

/// The present truth of every remembered identity. Numbers are given again after an identity is forgotten.
#[derive(Debug)]
pub(super) struct Register<K, T> {
    numbers: HashMap<K, u32, RandomState>,
    slots: Chunks<Slot<K, T>>,
    free: Vec<u32>,
}

/// An identity with its truth; `None`: free.
pub(super) type Slot<K, T> = Option<(K, Version<T>)>;

/// A fact that exists, and when it happened.
type Existing<T> = Option<(Time, T)>;

/// What a version did.
#[derive(Debug)]
pub(super) struct Accepted<T> {
    /// How it met a known version; `None`: its identity was unknown.
    pub(super) meeting: Option<Meeting>,
    /// The identity's number; `None`: it is not remembered.
    pub(super) number: Option<u32>,
    /// The fact that existed before.
    pub(super) before: Existing<T>,
    /// The fact that exists now.
    pub(super) after: Existing<T>,
}

/// What a move of the horizon did.
#[derive(Debug)]
pub(super) struct Moved<T> {
    /// Facts that ceased to exist, or exist again.
    pub(super) changes: Vec<Change<T>>,
    /// Until when the last of the identities that were forgotten was to be remembered.
    pub(super) forgotten: Time,
}

/// A fact that ceased to exist, or exists again.
#[derive(Debug)]
pub(super) struct Change<T> {
    /// The identity's number.
    pub(super) number: u32,
    /// The fact before.
    pub(super) was: Existing<T>,
    /// The fact now.
    pub(super) is: Existing<T>,
}

impl<K, T> Default for Register<K, T> {
    fn default() -> Register<K, T> {
        Register { numbers: HashMap::default(), slots: Chunks::default(), free: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash, T: Clone> Register<K, T> {
    /// All identities as they are now.
    pub(super) fn image(&self) -> Chunks<Slot<K, T>> {
        self.slots.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Takes a version in. One that lies wholly before the horizon and is not known is not remembered.
    pub(super) fn accept(&mut self, key: K, version: Version<T>, horizon: Time) -> Accepted<T> {
        if let Some(number) = self.numbers.get(&key).copied() {
            let slot = self.slots.get_mut(number as usize).and_then(Option::as_mut);
            let Some((_, known)) = slot else {
                return Accepted { meeting: None, number: None, before: None, after: None };
            };
            let before = existing(known, horizon);
            let meeting = Some(known.meet(version));
            return Accepted { meeting, number: Some(number), before, after: existing(known, horizon) };
        }
        if version.remembered < horizon {
            return Accepted { meeting: None, number: None, before: None, after: None };
        }
        let after = existing(&version, horizon);
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(slot) = self.slots.get_mut(number as usize) {
            *slot = Some((key.clone(), version));
        }
        self.numbers.insert(key, number);
        Accepted { meeting: None, number: Some(number), before: None, after }
    }

    /// The fact of a number, if it exists.
    pub(super) fn existing(&self, number: u32, horizon: Time) -> Existing<T> {
        let (_, version) = self.slots.get(number as usize)?.as_ref()?;
        existing(version, horizon)
    }

    /// Bytes held, the texts of ids that are no UUIDs left out.
    pub(super) fn resident_bytes(&self) -> usize {
        self.slots.bytes()
            + self.numbers.capacity() * (size_of::<(K, u32)>() + 1)
            + self.free.capacity() * size_of::<u32>()
    }

    /// All facts that exist, with their identity.
    pub(super) fn all(&self, horizon: Time) -> impl Iterator<Item = (&K, Time, &T)> {
        all(&self.slots, horizon)
    }

    /// Forgets identities that nothing can need any more; answers each fact that existed before and no longer does, or
    /// the other way round.
    pub(super) fn move_horizon(&mut self, from: Time, to: Time) -> Moved<T> {
        let mut moved = Moved { changes: Vec::new(), forgotten: Time::MIN };
        for place in 0..self.slots.len() {
            let Some(Some((key, version))) = self.slots.get(place) else { continue };
            let (was, is) = (existing(version, from), existing(version, to));
            let Ok(number) = u32::try_from(place) else { continue };
            if was.is_some() != is.is_some() {
                moved.changes.push(Change { number, was, is });
            }
            if version.remembered < to {
                moved.forgotten = moved.forgotten.max(version.remembered);
                self.numbers.remove(key);
                self.free.push(number);
                self.slots.get_mut(place).into_iter().for_each(|slot| *slot = None);
            }
        }
        moved
    }
}

/// All facts of these slots that exist, with their identity.
pub(super) fn all<K: Clone, T: Clone>(
    slots: &Chunks<Slot<K, T>>,
    horizon: Time,
) -> impl Iterator<Item = (&K, Time, &T)> {
    let known = slots.iter().flatten();
    known.filter_map(move |(key, version)| Some((key, version.stamp.occurred_at, version.existing(horizon)?)))
}

fn existing<T: Clone>(version: &Version<T>, horizon: Time) -> Existing<T> {
    version.existing(horizon).map(|content| (version.stamp.occurred_at, content.clone()))
}
