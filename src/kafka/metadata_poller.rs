//! Asks the cluster what takes a while to answer, in a thread of its own, so that the poll thread goes on polling: at each
//! assignment the committed offsets, the ends of the logs and the members of the group, and now and then whether topics have
//! changed: how many partitions they have, and whether the records that were read last still lie in them.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, warn};

use super::broker::{PollEvent, Readable};
use super::commit::Committed;
use super::failure::KafkaFailure;
use super::group::{DescribeError, members};
use super::identity::{Found, compare_logs, take_survey};
use super::kafka_log::KafkaLog;
use super::layout::{Layout, Topic};
use super::membership::GroupMember;
use super::metadata_client::{MetadataClient, metadata_client, serve};
use super::partition::Partition;
use super::topology::fetch_counts;
use crate::config::KafkaConfig;
use crate::health::LogThrottle;
use crate::model::rules::Acceptance;
use crate::snapshot::{Changed, Comparison, Place};

/// How often the topics are looked at.
pub const TOPOLOGY_INTERVAL: Duration = Duration::from_secs(30);
/// How often one partition of each topic is compared with what was read of it.
const IDENTITY_INTERVAL: Duration = Duration::from_secs(5);
/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(3);
/// How long to wait before a question that failed is asked again, and between two looks at the client's own queue.
const PAUSE: Duration = Duration::from_millis(500);
/// How many answers may wait for the poll thread, which looks after every poll.
const WAITING_ANSWERS: usize = 4;

/// Why a survey is to be tried again.
#[derive(Debug, thiserror::Error)]
enum SurveyError {
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error(transparent)]
    Group(#[from] DescribeError),
    #[error("cannot see whether the topics still are those that were read: {0}")]
    Log(String),
}

/// What a survey finds.
enum Answer {
    /// The members of the group, where the cluster says who they are.
    Members {
        members: Option<Vec<GroupMember>>,
        /// Records that cannot be read, without which nobody knows whether memory is of these logs.
        unverified: Vec<Place>,
    },
    /// A log is not the one that was read.
    Changed(Changed),
}

/// What the thread is asked for.
enum Wish {
    /// A survey.
    Survey(Survey),
    /// What can be read behind these offsets.
    PassOver(Vec<(Arc<Partition>, i64)>),
}

/// A wish to survey all partitions of a layout.
struct Survey {
    number: u64,
    layout: Arc<Layout>,
}

/// The thread, seen by the poll thread. It ends when this is dropped.
pub(super) struct MetadataPoller {
    wishes: Option<SyncSender<Wish>>,
    answers: Option<Receiver<PollEvent>>,
    thread: Option<JoinHandle<()>>,
    log: Arc<KafkaLog>,
    is_suspicious: Arc<AtomicBool>,
}

impl MetadataPoller {
    /// Starts the thread, which looks at the topics every `interval`.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration, or the thread cannot be started.
    pub(super) fn start(
        config: &KafkaConfig,
        acceptance: Acceptance,
        interval: Duration,
    ) -> Result<MetadataPoller, KafkaFailure> {
        let client = metadata_client(config)?;
        let (wishes, asked) = sync_channel(WAITING_ANSWERS);
        let (found, answers) = sync_channel(WAITING_ANSWERS);
        let (log, is_suspicious) = (Arc::new(KafkaLog::new(config)?), Arc::<AtomicBool>::default());
        let work = Work {
            client,
            config: config.clone(),
            acceptance,
            interval,
            asked,
            found,
            throttle: LogThrottle::default(),
            log: Arc::clone(&log),
            is_suspicious: Arc::clone(&is_suspicious),
            unverified: RefCell::default(),
        };
        let thread = spawn(work).map_err(|error| KafkaFailure::Ended(format!("cannot start a thread: {error}")))?;
        Ok(MetadataPoller { wishes: Some(wishes), answers: Some(answers), thread: Some(thread), log, is_suspicious })
    }

    /// Wishes for a survey of all partitions; surveys wished for earlier are of no interest then.
    pub(super) fn survey(&self, number: u64, layout: Arc<Layout>) {
        if let Some(wishes) = &self.wishes {
            // The queue is full only if wishes come faster than they are taken in, several a second, and the thread
            // takes the last; but it does not end before us, so nothing else can fail.
            let _ = wishes.send(Wish::Survey(Survey { number, layout }));
        }
    }

    /// Looks for what can be read behind these offsets.
    pub(super) fn pass_over(&self, at: Vec<(Arc<Partition>, i64)>) {
        if let Some(wishes) = &self.wishes {
            // If the queue is full the thread looks already; what cannot be read is met again.
            let _ = wishes.try_send(Wish::PassOver(at));
        }
    }

    /// The logs, to look at records that were read before.
    pub(super) fn log(&self) -> Arc<KafkaLog> {
        Arc::clone(&self.log)
    }

    /// Has all partitions compared with what was read of them, because something may have become of their logs.
    pub(super) fn suspect(&self) {
        self.is_suspicious.store(true, Ordering::Relaxed);
    }

    /// What was found out since the last look.
    pub(super) fn events(&self) -> impl Iterator<Item = PollEvent> + '_ {
        self.answers.iter().flat_map(Receiver::try_iter)
    }
}

impl Drop for MetadataPoller {
    fn drop(&mut self) {
        // The thread ends when it has nobody to listen to, and must not wait for somebody who listens no more.
        drop(self.wishes.take());
        drop(self.answers.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the panic itself.
            let _ = thread.join();
        }
    }
}

fn committed_of(element: &TopicPartitionListElem<'_>, acceptance: Acceptance) -> Option<Committed> {
    let Offset::Offset(offset) = element.offset() else { return None };
    Committed::parse(offset, element.metadata(), acceptance)
}

/// Of each topic one partition of which something is known, in turn: a topic that is created anew changes in all of them.
fn one_of_each(layout: &Layout, turn: usize) -> Vec<&Arc<Partition>> {
    layout.topics().iter().filter_map(|topic| one_of(topic, turn)).collect()
}

fn one_of(topic: &Topic, turn: usize) -> Option<&Arc<Partition>> {
    let known = || topic.partitions.iter().filter(|partition| !partition.known_by().is_empty());
    known().nth(turn.checked_rem(known().count())?)
}

fn spawn(work: Work) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("metadata".to_owned()).spawn(move || work.run())
}

struct Work {
    client: MetadataClient,
    config: KafkaConfig,
    acceptance: Acceptance,
    interval: Duration,
    asked: Receiver<Wish>,
    found: SyncSender<PollEvent>,
    throttle: LogThrottle,
    log: Arc<KafkaLog>,
    is_suspicious: Arc<AtomicBool>,
    /// Records that could not be read at the last comparison of their partitions, in order.
    unverified: RefCell<Vec<Place>>,
}

impl Work {
    fn run(self) {
        let (mut counted_at, mut compared_at) = (Instant::now(), Instant::now());
        let mut open: Option<Survey> = None;
        let mut unreadable = Vec::new();
        let (mut layout, mut turn) = (Arc::<Layout>::default(), 0);
        loop {
            match self.asked.recv_timeout(PAUSE) {
                Ok(Wish::Survey(survey)) => open = Some(survey),
                Ok(Wish::PassOver(at)) => unreadable = at,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            loop {
                match self.asked.try_recv() {
                    Ok(Wish::Survey(survey)) => open = Some(survey),
                    Ok(Wish::PassOver(at)) => unreadable = at,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            serve(&self.client);
            if let Some(survey) = &open {
                layout = Arc::clone(&survey.layout);
            }
            open = open.and_then(|survey| self.attempt(survey));
            if !unreadable.is_empty() {
                unreadable = self.look_behind(unreadable);
            }
            if self.is_suspicious.swap(false, Ordering::Relaxed) {
                self.look(&layout.partitions().collect::<Vec<_>>());
            } else if compared_at.elapsed() >= IDENTITY_INTERVAL {
                compared_at = Instant::now();
                turn += 1;
                self.look(&one_of_each(&layout, turn));
            }
            if counted_at.elapsed() >= self.interval {
                counted_at = Instant::now();
                self.count();
            }
        }
    }

    /// Surveys; gives the wish back if it must be tried again.
    fn attempt(&self, survey: Survey) -> Option<Survey> {
        match self.survey(&survey.layout) {
            Ok(Answer::Members { members, unverified }) => {
                self.unverified.replace(unverified.clone());
                self.report(PollEvent::Unverified { records: unverified, is_assignment: true });
                self.report(PollEvent::Surveyed { survey: survey.number, members });
                None
            }
            Ok(Answer::Changed(changed)) => {
                self.report(PollEvent::LogChanged(changed));
                None
            }
            Err(error) => {
                if let Some(suppressed) = self.throttle.pass() {
                    warn!(%error, suppressed, "cannot ask for the committed offsets and the ends of the partitions; asking again");
                }
                Some(survey)
            }
        }
    }

    fn survey(&self, layout: &Layout) -> Result<Answer, SurveyError> {
        let mut list = TopicPartitionList::new();
        for partition in layout.partitions() {
            list.add_partition(partition.topic(), partition.number());
        }
        let committed = self.client.committed_offsets(list, QUESTION)?;
        let [lows, highs] = [Offset::Beginning, Offset::End].map(|end| self.ends(layout, end));
        let (lows, highs) = (lows?, highs?);
        let mut found = Vec::new();
        for ((partition, low), high) in layout.partitions().zip(lows).zip(highs) {
            let committed = match committed.find_partition(partition.topic(), partition.number()) {
                Some(element) => {
                    element.error()?;
                    committed_of(&element, self.acceptance)
                }
                None => None,
            };
            found.push(Found { partition, committed, ends: (low, high) });
        }
        let comparison = take_survey(&*self.log, found).map_err(SurveyError::Log)?;
        if let Some(changed) = comparison.changed {
            return Ok(Answer::Changed(changed));
        }
        let members = members(&self.client, &self.config.group, QUESTION)?;
        Ok(Answer::Members { members, unverified: comparison.unverified })
    }

    /// Where all logs begin, or end: one question to each broker, however many partitions there are.
    fn ends(&self, layout: &Layout, end: Offset) -> Result<Vec<i64>, SurveyError> {
        let mut list = TopicPartitionList::new();
        for partition in layout.partitions() {
            list.add_partition_offset(partition.topic(), partition.number(), end)?;
        }
        // Kafka takes the two ends for times before and after all others.
        let found = self.client.offsets_for_times(list, QUESTION)?;
        let offset = |partition: &Arc<Partition>| {
            let unknown = || SurveyError::Log(format!("Kafka does not say where {partition} begins and ends"));
            let element = found.find_partition(partition.topic(), partition.number()).ok_or_else(unknown)?;
            element.error()?;
            if let Offset::Offset(offset) = element.offset() { Ok(offset) } else { Err(unknown()) }
        };
        layout.partitions().map(offset).collect()
    }

    /// Looks for what can be read behind these offsets; gives them back if that must be tried again.
    fn look_behind(&self, at: Vec<(Arc<Partition>, i64)>) -> Vec<(Arc<Partition>, i64)> {
        let readable = |(partition, from): &(Arc<Partition>, i64)| {
            let to = self.log.next_readable(partition.topic(), partition.number(), *from)?;
            Ok(Readable { partition: Arc::clone(partition), from: *from, to })
        };
        match at.iter().map(readable).collect::<Result<Vec<Readable>, String>>() {
            Ok(found) => {
                self.report(PollEvent::Readable(found));
                Vec::new()
            }
            Err(error) => {
                if let Some(suppressed) = self.throttle.pass() {
                    warn!(error, suppressed, "cannot see what can be read behind a batch that cannot; looking again");
                }
                at
            }
        }
    }

    /// Looks whether the logs of these partitions still are those that were read.
    fn look(&self, partitions: &[&Arc<Partition>]) {
        let known = partitions.iter().copied().filter(|partition| !partition.known_by().is_empty());
        let ends = known.map(|partition| Ok((partition, self.log.ends(partition.topic(), partition.number())?)));
        match ends.collect::<Result<Vec<_>, String>>().and_then(|ends| compare_logs(&*self.log, &ends)) {
            Ok(Comparison { changed: Some(changed), .. }) => self.report(PollEvent::LogChanged(changed)),
            Ok(Comparison { unverified, .. }) => self.note_unverified(partitions, unverified),
            Err(error) => {
                debug!(error, "cannot see whether the topics still are those that were read");
                // A cluster that does not answer now may hold other logs when it does.
                self.is_suspicious.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Reports of which partitions nobody knows whether their logs are those that were read, when that is news.
    fn note_unverified(&self, compared: &[&Arc<Partition>], found: Vec<Place>) {
        let was_compared = |place: &Place| compared.iter().any(|partition| partition.is_at(place));
        let before = self.unverified.take();
        let mut now: Vec<Place> = before.iter().filter(|place| !was_compared(place)).cloned().collect();
        now.extend(found);
        now.sort_unstable();
        if now != before {
            self.report(PollEvent::Unverified { records: now.clone(), is_assignment: false });
        }
        self.unverified.replace(now);
    }

    fn count(&self) {
        match fetch_counts(&self.client, &self.config, QUESTION) {
            Ok(counts) => self.report(PollEvent::Counted(counts)),
            Err(error) => debug!(%error, "cannot look at the topics"),
        }
    }

    fn report(&self, event: PollEvent) {
        // The poll thread has gone only while everything ends.
        let _ = self.found.send(event);
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;

    use super::*;
    use crate::config::Config;
    use crate::kafka::Counts;
    use crate::kafka::metadata_client::client_of;
    use crate::kafka::settings::metadata_settings;
    use crate::model::event::EventType;

    const PARTITIONS: usize = 12;

    /// Each question takes as long as the way to the broker and back: one for each partition would be 84 times that.
    #[test]
    fn the_ends_of_all_logs_are_asked_for_at_once() {
        let cluster = MockCluster::new(1).unwrap();
        let topics = EventType::ALL.map(|kind| (kind, kind.default_topic()));
        for (_, topic) in topics {
            cluster.create_topic(topic, i32::try_from(PARTITIONS).unwrap(), 1).unwrap();
        }
        let text = format!("org.reporting_currency = \"CNY\"\nkafka.brokers = {:?}", cluster.bootstrap_servers());
        let config = Config::of_text(&text, "the test", &[]).unwrap().kafka;
        let mut settings = metadata_settings(&config);
        settings.set("statistics.interval.ms", "100");
        let ((_wishes, asked), (found, _answers)) = (sync_channel(1), sync_channel(1));
        let work = Work {
            client: client_of(&settings).unwrap(),
            acceptance: Acceptance(0),
            interval: Duration::MAX,
            asked,
            found,
            throttle: LogThrottle::default(),
            log: Arc::new(KafkaLog::new(&config).unwrap()),
            is_suspicious: Arc::default(),
            unverified: RefCell::default(),
            config,
        };
        let counts: Counts = topics.into_iter().map(|(_, topic)| (topic, PARTITIONS)).collect();
        let layout = Layout::new(topics.into_iter(), &counts);
        let ends = [Offset::Beginning, Offset::End].map(|end| work.ends(&layout, end).unwrap());
        assert_eq!(ends, [[0; 7 * PARTITIONS], [0; 7 * PARTITIONS]]);

        let until = Instant::now() + Duration::from_secs(60);
        work.client.context().statistics.lock().unwrap().take();
        let statistics = loop {
            let _ = work.client.poll(PAUSE);
            if let Some(statistics) = work.client.context().statistics.lock().unwrap().take() {
                break statistics;
            }
            assert!(Instant::now() < until, "the client counts nothing");
        };
        let questions: i64 = statistics.brokers.values().filter_map(|broker| broker.req.get("ListOffsets")).sum();
        assert!((1..=4).contains(&questions), "{questions} questions for the ends of {} logs", 7 * PARTITIONS);
    }
}
