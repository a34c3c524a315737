//! What the event loop asks of Kafka: two traits, each with two implementors: librdkafka's clients, and the simulated
//! cluster of `tests/recovery`, which drives the same loop through a thousand lives without a broker.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::Statistics;

use super::commit::Committed;
use super::failure::KafkaFailure;
use super::layout::{Counts, Layout};
use super::membership::{GroupMember, Held};
use super::partition::{Origin, Partition};
use super::record::SourceRecord;
use crate::contract::decode::Rejection;
use crate::snapshot::{Changed, Log, Place};

/// A partition with the position in it: the offset that the next record will at least have; `None` before the first
/// record.
pub type Position = (Arc<Partition>, Option<i64>);

/// What a client reports beside records, in the order in which it happened.
#[derive(Debug)]
pub enum PollEvent {
    /// The group gave these partitions.
    Assigned(Held),
    /// The group takes all partitions back.
    Revoked {
        /// Whether the session has ended already.
        is_lost: bool,
    },
    /// The group takes this client for a second one with its instance id.
    Fenced,
    /// Records of some partition cannot be read, for this reason; the client tries again and does not get beyond them.
    Unreadable(String),
    /// A log is not the one that was read.
    LogChanged(Changed),
    /// Of these partitions nobody knows whether their logs are those that were read, since these records cannot be read again.
    Unverified {
        /// The records.
        records: Vec<Place>,
        /// Whether the partitions have just been assigned.
        is_assignment: bool,
    },
    /// What can be read of partitions that could not be read on.
    Readable(Vec<Readable>),
    /// The survey of this number is finished: the partitions know their committed offsets and the ends of their logs.
    Surveyed {
        /// Its number.
        survey: u64,
        /// The members of the group, where the cluster says who they are.
        members: Option<Vec<GroupMember>>,
    },
    /// How many partitions the topics have.
    Counted(Counts),
    /// Whether a broker answers.
    Reachable(bool),
    /// librdkafka's statistics.
    Statistics(Box<Statistics>),
}

/// Where a partition can be read on.
#[derive(Clone, Debug)]
pub struct Readable {
    /// The partition.
    pub partition: Arc<Partition>,
    /// The offset at which it stood.
    pub from: i64,
    /// The first offset from there that can be read.
    pub to: i64,
}

/// A member of the group, and what it asks the cluster. No method blocks for longer than its name says.
pub trait Broker {
    /// Waits a moment for a record, hands what has been fetched to `take`, at most so many records, and ends early when
    /// `take` says so.
    ///
    /// # Errors
    /// If the numbers could not be trusted any more. What the client recovers from itself is no error.
    fn read(
        &mut self,
        most: usize,
        take: &mut dyn FnMut(&SourceRecord<'_>) -> ControlFlow<()>,
    ) -> Result<(), KafkaFailure>;

    /// What happened since the last call.
    fn events(&mut self) -> Vec<PollEvent>;

    /// Asks for the committed offsets and the ends of all logs and for the members of the group; the answer is an event.
    /// Surveys asked for earlier are of no interest any more.
    fn survey(&mut self, survey: u64, layout: Arc<Layout>);

    /// Where the configuration lets records be passed over that cannot be read, looks for what can be read behind these
    /// offsets; the answer is an event.
    fn pass_over(&mut self, at: Vec<(Arc<Partition>, i64)>);

    /// The logs, to look at records that were read before; it may be asked from any thread.
    fn log(&self) -> Arc<dyn Log>;

    /// Fetches these partitions, each from an offset, and nothing else; this also answers the group. Not to be followed by
    /// [`Broker::pause`] at once: threads of librdkafka decide the order of the two, and in the wrong one what a partition
    /// fetches is thrown away for good.
    ///
    /// # Errors
    /// If the client does not do it.
    fn assign(&mut self, from: &[(Arc<Partition>, i64)]) -> Result<(), KafkaFailure>;

    /// Gives all partitions back; this also answers the group.
    ///
    /// # Errors
    /// If the client does not do it.
    fn unassign(&mut self) -> Result<(), KafkaFailure>;

    /// Stops fetching what is assigned; reading goes on to serve the group. It outlives the assignment.
    ///
    /// # Errors
    /// If the client does not do it.
    fn pause(&mut self, layout: &Layout) -> Result<(), KafkaFailure>;

    /// Fetches again.
    ///
    /// # Errors
    /// If the client does not do it.
    fn resume(&mut self, layout: &Layout) -> Result<(), KafkaFailure>;

    /// The positions in all partitions.
    ///
    /// # Errors
    /// If the client does not say.
    fn positions(&self, layout: &Layout) -> Result<Vec<Position>, KafkaFailure>;

    /// Begins to commit these offsets. How that ends is not reported; librdkafka logs it if it fails.
    fn commit(&mut self, offsets: &[(Arc<Partition>, Committed)]);

    /// Commits these offsets and waits for the broker's answer, at most as long as a session.
    ///
    /// # Errors
    /// Why the broker does not have them.
    fn commit_and_wait(&mut self, offsets: &[(Arc<Partition>, Committed)]) -> Result<(), KafkaFailure>;

    /// Which seat of the group this member has.
    fn instance_id(&self) -> &str;

    /// Joins the group anew with another client, as the same member.
    ///
    /// # Errors
    /// If the client cannot be made.
    fn rejoin(&mut self) -> Result<(), KafkaFailure>;

    /// Leaves the group, which takes at most a second.
    fn leave(&mut self);
}

/// Where rejected records go.
pub trait DeadLetterSink {
    /// Sends a rejected record, whose acknowledgement its partition awaits.
    fn send(&mut self, record: &SourceRecord<'_>, origin: Origin, rejection: &Rejection);

    /// Whether reading must stop until there is room.
    fn is_full(&self) -> bool;

    /// Sends what waits, as far as there is room, and what was refused, when its time has come.
    ///
    /// # Errors
    /// If the producer cannot go on.
    fn pump(&mut self) -> Result<(), KafkaFailure>;

    /// Waits until all dead letters are acknowledged, for so long at most; answers how many are not.
    ///
    /// # Errors
    /// If the producer cannot go on.
    fn drain(&mut self, patience: Duration) -> Result<u64, KafkaFailure>;
}
