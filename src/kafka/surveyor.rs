//! Asks the cluster what takes a while to answer, in a thread of its own, so that the poll thread goes on polling:
//! at each assignment the committed offsets and the ends of the logs, and now and then whether topics have changed.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, warn};

use super::context::Onlooker;
use super::failure::KafkaFailure;
use super::layout::Layout;
use super::partition::Committed;
use super::settings;
use super::topology::{Counts, fetch_counts, serve};
use crate::config::KafkaConfig;
use crate::health::Rarely;
use crate::model::rules::Acceptance;

/// How often the topics are looked at.
pub const TOPOLOGY_INTERVAL: Duration = Duration::from_secs(30);
/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(3);
/// How long to wait before a question that failed is asked again, and between two looks at the client's own queue.
const PAUSE: Duration = Duration::from_millis(500);
/// How many findings may wait for the poll thread, which looks after every poll.
const WAITING_FINDINGS: usize = 4;

/// What was found out.
#[derive(Clone, Debug)]
pub enum Finding {
    /// The partitions of this survey know their committed offsets and ends.
    Surveyed(u64),
    /// How many partitions the topics have now.
    Counted(Counts),
}

/// A wish to survey all partitions of a layout.
struct Survey {
    number: u64,
    layout: Arc<Layout>,
}

/// The thread, seen by the poll thread. It ends when this is dropped.
pub struct Surveyor {
    surveys: Option<SyncSender<Survey>>,
    findings: Option<Receiver<Finding>>,
    thread: Option<JoinHandle<()>>,
    asked: u64,
}

impl Surveyor {
    /// Starts the thread, which looks at the topics every `interval`.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration, or the thread cannot be started.
    pub fn start(config: &KafkaConfig, acceptance: Acceptance, interval: Duration) -> Result<Surveyor, KafkaFailure> {
        let client: BaseConsumer<Onlooker> = settings::onlooker_settings(config)
            .create_with_context(Onlooker::default())
            .map_err(|error| KafkaFailure::of_creation(&error))?;
        let (surveys, asked) = sync_channel(WAITING_FINDINGS);
        let (told, findings) = sync_channel(WAITING_FINDINGS);
        let (config, rarely) = (config.clone(), Rarely::default());
        let work = Work { client, config, acceptance, interval, asked, told, rarely };
        let thread = spawn(work).map_err(|error| KafkaFailure::Ended(format!("cannot start a thread: {error}")))?;
        Ok(Surveyor { surveys: Some(surveys), findings: Some(findings), thread: Some(thread), asked: 0 })
    }

    /// Wishes for a survey of all partitions and answers its number; surveys wished for earlier are of no interest then.
    pub fn survey(&mut self, layout: Arc<Layout>) -> u64 {
        self.asked += 1;
        if let Some(surveys) = &self.surveys {
            // The queue is full only if wishes come faster than they are taken in, several a second, and the thread
            // takes the last; but it does not end before us, so nothing else can fail.
            let _ = surveys.send(Survey { number: self.asked, layout });
        }
        self.asked
    }

    /// What was found out since the last look.
    pub fn findings(&self) -> impl Iterator<Item = Finding> + '_ {
        self.findings.iter().flat_map(Receiver::try_iter)
    }
}

impl Drop for Surveyor {
    fn drop(&mut self) {
        // The thread ends when it has nobody to listen to, and must not wait for somebody who listens no more.
        drop(self.surveys.take());
        drop(self.findings.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by the panic itself.
            let _ = thread.join();
        }
    }
}

fn committed_of(element: &TopicPartitionListElem<'_>, acceptance: Acceptance) -> Option<Committed> {
    let Offset::Offset(offset) = element.offset() else { return None };
    Some(Committed::parse(offset, element.metadata(), acceptance))
}

fn spawn(work: Work) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("surveyor".to_owned()).spawn(move || work.run())
}

struct Work {
    client: BaseConsumer<Onlooker>,
    config: KafkaConfig,
    acceptance: Acceptance,
    interval: Duration,
    asked: Receiver<Survey>,
    told: SyncSender<Finding>,
    rarely: Rarely,
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
            Ok(()) => {
                self.tell(Finding::Surveyed(survey.number));
                None
            }
            Err(error) => {
                if let Some(untold) = self.rarely.tell() {
                    warn!(%error, untold, "cannot ask for the committed offsets and the ends of the partitions; asking again");
                }
                Some(survey)
            }
        }
    }

    fn survey(&self, layout: &Layout) -> Result<(), KafkaError> {
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
        Ok(())
    }

    fn count(&self) {
        match fetch_counts(&self.client, &self.config, QUESTION) {
            Ok(counts) => self.tell(Finding::Counted(counts)),
            Err(error) => debug!(%error, "cannot look at the topics"),
        }
    }

    fn tell(&self, finding: Finding) {
        // The poll thread has gone only while everything ends.
        let _ = self.told.send(finding);
    }
}
