//! What an error of the consumer means: nothing of it is swallowed.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::failure::forbidden;

/// What an error of the consumer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The client recovers by itself.
    Passing,
    /// Records of some partition cannot be read; the client tries again and again, and never gets beyond them.
    Unreadable,
    /// The log does not hold the next record that would have been read.
    Reset,
    /// Nothing can be read any more, for this reason.
    Fatal(String),
}

impl Fault {
    /// Classifies an error.
    pub(super) fn of(error: &KafkaError) -> Fault {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => Fault::Reset,
            Some(Code::GroupAuthorizationFailed | Code::TopicAuthorizationFailed) => Fault::Fatal(forbidden(error)),
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => {
                Fault::Fatal(format!("the Kafka client cannot go on: {error}"))
            }
            Some(
                Code::BadMessage
                | Code::BadCompression
                | Code::InvalidMessage
                | Code::InvalidMessageSize
                | Code::MessageSizeTooLarge
                | Code::InvalidRecord
                | Code::UnsupportedCompressionType
                | Code::NotImplemented,
            ) => Fault::Unreadable,
            _ => Fault::Passing,
        }
    }
}

/// Where a partition is read, and what its log has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) topic: String,
    pub(super) number: i32,
    /// The offset of the next record.
    pub(super) next: i64,
    /// The first offset and the end of the log.
    pub(super) ends: (i64, i64),
}

/// Whether the logs have all records that would have been read next, so that a batch of them is damaged.
pub(super) fn is_damage(places: &[Place]) -> bool {
    places.iter().all(|place| (place.ends.0..=place.ends.1).contains(&place.next))
        && places.iter().any(|place| place.next < place.ends.1)
}

/// Why the next record of one of these partitions is not there, as far as the ends of the logs say it.
pub(super) fn explain_reset(places: &[Place]) -> String {
    if let Some(Place { topic, number, next, ends: (low, _) }) = places.iter().find(|place| place.next < place.ends.0) {
        return format!(
            "{topic}/{number} no longer holds offset {next}, the next record that we would have read: it now begins at {low}, so \
             retention deleted it first; start salespulse anew to read what is left, and let the topics keep records for longer \
             (retention.ms)"
        );
    }
    if let Some(Place { topic, number, next, ends: (_, high) }) = places.iter().find(|place| place.next > place.ends.1)
    {
        return format!(
            "{topic}/{number} ends at offset {high}, before offset {next} to which it was read: the topic was created anew, or its \
             log was cut; start salespulse anew"
        );
    }
    let waiting = places.iter().filter(|place| place.next < place.ends.1);
    let waiting: Vec<String> =
        waiting.map(|Place { topic, number, next, .. }| format!("{topic}/{number} at offset {next}")).collect();
    format!(
        "the client cannot read on in one of {}: the log has records there, but a batch of them is damaged (its checksum is wrong, \
         or it ends too early); look at the broker's log and at its disk, or set kafka.on_unreadable = \"skip\" to go on \
         without it",
        if waiting.is_empty() { "the partitions".to_owned() } else { waiting.join(", ") }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: i32, next: i64, ends: (i64, i64)) -> Place {
        Place { topic: "sales.leads".to_owned(), number, next, ends }
    }

    #[test]
    fn every_error_has_a_class() {
        let of = |code| Fault::of(&KafkaError::MessageConsumption(code));
        for code in
            [RDKafkaErrorCode::BadMessage, RDKafkaErrorCode::BadCompression, RDKafkaErrorCode::MessageSizeTooLarge]
        {
            assert_eq!(of(code), Fault::Unreadable, "{code}");
        }
        for code in [
            RDKafkaErrorCode::BrokerTransportFailure,
            RDKafkaErrorCode::AllBrokersDown,
            RDKafkaErrorCode::RebalanceInProgress,
            RDKafkaErrorCode::PollExceeded,
        ] {
            assert_eq!(of(code), Fault::Passing, "{code}");
        }
        assert_eq!(of(RDKafkaErrorCode::AutoOffsetReset), Fault::Reset);
        assert!(matches!(of(RDKafkaErrorCode::TopicAuthorizationFailed), Fault::Fatal(_)));
        let fatal = KafkaError::MessageConsumptionFatal(RDKafkaErrorCode::Fatal);
        assert!(matches!(Fault::of(&fatal), Fault::Fatal(_)));
    }

    #[test]
    fn a_reset_is_explained_by_the_ends_of_the_logs() {
        let fine = place(0, 10, (0, 10));
        let deleted = explain_reset(&[fine.clone(), place(1, 4, (7, 20))]);
        assert!(
            deleted.starts_with("sales.leads/1 no longer holds offset 4") && deleted.contains("begins at 7"),
            "{deleted}"
        );
        let cut = explain_reset(&[fine.clone(), place(2, 30, (0, 20))]);
        assert!(cut.starts_with("sales.leads/2 ends at offset 20, before offset 30"), "{cut}");
        let damaged = explain_reset(&[fine, place(3, 5, (0, 20))]);
        let places = [place(0, 10, (0, 10)), place(3, 5, (0, 20))];
        assert!(is_damage(&places) && !is_damage(&places[..1]), "something waits");
        assert!(!is_damage(&[place(1, 4, (7, 20))]) && !is_damage(&[place(2, 30, (0, 20))]));
        assert!(damaged.contains("one of sales.leads/3 at offset 5: the log has records there"), "{damaged}");
    }
}
