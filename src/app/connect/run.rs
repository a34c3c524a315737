//! `salespulse connect run`: polls CRMs and produces their events, whenever it is this instance's turn.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::TcpListener;
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
use crate::connect::account::{Account, ShareCrmAccount, secret};
use crate::connect::events::Gate;
use crate::connect::inbox::Inboxes;
use crate::connect::keeper::Topics;
use crate::connect::runner::Runner;
use crate::connect::sources::{Connector, Source};
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
    let sources: Vec<Arc<Source>> = polled(sources, arguments)?.into_iter().map(Arc::new).collect();
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
    let inboxes = inboxes(&sources)?;
    let server = serve(&runtime, &connector, &status, &inboxes)?;
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
    let runner = Runner { kafka, topics, sources, gate, inboxes, status, clock: Clock::System, stop };
    let outcome = runner.run().map_err(RunError::from);
    drop(server);
    runtime.shutdown_timeout(LAST_REQUESTS);
    if outcome.is_ok() {
        info!("stopped");
    }
    Ok(outcome?)
}

/// The sources that can be polled, or the one that was asked for.
pub(super) fn polled(sources: Vec<Source>, arguments: &LiveArguments) -> Result<Vec<Source>, AppError> {
    let path = arguments.sources.display();
    let (polled, other): (Vec<Source>, Vec<Source>) = sources.into_iter().partition(|source| source.polling.is_some());
    if polled.is_empty() {
        return Err(AppError::Usage(format!(
            "no source of {path} names an account, so there is nothing to poll: a source of kind \"zoho\" needs \
             data_centre, client_id, client_secret_file and refresh_token_file, one of kind \"sharecrm\" needs app_id, \
             app_secret_file, permanent_code_file and user_id"
        )));
    }
    for source in other {
        warn!(source = source.name, "the source names no account and is left out; connect map reads its payloads");
    }
    Ok(polled)
}

/// Where the functions of tenants post, with their secrets.
fn inboxes(sources: &[Arc<Source>]) -> Result<Arc<Inboxes>, AppError> {
    let mut secrets = BTreeMap::new();
    for source in sources {
        let account = source.polling.as_ref().map(|polling| &polling.account);
        if let Some(Account::ShareCrm(ShareCrmAccount { push_secret_file: Some(file), .. })) = account {
            secrets.insert(source.name.clone(), secret(file).map_err(AppError::Usage)?);
        }
    }
    Ok(Inboxes::new(secrets))
}

/// Serves until what it answers is dropped.
fn serve(
    runtime: &Runtime,
    connector: &Connector,
    status: &Arc<Status>,
    inboxes: &Arc<Inboxes>,
) -> Result<watch::Sender<()>, RunError> {
    let address = connector.listen;
    let cannot = |error| RunError::System(format!("cannot listen at {address} (connect.listen): {error}"));
    let listener = TcpListener::bind(address).map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let (close, mut closed) = watch::channel(());
    let (status, inboxes) = (Arc::clone(status), Arc::clone(inboxes));
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(cannot)?
    };
    runtime.spawn(async move {
        // The sender speaks by going.
        let is_closed = async { while closed.changed().await.is_ok() {} };
        connector::serve(listener, status, inboxes, is_closed).await;
    });
    info!(%address, "listening");
    Ok(close)
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
