//! The pages behind the paths.

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use tracing::error;

use super::negotiation::{content_type, negotiate};
use super::{ScrapeError, Shared};
use crate::health::Rarely;

const INDEX: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>salespulse</title></head>
<body>
<h1>salespulse</h1>
<ul>
<li><a href=\"/metrics\">/metrics</a>: the KPIs and our own health, for Prometheus</li>
<li><a href=\"/readyz\">/readyz</a>: whether the KPIs may be read here, and if not, why</li>
<li><a href=\"/livez\">/livez</a>: whether this process answers</li>
</ul>
</body></html>
";

pub(super) async fn index() -> Html<&'static str> {
    Html(INDEX)
}

/// This process answers. Whether Kafka does is no reason to restart us.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

pub(super) async fn readyz(State(shared): State<Shared>) -> Response {
    let status = shared.scrape.standing().status();
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // A struct of plain fields always has a JSON text.
    let json = serde_json::to_string(&status).unwrap_or_default();
    (code, [(CONTENT_TYPE, "application/json")], json).into_response()
}

pub(super) async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let accepted: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let format = negotiate(&accepted.join(","));
    let Ok(_place) = shared.waiting.try_acquire() else {
        let sentence = "Too many scrapes are waiting for one that is being answered.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], sentence).into_response();
    };
    // The semaphore is never closed.
    let Ok(working) = shared.working.acquire_owned().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let scrape = shared.scrape;
    // The permit goes with the work, which goes on if the scraper hangs up.
    let work = tokio::task::spawn_blocking(move || {
        let text = scrape.text(format);
        drop(working);
        text
    });
    match work.await {
        Ok(Ok(text)) => ([(CONTENT_TYPE, content_type(format))], text).into_response(),
        Ok(Err(error)) => failure(&error, &shared.rarely),
        Err(panic) => {
            if let Some(untold) = shared.rarely.tell() {
                error!(%panic, untold, "a scrape panicked");
            }
            (StatusCode::INTERNAL_SERVER_ERROR, "The scrape failed by a bug of salespulse; its log says more.\n")
                .into_response()
        }
    }
}

fn failure(error: &ScrapeError, rarely: &Rarely) -> Response {
    if let Some(untold) = rarely.tell() {
        error!(%error, untold, "scrape refused");
    }
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
}

pub(super) async fn unknown_path(uri: Uri) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, format!("There is nothing at {}; see /metrics, /readyz and /livez.\n", uri.path()))
}

pub(super) async fn other_method(method: Method, uri: Uri) -> (StatusCode, String) {
    (StatusCode::METHOD_NOT_ALLOWED, format!("{} answers GET and HEAD, not {method}.\n", uri.path()))
}
