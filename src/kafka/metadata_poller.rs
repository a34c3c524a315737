//! Asks the cluster what takes a while to answer, in a thread of its own, so that the poll thread goes on polling: at each
//! assignment the committed offsets, the ends of the logs and the members of the group, and now and then whether topics have
//! changed.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, warn};

use super::broker::PollEvent;
use super::failure::KafkaFailure;
use super::group::{DescribeError, members};
use super::layout::Layout;
use super::membership::GroupMember;
use super::metadata_client::{MetadataClient, metadata_client, serve};
use super::partition::Committed;
use super::topology::fetch_counts;
use crate::config::KafkaConfig;
use crate::health::LogThrottle;
use crate::model::rules::Acceptance;

/// How often the topics are looked at.
pub const TOPOLOGY_INTERVAL: Duration = Duration::from_secs(30);
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
}

/// A wish to survey all partitions of a layout.
struct Survey {
    number: u64,
    layout: Arc<Layout>,
}

/// The thread, seen by the poll thread. It ends when this is dropped.
pub(super) struct MetadataPoller {
    surveys: Option<SyncSender<Survey>>,
    answers: Option<Receiver<PollEvent>>,
    thread: Option<JoinHandle<()>>,
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
        let (surveys, asked) = sync_channel(WAITING_ANSWERS);
        let (found, answers) = sync_channel(WAITING_ANSWERS);
        let (config, throttle) = (config.clone(), LogThrottle::default());
        let work = Work { client, config, acceptance, interval, asked, found, throttle };
        let thread = spawn(work).map_err(|error| KafkaFailure::Ended(format!("cannot start a thread: {error}")))?;
        Ok(MetadataPoller { surveys: Some(surveys), answers: Some(answers), thread: Some(thread) })
    }

    /// Wishes for a survey of all partitions; surveys wished for earlier are of no interest then.
    pub(super) fn survey(&self, number: u64, layout: Arc<Layout>) {
        if let Some(surveys) = &self.surveys {
            // The queue is full only if wishes come faster than they are taken in, several a second, and the thread
            // takes the last; but it does not end before us, so nothing else can fail.
            let _ = surveys.send(Survey { number, layout });
        }
    }

    /// What was found out since the last look.
    pub(super) fn events(&self) -> impl Iterator<Item = PollEvent> + '_ {
        self.answers.iter().flat_map(Receiver::try_iter)
    }
}

impl Drop for MetadataPoller {
    fn drop(&mut self) {
        // The thread ends when it has nobody to listen to, and must not wait for somebody who listens no more.
        drop(self.surveys.take());
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

fn spawn(work: Work) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("metadata".to_owned()).spawn(move || work.run())
}

struct Work {
    client: MetadataClient,
    config: KafkaConfig,
    acceptance: Acceptance,
    interval: Duration,
    asked: Receiver<Survey>,
    found: SyncSender<PollEvent>,
    throttle: LogThrottle,
}

impl Work {
    fn run(self) {
        let mut counted_at = Instant::now();
        let mut open: Option<Survey> = None;
        loop {
            match self.asked.recv_timeout(PAUSE) {
                Ok(survey) => open = Some(survey),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            loop {
                match self.asked.try_recv() {
                    Ok(survey) => open = Some(survey),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            serve(&self.client);
            open = open.and_then(|survey| self.attempt(survey));
            if counted_at.elapsed() >= self.interval {
                counted_at = Instant::now();
                self.count();
            }
        }
    }

    /// Surveys; gives the wish back if it must be tried again.
    fn attempt(&self, survey: Survey) -> Option<Survey> {
        match self.survey(&survey.layout) {
            Ok(members) => {
                self.report(PollEvent::Surveyed { survey: survey.number, members });
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

    fn survey(&self, layout: &Layout) -> Result<Option<Vec<GroupMember>>, SurveyError> {
        let mut list = TopicPartitionList::new();
        for partition in layout.partitions() {
            list.add_partition(partition.topic(), partition.number());
        }
        let committed = self.client.committed_offsets(list, QUESTION)?;
        for partition in layout.partitions() {
            let found = committed.find_partition(partition.topic(), partition.number());
            let committed = match found {
                Some(element) => {
                    element.error()?;
                    committed_of(&element, self.acceptance)
                }
                None => None,
            };
            let (low, high) = self.client.fetch_watermarks(partition.topic(), partition.number(), QUESTION)?;
            partition.set_survey(committed, low, high);
        }
        Ok(members(&self.client, &self.config.group, QUESTION)?)
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
