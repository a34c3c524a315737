//! The listener of the connectors: metrics, probes, and what tenants' functions post.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;

use super::connections::{self, Limits};
use super::hosts::{self, Hosts};
use crate::connect::inbox::{Answer, Inboxes};
use crate::connect::status::Status;

/// What clients are granted: more connections than a few Prometheus servers and probes have.
const LIMITS: Limits = Limits {
    connections: 64,
    waiting: 64,
    head: Duration::from_secs(5),
    idle: Duration::from_secs(90),
    answer: Duration::from_secs(5),
    stream: Duration::from_secs(5),
    life: Duration::from_secs(15 * 60),
    last_answer: Duration::from_secs(10),
};

/// The largest body that is taken.
const LARGEST_BODY: usize = 1 << 20;
/// The header of the secret of whoever posts.
const TOKEN: &str = "x-salespulse-token";

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    status: Arc<Status>,
    inboxes: Arc<Inboxes>,
}

fn router(shared: Shared, hosts: Hosts) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/active", get(active))
        .route("/in/{source}", post(take).layer(DefaultBodyLimit::max(LARGEST_BODY)))
        .fallback(async || (StatusCode::NOT_FOUND, "There are /metrics, /livez, /readyz and /active.\n"))
        .layer(middleware::from_fn_with_state(hosts, hosts::check))
        .with_state(shared)
}

async fn metrics(State(shared): State<Shared>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.status.exposition()).into_response()
}

/// An instance is ready whether or not it is its turn: what is wrong with a source is no reason to restart it.
async fn readyz(State(shared): State<Shared>) -> Response {
    // A struct of plain fields always has a JSON text.
    let json = serde_json::to_string(&shared.status.report()).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], json).into_response()
}

/// Whether this instance polls, for a load balancer: only this one takes what is posted.
async fn active(State(shared): State<Shared>) -> Response {
    if shared.status.report().active {
        "active\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "another instance polls\n").into_response()
    }
}

/// Takes what a tenant's function posts.
async fn take(State(shared): State<Shared>, Path(source): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let secret = headers.get(TOKEN).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
    let taken = tokio::task::spawn_blocking(move || shared.inboxes.take(&source, &secret, &body)).await;
    match taken.unwrap_or(Answer::Later) {
        Answer::Kept => "ok\n".into_response(),
        Answer::Unknown => (StatusCode::NOT_FOUND, "there is no such source\n").into_response(),
        Answer::Forbidden => (StatusCode::UNAUTHORIZED, "x-salespulse-token is wrong\n").into_response(),
        Answer::Refused(reason) => (StatusCode::BAD_REQUEST, format!("{reason}\n")).into_response(),
        Answer::Later => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], "another instance polls, or this one is busy\n")
                .into_response()
        }
    }
}

/// Serves until `closed` completes.
pub async fn serve(
    listener: TcpListener,
    status: Arc<Status>,
    inboxes: Arc<Inboxes>,
    closed: impl Future<Output = ()>,
) {
    let (hosts, count) = (Hosts::of(&listener, &[]), status.connections.clone());
    // A source's deliveries carry a secret of their own; the rest holds nothing personal.
    let router = router(Shared { status, inboxes }, hosts);
    connections::accept(listener, router, LIMITS, || None, count, closed).await;
}
