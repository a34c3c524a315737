//! `salespulse connect run`: takes what is posted, and reads CRMs, topics and tables whenever it is this instance's turn.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tracing::{Level, info, warn};

use super::arguments::LiveArguments;
use super::{Loaded, load_sources};
use crate::app::AppError;
use crate::app::run::RunError;
use crate::config::KafkaConfig;
use crate::connect::delivery::Topics;
use crate::connect::door::Door;
use crate::connect::events::Gate;
use crate::connect::inbox::Inboxes;
use crate::connect::outlet::Outlet;
use crate::connect::receiver::Receiver;
use crate::connect::runner::Runner;
use crate::connect::sources::{Connector, Source, Way};
use crate::connect::status::Status;
use crate::health::{Stop, logs, stop_on_signals};
use crate::kafka::{Cluster, KafkaFailure, Made, PlannedTopic, create, find_cluster, try_properties};
use crate::model::time::Clock;
use crate::serve::connector;

/// How long a cluster that does not answer at the start is tried.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// How long requests that are being answered may take at the end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// How long dead letters are kept: time enough to look at them.
const LETTERS_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Polls until SIGINT, SIGTERM or SIGHUP.
pub(super) fn run(arguments: &LiveArguments, environment: &[(OsString, OsString)]) -> Result<(), AppError> {
    let Loaded { config, connector, sources } = load_sources(arguments, environment)?;
    let refused: Vec<String> = try_properties(&config.kafka).iter().map(ToString::to_string).collect();
    if !refused.is_empty() {
        return Err(AppError::Usage(refused.join("\n")));
    }
    logs::start(Level::INFO);
    let sources: Vec<Arc<Source>> = reachable(sources, arguments)?.into_iter().map(Arc::new).collect();
    let group = connector.group.clone().unwrap_or_else(|| format!("{}-connect", config.kafka.group));
    let kafka = KafkaConfig { group, ..config.kafka };
    let cannot = |error: std::io::Error| RunError::System(format!("cannot start threads: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("http")
        .enable_all()
        .build()
        .map_err(cannot)?;
    let stop = Stop::default();
    {
        let _entered = runtime.enter();
        stop_on_signals(stop.clone()).map_err(|error| RunError::System(format!("cannot handle signals: {error}")))?;
    }
    let names = sources.iter().map(|source| source.name.as_str());
    let status = Status::new(names).map_err(|error| RunError::Bug(format!("the metrics are malformed: {error}")))?;
    let status = Arc::new(status);
    let doors = doors(&sources)?;
    let server = serve_status(&runtime, connector.listen, &status)?;
    match prepare(&kafka, &connector, &stop, &runtime) {
        Err(KafkaFailure::Stopped) => return Ok(()),
        prepared => prepared.map_err(RunError::from)?,
    }
    let topics = Topics {
        events: kafka.topics.clone(),
        state: connector.state_topic,
        letters: connector.dead_letter_topic,
        letter_bodies: connector.dead_letter_bodies,
    };
    let gate = Gate::new(Arc::new(config.rules));
    let of_pollers = doors.iter().filter(|(_, door)| door.is_of_poller()).map(|(name, _)| name.clone());
    let inboxes = Inboxes::new(of_pollers.collect());
    let receiver = match doors.is_empty() {
        true => None,
        false => {
            for source in doors.keys() {
                status.open(source);
            }
            let outlet = Outlet::new(&kafka, topics.clone(), Arc::clone(&status)).map_err(RunError::from)?;
            let receiver = Receiver {
                doors,
                inboxes: Arc::clone(&inboxes),
                outlet: Arc::new(outlet),
                gate: gate.clone(),
                status: Arc::clone(&status),
                clock: Clock::System,
            };
            Some(serve_receiver(&runtime, connector.receive, receiver)?)
        }
    };
    let sources = sources.into_iter().filter(|source| !matches!(source.way, Some(Way::Hook(_)))).collect();
    let runner = Runner { kafka, topics, sources, gate, inboxes, status, clock: Clock::System, stop };
    let outcome = runner.run().map_err(RunError::from);
    drop((server, receiver));
    runtime.shutdown_timeout(LAST_REQUESTS);
    if outcome.is_ok() {
        info!("stopped");
    }
    Ok(outcome?)
}

/// The sources whose records reach us, or are asked for.
fn reachable(sources: Vec<Source>, arguments: &LiveArguments) -> Result<Vec<Source>, AppError> {
    let path = arguments.sources.display();
    let (reachable, other): (Vec<Source>, Vec<Source>) = sources.into_iter().partition(|source| source.way.is_some());
    if reachable.is_empty() {
        return Err(AppError::Usage(format!(
            "no source of {path} says how its records reach us: {NEEDS}, one of kind \"webhook\" needs a table verify, one \
             of kind \"kafka\" or \"debezium\" needs topics, one of kind \"csv\" needs path"
        )));
    }
    for source in other {
        let name = &source.name;
        warn!(
            source = name,
            "the source does not say how its records reach us and is left out; connect map reads them"
        );
    }
    Ok(reachable)
}

/// The sources that can be polled.
pub(super) fn polled(sources: Vec<Source>, arguments: &LiveArguments) -> Result<Vec<Source>, AppError> {
    let path = arguments.sources.display();
    let polled: Vec<Source> = sources.into_iter().filter(|source| source.polling().is_some()).collect();
    if polled.is_empty() {
        let message = format!("no source of {path} names an account, so there is nobody to ask: {NEEDS}");
        return Err(AppError::Usage(message));
    }
    Ok(polled)
}

/// What a source needs to be polled.
const NEEDS: &str = "a source of kind \"zoho\" needs data_centre, client_id, client_secret_file and refresh_token_file, one \
     of kind \"sharecrm\" needs app_id, app_secret_file, permanent_code_file and user_id, one of kind \"hubspot\" or \
     \"pipedrive\" needs token_file";

/// Where something is posted, by the names of the sources.
fn doors(sources: &[Arc<Source>]) -> Result<BTreeMap<String, Door>, AppError> {
    let mut doors = BTreeMap::new();
    for source in sources {
        if let Some(door) = Door::of(source).map_err(AppError::Usage)? {
            doors.insert(source.name.clone(), door);
        }
    }
    Ok(doors)
}

/// Serves metrics and probes until what it answers is dropped.
fn serve_status(runtime: &Runtime, address: SocketAddr, status: &Arc<Status>) -> Result<watch::Sender<()>, RunError> {
    let status = Arc::clone(status);
    let listener = listen(runtime, address, "connect.listen")?;
    let (close, closed) = closing();
    runtime.spawn(connector::serve_status(listener, status, closed));
    Ok(close)
}

/// Takes what is posted until what it answers is dropped.
fn serve_receiver(runtime: &Runtime, address: SocketAddr, receiver: Receiver) -> Result<watch::Sender<()>, RunError> {
    let listener = listen(runtime, address, "connect.receive")?;
    let (close, closed) = closing();
    runtime.spawn(connector::serve_receiver(listener, Arc::new(receiver), closed));
    Ok(close)
}

/// A future that completes once its sender is dropped.
fn closing() -> (watch::Sender<()>, impl Future<Output = ()>) {
    let (close, mut closed) = watch::channel(());
    (close, async move { while closed.changed().await.is_ok() {} })
}

fn listen(runtime: &Runtime, address: SocketAddr, key: &str) -> Result<tokio::net::TcpListener, RunError> {
    let cannot = |error| RunError::System(format!("cannot listen at {address} ({key}): {error}"));
    let listener = TcpListener::bind(address).map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let _entered = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).map_err(cannot)?;
    info!(%address, key, "listening");
    Ok(listener)
}

/// Looks whether the topics are there and right; makes those that are ours alone.
fn prepare(kafka: &KafkaConfig, connector: &Connector, stop: &Stop, runtime: &Runtime) -> Result<(), KafkaFailure> {
    let (state, letters) = (&connector.state_topic, &connector.dead_letter_topic);
    let taken = kafka.topics.values().chain([&kafka.dead_letter_topic]);
    if let Some(topic) = taken.into_iter().find(|topic| *topic == state || *topic == letters) {
        return Err(KafkaFailure::Configuration(format!(
            "{topic} is a topic of events or of the service's dead letters; the connectors need topics of their own"
        )));
    }
    let with_letters = KafkaConfig { dead_letter_topic: letters.clone(), ..kafka.clone() };
    let with_state = KafkaConfig { dead_letter_topic: state.clone(), topics: [].into(), ..kafka.clone() };
    let cluster = find_cluster(&with_letters, stop, START_PATIENCE)?;
    let missing: Vec<&str> =
        kafka.topics.values().map(String::as_str).filter(|topic| cluster.counts.of(topic) == 0).collect();
    if !missing.is_empty() {
        return Err(KafkaFailure::Refused(vec![format!(
            "the topics of events are not there: {}; salespulse topics --create makes them",
            missing.join(", ")
        )]));
    }
    let keep = vec![("cleanup.policy", "delete".to_owned()), ("retention.ms", LETTERS_MS.to_string())];
    make(&with_letters, &cluster, letters, "connect_dead_letters", keep, runtime)?;
    let mut cluster = find_cluster(&with_state, stop, START_PATIENCE)?;
    make(&with_state, &cluster, state, "connect_state", vec![("cleanup.policy", "compact".to_owned())], runtime)?;
    cluster.ask_settings(&with_state, runtime.handle());
    if cluster.counts.of(state) > 1 {
        return Err(KafkaFailure::Refused(vec![format!(
            "{state} has {} partitions; it must have one, since who holds it polls: delete it and let it be made anew",
            cluster.counts.of(state)
        )]));
    }
    if cluster.is_compacted(state) == Some(false) {
        return Err(KafkaFailure::Refused(vec![format!(
            "{state} forgets what is old (cleanup.policy=delete); kafka-configs.sh --alter --topic {state} --add-config \
             cleanup.policy=compact mends that"
        )]));
    }
    Ok(())
}

fn make(
    kafka: &KafkaConfig,
    cluster: &Cluster,
    name: &str,
    holds: &'static str,
    settings: Vec<(&'static str, String)>,
    runtime: &Runtime,
) -> Result<(), KafkaFailure> {
    let topic = PlannedTopic { name: name.to_owned(), holds, partitions: 1, settings };
    match create(kafka, cluster, std::slice::from_ref(&topic), None, runtime.handle())?.pop() {
        Some(Made::Refused(reason)) => Err(KafkaFailure::Refused(vec![format!(
            "{name} is not there, and the cluster refuses to make it ({reason}); make it with:\n  {}",
            topic.command(&kafka.brokers, None)
        )])),
        Some(Made::Created) => {
            info!(topic = name, "the topic was made");
            Ok(())
        }
        _ => Ok(()),
    }
}
