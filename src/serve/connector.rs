//! The listeners of the connectors: one with metrics and probes for operators, another for whoever posts.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;

use super::connections::{self, Limits};
use super::hosts::{self, Hosts};
use crate::connect::inbox::Answer;
use crate::connect::receiver::Receiver;
use crate::connect::status::Status;

/// What operators are granted: more connections than a few Prometheus servers and probes have.
const OPERATORS: Limits = Limits {
    connections: 64,
    waiting: 64,
    head: Duration::from_secs(5),
    idle: Duration::from_secs(90),
    answer: Duration::from_secs(5),
    stream: Duration::from_secs(5),
    life: Duration::from_secs(15 * 60),
    last_answer: Duration::from_secs(10),
};

/// What whoever posts is granted.
const SENDERS: Limits = Limits { connections: 256, waiting: 128, idle: Duration::from_secs(30), ..OPERATORS };

/// The largest body that is taken.
pub const LARGEST_BODY: usize = 1 << 20;
/// How much of a larger one is read, so that its sender hears why it is not taken.
const MOST_READ: usize = 16 << 20;
/// How long a body may take to arrive.
const BODY: Duration = Duration::from_secs(10);

fn router(status: Arc<Status>, hosts: Hosts) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/active", get(active))
        .fallback(async || (StatusCode::NOT_FOUND, "There are /metrics, /livez, /readyz and /active.\n"))
        .layer(middleware::from_fn_with_state(hosts, hosts::check))
        .with_state(status)
}

async fn metrics(State(status): State<Arc<Status>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], status.metrics.exposition()).into_response()
}

/// An instance is ready whether or not it is its turn: what is wrong with a source is no reason to restart it.
async fn readyz(State(status): State<Arc<Status>>) -> Response {
    // A struct of plain fields always has a JSON text.
    let json = serde_json::to_string(&status.report()).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], json).into_response()
}

/// Whether this instance polls, for a load balancer: only this one takes what is posted for a CRM that is polled.
async fn active(State(status): State<Arc<Status>>) -> Response {
    if status.report().active {
        "active\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "another instance polls\n").into_response()
    }
}

/// Takes what is posted to a source.
async fn take(State(receiver): State<Arc<Receiver>>, Path(source): Path<String>, request: Request) -> Response {
    if !receiver.knows(&source) {
        return answer(&Answer::Unknown);
    }
    let (head, body) = request.into_parts();
    let body = match whole(body).await {
        Ok(body) => body,
        Err(status) => {
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                receiver.refuse_size(&source);
            }
            return (status, "the body is larger than 1 MiB, or did not arrive within 10 s\n").into_response();
        }
    };
    let taken = tokio::task::spawn_blocking(move || {
        let header = |name: &str| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        receiver.take(&source, &header, &body)
    });
    answer(&taken.await.unwrap_or(Answer::Later))
}

/// The whole body, if it is neither too large nor too slow. Of one that is too large the rest is read and dropped: a
/// connection that is closed while something still arrives takes the answer with it.
async fn whole(mut body: Body) -> Result<Vec<u8>, StatusCode> {
    let reading = async {
        let (mut kept, mut seen) = (Vec::new(), 0);
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
            seen += data.len();
            if seen <= LARGEST_BODY {
                kept.extend_from_slice(&data);
            } else if seen > MOST_READ {
                break;
            }
        }
        if seen <= LARGEST_BODY { Ok(kept) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) }
    };
    tokio::time::timeout(BODY, reading).await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

fn answer(answer: &Answer) -> Response {
    match answer {
        Answer::Kept => "ok\n".into_response(),
        // The word that ShareCRM's platform waits for; Zoho looks at the status alone.
        Answer::Rung => "success".into_response(),
        Answer::Unknown => (StatusCode::NOT_FOUND, "there is no such source\n").into_response(),
        Answer::Forbidden => (StatusCode::UNAUTHORIZED, "the secret or the signature is wrong\n").into_response(),
        Answer::Refused(reason) => (StatusCode::BAD_REQUEST, format!("{reason}\n")).into_response(),
        Answer::Later => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], "another instance polls, or this one is busy\n")
                .into_response()
        }
    }
}

/// Serves metrics and probes until `closed` completes.
pub async fn serve_status(listener: TcpListener, status: Arc<Status>, closed: impl Future<Output = ()>) {
    let (hosts, count) = (Hosts::of(&listener, &[]), status.metrics.connections.with_label_values(&["admin"]));
    connections::accept(listener, router(status, hosts), OPERATORS, || None, count, closed).await;
}

/// Takes what is posted until `closed` completes.
pub async fn serve_receiver(listener: TcpListener, receiver: Arc<Receiver>, closed: impl Future<Output = ()>) {
    let count = receiver.status.metrics.connections.with_label_values(&["receiver"]);
    // Whoever posts knows us by a name of its own, and proves by a secret that it may; there is nothing to read here.
    let router = Router::new()
        .route("/in/{source}", post(take))
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here\n"))
        .with_state(receiver);
    connections::accept(listener, router, SENDERS, || None, count, closed).await;
}
