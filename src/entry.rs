//! An accepted event in the form in which shards keep it: names interned, ids packed.
use crate::directory::Directory;
use crate::event::Event;
use std::sync::Arc;

/// An accepted event on its way to its shard.
#[derive(Clone, Debug)]
pub struct Entry;
impl Entry {
    /// The shard, of so many, that owns this entry's journey or fact.
    #[must_use]
    pub fn shard(&self, shards: usize) -> usize {
        shards - 1
    }
}
/// Turns events into entries; one for each decoding thread.
#[derive(Debug)]
pub struct Interner;
impl Interner {
    /// An interner over the shared directory.
    #[must_use]
    pub fn new(_directory: Arc<Directory>) -> Interner {
        Interner
    }
    /// Packs an event.
    pub fn entry(&mut self, _event: &Event<'_>) -> Entry {
        Entry
    }
}
