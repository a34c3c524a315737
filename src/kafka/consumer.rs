//! The group's member, with the calls that the pipeline needs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Offset, TopicPartitionList};
use tracing::{debug, warn};

use super::context::{Member, News};
use super::failure::{KafkaFailure, forbidden};
use super::layout::Layout;
use super::partition::{Committed, Partition};
use super::settings;
use crate::config::KafkaConfig;
use crate::health::Metrics;
use crate::health::Standing;
use crate::model::rules::Acceptance;

/// How long leaving the group may take; it takes half a second where the coordinator answers.
const LEAVING: Duration = Duration::from_secs(1);
/// How long one poll may wait while leaving.
const LEAVING_POLL: Duration = Duration::from_millis(50);

/// What a poll gave.
pub enum Polled<'a> {
    /// A record.
    Record(BorrowedMessage<'a>),
    /// Nothing to read now; there may be news.
    Nothing,
    /// The group does not want this client any more, by no fault but its own: [`Consumer::join_again`].
    ShutOut,
}

/// A partition with the consumer's position in it: the offset that the next record will at least have; `None` before the
/// first record.
pub type Position = (Arc<Partition>, Option<i64>);

/// The group's member.
pub struct Consumer {
    inner: BaseConsumer<Member>,
    config: KafkaConfig,
}

impl Consumer {
    /// Joins the group.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn join(
        config: &KafkaConfig,
        layout: Arc<Layout>,
        standing: Arc<Standing>,
        metrics: Arc<Metrics>,
        keeps_snapshots: bool,
        acceptance: Acceptance,
    ) -> Result<Consumer, KafkaFailure> {
        let inner = client(config, Member::new(layout, standing, metrics, keeps_snapshots, acceptance))?;
        let consumer = Consumer { inner, config: config.clone() };
        consumer.subscribe()?;
        Ok(consumer)
    }

    /// Joins the group anew with another client, as the same member. What was read stays read.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration.
    pub fn join_again(&mut self) -> Result<(), KafkaFailure> {
        warn!("Kafka took a late commit of ours for that of another member; joining the group anew");
        let fresh = client(&self.config, self.inner.context().anew())?;
        // The old client ends before the new one speaks to the group.
        drop(std::mem::replace(&mut self.inner, fresh));
        self.subscribe()
    }

    fn subscribe(&self) -> Result<(), KafkaFailure> {
        let topics: Vec<&str> = self.config.topics.values().map(String::as_str).collect();
        self.inner.subscribe(&topics).map_err(|error| KafkaFailure::Ended(format!("cannot subscribe: {error}")))
    }

    /// Waits for a record or for news.
    ///
    /// # Errors
    /// If the numbers could not be trusted any more, or the group does not want us. What librdkafka mends itself is no
    /// error.
    pub fn poll(&self, wait: Duration) -> Result<Polled<'_>, KafkaFailure> {
        match self.inner.poll(wait) {
            Some(Ok(message)) => Ok(Polled::Record(message)),
            Some(Err(_)) if self.is_shut_out() => Ok(Polled::ShutOut),
            Some(Err(error)) => self.judge(&error).map(|()| Polled::Nothing),
            None => Ok(Polled::Nothing),
        }
    }

    /// What happened during the polls since the last call.
    #[must_use]
    pub fn take_news(&self) -> News {
        self.inner.context().take_news()
    }

    /// All partitions.
    #[must_use]
    pub fn layout(&self) -> Arc<Layout> {
        self.inner.context().layout()
    }

    /// Takes topics that have grown; if this member is the owner, nothing is assigned any more until [`Consumer::assign`]:
    /// the cluster has to be surveyed first.
    ///
    /// # Errors
    /// If librdkafka does not do it.
    pub fn take_layout(&self, layout: Arc<Layout>, is_owner: bool) -> Result<(), KafkaFailure> {
        self.inner.context().set_layout(layout);
        let let_go = if is_owner { self.inner.assign(&TopicPartitionList::new()) } else { Ok(()) };
        done(let_go, "let go of the partitions")
    }

    /// Assigns all partitions, each where its reading goes on, and begins to fetch. Not to be followed by
    /// [`Consumer::hold`] at once: the order of the two is decided by threads of librdkafka, and in the wrong one what a
    /// partition fetches is thrown away for good.
    ///
    /// # Errors
    /// If librdkafka does not do it.
    pub fn assign(&self) -> Result<(), KafkaFailure> {
        done(self.inner.context().assign_everything(&self.inner), "assign the partitions")
    }

    /// Stops fetching what is assigned; polls go on to serve the group. It outlives the assignment.
    ///
    /// # Errors
    /// If librdkafka does not do it.
    pub fn hold(&self) -> Result<(), KafkaFailure> {
        done(self.inner.pause(&self.everything()), "pause the partitions")
    }

    /// Fetches again.
    ///
    /// # Errors
    /// If librdkafka does not do it.
    pub fn go_on(&self) -> Result<(), KafkaFailure> {
        done(self.inner.resume(&self.everything()), "resume the partitions")
    }

    /// The positions in all partitions.
    ///
    /// # Errors
    /// If librdkafka does not tell.
    pub fn positions(&self) -> Result<Vec<Position>, KafkaFailure> {
        let told = match self.inner.position() {
            Ok(told) => told,
            Err(error) => return done(Err(error), "ask for the positions").map(|()| Vec::new()),
        };
        let position = |partition: &Partition| {
            let element = told.find_partition(partition.topic(), partition.number())?;
            if let Offset::Offset(offset) = element.offset() { Some(offset) } else { None }
        };
        let layout = self.layout();
        Ok(layout.partitions().map(|partition| (Arc::clone(partition), position(partition))).collect())
    }

    /// Begins to commit these offsets. rdkafka does not tell how that ends; librdkafka logs it if it fails.
    pub fn commit(&self, offsets: &[(Arc<Partition>, Committed)]) {
        if let Err(error) = self.inner.commit(&self.inner.context().list_of(offsets), CommitMode::Async) {
            debug!(%error, "cannot commit now");
        }
    }

    /// Commits these offsets and waits for the broker's answer, which takes at most as long as a session.
    ///
    /// # Errors
    /// Why the broker does not have them.
    pub fn commit_and_wait(&self, offsets: &[(Arc<Partition>, Committed)]) -> Result<(), KafkaFailure> {
        done(self.inner.commit(&self.inner.context().list_of(offsets), CommitMode::Sync), "commit")
    }

    /// Leaves the group, so that a stand-by takes over at once. Dropping a static member alone would keep its seat until
    /// the session times out.
    pub fn leave(self) {
        self.inner.unsubscribe();
        let started = Instant::now();
        while started.elapsed() < LEAVING {
            let _ = self.inner.poll(LEAVING_POLL);
        }
    }

    fn everything(&self) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in self.layout().partitions() {
            list.add_partition(partition.topic(), partition.number());
        }
        list
    }

    fn judge(&self, error: &KafkaError) -> Result<(), KafkaFailure> {
        let Some(code) = error.rdkafka_error_code() else { return Ok(()) };
        let sentence = match code {
            RDKafkaErrorCode::AutoOffsetReset => "a topic no longer holds the next record that we would have read: retention \
                 deleted it first; start salespulse anew to read what is left, and let the topics keep records for longer \
                 (retention.ms)"
                .to_owned(),
            RDKafkaErrorCode::GroupAuthorizationFailed | RDKafkaErrorCode::TopicAuthorizationFailed => forbidden(error),
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => self.fatal(error),
            _ => return Ok(()),
        };
        Err(KafkaFailure::Ended(sentence))
    }

    /// librdkafka keeps a commit until the broker is back. If the session has ended by then, and the broker still keeps our
    /// seat (it counts sessions anew when it starts), it takes the commit for one of a second member with our instance id.
    fn is_shut_out(&self) -> bool {
        let is_fenced = matches!(self.inner.client().fatal_error(), Some((RDKafkaErrorCode::FencedInstanceId, _)));
        is_fenced && self.inner.context().has_lost_session()
    }

    fn fatal(&self, error: &KafkaError) -> String {
        match self.inner.client().fatal_error() {
            Some((RDKafkaErrorCode::FencedInstanceId, _)) => format!(
                "another member of the group has the same kafka.instance_id \"{}\" and took this one's place; give each \
                 instance an id of its own",
                self.config.instance_id
            ),
            Some((_, reason)) => format!("the Kafka client cannot go on: {reason}"),
            None => format!("the Kafka client cannot go on: {error}"),
        }
    }
}

fn client(config: &KafkaConfig, member: Member) -> Result<BaseConsumer<Member>, KafkaFailure> {
    let client = settings::consumer_settings(config).create_with_context(member);
    client.map_err(|error| KafkaFailure::of_creation(&error))
}

fn done(result: KafkaResult<()>, what: &str) -> Result<(), KafkaFailure> {
    result.map_err(|error| KafkaFailure::Ended(format!("cannot {what}: {error}")))
}
