//! Kafka: one consumer, in one thread, that owns either all partitions or none.
//!
//! - **Ownership.** The members of a group let the group protocol choose among them; whoever is given partition 0 of the
//!   first topic assigns itself every partition of every topic, the others none.
//! - **Positions.** The numbers are a pure function of the records read, so each partition's next offset belongs to the
//!   state in memory: an owner that loses its partitions and gets them back goes on where it was. A member that has read
//!   nothing goes on where its snapshot ends, or begins at the beginning, whatever is committed.
//! - **Commits** are for lag tools and for the dead letters: the offset tells how far everything is durable, and beside it
//!   stands before which offset every rejected record is in the dead-letter topic.

mod consumer;
mod context;
pub mod dead_letters;
mod failure;
mod layout;
mod message;
mod partition;
mod partitioner;
mod refusal;
mod sample;
mod settings;
mod surveyor;
mod topic_plan;
mod topology;

pub use consumer::{Consumer, Polled, Position};
pub use context::News;
pub use failure::KafkaFailure;
pub use layout::{Layout, Topic};
pub use message::record_of;
pub use partition::{Committed, Origin, Partition};
pub use partitioner::Partitioner;
pub use refusal::{Change, Objection, change};
pub use sample::{Sampled, sample};
pub use settings::{ProducerLimits, owned_properties, producer_settings, try_properties};
pub use surveyor::{Finding, Surveyor, TOPOLOGY_INTERVAL};
pub use topic_plan::{Made, PlannedTopic, create, plan};
pub use topology::{Cluster, Counts, find_cluster};
