//! What librdkafka calls: rebalances, statistics, errors and logs. The callbacks run inside `poll`, in the poll thread,
//! and never block: they leave news for the pipeline, which picks it up after the poll.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, info};

use super::layout::Layout;
use super::partition::{Committed, Partition};
use crate::health::{Condition, Phase, Standing};
use crate::health::{KafkaLog, KafkaTrouble, Met, Metrics, RarelyByKind};
use crate::model::rules::Acceptance;

/// What happened during a poll.
#[derive(Debug, Default)]
pub struct News {
    /// This member was given all partitions; reading waits until the cluster has been surveyed.
    pub became_owner: bool,
    /// The partitions were taken away.
    pub lost_partitions: bool,
    /// librdkafka's latest statistics.
    pub statistics: Option<Statistics>,
    /// Why a call inside a callback failed: after it, nothing would be read.
    pub failure: Option<String>,
}

/// The context of the group's member.
pub(super) struct Member {
    /// All partitions; replaced as a whole when topics grow.
    layout: Mutex<Arc<Layout>>,
    standing: Arc<Standing>,
    metrics: Arc<Metrics>,
    news: Mutex<News>,
    trouble: Trouble,
    /// What librdkafka says again and again is told rarely.
    rarely: RarelyByKind,
    /// Whether the partitions were last taken because the session had ended, and none were given since.
    has_lost_session: AtomicBool,
    /// Whether what is read becomes durable.
    keeps_snapshots: bool,
    /// By what rules records are accepted.
    acceptance: Acceptance,
}

impl Member {
    pub(super) fn new(
        layout: Arc<Layout>,
        standing: Arc<Standing>,
        metrics: Arc<Metrics>,
        keeps_snapshots: bool,
        acceptance: Acceptance,
    ) -> Member {
        Member {
            layout: Mutex::new(layout),
            standing,
            metrics,
            news: Mutex::default(),
            trouble: Trouble::default(),
            rarely: RarelyByKind::default(),
            has_lost_session: AtomicBool::new(false),
            keeps_snapshots,
            acceptance,
        }
    }

    /// The same member, for another client.
    pub(super) fn anew(&self) -> Member {
        let (standing, metrics) = (Arc::clone(&self.standing), Arc::clone(&self.metrics));
        Member::new(self.layout(), standing, metrics, self.keeps_snapshots, self.acceptance)
    }

    /// Whether the session has ended and no other has begun.
    pub(super) fn has_lost_session(&self) -> bool {
        self.has_lost_session.load(Ordering::Relaxed)
    }

    pub(super) fn set_layout(&self, layout: Arc<Layout>) {
        *lock(&self.layout) = layout;
    }

    pub(super) fn layout(&self) -> Arc<Layout> {
        Arc::clone(&lock(&self.layout))
    }

    pub(super) fn take_news(&self) -> News {
        std::mem::take(&mut lock(&self.news))
    }

    /// Assigns all partitions, each where its reading goes on: what was not read yet begins where the survey saw the log
    /// begin.
    ///
    /// Offsets are told as numbers. librdkafka would look a logical one up at the broker, and an answer that comes after
    /// the partition was assigned anew makes it read from there again, whatever the new assignment said.
    pub(super) fn assign_everything(&self, consumer: &BaseConsumer<Member>) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for partition in self.layout().partitions() {
            let offset = partition.next().unwrap_or_else(|| partition.ends().0);
            list.add_partition_offset(partition.topic(), partition.number(), Offset::Offset(offset))?;
        }
        consumer.assign(&list)
    }

    fn assigned(&self, consumer: &BaseConsumer<Member>, given: &TopicPartitionList) -> KafkaResult<()> {
        self.has_lost_session.store(false, Ordering::Relaxed);
        let owns = given.find_partition(self.layout().leading_topic(), 0).is_some();
        if !owns {
            info!("standing by: another member of the group owns the partitions");
            consumer.assign(&TopicPartitionList::new())?;
            self.standing.enter(Phase::StandingBy);
            return Ok(());
        }
        info!("this member owns all partitions");
        // Where to read from is not known yet.
        consumer.assign(&TopicPartitionList::new())?;
        self.standing.enter(Phase::CatchingUp { records_behind: None });
        lock(&self.news).became_owner = true;
        Ok(())
    }

    /// Commits what is done, while we still may, so that the next owner need not repeat dead letters; then lets go. The
    /// numbers are hidden at once; what was read stays in memory, with its offsets.
    fn revoked(&self, consumer: &BaseConsumer<Member>) -> KafkaResult<()> {
        let was_owner = self.standing.is_owner();
        self.has_lost_session.store(consumer.assignment_lost(), Ordering::Relaxed);
        self.standing.enter(Phase::Joining);
        lock(&self.news).lost_partitions = true;
        if was_owner {
            info!("the group takes the partitions back; the numbers are hidden");
            let done = self.done();
            if !done.is_empty() && !consumer.assignment_lost() {
                // librdkafka logs a failure; then some dead letters may come twice.
                let _ = consumer.commit(&self.list_of(&done), CommitMode::Async);
            }
        }
        consumer.unassign()
    }

    fn met_reachable(&self, reachable: bool) {
        Met { condition: Condition::BrokerUnreachable, holds: !reachable }.tell(&self.standing);
    }

    /// What to commit, as librdkafka takes it.
    pub(super) fn list_of(&self, offsets: &[(Arc<Partition>, Committed)]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, committed) in offsets {
            let mut element = list.add_partition(partition.topic(), partition.number());
            // Offsets are not negative, so they can be represented.
            let _ = element.set_offset(Offset::Offset(committed.offset));
            element.set_metadata(committed.metadata(self.acceptance));
        }
        list
    }

    /// What has come about since the assignment.
    fn done(&self) -> Vec<(Arc<Partition>, Committed)> {
        let news = |partition: &Arc<Partition>| {
            let progress = partition.progress(partition.next()?, self.keeps_snapshots);
            (Some(progress) != partition.known_commit()).then(|| (Arc::clone(partition), progress))
        };
        self.layout().partitions().filter_map(news).collect()
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        KafkaLog { level, facility, message }.tell(&self.rarely);
    }

    fn stats(&self, statistics: Statistics) {
        let reachable = statistics.brokers.values().any(|broker| matches!(broker.state.as_str(), "UP" | "UPDATE"));
        self.met_reachable(reachable);
        lock(&self.news).statistics = Some(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.met_reachable(false);
        }
        self.trouble.note(&error, reason);
    }
}

impl ConsumerContext for Member {
    fn rebalance(&self, consumer: &BaseConsumer<Member>, event: RDKafkaRespErr, given: &mut TopicPartitionList) {
        self.metrics.rebalances.inc();
        let done = match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assigned(consumer, given),
            _ => self.revoked(consumer),
        };
        if let Err(error) = done {
            lock(&self.news).failure = Some(error.to_string());
        }
    }
}

/// The context of a client that asks and never joins.
#[derive(Debug, Default)]
pub(super) struct Onlooker(Trouble);

impl Onlooker {
    /// The last thing that went wrong.
    pub(super) fn last_trouble(&self) -> Option<String> {
        lock(&self.0.last).clone()
    }
}

impl ClientContext for Onlooker {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The group's member meets the same troubles and tells of them.
        debug!(target: "librdkafka", facility, "{message}");
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.note(&error, reason);
    }
}

impl ConsumerContext for Onlooker {}

/// The errors that librdkafka tells of and mostly mends itself.
#[derive(Debug, Default)]
struct Trouble {
    last: Mutex<Option<String>>,
}

impl Trouble {
    fn note(&self, error: &KafkaError, reason: &str) {
        KafkaTrouble { error, reason }.tell();
        // That all brokers are down says less than what was said before it.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *lock(&self.last) = Some(reason.to_owned());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept under these locks is replaced as a whole, so a panic cannot leave it half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
