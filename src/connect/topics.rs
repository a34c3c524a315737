//! Topics as sources: what is read, what it became, and up to where it was read are one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::desk::{Batch, Desk, Sink};
use super::dialect::Kind;
use super::events::Gate;
use super::exchange::Trouble;
use super::memory::Memory;
use super::messages::{Message, follow, take};
use super::sources::Source;
use super::status::Status;
use crate::config::KafkaConfig;
use crate::health::Stop;
use crate::kafka::{KafkaFailure, Taken, TopicReader};
use crate::model::time::Clock;

/// After so many records a batch is kept …
const BATCH: usize = 500;
/// … or after so long.
const LONGEST_BATCH: Duration = Duration::from_millis(200);
/// How long one poll waits.
const GLANCE: Duration = Duration::from_millis(100);
/// Between two looks for new partitions, and for how far behind we are.
const LOOK: Duration = Duration::from_secs(10);
/// After topics could not be read.
const PAUSE: Duration = Duration::from_secs(15);

/// One source of topics at work.
pub struct TopicWorker {
    /// The source.
    pub source: Arc<Source>,
    /// Its topics.
    pub topics: Vec<String>,
    /// The cluster.
    pub kafka: KafkaConfig,
    /// The group whose offsets say what has been read.
    pub group: String,
    /// Our own decoder.
    pub gate: Gate,
    /// What was told, of sources whose messages only say what has changed.
    pub memory: Memory,
    /// Who says how it goes.
    pub status: Arc<Status>,
    /// The clock.
    pub clock: Clock,
    /// Whether to end.
    pub stop: Stop,
}

/// Why reading ends.
enum End {
    /// The topics cannot be read: again after a pause.
    Topics(String),
    /// What was read cannot be kept.
    Sink(String),
}

/// The group of a source: another one for each generation, so that a higher one reads everything anew.
#[must_use]
pub fn group_of(connectors: &str, source: &Source) -> String {
    match source.setting.generation {
        0 => format!("{connectors}-{}", source.name),
        generation => format!("{connectors}-{}-g{generation}", source.name),
    }
}

impl TopicWorker {
    /// A reader of the topics, from where they were read last.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn reader(&self) -> Result<TopicReader, KafkaFailure> {
        TopicReader::new(&self.kafka, &self.group, &self.topics)
    }

    /// Reads until it is asked to stop.
    ///
    /// # Errors
    /// A sentence if what was read cannot be kept: then it must be read again.
    pub fn run(&mut self, mut reader: TopicReader, sink: &mut dyn Sink) -> Result<(), String> {
        while !self.stop.requested() {
            match self.read(&mut reader, sink) {
                Ok(()) => {}
                Err(End::Sink(reason)) => return Err(reason),
                Err(End::Topics(reason)) => {
                    self.status.failed(&self.source.name, &Trouble::Unusable(reason));
                    self.stop.rest(PAUSE);
                    reader = self.reader().map_err(|failure| failure.to_string())?;
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, reader: &mut TopicReader, sink: &mut dyn Sink) -> Result<(), End> {
        let mut looked: Option<Instant> = None;
        while !self.stop.requested() {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                reader.find_partitions().map_err(End::Topics)?;
                for (topic, partition, lag) in reader.lag().map_err(End::Topics)? {
                    self.status.set_lag(&self.source.name, topic, partition, lag);
                }
                self.status.succeeded(&self.source.name, self.clock.now());
                looked = Some(Instant::now());
            }
            let mut batch = Batch::default();
            let outcome = self.batch(reader, &mut batch, sink);
            // What was taken is remembered, so it is kept also where nothing more can be read.
            if !batch.is_empty() {
                sink.commit(batch).map_err(End::Sink)?;
            }
            outcome?;
        }
        Ok(())
    }

    /// Takes what comes within a moment.
    fn batch(&mut self, reader: &mut TopicReader, batch: &mut Batch, sink: &mut dyn Sink) -> Result<(), End> {
        let began = Instant::now();
        for _ in 0..BATCH {
            if let Some(taken) = reader.poll(GLANCE).map_err(End::Topics)? {
                self.take(&taken, batch, sink);
            }
            if began.elapsed() >= LONGEST_BATCH || self.stop.requested() {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, taken: &Taken, batch: &mut Batch, sink: &mut dyn Sink) {
        batch.offsets.insert((taken.topic.clone(), taken.partition), taken.offset + 1);
        // A tombstone follows a deletion that was a message of its own.
        let Some(bytes) = &taken.value else { return self.status.count_skipped(&self.source.name) };
        let header = |name: &str| {
            let found = taken.headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| String::from_utf8(value.clone()?).ok())
        };
        let message = Message { from: &taken.topic, bytes, key: taken.key.as_deref(), headers: &taken.headers };
        let (source, gate, now) = (&self.source, &self.gate, self.clock.now());
        let is_taken = if source.kind == Kind::Salesforce {
            let batch_so_far = std::mem::take(batch);
            let mut desk = Desk { source, gate, memory: &mut self.memory, sink, now, batch: batch_so_far };
            let is_taken = follow(message, &header, &mut desk);
            *batch = desk.batch;
            is_taken
        } else {
            take(source, message, &header, gate, now, batch)
        };
        if !is_taken {
            self.status.count_skipped(&self.source.name);
        }
    }
}
