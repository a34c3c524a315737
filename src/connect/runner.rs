//! One active instance: whoever holds the state topic reads it, and polls every source in a thread of its own.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::{info, warn};

use super::delivery::Topics;
use super::events::Gate;
use super::files::FileWorker;
use super::http::HttpExchange;
use super::inbox::Inboxes;
use super::keeper::Keeper;
use super::memory::Memory;
use super::poller::{Crm, Poller};
use super::sources::{Source, Way};
use super::status::Status;
use super::topics::{TopicWorker, group_of};
use crate::config::KafkaConfig;
use crate::health::Stop;
use crate::kafka::{KafkaFailure, Lease, Turn};
use crate::model::time::Clock;

/// How often the group is heard.
const GLANCE: Duration = Duration::from_millis(200);
/// After something could not be kept.
const PAUSE: Duration = Duration::from_secs(5);

/// The connectors of an instance.
pub struct Runner {
    /// The cluster, with the group of the connectors.
    pub kafka: KafkaConfig,
    /// Where everything goes.
    pub topics: Topics,
    /// The sources that one instance reads: all but webhooks.
    pub sources: Vec<Arc<Source>>,
    /// Our own decoder.
    pub gate: Gate,
    /// Where tenants' functions post.
    pub inboxes: Arc<Inboxes>,
    /// Who says how it goes.
    pub status: Arc<Status>,
    /// The clock.
    pub clock: Clock,
    /// Whether to end.
    pub stop: Stop,
}

/// The threads of an active instance.
struct Crew {
    threads: Vec<JoinHandle<Result<(), String>>>,
    stop: Stop,
}

impl Crew {
    /// Whether a thread has ended although nobody asked.
    fn has_ended(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Ends all threads; answers why one of them ended by itself.
    fn end(self) -> Option<String> {
        self.stop.request();
        let reasons: Vec<String> = self
            .threads
            .into_iter()
            .filter_map(|thread| match thread.join() {
                Ok(Ok(())) => None,
                Ok(Err(reason)) => Some(reason),
                Err(_) => Some("a thread that polls has ended by a bug".to_owned()),
            })
            .collect();
        reasons.into_iter().next()
    }
}

impl Runner {
    /// Polls whenever it is this instance's turn, until it is asked to stop.
    ///
    /// # Errors
    /// [`KafkaFailure`] if the group does not want us or the topics cannot be read; a sentence on a secret that cannot be
    /// read is one too.
    pub fn run(self) -> Result<(), KafkaFailure> {
        if self.sources.is_empty() {
            // Webhooks need no turn.
            self.status.set_active(true);
            self.stop.rest(Duration::MAX);
            return Ok(());
        }
        let mut lease = Lease::join(&self.kafka, &self.topics.state)?;
        let mut crew: Option<Crew> = None;
        let outcome = loop {
            if self.stop.requested() {
                break Ok(());
            }
            let turn = match lease.poll(GLANCE) {
                Ok(turn) => turn,
                Err(failure) => break Err(failure),
            };
            match turn {
                Some(Turn::Gained) => match self.start(&lease) {
                    Ok(started) => crew = Some(started),
                    Err(KafkaFailure::Ended(reason)) => {
                        warn!("{reason}; trying again");
                        lease = self.join_anew(lease)?;
                    }
                    Err(failure) => break Err(failure),
                },
                Some(Turn::Lost) => {
                    info!("the group gives the sources to another instance");
                    self.inboxes.close();
                    drop(crew.take().map(Crew::end));
                    self.status.stand_by(self.sources.iter().map(|source| source.name.as_str()));
                    if let Err(failure) = lease.give_back() {
                        break Err(failure);
                    }
                }
                Some(Turn::Waiting) => info!("another instance polls; this one waits for its turn"),
                None => {}
            }
            if crew.as_ref().is_some_and(Crew::has_ended) {
                let reason = crew.take().and_then(Crew::end).unwrap_or_default();
                self.status.set_active(false);
                if !self.stop.requested() {
                    warn!("{reason}; what is remembered is read again");
                    lease = self.join_anew(lease)?;
                }
            }
        };
        self.inboxes.close();
        drop(crew.take().map(Crew::end));
        self.status.set_active(false);
        lease.leave();
        if matches!(outcome, Err(KafkaFailure::Stopped)) { Ok(()) } else { outcome }
    }

    /// Gives the turn away, so that another instance may have more luck, and asks for it again after a pause.
    fn join_anew(&self, lease: Lease) -> Result<Lease, KafkaFailure> {
        lease.leave();
        self.stop.rest(PAUSE);
        Lease::join(&self.kafka, &self.topics.state)
    }

    /// Reads what is remembered and lets a thread poll each source.
    fn start(&self, lease: &Lease) -> Result<Crew, KafkaFailure> {
        let stop = Stop::default();
        // Whoever polled before us keeps nothing from here on, so that what we read now is all there is.
        let mut keepers = Vec::new();
        for source in &self.sources {
            let (topics, status) = (self.topics.clone(), Arc::clone(&self.status));
            keepers.push(Keeper::new(&self.kafka, topics, &source.name, status, stop.clone())?);
        }
        let memories = self.memories(lease)?;
        let mut crew = Crew { threads: Vec::new(), stop: stop.clone() };
        for ((source, memory), keeper) in self.sources.iter().zip(memories).zip(keepers) {
            match self.thread(source, memory, keeper, &stop) {
                Ok(thread) => crew.threads.push(thread),
                Err(failure) => {
                    crew.end();
                    return Err(failure);
                }
            }
        }
        self.status.set_active(true);
        info!(sources = self.sources.len(), "this instance polls");
        Ok(crew)
    }

    fn memories(&self, lease: &Lease) -> Result<Vec<Memory>, KafkaFailure> {
        let mut memories: BTreeMap<&str, Memory> = self
            .sources
            .iter()
            .map(|source| (source.name.as_str(), Memory::of_generation(source.setting.generation)))
            .collect();
        let mut unreadable = 0_usize;
        lease.read(&mut |key, value| {
            let entry = std::str::from_utf8(key).ok().and_then(|key| key.split_once('/'));
            let is_ours = entry.is_some_and(|(source, key)| {
                // A source that is configured no more keeps what it had.
                memories.get_mut(source).is_none_or(|memory| memory.restore(key, value).is_ok())
            });
            unreadable += usize::from(!is_ours);
            if self.stop.requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if unreadable > 0 {
            // To forget what they said would be to tell it twice, or to lose whose credit it was.
            let topic = &self.topics.state;
            return Err(KafkaFailure::Refused(vec![format!(
                "{topic} holds {unreadable} records that are none of ours, or of a newer release's; give the connectors a \
                 state topic of their own, or go on with that release"
            )]));
        }
        Ok(self.sources.iter().map(|source| memories.remove(source.name.as_str()).unwrap_or_default()).collect())
    }

    fn thread(
        &self,
        source: &Arc<Source>,
        memory: Memory,
        mut keeper: Keeper,
        stop: &Stop,
    ) -> Result<JoinHandle<Result<(), String>>, KafkaFailure> {
        let wrong = |reason: String| KafkaFailure::Configuration(format!("source {}: {reason}", source.name));
        let (gate, status, clock, stop) = (self.gate.clone(), Arc::clone(&self.status), self.clock, stop.clone());
        match source.way.clone() {
            Some(Way::Poll(polling)) => {
                let crm = Crm::of(&polling).map_err(wrong)?;
                let calls = polling.daily_calls;
                let mut exchange =
                    HttpExchange::new(&source.name, calls, clock, stop.clone(), Arc::clone(&status)).map_err(wrong)?;
                let inbox = self.inboxes.has(&source.name).then(|| self.inboxes.open(&source.name));
                let (source, interval_ms) = (Arc::clone(source), polling.interval_ms);
                spawn("poller", move || {
                    let poller = Poller { source: &source, crm, interval_ms, gate: &gate, memory, inbox, status, stop };
                    poller.run(&mut keeper, &mut exchange)
                })
            }
            Some(Way::Topics(topics)) => {
                let (kafka, group) = (self.kafka.clone(), group_of(&self.kafka.group, source));
                let source = Arc::clone(source);
                let mut worker = TopicWorker { source, topics, kafka, group, gate, memory, status, clock, stop };
                let reader = worker.reader()?;
                let group = reader.group().ok_or_else(|| wrong("it has no group for its offsets".to_owned()))?;
                let mut keeper = keeper.with_group(group);
                spawn("reader", move || worker.run(reader, &mut keeper))
            }
            Some(Way::Files(files)) => {
                let worker = FileWorker { source: Arc::clone(source), files, gate, memory, status, clock, stop };
                spawn("reader", move || worker.run(&mut keeper))
            }
            Some(Way::Hook(_)) | None => Err(wrong("there is nothing to read".to_owned())),
        }
    }
}

fn spawn(
    name: &str,
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Result<JoinHandle<Result<(), String>>, KafkaFailure> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(work).map_err(|error| KafkaFailure::Ended(format!("cannot start threads: {error}")))
}
