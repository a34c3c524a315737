//! The bytes of a client of HTTP/2 on their way to hyper, of which this notes when a head begins and ends.
//!
//! A head may come in many frames, and until its last one nothing else may come: a client that leaves it out would hold its
//! connection, and whatever it is being answered, for as long as it likes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::peer::Peer;

/// What every client says first.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// The length of the rest (3 bytes), the kind, flags, and the number of the stream (4 bytes).
const FRAME_HEAD: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// A connection whose heads its peer is noted for.
pub(super) struct Heads<S> {
    stream: S,
    peer: Arc<Peer>,
    frames: Frames,
}

impl<S> Heads<S> {
    pub(super) fn new(stream: S, peer: Arc<Peer>) -> Heads<S> {
        Heads { stream, peer, frames: Frames::default() }
    }
}

/// Where in a client's frames its bytes have come to.
struct Frames {
    /// How much of the present frame is still to come.
    left: usize,
    /// What has come of the next frame's head.
    head: [u8; FRAME_HEAD],
    filled: usize,
    /// Whether the present frame is the last one of a request's head.
    is_last: bool,
    /// Whether the head of a request has begun and not ended.
    is_in_head: bool,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames { left: PREFACE, head: [0; FRAME_HEAD], filled: 0, is_last: false, is_in_head: false }
    }
}

impl Frames {
    /// Takes the next bytes; whether a request's head has ended in them.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let mut has_ended = false;
        for byte in bytes {
            if self.left > 0 {
                self.left -= 1;
            } else if let Some(place) = self.head.get_mut(self.filled) {
                *place = *byte;
                self.filled += 1;
                if self.filled < FRAME_HEAD {
                    continue;
                }
                self.begin();
            }
            if self.left == 0 && std::mem::take(&mut self.is_last) {
                self.is_in_head = false;
                has_ended = true;
            }
        }
        has_ended
    }

    fn begin(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.head;
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.filled = 0;
        if kind == HEADERS || kind == CONTINUATION {
            self.is_in_head = true;
            self.is_last = flags & END_HEADERS != 0;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        let has_ended = this.frames.take(buffer.filled().get(before..).unwrap_or_default());
        this.peer.note_head(has_ended, this.frames.is_in_head);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// Whether a head is open after each byte.
    fn open(frames: &[Vec<u8>]) -> Vec<bool> {
        let mut state = Frames::default();
        state.take(&[0; PREFACE]);
        frames.concat().iter().map(|byte| (state.take(&[*byte]), state.is_in_head).1).collect()
    }

    #[test]
    fn a_head_is_open_from_its_first_frame_to_the_end_of_its_last() {
        let settings = frame(4, 0, &[0; 6]);
        assert!(!open(&[settings.clone(), frame(0, END_HEADERS, b"data")]).contains(&true), "there is no head");
        let whole = open(&[settings.clone(), frame(HEADERS, END_HEADERS, b"abc"), settings.clone()]);
        let first = settings.len() + FRAME_HEAD - 1;
        let last = first + 3;
        let expected: Vec<bool> = (0..whole.len()).map(|byte| (first..last).contains(&byte)).collect();
        assert_eq!(whole, expected);
        let parts = [frame(HEADERS, 0, b"ab"), frame(CONTINUATION, 0, b""), frame(CONTINUATION, END_HEADERS, b"")];
        let parts = open(&parts);
        assert_eq!(parts.iter().position(|is_open| *is_open), Some(FRAME_HEAD - 1));
        assert_eq!(parts.iter().rposition(|is_open| *is_open), Some(parts.len() - 2), "up to the last byte");
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut() {
        let all = [vec![0; PREFACE], frame(HEADERS, 0, &[7; 40]), frame(CONTINUATION, END_HEADERS, &[9; 20])].concat();
        for size in 1..all.len() {
            let mut state = Frames::default();
            let ended = all.chunks(size).filter(|bytes| state.take(bytes)).count();
            assert_eq!((ended, state.is_in_head), (1, false), "in pieces of {size}");
        }
        let mut state = Frames::default();
        assert!(state.take(&[&all[..], &frame(HEADERS, 0, b"x")].concat()), "one has ended");
        assert!(state.is_in_head, "and the next one has begun");
    }
}
