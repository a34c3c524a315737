//! One thread for each shard: entries in, readings out, over bounded channels.
//!
//! A shard sees its messages in the order in which they were sent: a reading or a mark that was asked for after a batch
//! comes after the batch has been applied.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::directory::Directory;
use crate::entry::Entry;
use crate::rules::Rules;
use crate::shard::{Shard, ShardReading};
use crate::telemetry::Metrics;
use crate::time::Time;

/// How many messages may wait for a shard. With the batches of the pipeline this is a few milliseconds of work: enough
/// to even out, and soon full when a shard cannot keep up, so that the source slows down.
const WAITING_MESSAGES: usize = 8;

/// What a shard is told.
enum Message {
    /// Entries that arrived at an instant.
    Apply { entries: Vec<Entry>, now: Time },
    /// Somebody wants its numbers at an instant.
    Read { now: Time, reply: SyncSender<ShardReading> },
    /// Somebody wants to know when everything before this has been applied.
    Mark { reply: SyncSender<()> },
}

/// A shard's thread ended before its time: a bug, for which the log has the panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shard's thread has ended by a bug of salespulse; the log says more")]
pub struct ShardGone;

/// The shards' threads, seen by the one thread that feeds them. They end when this and all readers are dropped.
#[derive(Debug)]
pub struct ShardThreads {
    shards: Vec<SyncSender<Message>>,
}

/// The shards' threads, seen by those who read.
#[derive(Clone, Debug)]
pub struct ShardReader {
    shards: Vec<SyncSender<Message>>,
}

impl ShardThreads {
    /// Starts so many shards, at least one.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn start(
        count: usize,
        rules: &Arc<Rules>,
        directory: &Directory,
        now: Time,
        metrics: &Arc<Metrics>,
    ) -> io::Result<ShardThreads> {
        let mut started = ShardThreads { shards: Vec::new() };
        for number in 0..count.max(1) {
            let (sender, receiver) = sync_channel(WAITING_MESSAGES);
            let shard = Shard::new(number, Arc::clone(rules), directory, now);
            let metrics = Arc::clone(metrics);
            let thread = thread::Builder::new().name(format!("shard-{number}"));
            thread.spawn(move || work(shard, &receiver, &metrics))?;
            started.shards.push(sender);
        }
        Ok(started)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shards.len()
    }

    /// A handle for reading.
    #[must_use]
    pub fn reader(&self) -> ShardReader {
        ShardReader { shards: self.shards.clone() }
    }

    /// Hands entries that arrived at `now` to a shard; waits while it has too much to do.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn apply(&self, shard: usize, entries: Vec<Entry>, now: Time) -> Result<(), ShardGone> {
        let shard = self.shards.get(shard).ok_or(ShardGone)?;
        shard.send(Message::Apply { entries, now }).map_err(|_| ShardGone)
    }

    /// Waits until everything that was handed over has been applied.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn settle(&self) -> Result<(), ShardGone> {
        ask(&self.shards, |reply| Message::Mark { reply }).map(drop)
    }
}

impl ShardReader {
    /// What all shards say at `now`, by everything that was handed to them before.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn read(&self, now: Time) -> Result<Vec<ShardReading>, ShardGone> {
        ask(&self.shards, |reply| Message::Read { now, reply })
    }
}

/// Asks all shards, so that they work at the same time, and then waits for their answers.
fn ask<T>(shards: &[SyncSender<Message>], message: impl Fn(SyncSender<T>) -> Message) -> Result<Vec<T>, ShardGone> {
    let mut answers = Vec::with_capacity(shards.len());
    for shard in shards {
        let (reply, answer) = sync_channel(1);
        shard.send(message(reply)).map_err(|_| ShardGone)?;
        answers.push(answer);
    }
    answers.into_iter().map(|answer| answer.recv().map_err(|_| ShardGone)).collect()
}

fn work(mut shard: Shard, messages: &Receiver<Message>, metrics: &Metrics) {
    for message in messages {
        // Who asked may have gone meanwhile; then nobody misses the answer.
        match message {
            Message::Apply { entries, now } => apply(&mut shard, entries, now, metrics),
            Message::Read { now, reply } => drop(reply.send(shard.read(now))),
            Message::Mark { reply } => drop(reply.send(())),
        }
    }
}

fn apply(shard: &mut Shard, entries: Vec<Entry>, now: Time, metrics: &Metrics) {
    let (mut duplicate, mut superseded, mut expired) = (0, 0, 0);
    let applied = entries.len() as u64;
    for entry in entries {
        let arrival = shard.apply(entry, now);
        duplicate += u64::from(arrival.duplicate);
        superseded += u64::from(arrival.superseded);
        expired += u64::from(arrival.expired);
    }
    metrics.applied.inc_by(applied);
    metrics.duplicate.inc_by(duplicate);
    metrics.superseded.inc_by(superseded);
    metrics.expired.inc_by(expired);
}
