//! The text of an exposition as a body: shared by all who take it, compressed where it is large.

use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use bytes::Buf as _;
use bytes::buf::Reader;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use flate2::write;
use hyper::body::{Frame, SizeHint};

/// A text up to so many bytes is kept as it is: what it weighs does not matter.
const SMALL_BYTES: usize = 64 * 1024;
/// A body comes in pieces of so many bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// A text; copies share its bytes.
#[derive(Clone, Debug)]
pub(super) struct Text {
    bytes: Bytes,
    /// The length of the text itself, where `bytes` are its gzip form.
    packed_length: Option<usize>,
}

/// A text that is being written. A large one is packed as it comes: the memory of the whole of it would cost more time than
/// to write and to pack it.
pub(super) struct Writing {
    packer: write::GzEncoder<Vec<u8>>,
    /// How many bytes have been packed.
    length: usize,
    packed: io::Result<()>,
}

impl Writing {
    pub(super) fn begin() -> Writing {
        let packer = write::GzEncoder::new(Vec::new(), Compression::fast());
        Writing { packer, length: 0, packed: Ok(()) }
    }

    /// Takes a piece away and packs it.
    pub(super) fn take(&mut self, piece: &mut String) {
        self.length += piece.len();
        if self.packed.is_ok() {
            self.packed = self.packer.write_all(piece.as_bytes());
        }
        piece.clear();
    }

    /// The text, of which this is the last piece.
    ///
    /// # Errors
    /// Those of the packer, which has no reason for any.
    pub(super) fn end(mut self, mut last: String) -> io::Result<Text> {
        if self.length == 0 && last.len() <= SMALL_BYTES {
            return Ok(Text { bytes: last.into(), packed_length: None });
        }
        self.take(&mut last);
        self.packed?;
        let mut bytes = self.packer.finish()?;
        bytes.shrink_to_fit();
        Ok(Text { bytes: bytes.into(), packed_length: Some(self.length) })
    }
}

impl Text {
    /// The gzip form as a body; a small text is packed now, which takes no time.
    pub(super) fn gzip(&self) -> Option<Body> {
        match self.packed_length {
            Some(_) => Some(Body::new(Pieces(self.bytes.clone()))),
            None => gzip(&self.bytes).map(Body::from),
        }
    }

    /// The text as a body.
    pub(super) fn plain(&self) -> Body {
        match self.packed_length {
            None => Body::from(self.bytes.clone()),
            Some(length) => Body::new(Unpacking { decoder: GzDecoder::new(self.bytes.clone().reader()), left: length }),
        }
    }
}

/// The gzip form of a text. The lowest level makes an eighth of it; the default a tenth, for more of the time that the shards could
/// use.
pub(super) fn gzip(text: &[u8]) -> Option<Bytes> {
    let mut packed = Vec::with_capacity(text.len() / 8);
    GzEncoder::new(text, Compression::fast()).read_to_end(&mut packed).ok()?;
    packed.shrink_to_fit();
    Some(packed.into())
}

/// Bytes piece by piece, none of them copied.
struct Pieces(Bytes);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let left = &mut self.get_mut().0;
        let piece = left.split_to(left.len().min(PIECE_BYTES));
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// A text that is unpacked as fast as it is taken.
struct Unpacking {
    decoder: GzDecoder<Reader<Bytes>>,
    left: usize,
}

impl HttpBody for Unpacking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let mut piece = Vec::with_capacity(this.left.min(PIECE_BYTES));
        let read = this.decoder.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece);
        this.left = this.left.saturating_sub(piece.len());
        Poll::Ready(match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(Frame::data(piece.into()))),
            Err(error) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body) -> Bytes {
        axum::body::to_bytes(body, usize::MAX).await.unwrap()
    }

    /// The text in pieces of some lines.
    fn written(text: &str) -> Text {
        let (mut writing, mut last) = (Writing::begin(), String::new());
        for (number, line) in text.split_inclusive('\n').enumerate() {
            last.push_str(line);
            if number % 700 == 699 {
                writing.take(&mut last);
            }
        }
        writing.end(last).unwrap()
    }

    #[tokio::test]
    async fn a_large_text_is_small_in_memory_and_whole_for_everybody() {
        let line = "sales_rep_revenue{rep=\"rep-1013\",team=\"north\",currency=\"CNY\",window=\"mtd\"} 191675.44\n";
        let whole = line.repeat(50_000);
        let text = written(&whole);
        assert!(text.bytes.len() < whole.len() / 8, "{}", text.bytes.len());
        assert_eq!(text.plain().size_hint().exact(), Some(whole.len() as u64));
        assert_eq!(read(text.plain()).await, whole);
        let mut unpacked = String::new();
        GzDecoder::new(&*read(text.gzip().unwrap()).await).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, whole);
        let one_piece = "a 1\n".repeat(20_000);
        assert_eq!(read(Writing::begin().end(one_piece.clone()).unwrap().plain()).await, one_piece);
    }

    #[tokio::test]
    async fn a_small_text_stays_as_it_is() {
        let text = written("a 1\n");
        assert!(text.packed_length.is_none() && text.gzip().is_some());
        assert_eq!(read(text.plain()).await, "a 1\n");
    }
}
