//! What one client is doing, noted by its connection and judged by the registry.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Response;
use axum::http::header::CONTENT_TYPE;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// What a connection is for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// No request: the head has not come whole, or the client rests between two requests.
    Waiting,
    /// A request is being answered.
    Working,
    /// All that is being answered are streams of events, which do not end by themselves.
    Streaming,
}

/// No instant, where one is noted as nanoseconds since the birth of the connection: of two clients that began within a
/// millisecond it must be known which has waited longer.
const NEVER: u64 = u64::MAX;
/// So many requests a client may take back before they are answered, as a browser does that goes to another page.
const TAKEN_BACK: u32 = 100;

/// One client.
#[derive(Debug)]
pub(super) struct Peer {
    born: Instant,
    /// How many requests are being answered, streams apart.
    working: AtomicU32,
    /// How many answers are streams of events.
    streaming: AtomicU32,
    /// When the last answer ended, or the connection began.
    since: AtomicU64,
    /// When the first byte of the next head came.
    head_since: AtomicU64,
    /// Since when it has not taken what is written to it.
    blocked_since: AtomicU64,
    /// Those who have more for it once it has taken that.
    delayed: Mutex<Vec<Waker>>,
    /// What only a client of HTTP/2 has.
    multiplexed: OnceLock<Box<Multiplexed>>,
    cut: Notify,
}

/// A client that may ask many things at a time.
#[derive(Debug, Default)]
struct Multiplexed {
    requests: AtomicU32,
    /// How many of them it has taken back before they were answered.
    taken_back: AtomicU32,
    /// The answers that have given a piece and were not asked for the next, and since when.
    given: Mutex<BTreeMap<u32, u64>>,
}

impl Peer {
    pub(super) fn new() -> Peer {
        Peer {
            born: Instant::now(),
            working: AtomicU32::new(0),
            streaming: AtomicU32::new(0),
            since: AtomicU64::new(0),
            // A new connection owes a head at once.
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(NEVER),
            delayed: Mutex::default(),
            multiplexed: OnceLock::new(),
            cut: Notify::new(),
        }
    }

    /// From now on it speaks HTTP/2.
    pub(super) fn multiplex(&self) {
        let _ = self.multiplexed.set(Box::default());
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(NEVER - 1)
    }

    fn after(&self, mark: u64) -> Option<Duration> {
        (mark != NEVER).then(|| Duration::from_nanos(self.now().saturating_sub(mark)))
    }

    pub(super) fn activity(&self) -> Activity {
        if self.working.load(Ordering::Relaxed) > 0 {
            Activity::Working
        } else if self.streaming.load(Ordering::Relaxed) > 0 {
            Activity::Streaming
        } else {
            Activity::Waiting
        }
    }

    /// Whether any of its answers is a stream of events.
    pub(super) fn has_streams(&self) -> bool {
        self.streaming.load(Ordering::Relaxed) > 0
    }

    /// The client waits, and nothing is on its way to it.
    pub(super) fn is_waiting(&self) -> bool {
        self.activity() == Activity::Waiting && self.blocked().is_none()
    }

    /// How long ago its last answer ended.
    pub(super) fn since(&self) -> Duration {
        self.rests_since().elapsed()
    }

    /// When its last answer ended, or the connection began.
    pub(super) fn rests_since(&self) -> Instant {
        self.born + Duration::from_nanos(self.since.load(Ordering::Relaxed))
    }

    /// How long ago the next head began, which has not come whole.
    pub(super) fn head(&self) -> Option<Duration> {
        self.after(self.head_since.load(Ordering::Relaxed))
    }

    /// For how long it has taken nothing of what is written to it, or of one of its answers.
    pub(super) fn blocked(&self) -> Option<Duration> {
        let given = self.multiplexed.get().and_then(|multiplexed| {
            multiplexed.given.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
        });
        self.after(self.blocked_since.load(Ordering::Relaxed).min(given.unwrap_or(NEVER)))
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
    pub(super) fn poll_blocked(&self, cx: &Context<'_>) -> Poll<()> {
        let mut delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        // Judged under the lock, so that whoever takes the bytes meanwhile finds the waker.
        if self.blocked_since.load(Ordering::Relaxed) == NEVER {
            return Poll::Ready(());
        }
        if !delayed.iter().any(|waker| waker.will_wake(cx.waker())) {
            delayed.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Of a client of HTTP/2: a head has come whole, and the next one has begun.
    pub(super) fn note_head(&self, has_ended: bool, is_open: bool) {
        if has_ended {
            self.head_since.store(NEVER, Ordering::Relaxed);
        }
        if is_open {
            let _ = self.head_since.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Of a client of HTTP/1.1, which says nothing but heads.
    pub(super) fn note_sent(&self) {
        if self.activity() == Activity::Waiting && self.multiplexed.get().is_none() {
            let _ = self.head_since.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
        }
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

/// A request from its whole head to the end of its answer.
#[derive(Debug)]
pub(super) struct Asked {
    peer: Arc<Peer>,
    /// Among the requests of a client of HTTP/2.
    number: u32,
    /// What its answer is; `None` while there is none.
    answer: Option<Activity>,
    /// One of those that all clients of HTTP/2 share.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Asked {
    /// A head has come whole.
    pub(super) fn begin(peer: &Arc<Peer>, permit: Option<OwnedSemaphorePermit>) -> Asked {
        if peer.multiplexed.get().is_none() {
            peer.head_since.store(NEVER, Ordering::Relaxed);
        }
        peer.working.fetch_add(1, Ordering::Relaxed);
        let number =
            peer.multiplexed.get().map_or(0, |multiplexed| multiplexed.requests.fetch_add(1, Ordering::Relaxed));
        Asked { peer: Arc::clone(peer), number, answer: None, _permit: permit }
    }

    /// Gives the answer a body that notes its end.
    pub(super) fn answered(mut self, response: Response<Body>) -> Response<Answer> {
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        self.answer = Some(Activity::Working);
        if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            self.peer.streaming.fetch_add(1, Ordering::Relaxed);
            self.peer.working.fetch_sub(1, Ordering::Relaxed);
            self.answer = Some(Activity::Streaming);
        }
        response.map(|body| Answer { body, asked: self, rest: Bytes::new(), has_given: false })
    }

    /// The next piece waits until the client takes it.
    fn note_given(&self) {
        if let Some(multiplexed) = self.peer.multiplexed.get() {
            let mut given = multiplexed.given.lock().unwrap_or_else(PoisonError::into_inner);
            given.insert(self.number, self.peer.now());
        }
    }

    /// The client has taken what was given.
    fn note_asked_on(&self) {
        if let Some(multiplexed) = self.peer.multiplexed.get() {
            multiplexed.given.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let peer = &self.peer;
        self.note_asked_on();
        if self.answer.is_none()
            && let Some(multiplexed) = peer.multiplexed.get()
        {
            let taken_back = multiplexed.taken_back.fetch_add(1, Ordering::Relaxed);
            // Each costs the work that was begun, and a client that takes back at once is held up by no limit of its own.
            if taken_back > TAKEN_BACK && taken_back > multiplexed.requests.load(Ordering::Relaxed) / 2 {
                peer.cut();
            }
        }
        peer.since.store(peer.now(), Ordering::Relaxed);
        let count = if self.answer == Some(Activity::Streaming) { &peer.streaming } else { &peer.working };
        count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The largest piece that a client of HTTP/2 is given at a time.
const PIECE: usize = 16 * 1024;
/// The largest last piece of what is given: HTTP/2 lets an answer end before the client has taken its last piece.
const LAST: usize = 1_024;

/// A body on its way to a peer. It says nothing more before the peer has taken what was said: what waits in the server for a
/// peer that does not read is what a stream had to say at one moment, and afterwards it says how things are then.
pub(super) struct Answer {
    body: Body,
    asked: Asked,
    /// What the body has said and was not given on yet, of an answer by HTTP/2.
    rest: Bytes,
    has_given: bool,
}

impl Answer {
    /// Whether it is a stream of events.
    pub(super) fn is_stream(&self) -> bool {
        self.asked.answer == Some(Activity::Streaming)
    }

    /// The next piece of what is left.
    fn piece(&mut self) -> Bytes {
        let size = if self.rest.len() > LAST { PIECE.min(self.rest.len() - LAST) } else { self.rest.len() };
        self.rest.split_to(size)
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.asked.peer.multiplexed.get().is_none() {
            ready!(this.asked.peer.poll_blocked(cx));
            return Pin::new(&mut this.body).poll_frame(cx);
        }
        // Whoever asks for the next piece has sent the one before, or is allowed to.
        if std::mem::take(&mut this.has_given) {
            this.asked.note_asked_on();
        }
        ready!(this.asked.peer.poll_blocked(cx));
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        this.asked.note_given();
        this.has_given = true;
        Poll::Ready(Some(Ok(Frame::data(this.piece()))))
    }

    fn is_end_stream(&self) -> bool {
        // An answer by HTTP/2 that has a body ends when it is asked for more and has none: all before is on its way then.
        self.body.is_end_stream() && self.rest.is_empty() && !self.has_given
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
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
        let mut answer = Asked::begin(&peer, None).answered(Response::new(Body::from_stream(events))).into_body();
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
