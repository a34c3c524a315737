//! What librdkafka calls for the group's member: rebalances, statistics, errors and logs. The callbacks run inside `poll`, in
//! the poll thread. They decide nothing: they put events into a queue, which the event loop takes after the poll.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;

use super::broker::PollEvent;
use super::membership::Held;
use crate::health::{KafkaLog, KafkaTrouble, LogThrottles};

/// The context of the group's member.
#[derive(Default)]
pub(super) struct MemberContext {
    /// A poll serves few events, and the loop takes all after each read.
    events: Mutex<Vec<PollEvent>>,
    /// What librdkafka says again and again is logged rarely.
    throttles: LogThrottles,
    /// Whether nobody takes events any more: then a revocation is answered at once, or the client would never end.
    is_closing: AtomicBool,
    /// Whether something happened after which a log may be another.
    is_doubtful: AtomicBool,
    /// How often librdkafka has called.
    calls: AtomicU64,
}

impl MemberContext {
    pub(super) fn take_events(&self) -> Vec<PollEvent> {
        std::mem::take(&mut *self.lock())
    }

    /// From now on nobody takes events.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }

    /// Notes that a log may be another from now on.
    pub(super) fn doubt(&self) {
        self.is_doubtful.store(true, Ordering::Relaxed);
    }

    /// Whether that was noted since the last call.
    pub(super) fn take_doubt(&self) -> bool {
        self.is_doubtful.load(Ordering::Relaxed) && self.is_doubtful.swap(false, Ordering::Relaxed)
    }

    /// How often librdkafka has called, by which a poll that served something is known from one that found nothing.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn push(&self, event: PollEvent) {
        self.lock().push(event);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PollEvent>> {
        // A list that is pushed to and taken as a whole cannot be left half written.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for MemberContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.called();
        KafkaLog { level, facility, message }.report(&self.throttles);
    }

    fn stats(&self, statistics: Statistics) {
        self.called();
        let is_up = statistics.brokers.values().any(|broker| matches!(broker.state.as_str(), "UP" | "UPDATE"));
        self.push(PollEvent::Reachable(is_up));
        self.push(PollEvent::Statistics(Box::new(statistics)));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.called();
        KafkaTrouble { error: &error, reason }.report();
        self.doubt();
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.push(PollEvent::Reachable(false));
        }
    }
}

impl ConsumerContext for MemberContext {
    fn rebalance(&self, consumer: &BaseConsumer<MemberContext>, event: RDKafkaRespErr, given: &mut TopicPartitionList) {
        self.called();
        if self.is_closing.load(Ordering::Relaxed) {
            // The group has us no more, whatever this answers.
            let _ = consumer.unassign();
            return;
        }
        self.push(match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => PollEvent::Assigned(held(given)),
            _ => PollEvent::Revoked { is_lost: consumer.assignment_lost() },
        });
    }

    fn commit_callback(&self, _result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        self.called();
    }
}

fn held(given: &TopicPartitionList) -> Held {
    given.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Behind a connection that was lost another leader may have another log.
    #[test]
    fn after_every_error_of_the_client_a_log_may_be_another() {
        for code in [RDKafkaErrorCode::BrokerTransportFailure, RDKafkaErrorCode::AllBrokersDown] {
            let context = MemberContext::default();
            assert!(!context.take_doubt());
            context.error(KafkaError::Global(code), "the connection is lost");
            assert!(context.take_doubt(), "{code}");
            assert!(!context.take_doubt(), "once");
            let is_down = context.take_events().iter().any(|event| matches!(event, PollEvent::Reachable(false)));
            assert_eq!(is_down, code == RDKafkaErrorCode::AllBrokersDown);
        }
    }
}
