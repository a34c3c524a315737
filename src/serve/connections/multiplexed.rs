//! HTTP/2: many requests of one client at a time, over a connection that is encrypted.
//!
//! A connection counts as one, whatever it carries. What it may carry is bounded by itself, and together with all others
//! by the number of connections there may be: so many requests they could make by HTTP/1.1.

mod heads;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use self::heads::Heads;
use super::peer::{Answer, Asked};
use super::registry::Place;
use super::{BUFFER_BYTES, HEADERS, Over, Served, answer, until_over};

/// How many requests one client may have at a time: fewer than a hundred are said to slow browsers down.
const AT_A_TIME: u32 = 100;
/// What a client may send of bodies, which nobody reads: the least that the protocol begins with.
const BODY_BYTES: u32 = 65_535;
/// What hyper may hold of an answer.
const ANSWER_BYTES: usize = 32 * 1024;
/// After so long without a word the client of a stream is asked whether it is there.
const PING: Duration = Duration::from_secs(15);

/// Serves a connection until it ends, its life is over, somebody cuts it, or everything ends.
pub(super) async fn drive<S>(stream: S, place: Place, served: Served)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Served { router, limits, client, mut is_closing, requests } = served;
    let peer = Arc::clone(&place.peer);
    peer.multiplex();
    let stream = Heads::new(stream, Arc::clone(&peer));
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let permit = Arc::clone(&requests).try_acquire_owned().ok();
        let refusal = refusal(&request, permit.is_some());
        let asked = Asked::begin(&peer, permit);
        let answering = (client.clone(), router.clone());
        async move {
            if let Some(refusal) = refusal {
                return Ok::<Response<Answer>, Infallible>(asked.answered(refusal));
            }
            answer(request, asked, answering.0, answering.1).await
        }
    });
    let mut connection = pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(AT_A_TIME)
            .max_header_list_size(u32::try_from(BUFFER_BYTES).unwrap_or(u32::MAX))
            .initial_connection_window_size(BODY_BYTES)
            .initial_stream_window_size(BODY_BYTES)
            .max_send_buf_size(ANSWER_BYTES)
            .keep_alive_interval(PING)
            .keep_alive_timeout(limits.stream)
            .serve_connection(TokioIo::new(stream), service)
    );
    let mut over = until_over(connection.as_mut(), &place, limits, &mut is_closing).await;
    // Whoever has lived long enough makes no more requests here, and the streams that it has end by themselves.
    if over == Some(Over::Life) {
        connection.as_mut().graceful_shutdown();
        over = until_over(connection.as_mut(), &place, limits, &mut is_closing).await;
    }
    if over.is_some() {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = timeout(limits.last_answer, connection) => {}
            () = place.peer.is_cut() => {}
        }
    }
}

/// Why a request is not even looked at.
fn refusal(request: &hyper::Request<Incoming>, has_permit: bool) -> Option<Response<Body>> {
    if !has_permit {
        let sentence = "Too many requests are being answered. Try again.\n";
        return Some((StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], sentence).into_response());
    }
    if request.headers().len() > HEADERS {
        let sentence = format!("A request has at most {HEADERS} headers.\n");
        return Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, sentence).into_response());
    }
    None
}

#[cfg(test)]
mod tests;
