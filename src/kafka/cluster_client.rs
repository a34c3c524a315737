//! Kafka by librdkafka: the member of the group and the poller of metadata, as the event loop sees them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::broker::{Broker, PollEvent, Position};
use super::commit::Committed;
use super::consumer::Consumer;
use super::failure::KafkaFailure;
use super::layout::Layout;
use super::metadata_poller::MetadataPoller;
use super::partition::Partition;
use super::record::SourceRecord;
use crate::config::KafkaConfig;
use crate::model::rules::Acceptance;
use crate::snapshot::Log;

/// A member of the group, and who asks the cluster for it.
pub struct KafkaClient {
    consumer: Consumer,
    poller: MetadataPoller,
}

impl KafkaClient {
    /// Joins the group; the topics are looked at every so often.
    ///
    /// # Errors
    /// If librdkafka does not take the configuration, or a thread cannot be started.
    pub fn join(
        config: &KafkaConfig,
        acceptance: Acceptance,
        topology_interval: Duration,
    ) -> Result<KafkaClient, KafkaFailure> {
        let poller = MetadataPoller::start(config, acceptance, topology_interval)?;
        Ok(KafkaClient { consumer: Consumer::join(config, acceptance)?, poller })
    }
}

impl Broker for KafkaClient {
    fn read(
        &mut self,
        most: usize,
        take: &mut dyn FnMut(&SourceRecord<'_>) -> ControlFlow<()>,
    ) -> Result<(), KafkaFailure> {
        let read = self.consumer.read(most, take);
        if self.consumer.take_doubt() {
            self.poller.suspect();
        }
        read
    }

    fn events(&mut self) -> Vec<PollEvent> {
        let mut events = self.consumer.events();
        events.extend(self.poller.events());
        events
    }

    fn survey(&mut self, survey: u64, layout: Arc<Layout>) {
        self.poller.survey(survey, layout);
    }

    fn pass_over(&mut self, at: Vec<(Arc<Partition>, i64)>) {
        if self.consumer.may_pass_over() {
            self.poller.pass_over(at);
        }
    }

    fn log(&self) -> Arc<dyn Log> {
        self.poller.log()
    }

    fn assign(&mut self, from: &[(Arc<Partition>, i64)]) -> Result<(), KafkaFailure> {
        self.consumer.assign(from)
    }

    fn unassign(&mut self) -> Result<(), KafkaFailure> {
        self.consumer.unassign()
    }

    fn pause(&mut self, layout: &Layout) -> Result<(), KafkaFailure> {
        self.consumer.pause(layout)
    }

    fn resume(&mut self, layout: &Layout) -> Result<(), KafkaFailure> {
        self.consumer.resume(layout)
    }

    fn positions(&self, layout: &Layout) -> Result<Vec<Position>, KafkaFailure> {
        self.consumer.positions(layout)
    }

    fn commit(&mut self, offsets: &[(Arc<Partition>, Committed)]) {
        self.consumer.commit(offsets);
    }

    fn commit_and_wait(&mut self, offsets: &[(Arc<Partition>, Committed)]) -> Result<(), KafkaFailure> {
        self.consumer.commit_and_wait(offsets)
    }

    fn instance_id(&self) -> &str {
        self.consumer.instance_id()
    }

    fn rejoin(&mut self) -> Result<(), KafkaFailure> {
        self.consumer.rejoin()
    }

    fn leave(&mut self) {
        self.consumer.leave();
    }
}
