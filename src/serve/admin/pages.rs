//! The pages behind the paths.

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use tracing::error;

use super::negotiation::{content_type, negotiate};
use super::{ScrapeError, Shared};
use crate::health::LogThrottle;
use crate::kpi::exposition::Format;
use crate::serve::encoding::{self, Encoding};

/// What an exposition depends on beside its path.
const VARIES: &str = "accept, accept-encoding";

const INDEX: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>salespulse</title></head>
<body>
<h1>salespulse</h1>
<ul>
<li><a href=\"/metrics\">/metrics</a>: the KPIs and our own health, for Prometheus</li>
<li><a href=\"/metrics/health\">/metrics/health</a>: our own health alone</li>
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
    let status = shared.scrape.readiness().status();
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // A struct of plain fields always has a JSON text.
    let json = serde_json::to_string(&status).unwrap_or_default();
    (code, [(CONTENT_TYPE, "application/json")], json).into_response()
}

pub(super) async fn metrics(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let format = format(&headers);
    let Some(encoding) = encoding::negotiate(&headers) else { return not_acceptable() };
    match shared.scrape.text(format).await {
        Ok(text) => {
            let packed = if encoding == Encoding::Gzip { text.gzip() } else { None };
            let kind = [(CONTENT_TYPE, content_type(format)), (VARY, VARIES)];
            match packed {
                Some(body) => (kind, [(CONTENT_ENCODING, "gzip")], body).into_response(),
                None => (kind, text.plain()).into_response(),
            }
        }
        Err(error) => failure(&error, &shared.throttle),
    }
}

/// Our own health alone: it is there when the KPIs are too many to be served.
pub(super) async fn health(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let format = format(&headers);
    ([(CONTENT_TYPE, content_type(format)), (VARY, VARIES)], shared.scrape.health(format)).into_response()
}

fn format(headers: &HeaderMap) -> Format {
    let accepted: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    negotiate(&accepted.join(","))
}

fn not_acceptable() -> Response {
    let sentence = "Accept-Encoding refuses both gzip and identity, which are all there is.\n";
    (StatusCode::NOT_ACCEPTABLE, [(VARY, VARIES)], sentence).into_response()
}

fn failure(error: &ScrapeError, throttle: &LogThrottle) -> Response {
    if let Some(suppressed) = throttle.pass() {
        error!(%error, suppressed, "scrape refused");
    }
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
}

pub(super) async fn unknown_path(uri: Uri) -> (StatusCode, String) {
    (
        StatusCode::NOT_FOUND,
        format!("There is nothing at {}; see /metrics, /metrics/health, /readyz and /livez.\n", uri.path()),
    )
}

pub(super) async fn other_method(method: Method, uri: Uri) -> (StatusCode, String) {
    (StatusCode::METHOD_NOT_ALLOWED, format!("{} answers GET and HEAD, not {method}.\n", uri.path()))
}
