//! `salespulse run`: the service.

#[cfg(debug_assertions)]
mod clock_file;
mod failure;
mod persistence;
mod servers;

#[cfg(debug_assertions)]
pub(super) use clock_file::follow;
pub use failure::RunError;

use self::persistence::Persistence;
use self::servers::Listeners;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tracing::{info, warn};

use crate::config::{Config, KafkaConfig, SnapshotConfig, WebConfig};
use crate::contract::decode::Decoder;
use crate::engine::board::Board;
use crate::engine::directory::Directory;
use crate::engine::entry::Interner;
use crate::health::{MemberState, Metrics, Readiness, Stop, check_limit, stop_on_signals};
use crate::kafka::{DeadLetterProducer, KafkaClient, Layout, ProducerLimits, TOPOLOGY_INTERVAL, find_cluster};
use crate::kpi::Catalogue;
use crate::model::rules::Rules;
use crate::model::time::Clock;
use crate::serve::access::Gate;
use crate::serve::admin::Scrape;
use crate::serve::web::Site;
use crate::service::event_loop::{EventLoop, IntakeParts};
use crate::service::horizon_clock::HorizonClock;
use crate::service::reading_hub::ReadingHub;
use crate::snapshot::Store;
use crate::threads::ShardThreads;

/// The threads of the HTTP server: one scrape at a time does the work, the others answer probes.
const HTTP_THREADS: usize = 2;
/// The most shards: more would only make a scrape sum more.
const MOST_SHARDS: usize = 16;
/// How long a cluster that does not answer at the start is tried.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Runs the service until SIGINT, SIGTERM or SIGHUP, by a clock.
///
/// # Errors
/// [`RunError`], which knows its exit code.
pub fn run(config: Config, clock: Clock) -> Result<(), RunError> {
    check_limit().map_err(RunError::System)?;
    let service = Service::bind(config, clock)?;
    service.stop_on_signals()?;
    service.run()
}

/// The service, listening but not yet consuming.
pub struct Service {
    runtime: Runtime,
    listeners: Listeners,
    web: WebConfig,
    gate: Arc<Gate>,
    kafka: KafkaConfig,
    snapshot: SnapshotConfig,
    rules: Arc<Rules>,
    catalogue: Catalogue,
    clock: Clock,
    stop: Stop,
    topology_interval: Duration,
    asks_settings: bool,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
}

impl Service {
    /// Listens at the configured address, so that a wrong one is reported before anything else happens.
    ///
    /// # Errors
    /// [`RunError`] if the address cannot be had, or the configuration exposes what does not exist.
    pub fn bind(config: Config, clock: Clock) -> Result<Service, RunError> {
        let Config { rules, kafka, snapshot, http, web } = config;
        let catalogue = Catalogue::new(&rules).map_err(RunError::Configuration)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(HTTP_THREADS)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(|error| RunError::System(format!("cannot start threads: {error}")))?;
        let listeners = Listeners::bind(&http, &web)?;
        let metrics = Metrics::new(kafka.topics.values().map(String::as_str))
            .map_err(|error| RunError::Bug(format!("the metrics are malformed: {error}")))?;
        metrics.show_stages(&rules);
        let readiness = Arc::<Readiness>::default();
        let gate = Gate::new(&web, Arc::clone(&metrics), Arc::clone(&readiness)).map_err(RunError::Configuration)?;
        Ok(Service {
            runtime,
            listeners,
            gate,
            web,
            kafka,
            snapshot,
            rules: Arc::new(rules),
            catalogue,
            clock,
            stop: Stop::default(),
            topology_interval: TOPOLOGY_INTERVAL,
            asks_settings: true,
            metrics,
            readiness,
        })
    }

    /// Where the metrics are.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listeners.address
    }

    /// Where the page is, if there is one.
    #[must_use]
    pub fn page_address(&self) -> Option<SocketAddr> {
        self.listeners.page_address
    }

    /// The handle by which it is asked to stop.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Its own health, as it goes on.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Whether it is ready, as it goes on.
    #[must_use]
    pub fn readiness(&self) -> Arc<Readiness> {
        Arc::clone(&self.readiness)
    }

    /// Does not ask the cluster for the topics' settings, and so does not judge them: for a mock cluster, which never
    /// answers that question, so that the start would wait in vain.
    #[must_use]
    pub fn without_topic_settings(mut self) -> Service {
        self.asks_settings = false;
        self
    }

    /// Looks every so often whether topics have changed, for tests that cannot wait as long as usual.
    #[must_use]
    pub fn with_topology_interval(mut self, interval: Duration) -> Service {
        self.topology_interval = interval;
        self
    }

    /// Stops at SIGINT and SIGTERM.
    ///
    /// # Errors
    /// [`RunError::System`] if the handlers cannot be installed.
    pub fn stop_on_signals(&self) -> Result<(), RunError> {
        let _entered = self.runtime.enter();
        stop_on_signals(self.stop.clone()).map_err(|error| RunError::System(format!("cannot handle signals: {error}")))
    }

    /// Consumes and serves until it is asked to stop.
    ///
    /// # Errors
    /// [`RunError`] if it must end before.
    pub fn run(self) -> Result<(), RunError> {
        let Service {
            runtime, listeners, gate, web, kafka, snapshot, rules, catalogue, clock, metrics, readiness, ..
        } = self;
        let directory = Arc::<Directory>::default();
        let present = Arc::new(HorizonClock::new(clock, Arc::clone(&rules)));
        let shards = ShardThreads::start(shard_count(), &rules, &directory, present.now(), &metrics)
            .map_err(|error| RunError::System(format!("cannot start threads: {error}")))?;
        let board = Board::new(Arc::clone(&rules), Arc::clone(&directory), present.now());
        let hub = ReadingHub::new(shards.reader(), board, Arc::clone(&present), Arc::clone(&metrics));
        let site = web.listen.map(|_| {
            let (hub, rules) = (Arc::clone(&hub), Arc::clone(&rules));
            Site::new(hub, rules, Arc::clone(&readiness), Arc::clone(&metrics), &web).map_err(RunError::Configuration)
        });
        let site = site.transpose()?;
        let scrape = Arc::new(Scrape::new(catalogue, hub, Arc::clone(&readiness), Arc::clone(&metrics)));
        let server = listeners.serve(&runtime, scrape, site, &gate);
        let persistence =
            Persistence { snapshot: &snapshot, rules: Arc::clone(&rules), directory: Arc::clone(&directory), clock };
        let store = persistence.open(&kafka, &runtime)?;
        let parts = IntakeParts {
            decoder: Decoder::new(Arc::clone(&rules)),
            interner: Interner::new(directory, Arc::clone(&rules)),
            shards,
            present,
            metrics,
        };
        let consuming = Consuming {
            kafka: &kafka,
            runtime: &runtime,
            stop: self.stop,
            topology_interval: self.topology_interval,
            asks_settings: self.asks_settings,
            retention: rules.retention,
            persistence,
            store,
        };
        let result = consuming.run(parts, &readiness);
        readiness.enter(MemberState::Stopping);
        server.close(&runtime);
        // A write to a disk that hangs must not hold up the end; the event loop has waited for it as long as it may.
        runtime.shutdown_background();
        if result.is_ok() {
            info!("stopped");
        }
        result
    }
}

/// What consuming needs beside the loop's parts.
struct Consuming<'a> {
    kafka: &'a KafkaConfig,
    runtime: &'a Runtime,
    stop: Stop,
    topology_interval: Duration,
    asks_settings: bool,
    retention: i64,
    persistence: Persistence<'a>,
    store: Option<Store>,
}

impl Consuming<'_> {
    fn run(self, parts: IntakeParts, readiness: &Arc<Readiness>) -> Result<(), RunError> {
        use crate::kafka::KafkaFailure::Stopped;
        let mut cluster = match find_cluster(self.kafka, &self.stop, START_PATIENCE) {
            Err(Stopped) => return Ok(()),
            found => found?,
        };
        if self.asks_settings {
            cluster.ask_settings(self.kafka, self.runtime.handle());
            cluster.ask_rights(self.kafka);
        }
        cluster.judge(self.kafka, self.retention)?;
        cluster.warnings(self.kafka, self.retention).for_each(|warning| warn!("{warning}"));
        let limits = ProducerLimits { max_batch_bytes: cluster.max_message_bytes(&self.kafka.dead_letter_topic) };
        let dead_letters = DeadLetterProducer::new(self.kafka, limits, Arc::clone(&parts.metrics))?;
        let topics = self.kafka.topics.iter().map(|(kind, topic)| (*kind, topic.as_str()));
        let layout = Arc::new(Layout::new(topics, &cluster.counts));
        let recovery = self.store.map(|store| self.persistence.recovery(store, self.kafka, cluster.id, &parts));
        readiness.enter(MemberState::Joining);
        let acceptance = self.persistence.rules.acceptance();
        let client = KafkaClient::join(self.kafka, acceptance, self.topology_interval)?;
        let readiness = Arc::clone(readiness);
        EventLoop::new((client, dead_letters), layout, parts, recovery, readiness, self.stop, Instant::now()).run()?;
        Ok(())
    }
}

/// One core reads and decodes, the others apply.
fn shard_count() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1)).clamp(1, MOST_SHARDS)
}

#[cfg(test)]
mod tests;
