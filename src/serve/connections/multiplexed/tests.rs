//! One client of HTTP/2, frame by frame, over a pipe.

use std::net::Ipv4Addr;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Version};
use axum::routing::get;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::serve::access::Client;
use crate::serve::connections::Limits;
use crate::serve::connections::registry::Registry;
use crate::serve::connections::tests::{self, in_time};
use crate::serve::connections::watched::Watched;

const GENEROUS: Limits = Limits { connections: 4, waiting: 4, ..tests::GENEROUS };
const LARGE: usize = 4 << 20;

struct Server {
    registry: Arc<Registry>,
    /// Each permit lets one answer of `/slow` go.
    slow: Arc<Semaphore>,
    served: JoinHandle<()>,
    closing: watch::Sender<()>,
}

/// A server, and a client that knows the protocol.
struct Pair {
    server: Server,
    asking: SendRequest<Bytes>,
}

/// A server of one client, and the client's end of the pipe.
fn serve(limits: Limits) -> (Server, DuplexStream) {
    let slow = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&slow);
    let slowly = async move || {
        gate.acquire().await.unwrap().forget();
        "slow"
    };
    let never = futures_util::stream::repeat_with(|| Ok::<Bytes, Infallible>(Bytes::from_static(b"data: 1\n\n")));
    let never = Arc::new(std::sync::Mutex::new(Some(never)));
    let events = async move || {
        let events = never.lock().unwrap().take().unwrap();
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events))
    };
    let router = Router::new()
        .route("/", get(async |request: axum::extract::Request| format!("{:?}", request.version())))
        .route("/slow", get(slowly))
        .route("/events", get(events))
        .route("/large", get(async || vec![b'x'; LARGE]));
    let registry = Registry::new(limits);
    let place = registry.admit().unwrap();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let client = Client {
        address: (Ipv4Addr::LOCALHOST, 1).into(),
        is_secure: true,
        has_certificate: false,
        names: Arc::default(),
    };
    let (closing, is_closing) = watch::channel(());
    let requests = Arc::new(Semaphore::new(limits.connections));
    let served = Served { router, limits, client, is_closing, requests };
    let served = tokio::spawn(drive(Watched::new(far, Arc::clone(&place.peer)), place, served));
    (Server { registry, slow, served, closing }, near)
}

/// A server of one client, which grants each answer so many bytes at first.
async fn start(limits: Limits, window: u32) -> Pair {
    let (server, near) = serve(limits);
    let (asking, connection) = Builder::new().initial_window_size(window).handshake(near).await.unwrap();
    // It ends with an error where the server cuts it.
    tokio::spawn(async move { drop(connection.await) });
    Pair { server, asking }
}

impl Pair {
    async fn ask(&mut self, path: &str, headers: usize) -> ResponseFuture {
        let mut request = Request::get(format!("https://localhost{path}")).version(Version::HTTP_2);
        for number in 0..headers {
            request = request.header(format!("x-{number}"), "x");
        }
        self.asking = self.asking.clone().ready().await.unwrap();
        self.asking.send_request(request.body(()).unwrap(), true).unwrap().0
    }

    /// The status and the text of an answer.
    async fn answer(&mut self, path: &str) -> (u16, String) {
        let answer = self.ask(path, 0).await.await.unwrap();
        (answer.status().as_u16(), read(answer.into_body()).await.unwrap())
    }
}

impl Server {
    /// Looks for those who take too long until the connection is closed.
    async fn end(self) {
        let ended = async {
            while !self.served.is_finished() {
                self.registry.sweep();
                yield_now().await;
            }
        };
        in_time(ended).await;
        assert_eq!(self.registry.len(), 0, "its place is free");
    }
}

async fn read(mut body: RecvStream) -> Result<String, h2::Error> {
    let mut text = Vec::new();
    while let Some(bytes) = body.data().await {
        let bytes = bytes?;
        body.flow_control().release_capacity(bytes.len())?;
        text.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn many_requests_are_answered_at_a_time() {
    let mut pair = start(GENEROUS, 65_535).await;
    assert_eq!(pair.answer("/").await, (200, "HTTP/2.0".to_owned()));
    assert_eq!(pair.asking.current_max_send_streams(), AT_A_TIME as usize);
    let (first, second) = (pair.ask("/slow", 0).await, pair.ask("/slow", 0).await);
    assert_eq!(pair.answer("/large").await.1.len(), LARGE, "whole, beside two that wait");
    pair.server.slow.add_permits(2);
    for answer in [first, second] {
        assert_eq!(read(answer.await.unwrap().into_body()).await.unwrap(), "slow");
    }
}

#[tokio::test]
async fn all_clients_share_a_number_of_requests() {
    let mut pair = start(GENEROUS, 65_535).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(pair.ask("/slow", 0).await);
    }
    let (status, text) = pair.answer("/").await;
    assert_eq!((status, text.contains("Too many requests")), (503, true), "{text}");
    pair.server.slow.add_permits(4);
    for answer in slow {
        assert_eq!(read(answer.await.unwrap().into_body()).await.unwrap(), "slow");
    }
    assert_eq!(pair.answer("/").await.0, 200, "there is room again");
}

#[tokio::test]
async fn a_head_has_the_limits_of_any_other() {
    let mut pair = start(GENEROUS, 65_535).await;
    assert_eq!(pair.ask("/", HEADERS).await.await.unwrap().status(), 200);
    assert_eq!(pair.ask("/", HEADERS + 1).await.await.unwrap().status(), 431);
    let long = "x".repeat(BUFFER_BYTES);
    let request = Request::get("https://localhost/").header("x", long).body(()).unwrap();
    let answer = pair.asking.send_request(request, true).unwrap().0.await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 431));
}

#[tokio::test]
async fn whoever_rests_is_closed_for_another_and_whoever_is_answered_is_not() {
    let limits = Limits { connections: 1, waiting: 1, ..GENEROUS };
    let mut pair = start(limits, 65_535).await;
    let slow = pair.ask("/slow", 0).await;
    let is_asked = async {
        while pair.server.registry.waiting() > 0 {
            yield_now().await;
        }
    };
    in_time(is_asked).await;
    assert!(pair.server.registry.admit().is_none(), "nobody waits");
    pair.server.slow.add_permits(1);
    assert_eq!(read(slow.await.unwrap().into_body()).await.unwrap(), "slow");
    let rests = async {
        while pair.server.registry.waiting() == 0 {
            yield_now().await;
        }
    };
    in_time(rests).await;
    let _place = pair.server.registry.admit().expect("the one that rests is closed");
    in_time(pair.server.served).await.unwrap();
}

#[tokio::test]
async fn whoever_takes_nothing_of_an_answer_is_sent_away() {
    let brief = Duration::from_millis(50);
    for (path, limits) in
        [("/large", Limits { answer: brief, ..GENEROUS }), ("/events", Limits { stream: brief, ..GENEROUS })]
    {
        // The window is used up, and nobody opens it.
        let mut pair = start(limits, 100).await;
        let answer = pair.ask(path, 0).await.await.unwrap();
        assert_eq!(answer.status(), 200);
        pair.server.end().await;
    }
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_in_time() {
    let brief = Duration::from_millis(50);
    for limits in [Limits { head: brief, ..GENEROUS }, Limits { idle: brief, ..GENEROUS }] {
        start(limits, 65_535).await.server.end().await;
    }
    let mut pair = start(Limits { head: Duration::from_secs(60), idle: brief, ..GENEROUS }, 65_535).await;
    assert_eq!(pair.answer("/").await.0, 200);
    pair.server.end().await;
}

#[tokio::test]
async fn whoever_takes_back_what_it_asks_is_sent_away() {
    let mut pair = start(Limits { connections: 1_000, ..GENEROUS }, 65_535).await;
    let taking_back = async {
        while !pair.server.served.is_finished() {
            let request = Request::get("https://localhost/slow").body(()).unwrap();
            let Ok(asking) = pair.asking.clone().ready().await else { break };
            pair.asking = asking;
            let Ok((answer, mut stream)) = pair.asking.send_request(request, true) else { break };
            // The server begins to answer before it hears of it.
            yield_now().await;
            yield_now().await;
            stream.send_reset(Reason::CANCEL);
            drop(answer);
        }
    };
    in_time(taking_back).await;
    in_time(pair.server.served).await.unwrap();
}

#[tokio::test]
async fn at_the_end_what_is_asked_is_answered_still() {
    let mut pair = start(GENEROUS, 65_535).await;
    let slow = pair.ask("/slow", 0).await;
    assert_eq!(pair.answer("/").await.0, 200, "the one before has come too");
    pair.server.closing.send(()).unwrap();
    pair.server.slow.add_permits(1);
    assert_eq!(read(slow.await.unwrap().into_body()).await.unwrap(), "slow");
    in_time(pair.server.served).await.unwrap();
}

/// What a client says who asks for an answer that waits for a permit.
fn slow_request() -> Vec<u8> {
    let head = b"\x82\x87\x41\x09localhost\x04\x05/slow";
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(4, 0, 0, b"")[..], &frame(1, 5, 1, head)].concat()
}

/// A frame of this kind, with flags and the number of its stream.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn a_head_that_does_not_end_closes_its_connection_whatever_is_answered_on_it() {
    let brief = Duration::from_millis(50);
    let (server, mut client) = serve(Limits { head: brief, ..GENEROUS });
    client.write_all(&slow_request()).await.unwrap();
    let asked = Instant::now();
    while server.registry.waiting() > 0 || asked.elapsed() < brief * 3 {
        server.registry.sweep();
        yield_now().await;
        assert!(asked.elapsed() < Duration::from_secs(30));
    }
    assert!(!server.served.is_finished(), "a head that has come whole is not late");
    // The next head says that more of it follows.
    client.write_all(&frame(1, 1, 3, b"\x82\x87")).await.unwrap();
    server.end().await;
}
