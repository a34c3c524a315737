//! The listener of operators and Prometheus: metrics and probes.

mod negotiation;
mod pages;
mod scrape;
mod text;

pub use scrape::{Scrape, ScrapeError};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Router, middleware};
use tokio::net::TcpListener;

use super::access::{self, Door, Gate};
use super::connections::{self, Limits};
use super::hosts::{self, Hosts};
use crate::health::LogThrottle;

/// What clients are granted: many more connections than a few Prometheus servers and probes have. A connection that is
/// closed between two requests is opened anew by its client.
const LIMITS: Limits = Limits {
    connections: 128,
    waiting: 128,
    head: Duration::from_secs(5),
    idle: Duration::from_secs(90),
    answer: Duration::from_secs(5),
    stream: Duration::from_secs(5),
    life: Duration::from_secs(15 * 60),
    last_answer: Duration::from_secs(60),
};

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    scrape: Arc<Scrape>,
    /// What fails at every scrape is logged rarely.
    throttle: Arc<LogThrottle>,
}

/// All paths.
pub(super) fn router(scrape: Arc<Scrape>, gate: Arc<Gate>, hosts: Hosts) -> Router {
    let door = Door { gate, refuse: |_, refusal| refusal.plain() };
    Router::new()
        .route("/", get(pages::index))
        .route("/metrics", get(pages::metrics))
        .route("/metrics/health", get(pages::health))
        .route("/livez", get(pages::livez))
        .route("/readyz", get(pages::readyz))
        .fallback(pages::unknown_path)
        .method_not_allowed_fallback(pages::other_method)
        .layer(middleware::from_fn_with_state(door, access::admit))
        .layer(middleware::from_fn_with_state(hosts, hosts::check))
        .with_state(Shared { scrape, throttle: Arc::default() })
}

/// Serves until `closed` completes; requests that are being answered then are answered still.
pub async fn serve(listener: TcpListener, scrape: Arc<Scrape>, gate: Arc<Gate>, closed: impl Future<Output = ()>) {
    let hosts = Hosts::of(&listener, &[]);
    let count = scrape.metrics().http.connections.with_label_values(&["admin"]);
    let router = router(scrape, Arc::clone(&gate), hosts);
    connections::accept(listener, router, LIMITS, move || gate.file().tls.clone(), count, closed).await;
}
