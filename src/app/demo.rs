//! `salespulse demo`: a simulated sales organisation, a broker in process and the service, in one command.
//!
//! The past goes into the broker as fast as the service reads it, then life goes on with the clock. What is stamped
//! with an instant is produced when the machine's clock has come to it, however fast life goes: no event lies in the
//! future of the service, which lives by the same clock.

mod arguments;
mod cluster;
mod feed;
mod progress;
mod welcome;

pub use self::arguments::DemoArguments;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing::Level;

use self::cluster::Cluster;
use self::feed::Feed;
use self::progress::Progress;
use self::welcome::Welcome;
use super::AppError;
use super::run::{RunError, Service};
use super::simulate::broker::Broker;
use super::simulate::files::Files;
use super::simulate::pace::Pace;
use super::simulate::{FITTING, write_configuration};
use crate::config::{Config, Flag};
use crate::health::logs;
use crate::health::{Readiness, Stop};
use crate::model::time::{Clock, Time};
use crate::simulate::Simulation;

/// Between two looks whether the service has come further.
const GLANCE: Duration = Duration::from_millis(10);

/// Runs the demo until SIGINT, SIGTERM or the end of `--duration`, and prints what there is to see by `print`.
///
/// # Errors
/// [`AppError`] if the plan is impossible, the address cannot be had, a file cannot be written, or the service ends by
/// itself.
pub fn demo(arguments: &DemoArguments, print: &impl Fn(&str) -> Result<(), AppError>) -> Result<(), AppError> {
    let started = Instant::now();
    // Bad records are a part of the show, so a warning for each would only hide what is to be seen.
    logs::start(Level::ERROR);
    let now = Clock::System.now();
    let simulation = Simulation::new(arguments.plan(now))?;
    if let Some(path) = &arguments.config_out {
        write_configuration(path, simulation.configuration())?;
    }
    let record = arguments.record.as_deref().map(Files::single).transpose()?;
    let cluster = Cluster::start()?;
    let config = configuration(&simulation, &cluster, arguments)?;
    cluster.create_topics(&config.kafka)?;
    let service = Service::bind(config.clone(), Clock::System)?.without_topic_settings();
    service.stop_on_signals()?;
    print(&welcome::first_words(arguments, service.page_address()))?;
    let welcome = Welcome { arguments, address: service.address(), page: service.page_address() };
    let feed = Feed::new(simulation, Broker::connect(config.kafka)?, record, service.metrics());
    let mut show = Show { feed, readiness: service.readiness(), stop: service.stop() };
    let running = Running::start(service)?;
    let shown = show.run(now, arguments.duration, |records| print(&welcome.text(records, started.elapsed())));
    running.end().map_err(AppError::from).and(shown)?;
    print(&welcome::last_words(show.feed.sent(), started.elapsed()))
}

/// The configuration that fits the simulation, on the demo's own broker.
fn configuration(simulation: &Simulation, cluster: &Cluster, arguments: &DemoArguments) -> Result<Config, AppError> {
    let brokers = Flag { name: "the demo's broker", key: "kafka.brokers", value: cluster.brokers() };
    let listen = Flag { name: "--listen", key: "http.listen", value: arguments.listen.clone() };
    let page = Flag { name: "--page", key: "web.listen", value: arguments.page() };
    // The broker forgets everything with this process.
    let store = Flag { name: "the demo", key: "snapshot.store", value: String::new() };
    Ok(Config::of_text(simulation.configuration(), FITTING, &[brokers, listen, page, store])?)
}

/// The service in a thread of its own.
struct Running {
    thread: JoinHandle<Result<(), RunError>>,
    stop: Stop,
}

impl Running {
    fn start(service: Service) -> Result<Running, RunError> {
        let stop = service.stop();
        let ended = stop.clone();
        let work = move || {
            let result = service.run();
            // Without the service there is nothing to see.
            ended.request();
            result
        };
        let thread = std::thread::Builder::new()
            .name("service".to_owned())
            .spawn(work)
            .map_err(|error| RunError::System(format!("cannot start a thread: {error}")))?;
        Ok(Running { thread, stop })
    }

    fn end(self) -> Result<(), RunError> {
        self.stop.request();
        self.thread.join().unwrap_or_else(|_| Err(RunError::Bug("the service panicked".to_owned())))
    }
}

/// The organisation's life, first its past and then as the clock goes.
struct Show {
    feed: Feed,
    readiness: Arc<Readiness>,
    stop: Stop,
}

impl Show {
    fn run(
        &mut self,
        now: Time,
        duration: Option<i64>,
        welcome: impl FnOnce(u64) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        self.back_fill(now)?;
        if !self.stop.requested() {
            welcome(self.feed.sent())?;
            self.live(duration.map_or(Time::MAX, |duration| Clock::System.now().plus(duration)))?;
        }
        self.feed.flush()
    }

    /// Produces all that arrived before `now`, and waits until it is in the numbers.
    fn back_fill(&mut self, now: Time) -> Result<(), AppError> {
        let progress = Progress::new();
        while self.feed.due().is_some_and(|due| due <= now) && !self.stop.requested() {
            if self.feed.has_room() {
                self.feed.send()?;
            } else {
                self.glance(&progress);
            }
        }
        self.feed.flush()?;
        let is_shown = || self.readiness.shows_gauges() && self.feed.is_applied();
        while !is_shown() && !self.stop.requested() {
            self.glance(&progress);
        }
        Ok(())
    }

    /// Lets life go on until `end`.
    fn live(&mut self, end: Time) -> Result<(), AppError> {
        let mut pace = Pace::new(None, Some(Clock::System));
        while let Some(due) = self.feed.due() {
            if pace.must_wait(due) {
                self.feed.flush()?;
                pace.wait(due.min(end), &self.stop);
            }
            while !self.feed.has_room() && !self.stop.requested() {
                std::thread::sleep(GLANCE);
            }
            if self.stop.requested() || Clock::System.now() >= end {
                break;
            }
            self.feed.send()?;
        }
        Ok(())
    }

    fn glance(&self, progress: &Progress) {
        progress.show(self.feed.applied(), self.feed.sent(), self.readiness.status().status);
        std::thread::sleep(GLANCE);
    }
}
