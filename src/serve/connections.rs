//! Connections: how many there may be at once, and how long a client may take.
//!
//! At the limit no more are accepted: they wait in the system's own queue, which is bounded too, until one ends.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::health::{Metrics, Rarely};

/// After a connection could not be accepted, most likely for want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// What a client is granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many connections there may be.
    pub(super) connections: u32,
    /// How long the head of a request may take, from the end of the one before.
    pub(super) head: Duration,
    /// How long a connection may live; what is being answered then is answered still.
    pub(super) life: Duration,
    /// How long that answer may take.
    pub(super) last_answer: Duration,
}

/// Accepts connections until `closed` completes, and ends when all of them have.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    metrics: Arc<Metrics>,
    closed: impl Future<Output = ()>,
) {
    let (places, rarely) = (Arc::new(Semaphore::new(limits.connections as usize)), Rarely::default());
    let (closing, is_closing) = watch::channel(());
    let mut closed = pin!(closed);
    loop {
        let next = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) };
        let accepted = tokio::select! {
            () = &mut closed => break,
            accepted = next => accepted,
        };
        match accepted {
            (Ok(place), Ok((stream, _))) => {
                let (router, is_closing, metrics) = (router.clone(), is_closing.clone(), Arc::clone(&metrics));
                metrics.http_connections.inc();
                tokio::spawn(async move {
                    serve(stream, router, limits, is_closing).await;
                    metrics.http_connections.dec();
                    drop(place);
                });
            }
            // The semaphore is never closed.
            (Err(_), _) => return,
            (_, Err(error)) => {
                if let Some(untold) = rarely.tell() {
                    warn!(%error, untold, "a connection cannot be accepted");
                }
                sleep(PAUSE).await;
            }
        }
    }
    drop((listener, closing));
    // Whoever has all places has waited for all connections.
    let _ = places.acquire_many(limits.connections).await;
}

/// Serves one connection until it ends, its life is over, or everything ends.
async fn serve(stream: TcpStream, router: Router, limits: Limits, mut is_closing: watch::Receiver<()>) {
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
    );
    tokio::select! {
        served = connection.as_mut() => {
            if let Err(error) = served {
                // What a client does is no trouble of ours.
                debug!(%error, "a connection ended early");
            }
            return;
        }
        _ = is_closing.changed() => {}
        () = sleep(limits.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.last_answer, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    /// Longer than any test waits.
    const NEVER: Duration = Duration::from_secs(600);
    const GENEROUS: Limits = Limits { connections: 2, head: NEVER, life: NEVER, last_answer: NEVER };

    struct Server {
        address: SocketAddr,
        metrics: Arc<Metrics>,
        close: oneshot::Sender<()>,
        task: JoinHandle<()>,
    }

    async fn start(limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = Metrics::new(std::iter::empty()).unwrap();
        let (close, closed) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(async || "here"));
        let accepting = accept(listener, router, limits, Arc::clone(&metrics), async { drop(closed.await) });
        Server { address, metrics, close, task: tokio::spawn(accepting) }
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 1_024];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    #[tokio::test]
    async fn beyond_the_limit_a_client_waits_until_another_has_gone() {
        let server = start(GENEROUS).await;
        let connect = || TcpStream::connect(server.address);
        let (mut first, mut second) = (connect().await.unwrap(), connect().await.unwrap());
        assert!(ask(&mut first).await.ends_with("here"));
        assert!(ask(&mut second).await.ends_with("here"));
        assert_eq!(server.metrics.http_connections.get(), 2);
        let mut third = connect().await.unwrap();
        let waited = timeout(Duration::from_millis(200), ask(&mut third)).await;
        assert!(waited.is_err(), "two are allowed, and a third was answered");
        drop(first);
        let mut answer = [0; 1_024];
        let length = third.read(&mut answer).await.unwrap();
        assert!(String::from_utf8_lossy(&answer[..length]).ends_with("here"));
        assert_eq!(server.metrics.http_connections.get(), 2);
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_or_stays_for_ever_is_sent_away() {
        let brief = Duration::from_millis(50);
        for limits in [Limits { head: brief, ..GENEROUS }, Limits { life: brief, ..GENEROUS }] {
            let server = start(limits).await;
            let mut silent = TcpStream::connect(server.address).await.unwrap();
            let mut end = Vec::new();
            // Ends when the server does; it would wait for ever otherwise.
            timeout(Duration::from_secs(30), silent.read_to_end(&mut end)).await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn at_the_end_idle_connections_are_closed() {
        let server = start(GENEROUS).await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        assert!(ask(&mut idle).await.ends_with("here"));
        server.close.send(()).unwrap();
        timeout(Duration::from_secs(30), server.task).await.unwrap().unwrap();
        assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(server.metrics.http_connections.get(), 0);
    }
}
