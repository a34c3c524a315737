//! Events in, a board out: the two stages wired together in one thread.

use std::sync::Arc;

use crate::engine::board::{Board, Reading};
use crate::engine::directory::Directory;
use crate::engine::entry::Interner;
use crate::engine::shard::{Arrival, Shard, ShardMemory};
use crate::model::event::Event;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// All shards and the board in one thread: replays and tests. The service runs the same shards on
/// threads of their own.
#[derive(Debug)]
pub struct Engine {
    interner: Interner,
    shards: Vec<Shard>,
    board: Board,
}

impl Engine {
    /// An engine of so many shards, at least one.
    #[must_use]
    pub fn new(rules: &Arc<Rules>, shards: usize, now: Time) -> Engine {
        let directory = Arc::new(Directory::default());
        let shard = |number| Shard::new(number, Arc::clone(rules), &directory, now);
        Engine {
            shards: (0..shards.max(1)).map(shard).collect(),
            interner: Interner::new(Arc::clone(&directory), Arc::clone(rules)),
            board: Board::new(Arc::clone(rules), directory, now),
        }
    }

    /// Applies an accepted event that arrived at `now`.
    pub fn accept(&mut self, event: &Event<'_>, now: Time) -> Arrival {
        let entry = self.interner.entry(event);
        if let Some(watch) = entry.watch() {
            let place = watch.shard(self.shards.len());
            self.shards.get_mut(place).map(|shard| shard.apply(watch, now));
        }
        let place = entry.shard(self.shards.len());
        self.shards.get_mut(place).map(|shard| shard.apply(entry, now)).unwrap_or_default()
    }

    /// What each shard's parts hold.
    pub fn shard_memories(&self) -> impl Iterator<Item = ShardMemory> {
        self.shards.iter().map(Shard::memory)
    }

    /// What the board holds, in bytes.
    #[must_use]
    pub fn board_bytes(&self) -> usize {
        self.board.resident_bytes()
    }

    /// What all events say at `now`.
    pub fn read(&mut self, now: Time) -> Reading {
        let shards = self.shards.iter_mut().map(|shard| shard.read(now)).collect();
        self.board.read(now, shards)
    }
}
