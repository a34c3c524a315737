//! A stream of events by HTTP/1.1, from the end of its head on.
//!
//! hyper holds two buffers of 8 KiB for a connection for as long as it serves it, which would be most of what a stream costs.
//! So it writes the head and hands the connection over, and the events are written from where they lie.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use axum::http::Response;
use bytes::Buf;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;

use super::peer::{Answer, Peer};

/// So many pieces of what a stream says go as one chunk.
const PIECES: usize = 16;

/// Where a stream waits for whoever goes on with it.
#[derive(Default)]
pub(super) struct Handover {
    answer: Mutex<Option<Answer>>,
    /// Its head is on its way.
    is_due: Notify,
}

impl Handover {
    /// Keeps the body of a stream that may go as chunks, and lets hyper have one that says nothing; any other it may have.
    pub(super) fn keep(handover: Option<Arc<Handover>>, response: Response<Answer>) -> Response<Sent> {
        response.map(|answer| match handover {
            Some(handover) if answer.is_stream() => {
                *handover.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
                Sent::Kept(handover)
            }
            _ => Sent::Whole(answer),
        })
    }

    /// The body of a stream, when the client has been sent its head.
    pub(super) async fn taken(&self, peer: &Peer) -> Answer {
        loop {
            self.is_due.notified().await;
            // What hyper writes it has written when it is not blocked: it flushes before it rests.
            poll_fn(|cx| peer.poll_blocked(cx)).await;
            if let Some(answer) = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return answer;
            }
        }
    }
}

/// What hyper sends of an answer.
pub(super) enum Sent {
    /// All of it.
    Whole(Answer),
    /// The head.
    Kept(Arc<Handover>),
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Sent::Whole(answer) => Pin::new(answer).poll_frame(cx),
            // Asked for the body, hyper has encoded the head.
            Sent::Kept(handover) => {
                handover.is_due.notify_one();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Sent::Whole(answer) if answer.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Sent::Whole(answer) => answer.size_hint(),
            Sent::Kept(_) => SizeHint::default(),
        }
    }
}

/// Sends a stream as the chunks that its head has promised; ends when the stream does, or when the client is gone.
pub(super) async fn send<S>(mut stream: S, answer: Answer) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut events, mut is_listening) = (Events { answer, has_ended: false }, true);
    loop {
        let mut word = [0; 1];
        let pieces = tokio::select! {
            pieces = poll_fn(|cx| events.poll_next(cx)) => pieces?,
            heard = stream.read(&mut word), if is_listening => {
                if heard? == 0 {
                    return Ok(());
                }
                // Whoever asks on before the end is not answered here, and not listened to any more.
                is_listening = false;
                continue;
            }
        };
        let Some(pieces) = pieces else { break };
        let length = Bytes::from(format!("{:x}\r\n", pieces.remaining()));
        stream.write_all_buf(&mut length.chain(pieces).chain(&b"\r\n"[..])).await?;
        stream.flush().await?;
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.shutdown().await
}

/// What a stream says.
struct Events {
    answer: Answer,
    has_ended: bool,
}

impl Events {
    /// All that it has to say now; `None` at its end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Pieces>>> {
        let mut pieces = Pieces::default();
        while pieces.0.len() < PIECES && !self.has_ended {
            match Pin::new(&mut self.answer).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => pieces.0.extend(frame.into_data().ok().filter(|data| !data.is_empty())),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(io::Error::other(error))),
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending if pieces.0.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok((!pieces.0.is_empty()).then_some(pieces)))
    }
}

/// Bytes that go together though they lie apart; none of the pieces is empty.
#[derive(Default)]
struct Pieces(VecDeque<Bytes>);

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pairs = slices.iter_mut().zip(&self.0);
        pairs.map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(piece) = self.0.front_mut() {
            if count < piece.len() {
                return piece.advance(count);
            }
            count -= piece.len();
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::connections::peer::Asked;
    use crate::serve::connections::tests::in_time;
    use axum::body::Body;
    use axum::http::header::CONTENT_TYPE;
    use futures_util::stream::{self, Stream};
    use std::convert::Infallible;

    fn answer(events: impl Stream<Item = &'static str> + Send + 'static) -> Answer {
        use futures_util::StreamExt as _;
        let body = Body::from_stream(events.map(Ok::<_, Infallible>));
        let response = Response::builder().header(CONTENT_TYPE, "text/event-stream").body(body).unwrap();
        Asked::begin(&Arc::new(Peer::new()), None).answered(response).into_body()
    }

    #[tokio::test]
    async fn what_is_said_at_once_is_one_chunk_and_the_end_is_said_too() {
        let (near, mut far) = tokio::io::duplex(16);
        let sending = tokio::spawn(send(near, answer(stream::iter(["data: 1\n\n", "", "data: 22\n\n"]))));
        let mut text = String::new();
        in_time(far.read_to_string(&mut text)).await.unwrap();
        assert_eq!(text, "13\r\ndata: 1\n\ndata: 22\n\n\r\n0\r\n\r\n");
        in_time(sending).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn many_pieces_come_in_their_order() {
        let (near, mut far) = tokio::io::duplex(7);
        tokio::spawn(send(near, answer(stream::iter((0..40).map(|piece| ["a", "bb", "ccc"][piece % 3])))));
        let mut text = String::new();
        in_time(far.read_to_string(&mut text)).await.unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        let all = "abbccc".repeat(14);
        assert_eq!(lines[1].to_owned() + lines[3] + lines[5], all[..all.len() - 5]);
        assert_eq!(lines[6..], ["0", "", ""]);
        assert_eq!(usize::from_str_radix(lines[0], 16).unwrap(), lines[1].len());
    }

    #[tokio::test]
    async fn a_client_that_is_gone_ends_it_though_nothing_is_said() {
        let (near, far) = tokio::io::duplex(64);
        let sending = tokio::spawn(send(near, answer(stream::pending())));
        drop(far);
        in_time(sending).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_says_more_hears_the_rest() {
        let (near, mut far) = tokio::io::duplex(64);
        let (word, words) = tokio::sync::watch::channel(0);
        let events =
            stream::unfold(words, async |mut words| words.changed().await.ok().map(|()| ("data: 1\n\n", words)));
        let sending = tokio::spawn(send(near, answer(events)));
        far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        tokio::task::yield_now().await;
        word.send(1).unwrap();
        let mut chunk = [0; 14];
        in_time(far.read_exact(&mut chunk)).await.unwrap();
        assert_eq!(&chunk, b"9\r\ndata: 1\n\n\r\n");
        drop(word);
        in_time(sending).await.unwrap().unwrap();
    }
}
