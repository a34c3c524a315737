//! A mock cluster, a producer and a reader of dead letters, and services that run against it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use ureq::Agent;

use super::super::{RunError, Service};
use crate::config::{Config, HttpConfig, KafkaConfig, OnGap, SnapshotConfig, WebConfig};
use crate::health::Stop;
use crate::model::calendar::{PeriodKind, Zone};
use crate::model::event::EventType;
use crate::model::money::{Currency, Rates};
use crate::model::rules::{PerScope, Pipeline, Rules};
use crate::model::time::{Clock, DAY};
use crate::model::window::Window;

pub(super) const LEADS: &str = "sales.leads";
pub(super) const STAGE_CHANGES: &str = "sales.stage-changes";
pub(super) const SPEND: &str = "sales.spend";
pub(super) const DEAD_LETTERS: &str = "sales.dead-letters";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(50);

/// The only broker of the cluster.
const BROKER: i32 = 1;

pub(super) struct Bench {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

pub(super) struct Letter {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    headers: Vec<(String, Option<String>)>,
}

impl Letter {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name)?.1.as_deref()
    }

    pub(super) fn headers_before(&self, name: &str) -> Vec<(&str, Option<&str>)> {
        let before = self.headers.iter().take_while(|(key, _)| key != name);
        before.map(|(key, value)| (key.as_str(), value.as_deref())).collect()
    }
}

impl Bench {
    /// A cluster with all topics.
    pub(super) fn new() -> Bench {
        let bench = Bench::empty();
        bench.create(&[(LEADS, 2), (STAGE_CHANGES, 2), (SPEND, 1), (DEAD_LETTERS, 1)]);
        bench
    }

    pub(super) fn empty() -> Bench {
        let cluster = MockCluster::new(1).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("partitioner", "murmur2_random")
            .create()
            .unwrap();
        Bench { cluster, producer }
    }

    pub(super) fn create(&self, topics: &[(&str, i32)]) {
        for (topic, partitions) in topics {
            self.cluster.create_topic(topic, *partitions, 1).unwrap();
        }
    }

    pub(super) fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    pub(super) fn send(&self, topic: &str, key: Option<&str>, value: &str) {
        self.send_with_headers(topic, key, value, &[]);
    }

    pub(super) fn send_with_headers(
        &self,
        topic: &str,
        key: Option<&str>,
        value: &str,
        headers: &[(&str, Option<&str>)],
    ) {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: *value }));
        let mut record: BaseRecord<'_, str, str> = BaseRecord::to(topic).payload(value).headers(headers);
        record.key = key;
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
        self.producer.flush(PATIENCE).unwrap();
    }

    /// Lets the broker refuse the next records that are produced, once, as too large.
    pub(super) fn refuse_the_next(&self) {
        let refusal = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE];
        self.cluster.request_errors(RDKafkaApiKey::Produce, &refusal);
    }

    /// The broker goes away.
    pub(super) fn go_away(&self) {
        self.cluster.broker_down(BROKER).unwrap();
    }

    /// The broker comes back, and takes the first who joins a group for a second member with the same instance id.
    pub(super) fn come_back_and_fence(&self) {
        let fence = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID];
        self.cluster.request_errors(RDKafkaApiKey::JoinGroup, &fence);
        self.cluster.broker_up(BROKER).unwrap();
    }

    pub(super) fn send_lead(&self, lead_id: &str) {
        let value = format!("{{\"event_id\":\"e1\",\"occurred_at\":{},\"lead_id\":\"{lead_id}\"}}", just_now());
        self.send(LEADS, Some(lead_id), &value);
    }

    pub(super) fn stage_change(&self, event_id: &str, lead_id: &str, stage: &str) -> String {
        format!(
            "{{\"event_id\":\"{event_id}\",\"occurred_at\":{},\"lead_id\":\"{lead_id}\",\"stage\":\"{stage}\",\
             \"amount\":\"12.50\",\"currency\":\"CNY\"}}",
            just_now()
        )
    }

    /// The first so many dead letters; fails if there are fewer or more.
    pub(super) fn dead_letters(&self, count: usize) -> Vec<Letter> {
        let reader: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", self.brokers()).set("group.id", "reader").create().unwrap();
        let (_, end) = reader.fetch_watermarks(DEAD_LETTERS, 0, PATIENCE).unwrap();
        assert_eq!(usize::try_from(end).unwrap(), count, "dead letters");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(DEAD_LETTERS, 0, Offset::Beginning).unwrap();
        reader.assign(&list).unwrap();
        drop(list);
        let started = Instant::now();
        let mut letters = Vec::new();
        while letters.len() < count {
            assert!(started.elapsed() < PATIENCE, "{} of {count} dead letters", letters.len());
            let Some(message) = reader.poll(GLANCE) else { continue };
            let message = message.unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let headers = message.headers().unwrap();
            letters.push(Letter {
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                headers: headers.iter().map(|header| (header.key.to_owned(), header.value.map(text))).collect(),
            });
        }
        letters
    }

    pub(super) fn start(&self, name: &str) -> Running {
        self.start_with(name, &[])
    }

    pub(super) fn start_with(&self, name: &str, properties: &[(&str, &str)]) -> Running {
        Running::start(config(self.brokers(), name, properties))
    }

    /// A service that keeps its state in a folder.
    pub(super) fn start_keeping(&self, name: &str, folder: &Path) -> Running {
        self.start_keeping_under(name, folder, |_| ())
    }

    /// The same, with a change of its configuration.
    pub(super) fn start_keeping_under(&self, name: &str, folder: &Path, change: impl Fn(&mut Config)) -> Running {
        let mut config = config(self.brokers(), name, &[]);
        config.snapshot.store = Some(folder.to_str().unwrap().to_owned());
        config.snapshot.interval = Duration::from_millis(100);
        config.snapshot.audit_interval = Some(Duration::from_millis(1));
        change(&mut config);
        Running::start(config)
    }

    pub(super) fn start_at(&self, brokers: &str, name: &str) -> Running {
        Running::start(config(brokers.to_owned(), name, &[]))
    }
}

/// A service that runs in a thread.
pub(super) struct Running {
    base: String,
    stop: Stop,
    thread: JoinHandle<Result<(), RunError>>,
    agent: Agent,
}

impl Running {
    fn start(config: Config) -> Running {
        let service = Service::bind(config, Clock::System).unwrap();
        let (base, stop) = (format!("http://{}", service.address()), service.stop());
        let thread = std::thread::spawn(move || service.run());
        let agent = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Running { base, stop, thread, agent: agent.into() }
    }

    pub(super) fn get(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    pub(super) fn head(&self, path: &str) -> u16 {
        self.agent.head(format!("{}{path}", self.base)).call().unwrap().status().as_u16()
    }

    pub(super) fn post(&self, path: &str) -> u16 {
        self.agent.post(format!("{}{path}", self.base)).send_empty().unwrap().status().as_u16()
    }

    pub(super) fn scrape(&self) -> String {
        let (code, text) = self.get("/metrics");
        assert_eq!(code, 200, "{text}");
        text
    }

    pub(super) fn scrape_as(&self, accept: &str) -> (String, String) {
        let mut response = self.agent.get(format!("{}/metrics", self.base)).header("accept", accept).call().unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        (content_type, response.body_mut().read_to_string().unwrap())
    }

    /// The head and the body of a response as they come over the wire.
    pub(super) fn raw(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let end = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        (String::from_utf8(response[..end].to_vec()).unwrap(), response[end + 4..].to_vec())
    }

    pub(super) fn wait_for(&self, line: &str) {
        self.wait_until(line, || self.scrape().lines().any(|found| found == line));
    }

    /// Waits until a metric without labels is at least so much.
    pub(super) fn wait_for_at_least(&self, name: &str, least: u32) {
        let value = |text: String| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok());
        self.wait_until(name, || value(self.scrape()).is_some_and(|value| value >= least));
    }

    pub(super) fn wait_until_status(&self, status: &str) {
        let wanted = format!("\"status\":\"{status}\"");
        self.wait_until(status, || self.get("/readyz").1.contains(&wanted));
    }

    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(!self.thread.is_finished(), "the service ended while we waited for {what}");
            assert!(started.elapsed() < PATIENCE, "{what} did not come; {}\n{}", self.get("/readyz").1, self.scrape());
            std::thread::sleep(GLANCE);
        }
    }

    pub(super) fn stop(self) -> Result<(), RunError> {
        self.stop.request();
        self.wait()
    }

    pub(super) fn wait(self) -> Result<(), RunError> {
        let started = Instant::now();
        while !self.thread.is_finished() {
            assert!(started.elapsed() < PATIENCE, "the service does not end");
            std::thread::sleep(GLANCE);
        }
        self.thread.join().unwrap()
    }
}

/// A minute ago, so that no window has ended meanwhile.
fn just_now() -> i64 {
    Clock::System.now().plus(-crate::model::time::MINUTE).millis()
}

fn config(brokers: String, name: &str, properties: &[(&str, &str)]) -> Config {
    let kinds = [EventType::Lead, EventType::StageChange, EventType::Spend];
    let windows = || Window::USUAL.to_vec();
    let stages = ["lead", "contacted", "won"].map(str::to_owned).to_vec();
    Config {
        rules: Rules {
            max_series: 1_000_000,
            retention: 800 * DAY,
            allowed_skew: DAY,
            zone: Zone::utc(),
            rates: Rates::new(Currency::from_code("CNY").unwrap()),
            customer_period: PeriodKind::Quarter,
            market_size: None,
            team_market_size: BTreeMap::new(),
            pipeline: Pipeline::new(stages).unwrap(),
            windows: PerScope {
                rep: windows(),
                team: windows(),
                region: Vec::new(),
                org: windows(),
                channel: windows(),
            },
            expose: PerScope::default(),
            leaderboard: Vec::new(),
            ..Rules::new(Rates::new(Currency::from_code("CNY").unwrap()))
        },
        kafka: KafkaConfig {
            brokers,
            group: "salespulse".to_owned(),
            instance_id: format!("salespulse-{name}"),
            topics: kinds.into_iter().map(|kind| (kind, kind.default_topic().to_owned())).collect(),
            dead_letter_topic: DEAD_LETTERS.to_owned(),
            on_unreadable: crate::config::OnUnreadable::Refuse,
            properties: properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        },
        snapshot: SnapshotConfig {
            store: None,
            options: BTreeMap::new(),
            interval: Duration::from_secs(60),
            audit_interval: None,
            keep_hourly: 0,
            keep_daily: 0,
            on_gap: OnGap::Refuse,
        },
        http: HttpConfig { listen: ([127, 0, 0, 1], 0).into() },
        web: WebConfig::default(),
    }
}
