//! Kafka: one consumer, in one thread, that owns either all partitions or none.
//!
//! - **Ownership.** The members of a group let the group protocol choose among them; whoever is given partition 0 of every
//!   topic owns every partition of every topic, the others none ([`membership`]).
//! - **Positions.** The numbers are a pure function of the records read, so each partition's next offset belongs to the
//!   state in memory: an owner that loses its partitions and gets them back goes on where it was. A member that has read
//!   nothing goes on where its snapshot ends, or begins at the beginning, whatever is committed.
//! - **Commits** are for lag tools and for the dead letters: the offset says how far everything is durable, and beside it
//!   stands before which offset every rejected record is in the dead-letter topic, and which log that was.
//!
//! The event loop sees two traits, [`Broker`] and [`DeadLetterSink`]; nothing else of it knows that there is a librdkafka.

mod broker;
mod cluster_client;
mod commit;
mod consumer;
mod context;
mod dead_letters;
mod ending;
mod failure;
mod fault;
mod fetch_queue;
mod group;
mod identity;
mod kafka_log;
mod layout;
mod lease;
pub mod membership;
mod metadata_client;
mod metadata_poller;
mod partition;
mod record;
mod refusal;
mod settings;
mod topic_plan;
mod topic_reader;
mod topology;
mod trace;
mod write_probe;

pub use broker::{Broker, DeadLetterSink, PollEvent, Position, Readable};
pub use cluster_client::KafkaClient;
pub use commit::Committed;
pub use dead_letters::DeadLetterProducer;
pub use ending::end;
pub use failure::{KafkaFailure, forbidden};
pub use identity::{Found, compare_logs, take_survey};
pub use layout::{Counts, Layout, Topic};
pub use lease::{Lease, Turn};
pub use metadata_client::{MetadataClient, metadata_client};
pub use metadata_poller::TOPOLOGY_INTERVAL;
pub use partition::{Origin, Partition};
pub use record::{HasHeaders, SourceRecord};
pub use refusal::{Change, Objection, change};
pub use settings::{ProducerLimits, owned_properties, producer_settings, try_properties};
pub use topic_plan::{Made, PlannedTopic, create, plan};
pub use topic_reader::{Taken, TopicReader};
pub use topology::{Cluster, find_cluster};
pub use trace::Trace;
