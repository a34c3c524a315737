//! The event loop: from Kafka through the decoder to the shards, what cannot be used to the dead letters, and offsets back to
//! Kafka when all is done. No business rules, and no decision about membership: it translates what happens into events of
//! [`Membership`] and carries out what that answers.
//!
//! One turn: check liveness, read, serve the events of the client, look at dead letters and at the restore, check health,
//! commit, write a snapshot.

mod act;
mod checkpoint;
mod failure;
mod health_checks;
mod intake;
mod lag;
mod recovery;
mod shutdown;
mod unreadable;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use tracing::debug;

use self::checkpoint::Checkpoints;
use self::intake::Intake;
use self::recovery::Recovery;
use self::unreadable::Unreadable;
use crate::health::{Condition, LogThrottle, MemberState, Met, Metrics, Readiness, Stop};
use crate::kafka::membership::{Event, Membership, State};
use crate::kafka::{Broker, Change, Counts, DeadLetterSink, KafkaFailure, Layout, PollEvent, Position, change, end};
use crate::snapshot::{Cut, Offsets, Restored};

pub use failure::LoopFailure;
pub use intake::IntakeParts;
pub use recovery::RecoveryParts;

/// How many records are read before batches go to the shards and the loop looks around.
const TURN_RECORDS: usize = 512;

/// Everything the loop works with.
pub struct EventLoop<B, D> {
    broker: B,
    dead_letters: D,
    membership: Membership,
    layout: Arc<Layout>,
    intake: Intake,
    checkpoints: Checkpoints,
    recovery: Recovery,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    stop: Stop,
    /// A group that does not confirm our place is asked again and again.
    throttle: LogThrottle,
    unreadable: Unreadable,
}

impl<B: Broker, D: DeadLetterSink> EventLoop<B, D> {
    /// A loop over these parts, as of an instant; the broker has joined the group.
    #[must_use]
    pub fn new(
        (broker, dead_letters): (B, D),
        layout: Arc<Layout>,
        parts: IntakeParts,
        recovery: Option<RecoveryParts>,
        readiness: Arc<Readiness>,
        stop: Stop,
        now: Instant,
    ) -> EventLoop<B, D> {
        let metrics = Arc::clone(&parts.metrics);
        EventLoop {
            broker,
            dead_letters,
            membership: Membership::new(layout.names(), layout.numbers()),
            intake: Intake::new(parts, Arc::clone(&layout)),
            layout,
            checkpoints: Checkpoints::new(recovery.is_some()),
            recovery: Recovery::new(recovery, Arc::clone(&readiness), now),
            readiness,
            metrics,
            stop,
            throttle: LogThrottle::default(),
            unreadable: Unreadable::default(),
        }
    }

    /// Runs until a stop is requested, and then shuts down.
    ///
    /// # Errors
    /// [`LoopFailure`] if it must end before.
    pub fn run(mut self) -> Result<(), LoopFailure>
    where
        B: Send + 'static,
        D: Send + 'static,
    {
        let ended = self.run_to_the_stop();
        let EventLoop { broker, dead_letters, .. } = self;
        // What they had to say has been said. A broker that has gone must not keep the process.
        end((broker, dead_letters));
        ended
    }

    fn run_to_the_stop(&mut self) -> Result<(), LoopFailure> {
        while !self.stop.requested() {
            self.turn(Instant::now())?;
        }
        self.shut_down()
    }

    /// Reads what is there, up to a limit, and looks around, at an instant.
    ///
    /// # Errors
    /// [`LoopFailure`] if it must end; it has left the group then: a stand-by may fare better, and need not wait for our
    /// session to time out.
    pub fn turn(&mut self, now: Instant) -> Result<(), LoopFailure> {
        let turned = self.look_around(now);
        if turned.is_err() {
            // Whatever fails while leaving says less than what failed first.
            let _ = self.drive(Event::Failed);
        }
        turned
    }

    /// Stops fetching, finishes the batch, waits for the dead letters, commits, and leaves the group.
    ///
    /// # Errors
    /// [`LoopFailure`] if that does not go to its end.
    pub fn shut_down(&mut self) -> Result<(), LoopFailure> {
        let ended = self.drive(Event::Stop);
        if ended.is_err() {
            self.broker.leave();
        }
        ended
    }

    /// Who the member is.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// The client, for whoever drives the loop by hand.
    #[must_use]
    pub fn broker(&self) -> &B {
        &self.broker
    }

    /// The sink of dead letters, for whoever drives the loop by hand.
    #[must_use]
    pub fn dead_letters(&self) -> &D {
        &self.dead_letters
    }

    fn look_around(&mut self, now: Instant) -> Result<(), LoopFailure> {
        self.check_liveness(now)?;
        self.read()?;
        for event in self.broker.events() {
            self.on_poll_event(event)?;
        }
        self.dead_letters.pump()?;
        self.drive(Event::DeadLetters { are_full: self.dead_letters.is_full() })?;
        if self.recovery.take_restored(&self.layout, now)? {
            if self.recovery.begins_anew() {
                self.overwrite_commits()?;
            }
            self.drive(Event::Restored)?;
        }
        self.check_dead_letters();
        self.check_clock()?;
        self.checkpoint(now)?;
        self.snapshot_tick(now)
    }

    fn read(&mut self) -> Result<(), LoopFailure> {
        let EventLoop { broker, intake, dead_letters, .. } = self;
        broker.read(TURN_RECORDS, &mut |record| {
            intake.take(record, dead_letters);
            if dead_letters.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(self.intake.flush()?)
    }

    fn on_poll_event(&mut self, event: PollEvent) -> Result<(), LoopFailure> {
        match event {
            PollEvent::Assigned(held) => {
                self.metrics.rebalances.inc();
                self.drive(Event::Assigned(held))
            }
            PollEvent::Revoked { is_lost } => {
                self.metrics.rebalances.inc();
                self.drive(Event::Revoked { is_lost })
            }
            PollEvent::Fenced => self.drive(Event::Fenced),
            PollEvent::LogChanged(changed) => self.on_changed(&changed),
            PollEvent::Unverified { records, is_assignment } => self.on_unverified(&records, is_assignment),
            PollEvent::Surveyed { survey, members } => self.drive(Event::Surveyed { survey, members }),
            PollEvent::Counted(counts) => self.on_metadata(&counts),
            PollEvent::Reachable(is_reachable) => {
                Met { condition: Condition::BrokerUnreachable, holds: !is_reachable }.report(&self.readiness);
                Ok(())
            }
            PollEvent::Readable(found) => self.pass_over(&found),
            PollEvent::Unreadable(reason) => self.on_unreadable(&reason),
            PollEvent::Statistics(statistics) => {
                lag::report(&statistics, &self.layout, &self.metrics, self.membership.is_owner());
                Ok(())
            }
        }
    }

    fn on_metadata(&mut self, counts: &Counts) -> Result<(), LoopFailure> {
        match change(&self.layout, counts) {
            Change::None => Ok(()),
            Change::Broken(sentence) => Err(KafkaFailure::Ended(sentence).into()),
            Change::Grown => {
                tracing::info!("a topic has new partitions");
                self.layout = Arc::new(self.layout.grown(counts));
                self.intake.take_layout(Arc::clone(&self.layout));
                self.drive(Event::Grown(self.layout.numbers()))
            }
        }
    }

    fn is_reachable(&self) -> bool {
        !self.readiness.holds(Condition::BrokerUnreachable)
    }

    /// Has a snapshot written when it is time, and commits what has become durable.
    fn snapshot_tick(&mut self, now: Instant) -> Result<(), LoopFailure> {
        if self.recovery.take_report(&self.layout, now) {
            self.metrics.snapshots.set_durable(self.membership.is_owner());
            if self.membership.may_commit() && self.is_reachable() {
                self.commit()?;
            }
        }
        if self.membership.may_commit() && self.recovery.is_due(now) {
            self.write_snapshot(now)?;
        }
        Ok(())
    }

    fn write_snapshot(&mut self, now: Instant) -> Result<(), LoopFailure> {
        self.intake.flush()?;
        let offsets = self.offsets()?;
        if !self.recovery.is_new(&offsets, now) {
            self.metrics.snapshots.set_durable(true);
            return Ok(());
        }
        let is_audited = self.recovery.audit_is_due(now);
        let images = self.intake.images(is_audited)?;
        let cut = Cut { offsets, images, origin: Restored::default() };
        self.recovery.write(cut, &self.layout, self.intake.refused, is_audited.then_some(now));
        Ok(())
    }

    /// Where reading would go on after everything that was handed to the shards.
    fn offsets(&self) -> Result<Offsets, LoopFailure> {
        let mut offsets = Offsets::new();
        for (partition, position) in self.broker.positions(&self.layout)? {
            offsets.entry(partition.topic().to_owned()).or_default().push(partition.goes_on_at(position));
        }
        Ok(offsets)
    }

    fn commit(&mut self) -> Result<(), LoopFailure> {
        let commits = self.checkpoints.take(&self.broker.positions(&self.layout)?);
        if !commits.is_empty() {
            debug!("committing");
            self.broker.commit(&commits);
        }
        Ok(())
    }

    /// Finds out how far everything is done, when it is time: to commit it, and to know when we have caught up.
    fn checkpoint(&mut self, now: Instant) -> Result<(), LoopFailure> {
        if !self.membership.may_commit() {
            return Ok(());
        }
        let due = self.checkpoints.due(now, !self.membership.shows());
        if due.look && self.membership.state() == State::Reading {
            self.look(&self.broker.positions(&self.layout)?)?;
        }
        if due.commit {
            self.check_unreadable()?;
        }
        // librdkafka would keep the commit until the broker is back. If the session has ended by then, the broker takes
        // the commit for that of a second member with our instance id, and we would be fenced by ourselves.
        if due.commit && self.is_reachable() {
            self.intake.settle()?;
            self.commit()?;
        }
        Ok(())
    }

    /// Whether everything that was there at the assignment is in the numbers.
    fn look(&mut self, positions: &[Position]) -> Result<(), LoopFailure> {
        let behind = positions.iter().map(|(partition, position)| partition.behind(*position)).sum();
        if behind > 0 {
            self.readiness.enter(MemberState::CatchingUp { records_behind: Some(behind) });
            return Ok(());
        }
        self.intake.settle()?;
        // The group must confirm the place before the numbers are shown, and answers only where a broker does.
        if self.is_reachable() { self.drive(Event::CaughtUp) } else { Ok(()) }
    }
}
