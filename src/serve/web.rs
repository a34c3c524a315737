//! The listener of people: the page, the API behind it, and the stream that keeps both up to date.

pub mod api;
mod assets;
mod guard;
mod stream;

use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use self::api::{Code, Context, Problem};
use self::stream::Views;
use super::access::{self, Asker, Door, Gate, Reason, Refusal};
use super::connections::{self, Limits};
use super::hosts::{self, Hosts};
use crate::config::{Board, Celebrate, WebConfig};
use crate::health::{Metrics, Readiness};
use crate::kpi::Catalogue;
use crate::model::rules::Rules;
use crate::service::reading_hub::{Interest, Published, ReadingHub};

/// The commit this was built from, as `build.rs` found it.
const COMMIT: &str = env!("SALESPULSE_COMMIT");

/// What clients are granted. Streams are connections too, and live longer than others.
const LIMITS: Limits = Limits {
    connections: 1_280,
    waiting: 128,
    head: Duration::from_secs(5),
    idle: Duration::from_secs(60),
    answer: Duration::from_secs(5),
    stream: Duration::from_secs(30),
    life: Duration::from_secs(30 * 60),
    last_answer: Duration::from_secs(2),
};

/// Everything that people are shown.
#[derive(Debug)]
pub struct Site {
    hub: Arc<ReadingHub>,
    /// The last reading is kept: people look at it again and again.
    _interest: Interest,
    /// Every KPI, whatever the scrape exposes.
    catalogue: Catalogue,
    rules: Arc<Rules>,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    boards: Vec<Board>,
    hosts: Vec<String>,
    /// How a deal is found in the CRM.
    deal_url: Option<String>,
    celebrate: Celebrate,
    build: String,
    boot: String,
    views: Views,
    /// Held by whoever reads all journeys.
    walks: Arc<Semaphore>,
}

impl Site {
    /// A site of these readings.
    ///
    /// # Errors
    /// A sentence if the configuration ranks by what there is not.
    pub fn new(
        hub: Arc<ReadingHub>,
        rules: Arc<Rules>,
        readiness: Arc<Readiness>,
        metrics: Arc<Metrics>,
        config: &WebConfig,
    ) -> Result<Arc<Site>, String> {
        // Each hasher of the standard library has keys of its own: another number after each start.
        let boot = std::hash::RandomState::new().build_hasher().finish();
        Ok(Arc::new(Site {
            _interest: hub.interest(),
            hub,
            catalogue: Catalogue::whole(&rules)?,
            rules,
            readiness,
            metrics,
            boards: config.boards.clone(),
            hosts: config.hosts.clone(),
            build: format!("{}-{COMMIT}-{}", env!("CARGO_PKG_VERSION"), assets::HASH),
            boot: format!("{boot:016x}"),
            views: Views::default(),
            deal_url: config.deal_url.clone(),
            celebrate: config.celebrate.clone(),
            walks: Arc::new(Semaphore::new(1)),
        }))
    }

    fn context<'a>(&'a self, published: &'a Published, asker: &'a Asker) -> Context<'a> {
        Context { catalogue: &self.catalogue, published, readiness: &self.readiness, asker, boards: &self.boards }
    }
}

/// What the handlers of the page share with those of the stream.
#[derive(Clone)]
struct Closing(watch::Receiver<bool>);

/// All paths.
fn router(site: &Arc<Site>, gate: Arc<Gate>, hosts: Hosts, closing: watch::Receiver<bool>) -> Router {
    let door = Door { gate, refuse };
    let api = api::router().route("/stream", get(stream::open)).fallback(unknown_api_path);
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/{hash}/{*path}", get(assets::asset))
        .route("/openapi.json", get(openapi))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .nest("/api/v1", api)
        .fallback(unknown_path)
        .method_not_allowed_fallback(other_method)
        .layer(CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn(guard::headers))
        .layer(middleware::from_fn_with_state(door, access::admit))
        .layer(middleware::from_fn_with_state(hosts, hosts::check))
        .layer(axum::Extension(Closing(closing)))
        .with_state(Arc::clone(site))
}

/// Serves until `closed` completes; streams say good-bye, and requests that are being answered then are answered still.
pub async fn serve(listener: TcpListener, site: Arc<Site>, gate: Arc<Gate>, closed: impl Future<Output = ()>) {
    let hosts = Hosts::of(&listener, &site.hosts);
    let (close, closing) = watch::channel(false);
    let pacing = tokio::spawn(stream::keep_pace(Arc::clone(&site), closing.clone()));
    let router = router(&site, Arc::clone(&gate), hosts, closing);
    let count = site.metrics.http.connections.with_label_values(&["web"]);
    let closed = async {
        closed.await;
        // Streams do not end by themselves, and the connections wait for them.
        close.send_replace(true);
    };
    connections::accept(listener, router, LIMITS, move || gate.file().tls.clone(), count, closed).await;
    pacing.abort();
}

/// Why somebody is not let in: a problem on the API's paths, else the sentence.
fn refuse(path: &str, refusal: &Refusal) -> Response {
    if !path.starts_with("/api/") {
        return refusal.plain();
    }
    let code = match refusal.reason {
        Reason::NoPassword | Reason::NoKey => Code::Unauthorized,
        Reason::NotYours => Code::Forbidden,
        Reason::TooMany => Code::TooManyRequests,
        Reason::Bug => Code::Bug,
    };
    Problem::new(code, refusal.sentence.as_str()).into_response()
}

/// The OpenAPI document.
async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], api::document()).into_response()
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let status = site.readiness.status();
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // A struct of plain fields always has a JSON text.
    let json = serde_json::to_string(&status).unwrap_or_default();
    (code, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], json).into_response()
}

async fn unknown_path(uri: Uri) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, format!("There is nothing at {}; the page is at /.\n", uri.path()))
}

async fn unknown_api_path(uri: Uri) -> Problem {
    Problem::new(Code::NotFound, format!("There is nothing at /api/v1{}; /openapi.json lists the paths.", uri.path()))
}

async fn other_method(method: Method, uri: Uri) -> (StatusCode, String) {
    (StatusCode::METHOD_NOT_ALLOWED, format!("{} answers GET and HEAD, not {method}.\n", uri.path()))
}

#[cfg(test)]
mod tests;
