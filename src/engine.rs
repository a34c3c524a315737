//! Events in, a board out: the two stages wired together in one thread.

use std::sync::Arc;

use crate::board::Board;
use crate::directory::Directory;
use crate::entry::{Entry, Interner};
use crate::event::Event;
use crate::rules::Rules;
use crate::shard::{Arrival, Shard};
use crate::time::Time;

/// All shards and the board in one thread: replays and tests. The service runs the same shards on
/// threads of their own.
#[derive(Debug)]
pub struct Engine {
    interner: Interner,
    shards: Vec<Shard>,
    rules: Arc<Rules>,
    directory: Arc<Directory>,
}

impl Engine {
    /// An engine of so many shards, at least one.
    #[must_use]
    pub fn new(rules: Arc<Rules>, shards: usize, now: Time) -> Engine {
        let directory = Arc::new(Directory::default());
        let shards = (0..shards.max(1)).map(|_| Shard::new(Arc::clone(&rules), now)).collect();
        Engine { interner: Interner::new(Arc::clone(&directory)), shards, rules, directory }
    }

    /// Applies an accepted event that arrived at `now`.
    pub fn accept(&mut self, event: &Event<'_>, now: Time) -> Arrival {
        let entry: Entry = self.interner.entry(event);
        let index = entry.shard(self.shards.len());
        self.shards.get_mut(index).map(|shard| shard.apply(entry, now)).unwrap_or_default()
    }

    /// What all events say at `now`.
    pub fn read(&mut self, now: Time) -> Board {
        let readings = self.shards.iter_mut().map(|shard| shard.read(now)).collect();
        Board::new(&self.rules, &self.directory, now, readings)
    }
}
