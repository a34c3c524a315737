//! Carries out what the member of the group is to do.

use std::collections::VecDeque;
use std::sync::Arc;

use tracing::{info, warn};

use super::{EventLoop, LoopFailure, lag};
use crate::health::{Condition, MemberState, Met};
use crate::kafka::membership::{Action, Event, Published, Refusal};
use crate::kafka::{Broker, Committed, DeadLetterSink, KafkaFailure, Partition};

impl<B: Broker, D: DeadLetterSink> EventLoop<B, D> {
    /// Gives the member an event and does what it answers, in order; what comes of that may be an event again.
    pub(super) fn drive(&mut self, event: Event) -> Result<(), LoopFailure> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.membership.on(event) {
                events.extend(self.act(action)?);
            }
        }
        Ok(())
    }

    fn act(&mut self, action: Action) -> Result<Option<Event>, LoopFailure> {
        match action {
            Action::Publish(published) => self.publish(published),
            Action::AssignNothing => self.broker.assign(&[])?,
            Action::Unassign => self.broker.unassign()?,
            Action::Survey(survey) => self.broker.survey(survey, Arc::clone(&self.layout)),
            Action::Restore => {
                self.metrics.snapshots.set_durable(self.recovery.keeps_snapshots());
                let is_under_way = self.recovery.begin(&self.layout, self.broker.log());
                return Ok((!is_under_way).then_some(Event::Restored));
            }
            Action::Assign => self.broker.assign(&self.owned())?,
            Action::Pause => self.broker.pause(&self.layout)?,
            Action::Resume => self.broker.resume(&self.layout)?,
            Action::CommitProgress => self.commit_progress(),
            Action::Confirm => return self.confirm(),
            Action::ForgetCommits => {
                self.checkpoints.forget();
                self.unreadable.forget();
                self.metrics.snapshots.set_durable(false);
                lag::clear(&self.metrics);
            }
            Action::Report(refusal) => self.report(refusal.as_ref()),
            Action::Rejoin => {
                warn!("Kafka took a late commit of ours for that of another member; joining the group anew");
                self.broker.rejoin()?;
            }
            Action::GiveUpSeat(refusal) => {
                warn!(
                    "{refusal}. If a process with the same kafka.instance_id read fewer topics and was killed a moment ago, this is \
                     what it had: leaving that seat and joining the group anew"
                );
                self.broker.leave();
                self.broker.rejoin()?;
            }
            Action::EndFenced => return Err(self.fenced().into()),
            Action::EndMistaken(topic) => return Err(self.mistaken(&topic).into()),
            Action::Finish => self.finish()?,
            Action::Leave => {
                self.broker.leave();
                info!("left the group");
            }
        }
        Ok(None)
    }

    fn publish(&self, published: Published) {
        let state = match published {
            Published::Joining => MemberState::Joining,
            Published::StandingBy => MemberState::StandingBy,
            Published::CatchingUp => MemberState::CatchingUp { records_behind: None },
            Published::Serving => MemberState::Serving,
            Published::Stopping => MemberState::Stopping,
        };
        match (self.readiness.state(), published) {
            (MemberState::CatchingUp { .. } | MemberState::Serving, Published::Joining) => {
                info!("the group takes the partitions back; the numbers are hidden");
            }
            (_, Published::StandingBy) => info!("standing by: this member owns no partition"),
            (_, Published::CatchingUp) => info!("this member owns all partitions"),
            (_, Published::Serving) => info!("caught up"),
            _ => {}
        }
        self.readiness.enter(state);
    }

    /// The owned partitions, each with the offset from which its reading goes on.
    fn owned(&self) -> Vec<(Arc<Partition>, i64)> {
        let owned = self.layout.partitions().filter(|partition| self.membership.owns(partition.number()));
        owned.map(|partition| (Arc::clone(partition), partition.resumes_at())).collect()
    }

    /// Commits what has come about since the assignment, so that the next owner need not repeat dead letters.
    fn commit_progress(&mut self) {
        let keeps_snapshots = self.recovery.keeps_snapshots();
        let progress = |partition: &Arc<Partition>| {
            let progress = partition.progress(partition.next()?, keeps_snapshots);
            // Where nothing was committed and nothing is done there is nothing to say.
            let known = partition.known_commit().unwrap_or_default();
            (!progress.reaches_as_far_as(&known)).then(|| (Arc::clone(partition), progress))
        };
        let commits: Vec<(Arc<Partition>, Committed)> = self.layout.partitions().filter_map(progress).collect();
        if !commits.is_empty() {
            // librdkafka logs a failure; then some dead letters may come twice.
            self.broker.commit(&commits);
        }
    }

    /// Says of every partition that nothing of it was done beyond where reading begins. What was committed speaks of logs that
    /// are no more: whoever believed it would not send dead letters of records that nobody has looked at.
    pub(super) fn overwrite_commits(&mut self) -> Result<(), LoopFailure> {
        let begin = |partition: &Arc<Partition>| {
            let offset = partition.resumes_at();
            let committed = Committed { settled: offset, ..Committed::of(offset) };
            partition.set_commit(&committed);
            (Arc::clone(partition), committed)
        };
        let commits: Vec<(Arc<Partition>, Committed)> = self.layout.partitions().map(begin).collect();
        Ok(self.broker.commit_and_wait(&commits)?)
    }

    /// Asks the group by a commit, which only a member of the present generation may make.
    fn confirm(&mut self) -> Result<Option<Event>, LoopFailure> {
        let keeps_snapshots = self.recovery.keeps_snapshots();
        let progress = self.broker.positions(&self.layout)?.into_iter().next().map(|(partition, position)| {
            let next = partition.goes_on_at(position);
            let progress = partition.progress(next, keeps_snapshots);
            (partition, progress)
        });
        match self.broker.commit_and_wait(progress.as_slice()) {
            Ok(()) => Ok(Some(Event::Confirmed)),
            Err(failure) => {
                // Either the next poll reports that the partitions are somebody else's, or the broker is away and will answer.
                if let Some(suppressed) = self.throttle.pass() {
                    warn!(%failure, suppressed, "the group does not confirm that this is still its member; the numbers stay hidden");
                }
                Ok(None)
            }
        }
    }

    fn report(&self, refusal: Option<&Refusal>) {
        if let Some(refusal) = refusal {
            warn!("{refusal}");
        }
        Met { condition: Condition::ForeignMember, holds: refusal.is_some() }.report(&self.readiness);
    }

    fn fenced(&self) -> KafkaFailure {
        KafkaFailure::Ended(format!(
            "another member of the group has the same kafka.instance_id \"{}\" and took this one's place; give each instance an \
             id of its own",
            self.broker.instance_id()
        ))
    }

    fn mistaken(&self, topic: &str) -> KafkaFailure {
        KafkaFailure::Ended(format!(
            "the group gave this member partitions of \"{topic}\", which it does not read: a process with the same \
             kafka.instance_id \"{}\" read other topics and was killed a moment ago. This one has left the group; start it again",
            self.broker.instance_id()
        ))
    }
}
