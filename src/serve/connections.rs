//! Connections of a listener: how many there may be at once, and how long a client may take.
//!
//! At the limit the connection that has waited longest for a request is closed to admit the new one. Whoever is being
//! answered keeps its connection; a client that takes nothing of its answer loses it after seconds.

mod handover;
mod multiplexed;
mod peer;
mod registry;
mod watched;

use std::convert::Infallible;
use std::fmt::Display;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus::IntGauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use self::handover::Handover;
use self::peer::{Answer, Asked};
use self::registry::{Place, Registry};
use self::watched::Watched;
use super::access::{Client, HTTP2, Tls};
use crate::health::LogThrottle;

/// After a connection could not be accepted, most likely for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two looks for those who take too long.
const SWEEP: Duration = Duration::from_millis(250);
/// What hyper may hold of a head that comes, and of an answer that goes.
const BUFFER_BYTES: usize = 32 * 1024;
/// Beyond so many headers a request is refused (431).
const HEADERS: usize = 64;

/// What the clients of a listener are granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many connections there may be, and how many requests by HTTP/2 are answered at a time.
    pub(super) connections: usize,
    /// How many of them may be without a request.
    pub(super) waiting: usize,
    /// How long a head may take from its first byte, and the first one from the connection.
    pub(super) head: Duration,
    /// How long a client may rest between two requests.
    pub(super) idle: Duration,
    /// How long a client may take nothing of its answer.
    pub(super) answer: Duration,
    /// How long the client of a stream may take nothing of it.
    pub(super) stream: Duration,
    /// How long a connection may live; what is being answered then is answered still.
    pub(super) life: Duration,
    /// How long that answer may take.
    pub(super) last_answer: Duration,
}

/// Accepts connections until `closed` completes, and ends when all of them have; each is encrypted as `tls` says then.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    tls: impl Fn() -> Option<Arc<Tls>>,
    count: IntGauge,
    closed: impl Future<Output = ()>,
) {
    let (registry, throttle) = (Registry::new(limits), LogThrottle::default());
    let (closing, is_closing) = watch::channel(());
    let requests = Arc::new(Semaphore::new(limits.connections));
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut serving = JoinSet::new();
    let mut closed = pin!(closed);
    loop {
        let accepted = tokio::select! {
            () = &mut closed => break,
            _ = sweep.tick() => {
                registry.sweep();
                count.set(i64::try_from(registry.len()).unwrap_or(i64::MAX));
                continue;
            }
            Some(_) = serving.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                if let Some(place) = registry.admit() {
                    let tls = tls();
                    let client =
                        Client { address, is_secure: tls.is_some(), has_certificate: false, names: Arc::default() };
                    let (is_closing, requests) = (is_closing.clone(), Arc::clone(&requests));
                    let served = Served { router: router.clone(), limits, client, is_closing, requests };
                    serving.spawn(serve(stream, place, tls, served));
                }
                // Those who came before read their heads first, so that a flood closes none who has sent one.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                if let Some(suppressed) = throttle.pass() {
                    warn!(%error, suppressed, "a connection cannot be accepted");
                }
                sleep(PAUSE).await;
            }
        }
        count.set(i64::try_from(registry.len()).unwrap_or(i64::MAX));
    }
    drop((listener, closing));
    while serving.join_next().await.is_some() {}
    count.set(0);
}

/// What a connection needs.
struct Served {
    router: Router,
    limits: Limits,
    client: Client,
    is_closing: watch::Receiver<()>,
    /// For requests by HTTP/2, of which a connection may make many at a time.
    requests: Arc<Semaphore>,
}

/// Serves one connection, encrypted where the web configuration says so.
async fn serve(stream: TcpStream, place: Place, tls: Option<Arc<Tls>>, served: Served) {
    // What is small is wanted now.
    let _ = stream.set_nodelay(true);
    let stream = Watched::new(stream, Arc::clone(&place.peer));
    match tls {
        None => drive(stream, place, served).await,
        // What a handshake and its keys take is no part of the task of a connection that has none.
        Some(tls) => Box::pin(encrypt(stream, place, tls, served)).await,
    }
}

/// Shakes hands with a client and serves it.
async fn encrypt(stream: Watched<TcpStream>, place: Place, tls: Arc<Tls>, mut served: Served) {
    let shaking = TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream);
    let shaken = tokio::select! {
        shaken = timeout(served.limits.head, shaking) => shaken,
        () = place.peer.is_cut() => return,
    };
    let Ok(Ok(stream)) = shaken else { return };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let (names, is_allowed) = tls.judge(certificate);
    if is_allowed {
        served.client.has_certificate = certificate.is_some();
        served.client.names = names.into();
        if stream.get_ref().1.alpn_protocol() == Some(HTTP2) {
            multiplexed::drive(stream, place, served).await;
        } else {
            drive(stream, place, served).await;
        }
    }
}

/// Serves a connection by HTTP/1.1 until it ends, its life is over, somebody cuts it, or everything ends.
async fn drive<S>(stream: S, place: Place, served: Served)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Served { router, limits, client, mut is_closing, .. } = served;
    let peer = Arc::clone(&place.peer);
    let router = TowerToHyperService::new(router);
    let handover = Arc::new(Handover::default());
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let has_chunks = request.method() == Method::GET && request.version() == Version::HTTP_11;
        let handover = has_chunks.then(|| Arc::clone(&handover));
        let answering = answer(request, Asked::begin(&peer, None), client.clone(), router.clone());
        async move { answering.await.map(|response| Handover::keep(handover, response)) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The sweep looks after heads: it knows a client that rests from one that writes a head.
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let over = tokio::select! {
        over = until_over(Pin::new(&mut connection), &place, limits, &mut is_closing) => over,
        events = handover.taken(&place.peer) => {
            let stream = connection.into_parts().io.into_inner();
            let mut sending = pin!(handover::send(stream, events));
            if let Some(_over) = until_over(sending.as_mut(), &place, limits, &mut is_closing).await {
                end(sending, &place, limits).await;
            }
            return;
        }
    };
    if let Some(_over) = over {
        Pin::new(&mut connection).graceful_shutdown();
        end(Pin::new(&mut connection), &place, limits).await;
    }
}

/// Lets what is being answered be answered still.
async fn end(serving: impl Future, place: &Place, limits: Limits) {
    tokio::select! {
        _ = timeout(limits.last_answer, serving) => {}
        () = place.peer.is_cut() => {}
    }
}

/// Why a connection that has not ended shall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Everything ends.
    Closing,
    /// It has lived long enough.
    Life,
}

/// Serves a connection until it ends or somebody cuts it; or until it shall end.
async fn until_over<E: Display>(
    serving: Pin<&mut impl Future<Output = Result<(), E>>>,
    place: &Place,
    limits: Limits,
    is_closing: &mut watch::Receiver<()>,
) -> Option<Over> {
    tokio::select! {
        served = serving => {
            if let Err(error) = served {
                // What a client does is no trouble of ours.
                debug!(%error, "a connection ended early");
            }
            None
        }
        () = place.peer.is_cut() => None,
        _ = is_closing.changed() => Some(Over::Closing),
        () = sleep(limits.life) => Some(Over::Life),
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    asked: Asked,
    client: Client,
    router: TowerToHyperService<Router>,
) -> Result<axum::response::Response<Answer>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(client);
    let response = match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    Ok(asked.answered(response))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::CONTENT_TYPE;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    /// Longer than any test waits.
    pub(super) const NEVER: Duration = Duration::from_secs(600);
    pub(super) const GENEROUS: Limits = Limits {
        connections: 2,
        waiting: 2,
        head: NEVER,
        idle: NEVER,
        answer: NEVER,
        stream: NEVER,
        life: NEVER,
        last_answer: NEVER,
    };

    struct Server {
        address: SocketAddr,
        count: IntGauge,
        /// Each permit lets one answer of `/slow` go, or one event of `/events`.
        slow: Arc<Semaphore>,
        close: oneshot::Sender<()>,
        task: JoinHandle<()>,
    }

    async fn start(limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = oneshot::channel::<()>();
        let slow = Arc::new(Semaphore::new(0));
        let gate = Arc::clone(&slow);
        let slowly = async move || {
            gate.acquire().await.unwrap().forget();
            "slow"
        };
        let large = async || vec![b'x'; 64 * 1024 * 1024];
        let gate = Arc::clone(&slow);
        let events = async move || {
            let events = futures_util::stream::unfold(gate, async |gate| {
                gate.acquire().await.unwrap().forget();
                Some((Ok::<_, Infallible>("data: 1\n\n"), gate))
            });
            ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events))
        };
        let router = Router::new()
            .route("/", get(async || "here"))
            .route("/slow", get(slowly))
            .route("/events", get(events))
            .route("/large", get(large));
        let count = IntGauge::new("connections", "Of the test.").unwrap();
        let accepting = accept(listener, router, limits, || None, count.clone(), async { drop(closed.await) });
        Server { address, count, slow, close, task: tokio::spawn(accepting) }
    }

    /// Waits half a minute, in small parts: a machine that stands still for as long costs one of them.
    pub(super) async fn in_time<T>(future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        for _ in 0..300 {
            if let Ok(done) = timeout(Duration::from_millis(100), &mut future).await {
                return done;
            }
        }
        panic!("not within half a minute");
    }

    impl Server {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        read(stream).await
    }

    /// Whether somebody new is answered; who finds no place is closed at once.
    async fn is_answered(server: &Server) -> bool {
        let mut stream = server.connect().await;
        let mut answer = [0; 1_024];
        let asked = async {
            stream.write_all(REQUEST).await?;
            stream.read(&mut answer).await
        };
        matches!(in_time(asked).await, Ok(length) if length > 0)
    }

    async fn read(stream: &mut TcpStream) -> String {
        let mut answer = [0; 1_024];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    /// Waits for the end that the server makes.
    async fn end(stream: &mut TcpStream) {
        let mut rest = Vec::new();
        // A connection that was cut may end by a reset.
        let _ = in_time(stream.read_to_end(&mut rest)).await;
    }

    #[tokio::test]
    async fn beyond_the_limit_the_one_that_has_waited_longest_is_closed() {
        let server = start(GENEROUS).await;
        let (mut first, mut second) = (server.connect().await, server.connect().await);
        assert!(ask(&mut first).await.ends_with("here"));
        assert!(ask(&mut second).await.ends_with("here"));
        assert!(ask(&mut first).await.ends_with("here"), "the first has asked last");
        let mut third = server.connect().await;
        assert!(ask(&mut third).await.ends_with("here"));
        end(&mut second).await;
        assert!(ask(&mut first).await.ends_with("here"));
        assert!(server.count.get() <= 2);
    }

    #[tokio::test]
    async fn whoever_is_being_answered_is_never_closed() {
        let server = start(GENEROUS).await;
        let (mut first, mut second) = (server.connect().await, server.connect().await);
        for stream in [&mut first, &mut second] {
            stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        }
        // Both work when both wait for a permit; a third one then finds no place.
        while is_answered(&server).await {}
        end(&mut server.connect().await).await;
        server.slow.add_permits(2);
        assert!(read(&mut first).await.ends_with("slow"));
        assert!(read(&mut second).await.ends_with("slow"));
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_rests_or_stays_for_ever_is_sent_away() {
        let brief = Duration::from_millis(50);
        for limits in
            [Limits { head: brief, ..GENEROUS }, Limits { life: brief, ..GENEROUS }, Limits { idle: brief, ..GENEROUS }]
        {
            let server = start(limits).await;
            end(&mut server.connect().await).await;
        }
        let server = start(Limits { head: brief, ..GENEROUS }).await;
        let mut half = server.connect().await;
        half.write_all(b"GET / HT").await.unwrap();
        end(&mut half).await;
    }

    #[tokio::test]
    async fn a_client_may_rest_longer_than_its_head_may_take() {
        let server = start(Limits { head: Duration::from_millis(600), ..GENEROUS }).await;
        let mut client = server.connect().await;
        assert!(ask(&mut client).await.ends_with("here"));
        assert!(timeout(Duration::from_millis(1_500), read(&mut client)).await.is_err(), "it is not closed");
        assert!(ask(&mut client).await.ends_with("here"));
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_dropped() {
        let server = start(Limits { answer: Duration::from_millis(300), ..GENEROUS }).await;
        let mut silent = server.connect().await;
        silent.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut other = server.connect().await;
        while server.count.get() > 1 || server.count.get() == 0 {
            // The other one keeps the server awake.
            assert!(ask(&mut other).await.ends_with("here"));
            tokio::task::yield_now().await;
        }
        assert!(ask(&mut other).await.ends_with("here"));
        end(&mut silent).await;
    }

    #[tokio::test]
    async fn a_stream_goes_as_chunks_where_there_are_any_and_ends_with_its_client() {
        let server = start(GENEROUS).await;
        for (version, ending) in
            [("1.1", "9\r\ndata: 1\n\n\r\n9\r\ndata: 1\n\n\r\n"), ("1.0", "\r\n\r\ndata: 1\n\ndata: 1\n\n")]
        {
            let mut client = server.connect().await;
            client.write_all(format!("GET /events HTTP/{version}\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
            let mut text = String::new();
            for events in 1..=2 {
                server.slow.add_permits(1);
                while text.matches("data").count() < events {
                    text += &read(&mut client).await;
                }
            }
            assert!(text.starts_with(&format!("HTTP/{version} 200 OK\r\n")) && text.ends_with(ending), "{text}");
            assert_eq!(text.contains("transfer-encoding: chunked\r\n"), version == "1.1", "{text}");
            drop(client);
            let is_gone = async {
                while server.count.get() > 0 {
                    tokio::task::yield_now().await;
                }
            };
            // Its place is free, though nothing is said.
            in_time(is_gone).await;
        }
    }

    #[tokio::test]
    async fn at_the_end_idle_connections_are_closed() {
        let server = start(GENEROUS).await;
        let mut idle = server.connect().await;
        assert!(ask(&mut idle).await.ends_with("here"));
        server.close.send(()).unwrap();
        in_time(server.task).await.unwrap();
        assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(server.count.get(), 0);
    }
}
