//! What is served over HTTP: the scrape and the probes.

mod connections;
mod negotiation;
mod pages;
mod scrape;

pub use scrape::{Scrape, ScrapeError};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use self::connections::Limits;
use crate::health::Rarely;

/// What clients are granted: many more connections than a few Prometheus servers and probes have, and the time in which
/// a head arrives over any network. A connection that is closed between two requests is opened anew by its client.
const LIMITS: Limits = Limits {
    connections: 128,
    head: Duration::from_secs(30),
    life: Duration::from_secs(15 * 60),
    last_answer: Duration::from_secs(60),
};
/// How many scrapes may wait while one does the work; more are told to come again.
const WAITING_SCRAPES: usize = 16;

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    scrape: Arc<Scrape>,
    /// One permit: a reading uses every shard, so a second one at the same time only makes both slower.
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// What fails at every scrape is told rarely.
    rarely: Arc<Rarely>,
}

/// All paths, with gzip for those who accept it.
fn router(scrape: Arc<Scrape>) -> Router {
    let shared = Shared {
        scrape,
        working: Arc::new(Semaphore::new(1)),
        waiting: Arc::new(Semaphore::new(1 + WAITING_SCRAPES)),
        rarely: Arc::default(),
    };
    Router::new()
        .route("/", get(pages::index))
        .route("/metrics", get(pages::metrics))
        .route("/livez", get(pages::livez))
        .route("/readyz", get(pages::readyz))
        .fallback(pages::unknown_path)
        .method_not_allowed_fallback(pages::other_method)
        // The lowest level makes an eighth of the text; the default a tenth, for more of the time that the shards could use.
        .layer(CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest))
        .with_state(shared)
}

/// Serves until `closed` completes; requests that are being answered then are answered still.
pub async fn serve(listener: TcpListener, scrape: Arc<Scrape>, closed: impl Future<Output = ()>) {
    let metrics = Arc::clone(scrape.metrics());
    connections::accept(listener, router(scrape), LIMITS, metrics, closed).await;
}
