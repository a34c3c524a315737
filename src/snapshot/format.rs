//! The bytes of one object.
//!
//! ```text
//! magic  format
//! block*              kind 1 byte · length compressed and raw, 4 bytes each · XXH3-64 of all that and the content · content
//! ```
//! Numbers are little-endian, contents compressed by zstd. The first block is the header and the second the directory, both
//! JSON; then come the items, in blocks of about a mebibyte, and at last how many there were, so that an object that was
//! cut off between two blocks is found out too.

use std::io;

use object_store::{PutPayload, PutPayloadMut};
use xxhash_rust::xxh3::Xxh3;

use super::header::Header;
use crate::engine::directory::Listing;
use crate::engine::shard::{Contents, Image, Kind};

/// The version of everything in these objects, the byte form of journeys and the table of currencies included.
pub const FORMAT: u32 = 1;

const MAGIC: &[u8; 16] = b"salespulse state";
/// Kind, two lengths, checksum.
const HEAD: usize = 1 + 4 + 4 + 8;
/// No block is nearly as long: it would be a directory of some millions of names. A length beyond is damage, and must not
/// become an allocation.
const LONGEST_BLOCK: usize = 256 << 20;
/// Ids and hashes do not compress, and what else there is does well enough at the fastest.
const LEVEL: i32 = 1;

const HEADER: u8 = 0x10;
const LISTING: u8 = 0x11;
const END: u8 = 0x12;

/// What a block is.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Where the object comes from, and how far it reaches.
    Header(Box<Header>),
    /// The names that its numbers stand for.
    Listing(Listing),
    /// Items of an image.
    Block(Kind, Vec<u8>),
    /// All blocks were there.
    End(Contents),
}

/// Writes an image; answers what it holds and its bytes. They are in pieces, so that they are never copied together.
///
/// # Errors
/// If zstd or the header cannot be written, which needs memory only.
pub fn encode(header: &Header, listing: &Listing, image: &Image) -> io::Result<(Contents, PutPayload)> {
    let mut pieces = Pieces { compressor: zstd::bulk::Compressor::new(LEVEL)?, done: PutPayloadMut::new() };
    pieces.done.push([MAGIC.as_slice(), &FORMAT.to_le_bytes()].concat().into());
    pieces.add(HEADER, &serde_json::to_vec(header)?)?;
    pieces.add(LISTING, &serde_json::to_vec(listing)?)?;
    let contents = image.write(|kind, block| pieces.add(kind as u8, block))?;
    pieces.add(END, &serde_json::to_vec(&contents)?)?;
    Ok((contents, pieces.done.freeze()))
}

struct Pieces {
    compressor: zstd::bulk::Compressor<'static>,
    done: PutPayloadMut,
}

impl Pieces {
    fn add(&mut self, kind: u8, raw: &[u8]) -> io::Result<()> {
        let content = self.compressor.compress(raw)?;
        // What nobody would read must not be written: three such rounds would take the place of good ones.
        let too_long =
            || io::Error::other(format!("a block is longer than {LONGEST_BLOCK} bytes: there are too many names"));
        let length = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= LONGEST_BLOCK);
            length.ok_or_else(too_long)
        };
        let mut head = vec![kind];
        head.extend_from_slice(&length(&content)?.to_le_bytes());
        head.extend_from_slice(&length(raw)?.to_le_bytes());
        head.extend_from_slice(&checksum(&head, &content).to_le_bytes());
        self.done.push(head.into());
        self.done.push(content.into());
        Ok(())
    }
}

fn checksum(head: &[u8], content: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(head);
    hasher.update(content);
    hasher.digest()
}

/// Why an object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// It was written by another version of salespulse.
    #[error(
        "it has format {0}, and this version of salespulse reads format {FORMAT}; use the version that wrote it, or let \
             salespulse read the topics from their beginning"
    )]
    OtherFormat(u32),
}

/// Reads an object from its bytes, which come piece by piece. Whatever it gives is as it was written.
pub struct Decoder {
    decompressor: zstd::bulk::Decompressor<'static>,
    /// What came and was not read yet begins at `read`.
    bytes: Vec<u8>,
    read: usize,
    is_begun: bool,
}

impl Decoder {
    /// A reader of one object.
    ///
    /// # Errors
    /// If there is no memory for zstd.
    pub fn new() -> io::Result<Decoder> {
        let decompressor = zstd::bulk::Decompressor::new()?;
        Ok(Decoder { decompressor, bytes: Vec::new(), read: 0, is_begun: false })
    }

    /// Takes the next bytes of the object.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next item; `None` if more bytes must come first.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn item(&mut self) -> Result<Option<Item>, FormatError> {
        if !self.is_begun && !self.begin()? {
            return Ok(None);
        }
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let Some((head, rest)) = rest.split_first_chunk::<HEAD>() else { return Ok(None) };
        let [kind, l0, l1, l2, l3, r0, r1, r2, r3, sum @ ..] = *head;
        let (length, raw) = (u32::from_le_bytes([l0, l1, l2, l3]), u32::from_le_bytes([r0, r1, r2, r3]));
        let (length, raw) = (length as usize, raw as usize);
        if length.max(raw) > LONGEST_BLOCK {
            return Err(FormatError::Damaged("a block is longer than any can be"));
        }
        let Some(content) = rest.get(..length) else { return Ok(None) };
        let summed = head.get(..HEAD - 8).unwrap_or_default();
        if checksum(summed, content) != u64::from_le_bytes(sum) {
            return Err(FormatError::Damaged("a checksum is wrong"));
        }
        let content = self.decompressor.decompress(content, raw);
        let content = content.map_err(|_| FormatError::Damaged("a block cannot be decompressed"))?;
        self.read += HEAD + length;
        item(kind, content).map(Some)
    }

    /// Reads what every object begins with; false if more bytes must come first.
    fn begin(&mut self) -> Result<bool, FormatError> {
        let Some((magic, rest)) = self.bytes.split_first_chunk::<{ MAGIC.len() }>() else { return Ok(false) };
        if magic != MAGIC {
            return Err(FormatError::Damaged("it does not begin as a snapshot does"));
        }
        let Some((format, _)) = rest.split_first_chunk::<4>() else { return Ok(false) };
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Err(FormatError::OtherFormat(format));
        }
        self.read = MAGIC.len() + 4;
        self.is_begun = true;
        Ok(true)
    }
}

fn item(kind: u8, content: Vec<u8>) -> Result<Item, FormatError> {
    const WRONG_JSON: FormatError = FormatError::Damaged("a block is not the JSON it should be");
    match kind {
        HEADER => serde_json::from_slice(&content).map(Item::Header).map_err(|_| WRONG_JSON),
        LISTING => serde_json::from_slice(&content).map(Item::Listing).map_err(|_| WRONG_JSON),
        END => serde_json::from_slice(&content).map(Item::End).map_err(|_| WRONG_JSON),
        kind => match Kind::of(kind) {
            Some(kind) => Ok(Item::Block(kind, content)),
            None => Err(FormatError::Damaged("a block is of no known kind")),
        },
    }
}

/// Whether these are all bytes of an object.
#[must_use]
pub fn is_whole(bytes: &[u8]) -> bool {
    let Ok(mut decoder) = Decoder::new() else { return false };
    decoder.push(bytes);
    while let Ok(Some(item)) = decoder.item() {
        if matches!(item, Item::End(_)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_nobody_would_read_is_not_written() {
        let compressor = zstd::bulk::Compressor::new(LEVEL).unwrap();
        let mut pieces = Pieces { compressor, done: PutPayloadMut::new() };
        pieces.add(LISTING, &vec![0; LONGEST_BLOCK]).unwrap();
        let refused = pieces.add(LISTING, &vec![0; LONGEST_BLOCK + 1]).unwrap_err();
        assert!(refused.to_string().contains("too many names"), "{refused}");
    }
}
