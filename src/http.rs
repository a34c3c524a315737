//! What is served over HTTP: the scrape and the probes.

mod negotiation;
mod pages;
mod scrape;

pub use scrape::{Scrape, ScrapeError};

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;

/// How many scrapes may wait while one does the work; more are told to come again.
const WAITING_SCRAPES: usize = 16;

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    scrape: Arc<Scrape>,
    /// One permit: a reading uses every shard, so a second one at the same time only makes both slower.
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// All paths, with gzip for those who accept it.
fn router(scrape: Arc<Scrape>) -> Router {
    let shared =
        Shared { scrape, working: Arc::new(Semaphore::new(1)), waiting: Arc::new(Semaphore::new(1 + WAITING_SCRAPES)) };
    Router::new()
        .route("/", get(pages::index))
        .route("/metrics", get(pages::metrics))
        .route("/livez", get(pages::livez))
        .route("/readyz", get(pages::readyz))
        .fallback(pages::unknown_path)
        .method_not_allowed_fallback(pages::other_method)
        .layer(CompressionLayer::new().gzip(true))
        .with_state(shared)
}

/// Serves until `closed` completes; requests that are being answered then are answered still.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    scrape: Arc<Scrape>,
    closed: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(scrape)).with_graceful_shutdown(closed).await
}
