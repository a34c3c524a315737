//! The group's member: librdkafka's consumer, with the calls that the event loop needs.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use tracing::debug;

use super::broker::{PollEvent, Position};
use super::commit::Committed;
use super::context::MemberContext;
use super::ending::end;
use super::failure::KafkaFailure;
use super::fault::{Fault, Place, explain_reset, is_damage};
use super::fetch_queue::FetchQueue;
use super::layout::Layout;
use super::partition::Partition;
use super::record::SourceRecord;
use super::settings;
use crate::config::{KafkaConfig, OnUnreadable};
use crate::model::rules::Acceptance;

/// How long to wait for a record when there is none.
const IDLE_WAIT: Duration = Duration::from_millis(20);
/// How long leaving the group may take; it takes half a second where the coordinator answers.
const LEAVING: Duration = Duration::from_secs(1);
/// How long one question may take, when the client ends.
const QUESTION: Duration = Duration::from_secs(1);
/// How long the broker may take to answer a commit: as long as a session.
const ANSWER: Duration = Duration::from_secs(10);
/// How long one poll may wait while leaving.
const LEAVING_POLL: Duration = Duration::from_millis(50);

/// The group's member.
pub(super) struct Consumer {
    /// What the client has fetched; it goes before the client.
    fetched: FetchQueue,
    inner: Arc<BaseConsumer<MemberContext>>,
    config: KafkaConfig,
    /// By what rules records are accepted, which stands in every commit.
    acceptance: Acceptance,
    /// Whether nothing is to be read until further notice.
    is_paused: bool,
    /// What was assigned last, and from where on.
    assigned: Vec<(Arc<Partition>, i64)>,
    /// What polls have reported beside the context; a turn of the loop takes all.
    reported: Vec<PollEvent>,
    /// Whether something happened after which a log may be another.
    is_doubtful: bool,
    /// The answer to a commit for which nobody waits any more.
    unanswered: Option<Receiver<KafkaResult<()>>>,
}

impl Consumer {
    /// Joins the group.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub(super) fn join(config: &KafkaConfig, acceptance: Acceptance) -> Result<Consumer, KafkaFailure> {
        let inner = Arc::new(client(config)?);
        let consumer = Consumer {
            fetched: FetchQueue::new(Arc::clone(&inner)),
            inner,
            config: config.clone(),
            acceptance,
            is_paused: false,
            assigned: Vec::new(),
            reported: Vec::new(),
            is_doubtful: false,
            unanswered: None,
        };
        consumer.subscribe()?;
        Ok(consumer)
    }

    /// Joins the group anew with another client. What was read stays read.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub(super) fn rejoin(&mut self) -> Result<(), KafkaFailure> {
        let fresh = Arc::new(client(&self.config)?);
        // The old client ends before the new one speaks to the group, or has at least been told to.
        self.inner.context().close();
        self.unanswered = None;
        self.fetched = FetchQueue::new(Arc::clone(&fresh));
        self.is_paused = false;
        end(std::mem::replace(&mut self.inner, fresh));
        self.subscribe()
    }

    fn subscribe(&self) -> Result<(), KafkaFailure> {
        let topics: Vec<&str> = self.config.topics.values().map(String::as_str).collect();
        self.inner.subscribe(&topics).map_err(|error| KafkaFailure::Ended(format!("cannot subscribe: {error}")))
    }

    /// Reads what is there, waiting a moment if there is nothing.
    ///
    /// # Errors
    /// If the numbers could not be trusted any more.
    pub(super) fn read(
        &mut self,
        most: usize,
        take: &mut dyn FnMut(&SourceRecord<'_>) -> ControlFlow<()>,
    ) -> Result<(), KafkaFailure> {
        // While the partitions are paused, what was taken out of the client's queue waits here.
        let is_held_back = self.is_paused && !self.fetched.is_empty();
        if !is_held_back {
            self.fetched.fetch(most, IDLE_WAIT);
            for (topic, number) in self.fetched.take_misplaced() {
                let is_it = |partition: &Partition| *partition.topic() == *topic && partition.number() == number;
                let found = self.assigned.iter().filter(|(partition, _)| is_it(partition));
                found.for_each(|(partition, _)| partition.set_misplaced(true));
            }
        }
        // What the client has reported by now may concern what it has fetched by now, and so comes first.
        let served = self.serve(if is_held_back { IDLE_WAIT } else { Duration::ZERO }, take);
        if self.inner.context().take_doubt() {
            // What is read from now on may lie in another log.
            self.is_doubtful = true;
            self.assigned.iter().for_each(|(partition, _)| partition.trace().doubt());
        }
        if is_held_back {
            return served;
        }
        while let Some(taken) = self.fetched.take() {
            match taken.record() {
                Ok(record) if take(&record).is_continue() => {}
                Ok(_) => break,
                Err(error) => {
                    self.judge(&error)?;
                    break;
                }
            }
        }
        served
    }

    /// Serves what the client reports: rebalances, errors, statistics. Waits so long for the first of it.
    fn serve(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(&SourceRecord<'_>) -> ControlFlow<()>,
    ) -> Result<(), KafkaFailure> {
        let mut wait = wait;
        loop {
            let calls = self.inner.context().calls();
            match self.inner.poll(std::mem::take(&mut wait)) {
                // Of a partition whose queue librdkafka did not give.
                Some(Ok(message)) if take(&SourceRecord::of(&message)).is_break() => return Ok(()),
                Some(Err(_)) if self.fenced() => {
                    self.reported.push(PollEvent::Fenced);
                    return Ok(());
                }
                Some(Err(error)) => self.judge(&error)?,
                // A poll that has served something without a result says the same as one that found nothing.
                None if self.inner.context().calls() == calls => return Ok(()),
                Some(Ok(_)) | None => {}
            }
        }
    }

    /// Whether records may be passed over that cannot be read.
    pub(super) fn may_pass_over(&self) -> bool {
        self.config.on_unreadable == OnUnreadable::Skip
    }

    /// Whether something happened since the last call after which a log may be another: a connection was lost, or the client
    /// recovered from an error.
    pub(super) fn take_doubt(&mut self) -> bool {
        std::mem::take(&mut self.is_doubtful)
    }

    /// What happened during the reads since the last call.
    pub(super) fn events(&mut self) -> Vec<PollEvent> {
        let mut events = self.inner.context().take_events();
        events.append(&mut self.reported);
        events
    }

    /// Offsets are given as numbers. librdkafka would look a logical one up at the broker, and an answer that comes after
    /// the partition was assigned anew makes it read from there again, whatever the new assignment said.
    pub(super) fn assign(&mut self, from: &[(Arc<Partition>, i64)]) -> Result<(), KafkaFailure> {
        self.assigned = from.to_vec();
        from.iter().for_each(|(partition, _)| partition.set_misplaced(false));
        self.fetched.lead(from.iter().map(|(partition, _)| (partition.topic(), partition.number())));
        let mut list = TopicPartitionList::new();
        let added = from.iter().try_for_each(|(partition, offset)| {
            list.add_partition_offset(partition.topic(), partition.number(), Offset::Offset(*offset))
        });
        done(added.and_then(|()| self.inner.assign(&list)), "assign the partitions")
    }

    pub(super) fn unassign(&mut self) -> Result<(), KafkaFailure> {
        self.fetched.lead(std::iter::empty());
        done(self.inner.unassign(), "give the partitions back")
    }

    pub(super) fn pause(&mut self, layout: &Layout) -> Result<(), KafkaFailure> {
        self.is_paused = true;
        done(self.inner.pause(&everything(layout)), "pause the partitions")
    }

    pub(super) fn resume(&mut self, layout: &Layout) -> Result<(), KafkaFailure> {
        self.is_paused = false;
        done(self.inner.resume(&everything(layout)), "resume the partitions")
    }

    pub(super) fn positions(&self, layout: &Layout) -> Result<Vec<Position>, KafkaFailure> {
        let known = match self.inner.position() {
            Ok(known) => known,
            Err(error) => return done(Err(error), "ask for the positions").map(|()| Vec::new()),
        };
        let position = |partition: &Partition| {
            // librdkafka takes for read what was taken out of its queue.
            if let Some(offset) = self.fetched.next_of(partition.topic(), partition.number()) {
                return Some(offset);
            }
            let said = said(&known, partition);
            if said.is_some() && said == partition.next() {
                partition.set_misplaced(false);
            }
            partition.position(said)
        };
        Ok(layout.partitions().map(|partition| (Arc::clone(partition), position(partition))).collect())
    }

    pub(super) fn commit(&self, offsets: &[(Arc<Partition>, Committed)]) {
        if let Err(error) = self.inner.commit(&self.list_of(offsets), CommitMode::Async) {
            debug!(%error, "cannot commit now");
        }
    }

    /// librdkafka waits for the answer without end, though the coordinator may have gone for good: so a thread of its own does,
    /// and at most one at a time.
    pub(super) fn commit_and_wait(&mut self, offsets: &[(Arc<Partition>, Committed)]) -> Result<(), KafkaFailure> {
        if let Some(earlier) = self.unanswered.take() {
            // Whatever it is, it came too late to be used.
            let _ = self.answer_of(earlier)?;
        }
        let (client, list) = (Arc::clone(&self.inner), self.list_of(offsets));
        let (sender, answer) = sync_channel(1);
        let work = move || {
            // Who waited may have gone.
            let _ = sender.send(client.commit(&list, CommitMode::Sync));
        };
        let thread = thread::Builder::new().name("commit".to_owned()).spawn(work);
        thread.map_err(|error| KafkaFailure::Ended(format!("cannot commit without a thread: {error}")))?;
        done(self.answer_of(answer)?, "commit")
    }

    /// Waits for the answer to a commit, and keeps it for later where that takes too long.
    fn answer_of(&mut self, answer: Receiver<KafkaResult<()>>) -> Result<KafkaResult<()>, KafkaFailure> {
        answer.recv_timeout(ANSWER).map_err(|_| {
            self.unanswered = Some(answer);
            KafkaFailure::Ended(format!("cannot commit: Kafka has not answered for {ANSWER:?}"))
        })
    }

    pub(super) fn instance_id(&self) -> &str {
        &self.config.instance_id
    }

    /// Dropping a static member alone would keep its seat until the session times out.
    pub(super) fn leave(&self) {
        self.inner.context().close();
        self.inner.unsubscribe();
        let started = Instant::now();
        while started.elapsed() < LEAVING {
            let _ = self.inner.poll(LEAVING_POLL);
        }
    }

    /// What to commit, as librdkafka takes it.
    fn list_of(&self, offsets: &[(Arc<Partition>, Committed)]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, committed) in offsets {
            let mut element = list.add_partition(partition.topic(), partition.number());
            // Offsets are not negative, so they can be represented.
            let _ = element.set_offset(Offset::Offset(committed.offset));
            element.set_metadata(committed.metadata(self.acceptance));
        }
        list
    }

    fn judge(&mut self, error: &KafkaError) -> Result<(), KafkaFailure> {
        match Fault::of(error) {
            Fault::Passing => {
                debug!(%error, "the Kafka client recovers from an error by itself");
                self.inner.context().doubt();
                Ok(())
            }
            Fault::Unreadable => {
                self.reported.push(PollEvent::Unreadable(error.to_string()));
                Ok(())
            }
            Fault::Reset => {
                let places = self.places();
                if self.may_pass_over() && is_damage(&places) {
                    self.reported.push(PollEvent::Unreadable("a batch is damaged".to_owned()));
                    return Ok(());
                }
                Err(KafkaFailure::Ended(explain_reset(&places)))
            }
            Fault::Fatal(sentence) => Err(KafkaFailure::Ended(match self.inner.client().fatal_error() {
                Some((_, reason)) => format!("the Kafka client cannot go on: {reason}"),
                None => sentence,
            })),
        }
    }

    /// Where each partition is read, and what its log has now; those of which the cluster does not say it are left out.
    fn places(&self) -> Vec<Place> {
        let positions = self.inner.position().ok();
        let place = |(partition, from): &(Arc<Partition>, i64)| {
            let (topic, number) = (partition.topic().to_owned(), partition.number());
            let said = positions.as_ref().and_then(|positions| said(positions, partition));
            let next = partition.position(said).unwrap_or(*from);
            let ends = self.inner.fetch_watermarks(&topic, number, QUESTION).ok()?;
            partition.note_end(ends.1);
            Some(Place { topic, number, next, ends })
        };
        self.assigned.iter().filter_map(place).collect()
    }

    /// Whether the broker takes this client for a second member with its instance id. librdkafka keeps a commit until the
    /// broker is back. If the session has ended by then, and the broker still keeps our seat (it counts sessions anew when it
    /// starts), it takes the commit for one of such a second member.
    fn fenced(&self) -> bool {
        matches!(self.inner.client().fatal_error(), Some((RDKafkaErrorCode::FencedInstanceId, _)))
    }
}

/// The position of a partition as librdkafka says it.
fn said(positions: &TopicPartitionList, partition: &Partition) -> Option<i64> {
    let element = positions.find_partition(partition.topic(), partition.number())?;
    if let Offset::Offset(offset) = element.offset() { Some(offset) } else { None }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // The client ends by giving its partitions back, and nobody takes the event any more.
        self.inner.context().close();
    }
}

fn client(config: &KafkaConfig) -> Result<BaseConsumer<MemberContext>, KafkaFailure> {
    let client = settings::consumer_settings(config).create_with_context(MemberContext::default());
    client.map_err(|error| KafkaFailure::of_creation(&error))
}

fn everything(layout: &Layout) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for partition in layout.partitions() {
        list.add_partition(partition.topic(), partition.number());
    }
    list
}

fn done(result: KafkaResult<()>, what: &str) -> Result<(), KafkaFailure> {
    result.map_err(|error| KafkaFailure::Ended(format!("cannot {what}: {error}")))
}
