//! The loop: from the source through the decoder to the shards, what cannot be used to the dead letters, and offsets
//! back to Kafka when all is done. No business rules.

mod checkpoint;
mod ending;
mod failure;
mod hold;
mod intake;
mod lag;
mod recovery;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, info};

use self::checkpoint::Checkpoints;
use self::hold::Hold;
use self::intake::Intake;
use self::recovery::Recovery;
use crate::health::Metrics;
use crate::health::{Condition, Phase, Standing, Stop};
use crate::kafka::dead_letters::DeadLetters;
use crate::kafka::{Change, Consumer, Finding, KafkaFailure, Layout, News, Polled, Position, Surveyor, change};
use crate::snapshot::{Cut, Offsets, Restored};

pub use failure::PipelineFailure;
pub use intake::IntakeParts;
pub use recovery::RecoveryParts;

/// How many records are read before batches go to the shards and the pipeline looks around.
const TURN_RECORDS: usize = 512;
/// How long to wait for a record when there is none.
const IDLE_WAIT: Duration = Duration::from_millis(20);

/// Everything the loop works with.
pub struct Pipeline {
    consumer: Consumer,
    surveyor: Surveyor,
    intake: Intake,
    dead_letters: DeadLetters,
    checkpoints: Checkpoints,
    recovery: Recovery,
    standing: Arc<Standing>,
    metrics: Arc<Metrics>,
    stop: Stop,
    hold: Hold,
    /// Whether the partitions are assigned for reading, which the owner's are once nothing holds them back.
    is_assigned: bool,
    /// Whether this may have lost its place in the group without knowing it.
    is_unsure: bool,
}

impl Pipeline {
    /// A pipeline over these parts; the consumer has joined the group.
    #[must_use]
    pub fn new(
        consumer: Consumer,
        surveyor: Surveyor,
        dead_letters: DeadLetters,
        parts: IntakeParts,
        recovery: Option<RecoveryParts>,
        standing: Arc<Standing>,
        stop: Stop,
    ) -> Pipeline {
        let metrics = Arc::clone(&parts.metrics);
        let intake = Intake::new(parts, consumer.layout());
        Pipeline {
            consumer,
            surveyor,
            intake,
            dead_letters,
            checkpoints: Checkpoints::new(recovery.is_some()),
            recovery: Recovery::new(recovery, Arc::clone(&standing)),
            standing,
            metrics,
            stop,
            hold: Hold::default(),
            is_assigned: false,
            is_unsure: false,
        }
    }

    /// Runs until a stop is requested, and then winds down.
    ///
    /// # Errors
    /// [`PipelineFailure`] if it must end before.
    pub fn run(mut self) -> Result<(), PipelineFailure> {
        while !self.stop.requested() {
            if let Err(failure) = self.turn() {
                // A stand-by may fare better, and need not wait for our session to time out.
                self.consumer.leave();
                return Err(failure);
            }
        }
        self.wind_down()
    }

    /// Reads what is there, up to a limit, and looks around.
    fn turn(&mut self) -> Result<(), PipelineFailure> {
        self.feel_pulse()?;
        let (mut wait, mut is_shut_out) = (IDLE_WAIT, false);
        for _ in 0..TURN_RECORDS {
            match self.consumer.poll(wait)? {
                Polled::Record(message) => self.intake.take(&message, &mut self.dead_letters),
                Polled::Nothing => break,
                Polled::ShutOut => {
                    is_shut_out = true;
                    break;
                }
            }
            if self.dead_letters.is_full() {
                break;
            }
            wait = Duration::ZERO;
        }
        self.intake.flush()?;
        let news = self.consumer.take_news();
        self.hear(news)?;
        if is_shut_out {
            self.consumer.join_again()?;
        }
        self.dead_letters.pump()?;
        let findings: Vec<Finding> = self.surveyor.findings().collect();
        findings.into_iter().try_for_each(|finding| self.learn(finding))?;
        self.go_on_when_restored()?;
        self.fetch_or_hold(Hold { dead_letters: self.dead_letters.is_full(), ..self.hold })?;
        self.watch_dead_letters();
        self.watch_clock()?;
        self.checkpoint()?;
        self.keep()
    }

    fn is_reachable(&self) -> bool {
        !self.standing.holds(Condition::BrokerUnreachable)
    }

    fn hear(&mut self, news: News) -> Result<(), PipelineFailure> {
        if let Some(reason) = news.failure {
            return Err(KafkaFailure::Ended(format!("a rebalance failed: {reason}")).into());
        }
        if let Some(statistics) = &news.statistics {
            lag::tell(statistics, &self.consumer.layout(), &self.metrics, self.standing.is_owner());
        }
        if news.lost_partitions {
            self.is_unsure = false;
            self.let_go()?;
            self.hold = Hold { restoring: self.hold.restoring, ..Hold::default() };
            self.checkpoints.forget();
            self.metrics.snapshots.set_durable(false);
            lag::clear(&self.metrics);
        }
        // Given after it was taken, if both happened in one turn.
        if news.became_owner && self.standing.is_owner() {
            self.survey();
        }
        Ok(())
    }

    /// Nothing is assigned until the survey is finished: only then is it known where to read from.
    fn survey(&mut self) {
        self.hold.survey = Some(self.surveyor.survey(self.consumer.layout()));
    }

    fn learn(&mut self, finding: Finding) -> Result<(), PipelineFailure> {
        match finding {
            Finding::Surveyed(number) if self.hold.survey == Some(number) => {
                self.metrics.snapshots.set_durable(self.recovery.keeps_snapshots());
                let restoring = self.recovery.begin(&self.consumer.layout());
                self.fetch_or_hold(Hold { survey: None, restoring, ..self.hold })
            }
            Finding::Surveyed(_) => Ok(()),
            Finding::Counted(counts) => match change(&self.consumer.layout(), &counts) {
                Change::None => Ok(()),
                Change::Broken(sentence) => Err(KafkaFailure::Ended(sentence).into()),
                Change::Grown => self.grow(self.consumer.layout().grown(&counts)),
            },
        }
    }

    fn grow(&mut self, layout: Layout) -> Result<(), PipelineFailure> {
        info!("a topic has new partitions");
        let is_owner = self.standing.is_owner();
        self.let_go()?;
        self.consumer.take_layout(Arc::new(layout), is_owner)?;
        self.intake.take_layout(self.consumer.layout());
        if is_owner {
            self.survey();
        }
        Ok(())
    }

    /// Begins to fetch when nothing holds it any more; from then on stops and resumes when that changes.
    fn fetch_or_hold(&mut self, hold: Hold) -> Result<(), PipelineFailure> {
        let before = std::mem::replace(&mut self.hold, hold);
        if !self.standing.is_owner() {
            return Ok(());
        }
        if !self.is_assigned {
            if !hold.any() {
                self.consumer.assign()?;
                self.is_assigned = true;
            }
        } else if before.any() != hold.any() {
            if hold.any() { self.consumer.hold()? } else { self.consumer.go_on()? }
        }
        Ok(())
    }

    /// Notes that nothing is assigned any more.
    fn let_go(&mut self) -> Result<(), PipelineFailure> {
        if std::mem::take(&mut self.is_assigned) && self.hold.any() {
            // Or the next assignment would be on hold from its beginning.
            self.consumer.go_on()?;
        }
        Ok(())
    }

    /// Once the shards are restored, reading goes on after what they hold.
    fn go_on_when_restored(&mut self) -> Result<(), PipelineFailure> {
        if !self.recovery.take_restored(&self.consumer.layout())? {
            return Ok(());
        }
        self.fetch_or_hold(Hold { restoring: false, ..self.hold })
    }

    /// Has a snapshot written when it is time, and commits what has become durable.
    fn keep(&mut self) -> Result<(), PipelineFailure> {
        if self.recovery.take_report(&self.consumer.layout()) {
            self.metrics.snapshots.set_durable(self.standing.is_owner());
            if self.standing.is_owner() && self.is_reachable() && self.hold.survey.is_none() {
                self.commit()?;
            }
        }
        if self.standing.is_owner() && self.hold.survey.is_none() && self.recovery.is_due() {
            self.write_snapshot()?;
        }
        Ok(())
    }

    fn write_snapshot(&mut self) -> Result<(), PipelineFailure> {
        self.intake.flush()?;
        let offsets = self.offsets()?;
        if !self.recovery.is_news(&offsets) {
            self.metrics.snapshots.set_durable(true);
            return Ok(());
        }
        let is_audited = self.recovery.audit_is_due();
        let images = self.intake.images(is_audited)?;
        let cut = Cut { offsets, images, origin: Restored::default() };
        self.recovery.write(cut, self.intake.refused, is_audited);
        Ok(())
    }

    /// Where reading would go on after everything that was handed to the shards.
    fn offsets(&self) -> Result<Offsets, PipelineFailure> {
        let mut offsets = Offsets::new();
        for (partition, position) in self.consumer.positions()? {
            offsets.entry(partition.topic().to_owned()).or_default().push(partition.goes_on_at(position));
        }
        Ok(offsets)
    }

    fn commit(&mut self) -> Result<(), PipelineFailure> {
        let commits = self.checkpoints.take(&self.consumer.positions()?);
        if !commits.is_empty() {
            debug!("committing");
            self.consumer.commit(&commits);
        }
        Ok(())
    }

    /// Finds out how far everything is done, when it is time: to commit it, and to know when we have caught up.
    fn checkpoint(&mut self) -> Result<(), PipelineFailure> {
        if self.hold.survey.is_some() || self.hold.restoring || !self.standing.is_owner() {
            return Ok(());
        }
        let catching_up = self.standing.phase() != Phase::Serving;
        let due = self.checkpoints.due(Instant::now(), catching_up);
        if !due.look && !due.commit {
            return Ok(());
        }
        if due.look && !self.is_unsure {
            self.look(&self.consumer.positions()?)?;
        }
        // librdkafka would keep the commit until the broker is back. If the session has ended by then, the broker takes
        // the commit for that of a second member with our instance id, and we would be fenced by ourselves.
        if due.commit && self.is_reachable() {
            self.intake.settle()?;
            self.commit()?;
        }
        Ok(())
    }

    /// Shows the numbers once everything that was there at the assignment is in them.
    fn look(&mut self, positions: &[Position]) -> Result<(), PipelineFailure> {
        let behind = positions.iter().map(|(partition, position)| partition.behind(*position)).sum();
        if behind > 0 {
            self.standing.enter(Phase::CatchingUp { records_behind: Some(behind) });
            return Ok(());
        }
        self.intake.settle()?;
        info!("caught up");
        self.standing.enter(Phase::Serving);
        Ok(())
    }
}
