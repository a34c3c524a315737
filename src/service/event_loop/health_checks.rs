//! What the loop checks beside the records: its own liveness, the clock, dead letters that wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::{EventLoop, LoopFailure};
use crate::health::{Beat, Condition, LogChanged, LogUnverified, Met, PassedOver, Slept};
use crate::kafka::membership::Event;
use crate::kafka::{Broker, DeadLetterSink, KafkaFailure, Position, Readable};
use crate::model::time::seconds;
use crate::service::horizon_clock::PATIENCE;
use crate::snapshot::{Changed, Place};

/// How long a dead letter may take to be acknowledged before that is worth a word.
const DEAD_LETTER_PATIENCE: Duration = Duration::from_secs(10);

impl<B: Broker, D: DeadLetterSink> EventLoop<B, D> {
    /// A process that stood still does not know whether its session has ended meanwhile and another member shows the
    /// numbers, and librdkafka finds out only later. So it hides them, and asks the group by a commit, which only a member
    /// may make.
    pub(super) fn check_liveness(&mut self, now: Instant) -> Result<(), LoopFailure> {
        let Beat { has_stood_still, slept_millis } = self.readiness.beat(now);
        if slept_millis > 0 {
            Slept { millis: slept_millis }.report(&self.metrics);
        }
        if has_stood_still {
            warn!(
                "the process stood still for longer than its place in the group is sure; the numbers are hidden until it is"
            );
            self.drive(Event::StoodStill)?;
        }
        self.drive(Event::Doubt)
    }

    /// Ends, because the numbers hold what the topics hold no longer.
    pub(super) fn on_changed(&self, changed: &Changed) -> Result<(), LoopFailure> {
        LogChanged { changed }.report(&self.metrics);
        let sentence = format!(
            "{changed}; the numbers hold records that it no longer has, so they are not shown any more. Start salespulse anew: it \
             compares its snapshots with the topics, and snapshot.on_gap says whether it may begin with what they hold now"
        );
        Err(KafkaFailure::Ended(sentence).into())
    }

    /// Reports records that cannot be read again. While this member reads, the logs were compared a moment ago; after an assignment
    /// anything may have become of them, as before a start.
    pub(super) fn on_unverified(&self, records: &[Place], is_assignment: bool) -> Result<(), LoopFailure> {
        for record in records {
            LogUnverified { reason: &record.unverified() }.report();
        }
        Met { condition: Condition::UnverifiedLog, holds: !records.is_empty() }.report(&self.readiness);
        match records.first() {
            Some(record) if is_assignment && !self.recovery.may_degrade() => {
                let reason = record.unverified();
                let sentence = format!(
                    "{reason}; the numbers are not shown any more. Start salespulse anew: snapshot.on_gap decides"
                );
                Err(KafkaFailure::Ended(sentence).into())
            }
            _ => Ok(()),
        }
    }

    /// Reports which partitions stand still because the client cannot read what lies there.
    pub(super) fn on_unreadable(&mut self, reason: &str) -> Result<(), LoopFailure> {
        self.metrics.unreadable.inc();
        let positions = self.broker.positions(&self.layout)?;
        for (partition, offset) in self.unreadable.note(&positions) {
            error!(
                partition,
                offset,
                reason,
                "a batch of records cannot be read, and its partition stands still; the client tries again. If it is larger than \
                 receive.message.max.bytes once it is decompressed, raise that in [kafka.properties]; if it is damaged, look at the \
                 broker's disk"
            );
        }
        let waiting = positions.iter().filter(|(partition, position)| partition.waiting(*position) > 0);
        let at = waiting
            .map(|(partition, position)| (Arc::clone(partition), position.unwrap_or_else(|| partition.resumes_at())));
        self.broker.pass_over(at.collect());
        self.check_unreadable()
    }

    /// Goes on behind records that cannot be read, which are missing from now on.
    pub(super) fn pass_over(&mut self, found: &[Readable]) -> Result<(), LoopFailure> {
        let positions = self.broker.positions(&self.layout)?;
        let stands_at = |readable: &Readable| {
            let is_it = |(partition, _): &&Position| Arc::ptr_eq(partition, &readable.partition);
            let position = positions.iter().find(is_it).and_then(|(_, position)| *position);
            position.unwrap_or_else(|| readable.partition.resumes_at())
        };
        for readable in found.iter().filter(|readable| readable.to > readable.from) {
            if self.membership.may_commit() && stands_at(readable) == readable.from {
                let Readable { partition, from, to } = readable;
                partition.pass_to(*to);
                PassedOver { partition: &**partition, from: *from, to: *to }.report(&self.metrics);
                self.recovery.lacks_records();
            }
        }
        self.drive(Event::PassedOver)
    }

    /// Reports whether any partition stands still.
    pub(super) fn check_unreadable(&mut self) -> Result<(), LoopFailure> {
        let holds = self.unreadable.holds(&self.broker.positions(&self.layout)?);
        Met { condition: Condition::UnreadableRecords, holds }.report(&self.readiness);
        Ok(())
    }

    /// Reports when dead letters have waited for long, and when nothing is read because of them.
    pub(super) fn check_dead_letters(&self) {
        let since = self.layout.partitions().filter_map(|partition| partition.awaits_since()).min();
        let are_waiting = since.is_some_and(|since| since.elapsed() >= DEAD_LETTER_PATIENCE);
        let has_stopped = are_waiting && self.membership.is_held_by_dead_letters();
        Met { condition: Condition::DeadLettersWaiting, holds: are_waiting }.report(&self.readiness);
        Met { condition: Condition::ReadingStopped, holds: has_stopped }.report(&self.readiness);
    }

    /// Reports when the numbers are ahead of the clock, and ends when they would stand still for long.
    pub(super) fn check_clock(&self) -> Result<(), LoopFailure> {
        let horizon = &self.intake.present;
        let ahead = horizon.ahead_millis();
        self.metrics.clock_behind_seconds.set(seconds(ahead));
        Met { condition: Condition::ClockBehind, holds: ahead > 0 }.report(&self.readiness);
        if ahead <= PATIENCE {
            return Ok(());
        }
        let shown = horizon.now();
        Err(LoopFailure::Clock { clock: shown.plus(-ahead), shown })
    }
}
