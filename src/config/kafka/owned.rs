//! The properties of librdkafka that salespulse sets itself, and why.
//!
//! A user's value here would break what the program promises: exact numbers, nothing lost, one
//! owner of all partitions. Everything else is the user's.

const OFFSETS: &str = "salespulse keeps its own offsets";
const GROUP: &str = "the group's protocol decides which instance owns the partitions";
const SEAT: &str = "it decides how long a crashed instance keeps its seat";
const MEMORY: &str = "salespulse bounds the memory of records that wait, without slowing down";
const NEVER_GIVEN_UP: &str = "a dead letter is never given up";
const SIZE: &str = "dead letters have the sizes that their topic allows";
const ACKNOWLEDGED: &str = "a dead letter must be acknowledged before its record counts as done";

/// Each property and what to do instead, or why there is nothing to do.
static OWNED: [(&str, &str); 36] = [
    ("bootstrap.servers", "use kafka.brokers"),
    ("metadata.broker.list", "use kafka.brokers"),
    ("group.id", "use kafka.group"),
    ("group.instance.id", "use kafka.instance_id"),
    ("group.protocol", GROUP),
    ("group.protocol.type", GROUP),
    ("group.remote.assignor", GROUP),
    ("partition.assignment.strategy", GROUP),
    ("enable.auto.commit", OFFSETS),
    ("auto.commit.enable", OFFSETS),
    ("auto.commit.interval.ms", OFFSETS),
    ("enable.auto.offset.store", OFFSETS),
    ("auto.offset.reset", OFFSETS),
    ("offset.store.method", OFFSETS),
    ("offset.store.path", OFFSETS),
    ("offset.store.sync.interval.ms", OFFSETS),
    ("enable.partition.eof", "salespulse finds the ends of partitions itself"),
    ("isolation.level", "events of aborted transactions never happened, so only read_committed is right"),
    ("statistics.interval.ms", "salespulse's own metrics rest on these statistics"),
    ("check.crcs", "a damaged record must not change a number"),
    ("session.timeout.ms", SEAT),
    ("heartbeat.interval.ms", SEAT),
    ("fetch.queue.backoff.ms", MEMORY),
    ("queued.max.messages.kbytes", MEMORY),
    ("message.timeout.ms", NEVER_GIVEN_UP),
    ("delivery.timeout.ms", NEVER_GIVEN_UP),
    ("message.max.bytes", SIZE),
    ("batch.size", SIZE),
    ("acks", ACKNOWLEDGED),
    ("request.required.acks", ACKNOWLEDGED),
    ("delivery.report.only.error", ACKNOWLEDGED),
    ("enable.idempotence", ACKNOWLEDGED),
    ("enable.gapless.guarantee", ACKNOWLEDGED),
    ("transactional.id", "dead letters are not written in transactions"),
    ("partitioner", "dead letters keep their keys' partitions as Java's clients choose them"),
    ("allow.auto.create.topics", "a missing topic is refused at start, never created by reading it"),
];

/// Why a property may not be set; `None` if it may.
pub(in crate::config) fn why_owned(property: &str) -> Option<&'static str> {
    OWNED.iter().find(|(name, _)| *name == property).map(|(_, why)| *why)
}
