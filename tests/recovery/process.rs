//! One life of the service without Kafka: the service's own event loop with all that it is made of, over a member of the
//! simulated cluster. It may be gone at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use salespulse::config::OnGap;
use salespulse::contract::decode::{Decoder, Record};
use salespulse::engine::board::Board;
use salespulse::engine::directory::Directory;
use salespulse::engine::entry::Interner;
use salespulse::health::{LogThrottle, Metrics, Readiness, Stop};
use salespulse::kafka::{Counts, Layout};
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::{Clock, ManualClock, Time};
use salespulse::service::event_loop::{EventLoop, IntakeParts, LoopFailure, RecoveryParts};
use salespulse::service::horizon_clock::HorizonClock;
use salespulse::simulate::Produced;
use salespulse::snapshot::{Home, Keeper, Provenance, Restorer, Writer};
use salespulse::threads::{Background, ShardReader, ShardThreads};

use crate::recovery::cluster::Shared;
use crate::recovery::logs::PARTITIONS;
use crate::recovery::member::{Letters, Member};
use crate::recovery::objects::Objects;

/// Between two snapshots.
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);

const CLUSTER: &str = "cluster";

fn topics_of(kinds: &[EventType]) -> BTreeMap<String, String> {
    kinds.iter().map(|kind| (kind.name().to_owned(), kind.default_topic().to_owned())).collect()
}

/// Where the rounds lie of those who read everything.
pub(crate) fn home() -> Home {
    Home::of(Some(CLUSTER), &topics_of(&EventType::ALL))
}

pub(crate) struct Process {
    pub(crate) instance: String,
    pub(crate) rules: Arc<Rules>,
    pub(crate) present: Arc<HorizonClock>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) metrics: Arc<Metrics>,
    /// The store as this process sees it.
    pub(crate) view: Objects,
    /// Whether it sees the store as it was a while ago.
    pub(crate) is_stale: bool,
    /// Whether it has restored, or found that there is nothing to restore.
    pub(crate) has_begun: bool,
    manual: &'static ManualClock,
    event_loop: EventLoop<Member, Letters>,
    shards: ShardReader,
    board: Board,
    catalogue: Catalogue,
}

/// What a process is started with.
pub(crate) struct Start<'a> {
    pub(crate) cluster: &'a Shared,
    pub(crate) instance: &'a str,
    pub(crate) kinds: &'a [EventType],
    pub(crate) rules: &'a Arc<Rules>,
    pub(crate) shards: usize,
    pub(crate) clock: Time,
    pub(crate) view: Objects,
    pub(crate) is_stale: bool,
    pub(crate) on_gap: OnGap,
}

impl Process {
    pub(crate) fn start(start: Start<'_>, now: Instant) -> Process {
        let Start { cluster, instance, kinds, rules, shards, clock, view, is_stale, on_gap } = start;
        let topics = || kinds.iter().map(|kind| kind.default_topic());
        let metrics = Metrics::new(topics()).expect("metrics");
        // Few bytes for each life, until the test ends.
        let manual: &'static ManualClock = Box::leak(Box::new(ManualClock::at(clock)));
        let present = Arc::new(HorizonClock::new(Clock::Manual(manual), Arc::clone(rules)));
        let (begun, directory) = (present.now(), Arc::new(Directory::default()));
        let threads = ShardThreads::start(shards, rules, &directory, begun, &metrics).expect("threads");
        let reader = threads.reader();
        let provenance = Provenance::new(rules, Some(CLUSTER.to_owned()), topics_of(kinds));
        let restorer = Restorer {
            store: view.store(),
            provenance: provenance.clone(),
            rules: Arc::clone(rules),
            directory: Arc::clone(&directory),
            loader: threads.loader(),
            clock: Clock::Manual(manual),
            on_gap,
            metrics: Arc::clone(&metrics),
        };
        let writer = Writer {
            store: view.store(),
            provenance,
            rules: Arc::clone(rules),
            directory: Arc::clone(&directory),
            clock: Clock::Manual(manual),
            metrics: Arc::clone(&metrics),
            throttle: LogThrottle::default(),
        };
        let recovery = RecoveryParts {
            restorer,
            present: Arc::clone(&present),
            keeper: Keeper::new(writer, Background::Inline),
            interval: INTERVAL,
            audit_interval: Some(INTERVAL),
            background: Background::Inline,
        };
        let parts = IntakeParts {
            decoder: Decoder::new(Arc::clone(rules)),
            interner: Interner::new(Arc::clone(&directory), Arc::clone(rules)),
            shards: threads,
            present: Arc::clone(&present),
            metrics: Arc::clone(&metrics),
        };
        let counts: Counts = topics().map(|topic| (topic, PARTITIONS)).collect();
        let layout = Arc::new(Layout::new(kinds.iter().map(|kind| (*kind, kind.default_topic())), &counts));
        let readiness = Arc::<Readiness>::default();
        let names: BTreeSet<String> = layout.names();
        let clients = (Member::join(cluster, instance, names, rules), Letters::new(cluster));
        let event_loop =
            EventLoop::new(clients, layout, parts, Some(recovery), Arc::clone(&readiness), Stop::default(), now);
        Process {
            instance: instance.to_owned(),
            rules: Arc::clone(rules),
            board: Board::new(Arc::clone(rules), directory, begun),
            catalogue: Catalogue::new(rules).expect("a catalogue"),
            shards: reader,
            has_begun: false,
            present,
            readiness,
            metrics,
            view,
            is_stale,
            manual,
            event_loop,
        }
    }

    /// One turn of the loop.
    pub(crate) fn turn(&mut self, now: Instant) -> Result<(), LoopFailure> {
        let restores = self.has_begun.then(|| self.restores());
        let turned = self.event_loop.turn(now);
        let again = restores.is_some_and(|restores| self.restores() != restores);
        assert!(!again, "a snapshot is restored over fresher state");
        self.has_begun |= self.member().began.is_some();
        assert_eq!(self.metrics.snapshots.mismatches.get(), 0, "an audit found a cell wrong");
        turned
    }

    /// Ends in good order.
    pub(crate) fn stop(&mut self) -> Result<(), LoopFailure> {
        self.event_loop.shut_down()
    }

    pub(crate) fn member(&self) -> &Member {
        self.event_loop.broker()
    }

    /// Whether somebody who asks now is shown numbers.
    pub(crate) fn shows(&self, now: Instant) -> bool {
        self.readiness.shows_gauges_at(now)
    }

    /// Whether the broker has not acknowledged all dead letters.
    pub(crate) fn has_letters_in_flight(&self) -> bool {
        self.event_loop.dead_letters().has_any()
    }

    /// Whether it continued from a snapshot.
    pub(crate) fn has_restored(&self) -> bool {
        self.metrics.snapshots.restored.get() > 0
    }

    /// How many snapshots it has tried to continue from.
    fn restores(&self) -> u64 {
        self.metrics.snapshots.restored.get() + self.metrics.snapshots.unusable.get()
    }

    /// How many snapshots it has written.
    pub(crate) fn written(&self) -> u64 {
        self.metrics.snapshots.written.get()
    }

    pub(crate) fn set_clock(&self, clock: Time) {
        self.manual.set(clock);
    }

    /// What is shown at the present instant.
    pub(crate) fn text(&mut self) -> String {
        let now = self.present.now();
        let readings = self.shards.read(now).expect("shards");
        let mut text = String::new();
        render(&self.catalogue, &self.board.read(now, readings), Format::Prometheus, &mut text).expect("few series");
        text
    }
}

pub(crate) fn record(produced: &Produced) -> Record<'_> {
    Record {
        topic_type: Some(produced.kind),
        value: Some(&produced.value),
        timestamp: Some(produced.produced_at),
        ..Record::default()
    }
}
