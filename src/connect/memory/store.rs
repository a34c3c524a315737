//! Packed objects by their keys, one after the other in chunks: an object costs its bytes and one entry of an index.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::words::{Reader, Writer, put_number, take_bytes, take_number};

/// How much a chunk holds; one that holds a larger object holds nothing else.
const CHUNK: usize = 256 * 1024;

/// Where an object lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    chunk: u32,
    at: u32,
}

/// Objects, each with its key, and what once was some.
#[derive(Clone, Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// How many of the bytes nobody needs any more.
    dead: usize,
}

/// Packed objects by their keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    chunks: Vec<Chunk>,
    /// Chunks without bytes.
    free: Vec<u32>,
    /// To which objects are added.
    last: u32,
    /// Where objects lie, by the digests of their keys.
    places: HashTable<Place>,
}

/// An object as it lies in a chunk.
struct Record<'a> {
    key: &'a [u8],
    value: &'a [u8],
    length: usize,
}

impl<'a> Record<'a> {
    /// The one with which these bytes begin.
    fn of(bytes: &'a [u8]) -> Option<Record<'a>> {
        let mut rest = bytes;
        let key = take_sized(&mut rest)?;
        let value = take_sized(&mut rest)?;
        Some(Record { key, value, length: bytes.len() - rest.len() })
    }
}

fn take_sized<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_number(bytes)?;
    take_bytes(bytes, usize::try_from(length).ok()?)
}

fn put_sized(bytes: &mut Vec<u8>, part: &[u8]) {
    put_number(bytes, u64::try_from(part.len()).unwrap_or(0));
    bytes.extend_from_slice(part);
}

fn packed_key(key: &str) -> Vec<u8> {
    let mut writer = Writer::of_key("");
    key.split('/').for_each(|part| writer.put(part));
    writer.bytes
}

fn unpacked_key(packed: &[u8]) -> String {
    let mut reader = Reader::of_key("", packed);
    let mut parts = Vec::new();
    while let Some(part) = reader.take() {
        parts.push(part);
    }
    parts.join("/")
}

fn record_at(chunks: &[Chunk], place: Place) -> Option<Record<'_>> {
    let chunk = chunks.get(usize::try_from(place.chunk).ok()?)?;
    Record::of(chunk.bytes.get(usize::try_from(place.at).ok()?..)?)
}

fn digest(chunks: &[Chunk], place: Place) -> u64 {
    record_at(chunks, place).map_or(0, |record| xxh3_64(record.key))
}

impl Store {
    fn place(&self, key: &[u8]) -> Option<Place> {
        let is_it = |place: &Place| record_at(&self.chunks, *place).is_some_and(|record| record.key == key);
        self.places.find(xxh3_64(key), is_it).copied()
    }

    /// The packed object of a key.
    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        self.place(&packed_key(key)).and_then(|place| record_at(&self.chunks, place)).map(|record| record.value)
    }

    /// Keeps an object, in the place of the one that has its key.
    pub(super) fn put(&mut self, key: &str, value: &[u8]) {
        let key = packed_key(key);
        let mut bytes = Vec::with_capacity(key.len() + value.len() + 4);
        put_sized(&mut bytes, &key);
        put_sized(&mut bytes, value);
        let Some(old) = self.place(&key) else {
            let place = self.append(&bytes);
            let chunks = &self.chunks;
            self.places.insert_unique(xxh3_64(&key), place, |place| digest(chunks, *place));
            return;
        };
        if !self.overwrite(old, &bytes) {
            let place = self.append(&bytes);
            self.move_to(&key, old, place);
            self.bury(old);
        }
    }

    /// Forgets an object.
    pub(super) fn remove(&mut self, key: &str) {
        let key = packed_key(key);
        let Some(old) = self.place(&key) else { return };
        if let Ok(entry) = self.places.find_entry(xxh3_64(&key), |place| *place == old) {
            entry.remove();
        }
        self.bury(old);
    }

    /// All keys with their packed objects, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &[u8])> {
        let records = self.places.iter().filter_map(|place| record_at(&self.chunks, *place));
        records.map(|record| (unpacked_key(record.key), record.value))
    }

    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many bytes they take, with all that is held for them.
    pub(super) fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.bytes.capacity()).sum();
        let lists = self.chunks.capacity() * size_of::<Chunk>() + self.free.capacity() * size_of::<u32>();
        chunks + lists + self.places.allocation_size()
    }

    fn chunk_mut(&mut self, number: u32) -> Option<&mut Chunk> {
        self.chunks.get_mut(usize::try_from(number).ok()?)
    }

    fn move_to(&mut self, key: &[u8], old: Place, new: Place) {
        if let Some(place) = self.places.find_mut(xxh3_64(key), |place| *place == old) {
            *place = new;
        }
    }

    /// Writes a record over another one that is as long.
    fn overwrite(&mut self, place: Place, bytes: &[u8]) -> bool {
        let length = record_at(&self.chunks, place).map_or(0, |record| record.length);
        let Some(at) = usize::try_from(place.at).ok().filter(|_| length == bytes.len()) else { return false };
        let old = self.chunk_mut(place.chunk).and_then(|chunk| chunk.bytes.get_mut(at..at + length));
        old.is_some_and(|old| {
            old.copy_from_slice(bytes);
            true
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Place {
        let number = self.last;
        if let Some(chunk) = self.chunk_mut(number)
            && chunk.bytes.len() + bytes.len() <= chunk.bytes.capacity()
        {
            let at = u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX);
            chunk.bytes.extend_from_slice(bytes);
            return Place { chunk: number, at };
        }
        let mut chunk = Chunk { bytes: Vec::with_capacity(bytes.len().max(CHUNK)), dead: 0 };
        chunk.bytes.extend_from_slice(bytes);
        let is_large = bytes.len() > CHUNK;
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.chunks.push(Chunk::default());
                u32::try_from(self.chunks.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(place) = self.chunk_mut(number) {
            *place = chunk;
        }
        if !is_large {
            self.last = number;
        }
        Place { chunk: number, at: 0 }
    }

    /// Nobody needs the record any more. Once a quarter of a chunk is such, the rest moves to another one.
    fn bury(&mut self, place: Place) {
        let (length, last) = (record_at(&self.chunks, place).map_or(0, |record| record.length), self.last);
        let Some(chunk) = self.chunk_mut(place.chunk) else { return };
        chunk.dead += length;
        let is_begun = chunk.bytes.len() * 2 < CHUNK;
        if chunk.dead * 4 < chunk.bytes.len() || (is_begun && place.chunk == last) {
            return;
        }
        let bytes = std::mem::take(chunk).bytes;
        let mut at = 0;
        while let Some(record) = bytes.get(at..).and_then(Record::of) {
            let old = Place { chunk: place.chunk, at: u32::try_from(at).unwrap_or(u32::MAX) };
            if self.places.find(xxh3_64(record.key), |known| *known == old).is_some() {
                let new = self.append(bytes.get(at..at + record.length).unwrap_or_default());
                self.move_to(record.key, old, new);
            }
            at += record.length;
        }
        // Not before: its places still say where the objects were that have moved.
        self.free.push(place.chunk);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A number that looks like any, and is the same each time.
    fn dice(turn: usize) -> usize {
        usize::try_from(xxh3_64(&turn.to_le_bytes()) >> 32).unwrap()
    }

    #[test]
    fn it_holds_what_a_map_would() {
        let (mut store, mut map) = (Store::default(), BTreeMap::new());
        for turn in 0..60_000 {
            let key = format!("deal/{}", dice(turn) % 700);
            let length = [10, 11, 400, 3_000][dice(turn + 1) % 4];
            let value = vec![u8::try_from(turn % 251).unwrap(); if turn % 9_999 == 7 { 2 * CHUNK } else { length }];
            if dice(turn + 2).is_multiple_of(5) {
                store.remove(&key);
                map.remove(&key);
            } else {
                store.put(&key, &value);
                assert_eq!(store.get(&key), Some(value.as_slice()));
                map.insert(key, value);
            }
        }
        assert_eq!(store.len(), map.len());
        let all: BTreeMap<String, Vec<u8>> = store.iter().map(|(key, value)| (key, value.to_vec())).collect();
        assert_eq!(all, map);
        let held: usize = map.values().map(Vec::len).sum();
        assert!(store.bytes() < 2 * held + 2 * CHUNK, "{} bytes for {held}", store.bytes());
        map.keys().for_each(|key| store.remove(key));
        assert_eq!((store.len(), store.get("deal/1")), (0, None));
        assert!(store.bytes() < 4 * CHUNK, "{} bytes for nothing", store.bytes());
    }
}
