//! What may be wrong with an instance, beside where it stands.

use serde::Serialize;

/// Something that is wrong and mends itself when its cause is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// No broker answers.
    BrokerUnreachable,
    /// So many dead letters wait that nothing is read.
    ReadingStopped,
    /// A dead letter has waited for long.
    DeadLettersWaiting,
    /// The last snapshot could not be written.
    SnapshotsFailing,
    /// A snapshot takes longer than it should.
    SnapshotSlow,
    /// Records are missing from the numbers.
    RecordsMissing,
    /// An earlier version of the contract read some of the records.
    OlderContract,
    /// The clock went back to before the horizon last moved.
    ClockBehind,
    /// A member of the group reads other topics.
    ForeignMember,
    /// Records cannot be read, and their partition stands still.
    UnreadableRecords,
    /// Nobody knows whether a log still is the one that was read.
    UnverifiedLog,
    /// The numbers have more series than are allowed.
    SeriesLimit,
    /// The web configuration on disk is wrong.
    WebConfig,
}

impl Condition {
    /// All of them; where several make an instance not ready, the first is the one to mend.
    pub const ALL: [Condition; 13] = [
        Condition::BrokerUnreachable,
        Condition::ReadingStopped,
        Condition::DeadLettersWaiting,
        Condition::SnapshotsFailing,
        Condition::SnapshotSlow,
        Condition::RecordsMissing,
        Condition::OlderContract,
        Condition::ClockBehind,
        Condition::ForeignMember,
        Condition::UnreadableRecords,
        Condition::UnverifiedLog,
        Condition::SeriesLimit,
        Condition::WebConfig,
    ];

    /// One word for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Condition::BrokerUnreachable => "broker_unreachable",
            Condition::ReadingStopped => "reading_stopped",
            Condition::DeadLettersWaiting => "dead_letters_waiting",
            Condition::SnapshotsFailing => "snapshots_failing",
            Condition::SnapshotSlow => "snapshot_slow",
            Condition::RecordsMissing => "records_missing",
            Condition::OlderContract => "older_contract",
            Condition::ClockBehind => "clock_behind",
            Condition::ForeignMember => "foreign_member",
            Condition::UnreadableRecords => "unreadable_records",
            Condition::UnverifiedLog => "unverified_log",
            Condition::SeriesLimit => "series_limit",
            Condition::WebConfig => "web_config",
        }
    }

    /// A sentence for people while it holds.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Condition::BrokerUnreachable => {
                "No Kafka broker answers; the numbers stand still, and are hidden when this member's session ends."
            }
            Condition::ReadingStopped => {
                "So many dead letters wait for Kafka that reading has stopped; the numbers stay as they were until it takes them."
            }
            Condition::DeadLettersWaiting => {
                "Kafka has not taken a dead letter for 10 seconds; it is tried again, and no offset behind it is committed."
            }
            Condition::SnapshotsFailing => {
                "The last snapshot could not be written; the numbers are right, but a start would read again what came since."
            }
            Condition::SnapshotSlow => {
                "A snapshot takes longer than snapshot.interval; the numbers are right, but a start would read more again."
            }
            Condition::RecordsMissing => {
                "Records that were read, or should have been, are no longer in Kafka; the numbers lack them, and the log says which."
            }
            Condition::OlderContract => {
                "An earlier release read records that Kafka has deleted since; what only the present event contract reads of them is missing."
            }
            Condition::ClockBehind => {
                "The clock went back over a UTC midnight; the numbers are those of that midnight until it has caught up."
            }
            Condition::UnreadableRecords => {
                "A batch of records cannot be read, so its partition stands still and the numbers lack what lies there; the log names it."
            }
            Condition::ForeignMember => {
                "A member of the consumer group reads other topics; at most one member shows numbers, and the log names the other."
            }
            Condition::UnverifiedLog => {
                "Records that were read cannot be read again, so nobody knows whether their topic is the same; the log names them."
            }
            Condition::SeriesLimit => {
                "The numbers have more series than max_series allows; /metrics answers 500 and names the scope that has most."
            }
            Condition::WebConfig => {
                "The web configuration on disk cannot be used; the one before stays in force, and the log says what is wrong."
            }
        }
    }

    /// A sentence for people when it has ended.
    #[must_use]
    pub const fn end(self) -> &'static str {
        match self {
            Condition::BrokerUnreachable => "A Kafka broker answers again.",
            Condition::ReadingStopped => "There is room for dead letters again, and reading goes on.",
            Condition::DeadLettersWaiting => "Kafka has taken the dead letters that waited.",
            Condition::SnapshotsFailing => "A snapshot is durable again.",
            Condition::SnapshotSlow => "A snapshot was durable within snapshot.interval again.",
            Condition::RecordsMissing => "No records are missing from the numbers any more.",
            Condition::OlderContract => "Everything in the numbers was read by the present event contract.",
            Condition::ClockBehind => "The clock has caught up, and the numbers go on with it.",
            Condition::UnreadableRecords => "All partitions are read again.",
            Condition::ForeignMember => "All members of the consumer group read the same topics.",
            Condition::UnverifiedLog => "All logs are known again by the records that were read.",
            Condition::SeriesLimit => "The numbers have no more series than max_series allows again.",
            Condition::WebConfig => "The web configuration on disk is in force again.",
        }
    }

    /// Whether the numbers of an owner stand still, so that it is not ready.
    #[must_use]
    pub const fn stops_numbers(self) -> bool {
        matches!(self, Condition::BrokerUnreachable | Condition::ReadingStopped)
    }

    /// The bit that stands for it.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A condition that holds, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// One word for machines.
    pub condition: &'static str,
    /// A sentence for people.
    pub reason: &'static str,
}

impl From<Condition> for Holding {
    fn from(condition: Condition) -> Holding {
        Holding { condition: condition.name(), reason: condition.sentence() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_bit_and_a_name_of_its_own() {
        let bits = Condition::ALL.iter().fold(0_u32, |bits, condition| bits | condition.bit());
        assert_eq!(bits.count_ones() as usize, Condition::ALL.len());
        let mut names = Condition::ALL.map(Condition::name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        for condition in Condition::ALL {
            for text in [condition.sentence(), condition.end()] {
                assert!(text.starts_with(char::is_uppercase) && text.ends_with('.'), "{text}");
            }
        }
    }
}
