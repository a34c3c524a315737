//! The API over HTTP, by the events of the example organisation.

mod access;
mod days;
mod deals;
mod moments;
mod pipelines;
mod scrape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Hosts, Site, router};
use crate::config::{Board, Config, WebConfig};
use crate::contract::decode::{Decoded, Decoder, Record};
use crate::engine::board::Board as EngineBoard;
use crate::engine::directory::Directory;
use crate::engine::entry::Interner;
use crate::health::{MemberState, Metrics, Readiness};
use crate::kpi::Catalogue;
use crate::kpi::exposition::{Format, render};
use crate::model::rules::Scope;
use crate::model::time::{Clock, ManualClock, Time};
use crate::model::window::Window;
use crate::serve::access::{Client, Gate};
use crate::serve::admin::{self, Scrape};

use crate::service::horizon_clock::HorizonClock;
use crate::service::reading_hub::ReadingHub;
use crate::threads::ShardThreads;

/// Where those are who ask.
const HERE: &str = "127.0.0.1:1";
/// The instant of the example.
const NOW: &str = "2026-11-16T00:00:00+08:00";

struct Home {
    site: Arc<Site>,
    shards: ShardThreads,
    interner: std::sync::Mutex<Interner>,
    decoder: Decoder,
    now: Time,
    close: watch::Sender<bool>,
}

fn home() -> Home {
    home_with("", "")
}

/// The example organisation with more settings and events.
fn home_with(settings: &str, more: &str) -> Home {
    home_of("", settings, more)
}

/// The same with keys above all tables.
fn home_of(keys: &str, settings: &str, more: &str) -> Home {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small-team");
    let example = std::fs::read_to_string(folder.join("salespulse.toml")).unwrap();
    let config = Config::of_text(&[keys, &example, settings].concat(), "the example", &[]).unwrap();
    let rules = Arc::new(config.rules);
    let now = Time::parse(NOW).unwrap();
    let clock = Clock::Manual(Box::leak(Box::new(ManualClock::at(now))));
    let (directory, metrics) = (Arc::<Directory>::default(), Metrics::new(std::iter::empty()).unwrap());
    let present = Arc::new(HorizonClock::new(clock, Arc::clone(&rules)));
    let shards = ShardThreads::start(2, &rules, &directory, now, &metrics).unwrap();
    let board = EngineBoard::new(Arc::clone(&rules), Arc::clone(&directory), now);
    let hub = ReadingHub::new(shards.reader(), board, present, Arc::clone(&metrics));
    let readiness = Arc::new(Readiness::default());
    readiness.enter(MemberState::Serving);
    let month = Board {
        id: "month".to_owned(),
        title_en: "This month".to_owned(),
        title_zh: "本月业绩".to_owned(),
        scope: Scope::Rep,
        by: "revenue".to_owned(),
        window: Window::MonthToDate,
        team: None,
        rows: 10,
        seconds: 20,
    };
    let web = WebConfig { boards: vec![month], ..config.web };
    let site = Site::new(hub, Arc::clone(&rules), readiness, metrics, &web).unwrap();
    let interner = std::sync::Mutex::new(Interner::new(directory, Arc::clone(&rules)));
    let (close, _) = watch::channel(false);
    let home = Home { site, shards, interner, decoder: Decoder::new(rules), now, close };
    let events = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    events.lines().chain(more.lines()).for_each(|line| home.accept(line));
    home
}

impl Home {
    fn accept(&self, line: &str) {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        let Ok(Decoded::Event(event)) = self.decoder.decode(&record, self.now) else { panic!("{line}") };
        let entry = self.interner.lock().unwrap().entry(&event);
        let shard = entry.shard(self.shards.count());
        self.shards.apply(shard, vec![entry], self.now).unwrap();
    }

    async fn get(&self, path: &str) -> (StatusCode, BTreeMap<String, String>, Body) {
        self.get_through(&Gate::open(), path, &[], HERE).await
    }

    /// Asks through a gate from an address, with headers.
    async fn get_through(
        &self,
        gate: &Arc<Gate>,
        path: &str,
        headers: &[(&str, &str)],
        address: &str,
    ) -> (StatusCode, BTreeMap<String, String>, Body) {
        let (site, gate) = (&self.site, Arc::clone(gate));
        let router = if path.starts_with("/metrics") || path == "/readyz" {
            let catalogue = Catalogue::new(&site.rules).unwrap();
            let (readiness, metrics) = (Arc::clone(&site.readiness), Arc::clone(&site.metrics));
            let scrape = Arc::new(Scrape::new(catalogue, Arc::clone(&site.hub), readiness, metrics));
            admin::router(scrape, gate, Hosts::everywhere())
        } else {
            router(site, gate, Hosts::everywhere(), self.close.subscribe())
        };
        let mut request = Request::get(path).header("host", "x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let address = address.parse().unwrap();
        let client = Client { address, is_secure: false, has_certificate: false, names: Arc::default() };
        let request = request.extension(client).body(Body::empty()).unwrap();
        let response = TowerToHyperService::new(router).call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        (parts.status, headers.collect(), body)
    }

    async fn json(&self, path: &str) -> (StatusCode, Value) {
        let (status, _, body) = self.get(path).await;
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{path}: {}", String::from_utf8_lossy(&bytes))),
        )
    }
}

/// The schema of an answer in the OpenAPI document, with what it refers to beside it.
fn validator(document: &Value, path: &str, status: &str) -> jsonschema::Validator {
    let responses = &document["paths"][path]["get"]["responses"];
    let content = responses[status]["content"].as_object().unwrap();
    let schema = content.iter().find(|(kind, _)| kind.contains("json")).unwrap().1["schema"].clone();
    let whole = json!({"components": document["components"], "allOf": [schema]});
    jsonschema::validator_for(&whole).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_the_document_says() {
    let home = home();
    let (_, document) = home.json("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut answered: Vec<&str> = Vec::new();
    for (path, query, status) in [
        ("/api/v1/meta", "", "200"),
        ("/api/v1/meta", "?x=1", "4XX"),
        ("/api/v1/leaderboard", "", "200"),
        ("/api/v1/leaderboard", "?by=won&window=7d&team=east&order=worst&limit=1&offset=1", "200"),
        ("/api/v1/leaderboard", "?scope=team&by=quota_attainment&window=mtd", "200"),
        ("/api/v1/leaderboard", "?by=stage_entries&stage=won", "200"),
        ("/api/v1/leaderboard", "?by=quota_attainment_ratio&period=quarter", "200"),
        ("/api/v1/leaderboard", "?scope=channel&by=leads", "200"),
        ("/api/v1/leaderboard", "?q=nobody&around=wang", "200"),
        ("/api/v1/leaderboard", "?by=nothing", "4XX"),
        ("/api/v1/kpis", "", "200"),
        ("/api/v1/kpis", "?scope=rep&rep=wang&window=mtd", "200"),
        ("/api/v1/kpis", "?scope=team&team=nowhere", "4XX"),
        ("/api/v1/funnel", "", "200"),
        ("/api/v1/funnel", "?scope=team&team=east&window=7d", "200"),
        ("/api/v1/deals", "?state=won&rep=wang&limit=1", "200"),
        ("/api/v1/deals", "?state=open&stage=lead", "200"),
        ("/api/v1/deals", "", "4XX"),
    ] {
        let (code, answer) = home.json(&format!("{path}{query}")).await;
        assert_eq!(code == StatusCode::OK, status == "200", "{path}{query}: {answer}");
        let faults: Vec<String> =
            validator(&document, path, status).iter_errors(&answer).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{path}{query}: {faults:?}\n{answer}");
        answered.push(path);
    }
    for path in answered.iter().filter(|path| **path != "/api/v1/meta") {
        let parameters = document["paths"][*path]["get"]["parameters"].as_array().unwrap().iter();
        let documented: BTreeSet<&str> = parameters.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let (_, problem) = home.json(&format!("{path}?nonsense=1")).await;
        let taken: BTreeSet<&str> =
            problem["allowed"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(documented, taken, "{path}");
    }
    let documented: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    for path in documented {
        assert!(answered.contains(&path.as_str()) || path == "/api/v1/stream", "{path} is documented and never asked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_has_the_digits_of_the_scrape() {
    let home = home();
    let published = home.site.hub.fresh().await.unwrap();
    let mut text = String::new();
    render(&Catalogue::whole(&published.reading.rules).unwrap(), &published.reading, Format::Prometheus, &mut text)
        .unwrap();
    let mut compared = 0;
    for (query, own) in [
        ("", Vec::new()),
        ("scope=team&team=east&", vec![("team", "east")]),
        ("scope=channel&channel=search&", vec![("channel", "search")]),
        ("scope=rep&rep=wang&team=east&", vec![("rep", "wang"), ("team", "east")]),
    ] {
        let scope = query.split(['=', '&']).nth(1).filter(|scope| !scope.is_empty()).unwrap_or("org");
        let (_, answer) = home.json(&format!("/api/v1/kpis?{query}window=mtd")).await;
        for value in answer["values"].as_array().unwrap() {
            let name = format!("sales_{scope}_{}", value["name"].as_str().unwrap());
            let labels = value["labels"].as_object().unwrap();
            let wanted: Vec<String> = own
                .iter()
                .map(|(label, text)| format!("{label}=\"{text}\""))
                .chain(labels.iter().map(|(label, text)| format!("{label}={text}")))
                .collect();
            let is_it = |line: &&str| {
                let (series, _) = line.rsplit_once(' ').unwrap();
                let (family, rest) = series.split_once('{').unwrap_or((series, ""));
                let count = rest.matches("=\"").count() - rest.matches("currency=").count();
                family == name && count == wanted.len() && wanted.iter().all(|label| rest.contains(label.as_str()))
            };
            let line = text.lines().filter(|line| !line.starts_with('#')).find(is_it);
            let shown = line.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap());
            let answered = match &value["value"] {
                Value::Null => None,
                Value::String(text) => Some(text.parse::<f64>().unwrap()),
                number => number.as_f64(),
            };
            assert_eq!(answered, shown, "{name} {labels:?}");
            compared += usize::from(shown.is_some());
        }
    }
    assert!(compared > 150, "{compared}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_named_with_what_is_allowed() {
    let home = home();
    for (path, status, code, parameter) in [
        ("/api/v1/leaderboard?bye=won", 400, "unknown_parameter", "bye"),
        ("/api/v1/leaderboard?by=won&by=lost", 400, "bad_parameter", "by"),
        ("/api/v1/leaderboard?limit=201", 400, "bad_parameter", "limit"),
        ("/api/v1/leaderboard?by=stage_entries", 400, "missing_parameter", "stage"),
        ("/api/v1/leaderboard?by=rank", 400, "not_rankable", "by"),
        ("/api/v1/leaderboard?window=1y", 400, "unknown_window", "window"),
        ("/api/v1/leaderboard?by=revenue&stage=won", 400, "bad_parameter", "stage"),
        ("/api/v1/leaderboard?scope=team&team=east", 400, "bad_parameter", "team"),
        ("/api/v1/kpis?scope=team", 400, "missing_parameter", "team"),
        ("/api/v1/kpis?names=revenue,nothing", 400, "unknown_kpi", "names"),
        ("/api/v1/deals", 400, "missing_parameter", "state"),
        ("/api/v1/deals?state=lost", 400, "bad_parameter", "state"),
        ("/api/v1/deals?state=open&window=7d", 400, "bad_parameter", "window"),
        ("/api/v1/deals?state=open&stage=none", 400, "bad_parameter", "stage"),
        ("/api/v1/stream", 400, "missing_parameter", "view"),
        ("/api/v1/stream?view=%2Fleaderboard%3Fby%3Dnothing", 400, "unknown_kpi", "by"),
    ] {
        let (found, problem) = home.json(path).await;
        assert_eq!((found.as_u16(), problem["code"].as_str()), (status, Some(code)), "{path}: {problem}");
        assert_eq!(problem["parameter"], parameter, "{path}");
    }
    let (status, problem) = home.json("/api/v1/nothing").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("not_found")));
    home.site.readiness.enter(MemberState::StandingBy);
    let (status, problem) = home.json("/api/v1/leaderboard").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (503, Some("not_owner")));
}

/// The events of a stream, one after another.
struct Events {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Events {
    async fn open(home: &Home, views: &str) -> Events {
        let (status, headers, body) = home.get(&format!("/api/v1/stream?{views}")).await;
        assert_eq!((status, headers["content-type"].as_str()), (StatusCode::OK, "text/event-stream"));
        assert_eq!(headers["x-accel-buffering"], "no");
        assert!(!headers.contains_key("content-encoding"), "a stream is never packed");
        Events { body: body.into_data_stream(), text: String::new() }
    }

    async fn next(&mut self) -> Option<(String, Value)> {
        use futures_util::StreamExt as _;
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").to_owned();
                let found = (field("event: "), serde_json::from_str(&field("data: ")).unwrap());
                self.text = rest.to_owned();
                return Some(found);
            }
            self.text += std::str::from_utf8(&self.body.next().await?.unwrap()).unwrap();
        }
    }

    async fn next_of(&mut self, name: &str) -> Value {
        loop {
            let (found, data) = self.next().await.unwrap();
            if found == name {
                return data;
            }
        }
    }
}

const WIN: &str = r#"{"type":"stage_change","event_id":"late-win","occurred_at":"2026-11-15T10:00:00Z","lead_id":"late","rep_id":"wang","team_id":"east","stage":"won","amount":"1000000.00","currency":"CNY"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sends_pictures_then_changes_and_says_good_bye() {
    let home = home();
    let mut events = Events::open(
        &home,
        "view=%2Fleaderboard%3Flimit%3D200&view=%2Fkpis%3Fnames%3Drevenue%2Cwon%2Clost%2Cleads%2Ccustomers",
    )
    .await;
    let (first, hello) = events.next().await.unwrap();
    assert_eq!((first.as_str(), &hello["views"], &hello["beat_s"]), ("hello", &json!(2), &json!(5)));
    let picture = events.next_of("picture").await;
    let (_, answer) = home.json("/api/v1/leaderboard?limit=200").await;
    assert_eq!(
        (&picture["view"], &picture["rows"]),
        (&json!(0), &answer["rows"]),
        "a picture is the answer of the GET"
    );
    let numbers = events.next_of("picture").await;
    assert_eq!(numbers["view"], 1);
    home.accept(WIN);
    let published = home.site.hub.fresh().await.unwrap();
    home.site.views.update(&home.site, &published);
    home.site.views.wake();
    let change = loop {
        let (name, data) = events.next().await.unwrap();
        if name == "change" && data["view"] == 0 {
            break data;
        }
    };
    assert_eq!((&change["base"], &change["tick"]), (&picture["tick"], &json!(published.number)));
    let rows = change["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["id"] == json!(["wang", "east"])), "{change}");
    home.close.send_replace(true);
    assert_eq!(events.next_of("bye").await["why"], "closing");
    assert!(events.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sleeps_through_changes_gets_the_whole_picture() {
    let home = home();
    let mut events = Events::open(&home, "view=%2Fleaderboard%3Flimit%3D200").await;
    let picture = events.next_of("picture").await;
    for number in 0..3 {
        home.accept(&WIN.replace("late", &format!("late{number}")));
        let published = home.site.hub.fresh().await.unwrap();
        home.site.views.update(&home.site, &published);
    }
    home.site.views.wake();
    let (name, later) = events.next().await.filter(|(name, _)| name != "beat").unwrap_or(events.next().await.unwrap());
    assert_eq!(name, "picture", "two changes were missed");
    assert!(later["tick"].as_u64() > picture["tick"].as_u64());
    drop(events);
    assert!(home.site.views.is_idle(), "a stream that is gone leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_strict_and_its_files_are_of_one_build() {
    let home = home();
    let (status, headers, body) = home.get("/").await;
    assert_eq!(status, StatusCode::OK);
    let policy = &headers["content-security-policy"];
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("require-trusted-types-for 'script'"),
        "{policy}"
    );
    assert_eq!(headers["cache-control"], "no-cache");
    let page = String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    let script = page.split('"').find(|text| text.starts_with("assets/") && text.ends_with("/app.js")).unwrap();
    let (status, headers, _) = home.get(&format!("/{script}")).await;
    assert_eq!((status, headers["content-type"].as_str()), (StatusCode::OK, "text/javascript; charset=utf-8"));
    assert!(headers["cache-control"].contains("immutable"));
    assert_eq!(home.get("/assets/0000000000000000/app.js").await.0, StatusCode::NOT_FOUND);
    // Without JavaScript there are links, and each leads somewhere on this listener.
    let links: Vec<&str> = page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in links {
        assert_eq!(home.get(&format!("/{link}")).await.0, StatusCode::OK, "{link}");
    }
}
