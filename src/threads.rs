//! One thread for each shard: entries in, readings out, over bounded channels.
//!
//! A shard sees its messages in the order in which they were sent: a reading or a mark that was asked for after a batch
//! comes after the batch has been applied.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::engine::directory::Directory;
use crate::engine::entry::Entry;
use crate::engine::shard::{Image, Portion, Shard, ShardReading};
use crate::health::Metrics;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// Where what takes long is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// In a thread of its own.
    Threads,
    /// At once, by whoever begins it: in a simulation, which must go the same way for the same seed.
    Inline,
}

impl Background {
    /// Begins some work; the thread has this name.
    ///
    /// # Errors
    /// If there is no thread.
    pub fn run(self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        match self {
            Background::Threads => thread::Builder::new().name(name.to_owned()).spawn(work).map(drop),
            Background::Inline => {
                work();
                Ok(())
            }
        }
    }
}

/// How many messages may wait for a shard. With the batches of the pipeline this is a few milliseconds of work: enough
/// to even out, and soon full when a shard cannot keep up, so that the source slows down.
const WAITING_MESSAGES: usize = 8;

/// What a shard is sent.
enum Message {
    /// Entries that arrived at an instant.
    Apply { entries: Vec<Entry>, now: Time },
    /// Somebody wants its numbers at an instant.
    Read { now: Time, reply: SyncSender<ShardReading> },
    /// Somebody wants to know when everything before this has been applied.
    Mark { reply: SyncSender<()> },
    /// Somebody wants the shard as it is.
    Image { with_counted: bool, reply: SyncSender<Image> },
    /// So much of a snapshot is going to come.
    Expect { journeys: u64, rows: usize, channels: usize },
    /// A part of a snapshot, as of an instant.
    TakeIn { portion: Box<Portion>, now: Time },
    /// There is no more; what was written had forgotten everything up to an instant.
    TakenIn { forgotten: Time, reply: SyncSender<u64> },
    /// What was loaded is to be thrown away.
    Reset { now: Time },
}

/// A shard's thread ended before its time: a bug, for which the log has the panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shard's thread has ended by a bug of salespulse; the log says more")]
pub struct ShardGone;

/// The way to a shard; what waits there is counted.
#[derive(Clone, Debug)]
struct Mailbox {
    sender: SyncSender<Message>,
    metrics: Arc<Metrics>,
}

impl Mailbox {
    /// Sends a message; waits while too many are waiting.
    fn send(&self, message: Message) -> Result<(), ShardGone> {
        self.metrics.shard_messages.inc();
        self.sender.send(message).map_err(|_| ShardGone)
    }
}

/// The shards' threads, seen by the one thread that feeds them. They end when this and all readers are dropped.
#[derive(Debug)]
pub struct ShardThreads {
    shards: Vec<Mailbox>,
}

/// The shards' threads, seen by those who read.
#[derive(Clone, Debug)]
pub struct ShardReader {
    shards: Vec<Mailbox>,
}

/// The shards' threads, seen by whoever restores them.
#[derive(Clone, Debug)]
pub struct ShardLoader {
    shards: Vec<Mailbox>,
}

impl ShardThreads {
    /// Starts so many shards, at least one.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn start(
        count: usize,
        rules: &Arc<Rules>,
        directory: &Arc<Directory>,
        now: Time,
        metrics: &Arc<Metrics>,
    ) -> io::Result<ShardThreads> {
        let mut started = ShardThreads { shards: Vec::new() };
        for number in 0..count.max(1) {
            let (sender, receiver) = sync_channel(WAITING_MESSAGES);
            let (rules, directory) = (Arc::clone(rules), Arc::clone(directory));
            let empty = move |now| Shard::new(number, Arc::clone(&rules), &directory, now);
            let worker =
                Worker { shard: empty(now), empty: Box::new(empty), taken_in: 0, metrics: Arc::clone(metrics) };
            let thread = thread::Builder::new().name(format!("shard-{number}"));
            thread.spawn(move || worker.run(&receiver))?;
            started.shards.push(Mailbox { sender, metrics: Arc::clone(metrics) });
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

    /// A handle for restoring.
    #[must_use]
    pub fn loader(&self) -> ShardLoader {
        ShardLoader { shards: self.shards.clone() }
    }

    /// Asks every shard for an image, by everything that was handed to it before; each comes when its shard is so far.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn images(&self, with_counted: bool) -> Result<Vec<Receiver<Image>>, ShardGone> {
        ask_only(&self.shards, |reply| Message::Image { with_counted, reply })
    }

    /// Hands entries that arrived at `now` to a shard; waits while it has too much to do.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn apply(&self, shard: usize, entries: Vec<Entry>, now: Time) -> Result<(), ShardGone> {
        let shard = self.shards.get(shard).ok_or(ShardGone)?;
        shard.send(Message::Apply { entries, now })
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

    /// All shards as they are, by everything that was handed to them before.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn images(&self) -> Result<Vec<Image>, ShardGone> {
        ask(&self.shards, |reply| Message::Image { with_counted: false, reply })
    }
}

impl ShardLoader {
    /// How many shards there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shards.len()
    }

    /// Lets every shard make room for its share of so many journeys, and for so many rows and channels.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn expect(&self, journeys: u64, rows: usize, channels: usize) -> Result<(), ShardGone> {
        let journeys = journeys / self.count().max(1) as u64;
        let expect = |shard: &Mailbox| shard.send(Message::Expect { journeys, rows, channels });
        self.shards.iter().try_for_each(expect)
    }

    /// Hands a portion to its shard, as of an instant; waits while it has too much to do.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn hand(&self, shard: usize, portion: Portion, now: Time) -> Result<(), ShardGone> {
        let shard = self.shards.get(shard).ok_or(ShardGone)?;
        shard.send(Message::TakeIn { portion: Box::new(portion), now })
    }

    /// Waits until everything is taken in; answers how many items there are.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn finish(&self, forgotten: Time) -> Result<u64, ShardGone> {
        let taken_in = ask(&self.shards, |reply| Message::TakenIn { forgotten, reply })?;
        Ok(taken_in.into_iter().sum())
    }

    /// Throws away what was loaded. Nothing may have been read from the shards yet.
    ///
    /// # Errors
    /// [`ShardGone`].
    pub fn reset(&self, now: Time) -> Result<(), ShardGone> {
        self.shards.iter().try_for_each(|shard| shard.send(Message::Reset { now }))
    }
}

/// Asks all shards, so that they work at the same time, and then waits for their answers.
fn ask<T>(shards: &[Mailbox], message: impl Fn(SyncSender<T>) -> Message) -> Result<Vec<T>, ShardGone> {
    let answers = ask_only(shards, message)?;
    answers.into_iter().map(|answer| answer.recv().map_err(|_| ShardGone)).collect()
}

/// Asks all shards.
fn ask_only<T>(shards: &[Mailbox], message: impl Fn(SyncSender<T>) -> Message) -> Result<Vec<Receiver<T>>, ShardGone> {
    let ask = |shard: &Mailbox| {
        let (reply, answer) = sync_channel(1);
        shard.send(message(reply))?;
        Ok(answer)
    };
    shards.iter().map(ask).collect()
}

/// A shard and its thread.
struct Worker {
    shard: Shard,
    /// Makes the shard empty again.
    empty: Box<dyn Fn(Time) -> Shard + Send>,
    /// How many items of a snapshot were taken in.
    taken_in: u64,
    metrics: Arc<Metrics>,
}

impl Worker {
    fn run(mut self, messages: &Receiver<Message>) {
        for message in messages {
            self.metrics.shard_messages.dec();
            // Who asked may have gone meanwhile; then nobody misses the answer.
            match message {
                Message::Apply { entries, now } => self.apply(entries, now),
                Message::Read { now, reply } => drop(reply.send(self.shard.read(now))),
                Message::Mark { reply } => drop(reply.send(())),
                Message::Image { with_counted, reply } => {
                    let timer = self.metrics.snapshots.pause.start_timer();
                    let image = self.shard.image(with_counted);
                    timer.observe_duration();
                    drop(reply.send(image));
                }
                Message::Expect { journeys, rows, channels } => self.shard.expect(journeys, rows, channels),
                Message::TakeIn { portion, now } => self.taken_in += self.shard.take_in(*portion, now),
                Message::TakenIn { forgotten, reply } => {
                    self.shard.note_forgotten(forgotten);
                    let _ = reply.send(std::mem::take(&mut self.taken_in));
                }
                Message::Reset { now } => (self.shard, self.taken_in) = ((self.empty)(now), 0),
            }
        }
    }

    fn apply(&mut self, entries: Vec<Entry>, now: Time) {
        let (mut duplicate, mut superseded, mut expired) = (0, 0, 0);
        let applied = entries.len() as u64;
        self.shard.apply_all(entries, now, |arrival| {
            duplicate += u64::from(arrival.duplicate);
            superseded += u64::from(arrival.superseded);
            expired += u64::from(arrival.expired);
        });
        let metrics = &self.metrics;
        metrics.applied.inc_by(applied);
        metrics.duplicate.inc_by(duplicate);
        metrics.superseded.inc_by(superseded);
        metrics.expired.inc_by(expired);
    }
}
