//! What one client is doing, noted by its connection and judged by the registry.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Response;
use axum::http::header::CONTENT_TYPE;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;

/// What a connection is for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Activity {
    /// No request: the head has not come whole, or the client rests between two requests.
    Waiting,
    /// A request is being answered.
    Working,
    /// The answer is a stream of events, which does not end by itself.
    Streaming,
}

/// No instant, where one is noted as milliseconds since the birth of the connection.
const NEVER: u64 = u64::MAX;

/// One client.
#[derive(Debug)]
pub(super) struct Peer {
    born: Instant,
    activity: AtomicU8,
    /// When the activity began.
    since: AtomicU64,
    /// When the first byte of the next head came.
    head_since: AtomicU64,
    /// Since when it has not taken what is written to it.
    blocked_since: AtomicU64,
    /// Those who have more for it once it has taken that.
    delayed: Mutex<Vec<Waker>>,
    /// How many requests it has made.
    requests: AtomicU64,
    cut: Notify,
}

impl Peer {
    pub(super) fn new() -> Peer {
        Peer {
            born: Instant::now(),
            activity: AtomicU8::new(Activity::Waiting as u8),
            since: AtomicU64::new(0),
            // A new connection owes a head at once.
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(NEVER),
            delayed: Mutex::default(),
            requests: AtomicU64::new(0),
            cut: Notify::new(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(NEVER - 1)
    }

    fn after(&self, mark: &AtomicU64) -> Option<Duration> {
        let mark = Some(mark.load(Ordering::Relaxed)).filter(|mark| *mark != NEVER)?;
        Some(Duration::from_millis(self.now().saturating_sub(mark)))
    }

    pub(super) fn activity(&self) -> Activity {
        match self.activity.load(Ordering::Relaxed) {
            0 => Activity::Waiting,
            1 => Activity::Working,
            _ => Activity::Streaming,
        }
    }

    fn enter(&self, activity: Activity) {
        self.since.store(self.now(), Ordering::Relaxed);
        self.activity.store(activity as u8, Ordering::Relaxed);
    }

    /// The client waits, and nothing is on its way to it.
    pub(super) fn is_waiting(&self) -> bool {
        self.activity() == Activity::Waiting && self.blocked().is_none()
    }

    /// For how long it has done what it does.
    pub(super) fn since(&self) -> Duration {
        self.after(&self.since).unwrap_or_default()
    }

    /// How long ago the next head began.
    pub(super) fn head(&self) -> Option<Duration> {
        self.after(&self.head_since)
    }

    /// For how long it has taken nothing of what is written to it.
    pub(super) fn blocked(&self) -> Option<Duration> {
        self.after(&self.blocked_since)
    }

    pub(super) fn note_blocked(&self) {
        let _ = self.blocked_since.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn note_taken(&self) {
        if self.blocked_since.swap(NEVER, Ordering::Relaxed) != NEVER {
            let delayed = std::mem::take(&mut *self.delayed.lock().unwrap_or_else(PoisonError::into_inner));
            delayed.into_iter().for_each(Waker::wake);
        }
    }

    /// Whether there is no use in writing more; the task is woken when there is.
    fn poll_blocked(&self, cx: &Context<'_>) -> Poll<()> {
        let mut delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        // Judged under the lock, so that whoever takes the bytes meanwhile finds the waker.
        if self.blocked().is_none() {
            return Poll::Ready(());
        }
        if !delayed.iter().any(|waker| waker.will_wake(cx.waker())) {
            delayed.push(cx.waker().clone());
        }
        Poll::Pending
    }

    pub(super) fn note_sent(&self) {
        if self.activity() == Activity::Waiting {
            let _ = self.head_since.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// A head has come whole.
    pub(super) fn begin(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(NEVER, Ordering::Relaxed);
        self.enter(Activity::Working);
    }

    /// Lets the connection end at once.
    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Ends when somebody cuts the connection.
    pub(super) async fn is_cut(&self) {
        self.cut.notified().await;
    }
}

/// Gives an answer a body that notes its end.
pub(super) fn answered(response: Response<Body>, peer: &Arc<Peer>) -> Response<Answer> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
        peer.enter(Activity::Streaming);
    }
    response.map(|body| Answer { body, peer: Arc::clone(peer) })
}

/// A body on its way to a peer. It says nothing more before the peer has taken what was said: what waits in the server for a
/// peer that does not read is what a stream had to say at one moment, and afterwards it says how things are then.
pub(super) struct Answer {
    body: Body,
    peer: Arc<Peer>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.peer.enter(Activity::Waiting);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        ready!(this.peer.poll_blocked(cx));
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::task::noop_waker;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_peer_that_takes_nothing_is_not_offered_more() {
        let polled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&polled);
        let events = futures_util::stream::repeat_with(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<Bytes, std::convert::Infallible>(Bytes::from_static(b"event"))
        });
        let peer = Arc::new(Peer::new());
        let mut answer = Answer { body: Body::from_stream(events), peer: Arc::clone(&peer) };
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut poll = |waker: &Waker| Pin::new(&mut answer).poll_frame(&mut Context::from_waker(waker)).is_ready();
        assert!(poll(&waker));

        peer.note_blocked();
        assert!(!poll(&waker) && !poll(&waker) && !poll(&noop_waker()));
        assert_eq!(polled.load(Ordering::Relaxed), 1, "the body was not asked");
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        peer.note_taken();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "once, however often it asked");
        peer.note_taken();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(poll(&waker));
        assert_eq!(polled.load(Ordering::Relaxed), 2);
    }
}
