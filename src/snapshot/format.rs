//! The bytes of one object.
//!
//! ```text
//! magic  format
//! block*              kind · version · flags · length compressed and raw, 4 bytes each · XXH3-64 of all that and the content
//!                     · content
//! ```
//! Numbers are little-endian, contents compressed by zstd. The first block is the header and the second the directory, both
//! JSON; then come the items, in blocks of about a mebibyte, and at last how many there were, so that an object that was
//! cut off between two blocks is found out too.
//!
//! What may change from release to release, and what a release does that meets it:
//!
//! | change | an older release | a later release |
//! |---|---|---|
//! | a field of a JSON block that changes the meaning of nothing else | passes it by | takes its default where it is absent |
//! | an additional field of an item | names it, and does not use the snapshot | |
//! | another version of a kind of block | says so, and does not use the snapshot | reads both |
//! | another kind of block that may be [skipped](SKIPPABLE) | passes it by | |
//! | another kind of block | says so, and does not use the snapshot | does without it |
//!
//! In format 1 a block had neither version nor flags; it is read as version 1 of its kind. `tests/recovery/golden` has an
//! object of each format.

use std::borrow::Cow;
use std::io;

use object_store::{PutPayload, PutPayloadMut};
use xxhash_rust::xxh3::Xxh3;

use super::header::Header;
use crate::engine::directory::Listing;
use crate::engine::shard::{Contents, Image, Kind};

/// The version of the frame in which blocks are written. All formats before it, from 1, are read.
pub const FORMAT: u32 = 2;

const MAGIC: &[u8; 16] = b"salespulse state";
/// Kind, version, flags, two lengths, checksum.
const HEAD: usize = 1 + 1 + 1 + 4 + 4 + 8;
/// The same in format 1, without version and flags.
const FIRST_HEAD: usize = HEAD - 2;
/// No block is nearly as long: it would be a directory of some millions of names. A length beyond is damage, and must not
/// become an allocation.
const LONGEST_BLOCK: usize = 256 << 20;
/// Ids and hashes do not compress, and what else there is does well enough at the fastest.
const LEVEL: i32 = 1;

const HEADER: u8 = 0x10;
const LISTING: u8 = 0x11;
const END: u8 = 0x12;
/// The version of the three blocks of JSON. It grows only when a field is added that changes the meaning of the others.
const JSON_VERSION: u8 = 1;

/// The flag of a block that whoever does not know its kind or version may pass by.
pub const SKIPPABLE: u8 = 1;

/// What a block is.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Where the object comes from, and how far it reaches.
    Header(Box<Header>),
    /// The names that its numbers stand for.
    Listing(Listing),
    /// Items of an image, in a version of their kind.
    Block(Kind, u8, Vec<u8>),
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
    pieces.add(HEADER, JSON_VERSION, &serde_json::to_vec(header)?)?;
    pieces.add(LISTING, JSON_VERSION, &serde_json::to_vec(listing)?)?;
    let contents = image.write(|kind, block| pieces.add(kind as u8, kind.version(), block))?;
    pieces.add(END, JSON_VERSION, &serde_json::to_vec(&contents)?)?;
    Ok((contents, pieces.done.freeze()))
}

struct Pieces {
    compressor: zstd::bulk::Compressor<'static>,
    done: PutPayloadMut,
}

impl Pieces {
    fn add(&mut self, kind: u8, version: u8, raw: &[u8]) -> io::Result<()> {
        let content = self.compressor.compress(raw)?;
        // What nobody would read must not be written: three such rounds would take the place of good ones.
        let too_long =
            || io::Error::other(format!("a block is longer than {LONGEST_BLOCK} bytes: there are too many names"));
        let length = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= LONGEST_BLOCK);
            length.ok_or_else(too_long)
        };
        // Nothing that is written today may be passed by.
        let mut head = vec![kind, version, 0];
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
    /// A later version of salespulse wrote it.
    #[error(
        "it has {0}, and this version of salespulse reads {1}; use the version that wrote it, or let salespulse read the topics \
         from their beginning"
    )]
    Later(Cow<'static, str>, Cow<'static, str>),
}

/// Reads an object from its bytes, which come piece by piece. Whatever it gives is as it was written.
pub struct Decoder {
    decompressor: zstd::bulk::Decompressor<'static>,
    /// What came and was not read yet begins at `read`.
    bytes: Vec<u8>,
    read: usize,
    /// The format; `None`: it has not come yet.
    format: Option<u32>,
}

/// What precedes the content of a block.
struct Head {
    kind: u8,
    version: u8,
    may_be_skipped: bool,
    /// The length of what it is read from.
    length: usize,
    /// The content's length, and its length when it is decompressed.
    compressed: usize,
    raw: usize,
    sum: u64,
}

impl Head {
    /// Reads a head; `None` if more bytes must come first.
    fn read(bytes: &[u8], format: u32) -> Option<Head> {
        let (kind, version, flags, rest, length) = match format {
            1 => {
                let ([kind, rest @ ..], _) = bytes.split_first_chunk::<FIRST_HEAD>()?;
                (*kind, 1, 0, rest, FIRST_HEAD)
            }
            _ => {
                let ([kind, version, flags, rest @ ..], _) = bytes.split_first_chunk::<HEAD>()?;
                (*kind, *version, *flags, rest, HEAD)
            }
        };
        let [l0, l1, l2, l3, r0, r1, r2, r3, sum @ ..] = *rest;
        Some(Head {
            kind,
            version,
            may_be_skipped: flags & SKIPPABLE != 0,
            length,
            compressed: u32::from_le_bytes([l0, l1, l2, l3]) as usize,
            raw: u32::from_le_bytes([r0, r1, r2, r3]) as usize,
            sum: u64::from_le_bytes(sum),
        })
    }

    /// What a later version wrote, if this one cannot know what it means.
    fn later(&self) -> Option<FormatError> {
        let known = match self.kind {
            HEADER | LISTING | END => Some(("a header, a directory or an end", JSON_VERSION)),
            kind => Kind::of(kind).map(|kind| (kind.name(), kind.version())),
        };
        match known {
            None => Some(FormatError::Later(
                format!("blocks of the kind {}, version {}", self.kind, self.version).into(),
                "no such kind".into(),
            )),
            Some((name, known)) if self.version > known => Some(FormatError::Later(
                format!("{name} of version {}", self.version).into(),
                format!("versions 1 to {known} of them").into(),
            )),
            Some(_) => None,
        }
    }
}

impl Decoder {
    /// A reader of one object.
    ///
    /// # Errors
    /// If there is no memory for zstd.
    pub fn new() -> io::Result<Decoder> {
        let decompressor = zstd::bulk::Decompressor::new()?;
        Ok(Decoder { decompressor, bytes: Vec::new(), read: 0, format: None })
    }

    /// Takes the next bytes of the object.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next item that this version knows; `None` if more bytes must come first.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn item(&mut self) -> Result<Option<Item>, FormatError> {
        let Some(format) = self.format()? else { return Ok(None) };
        loop {
            let Some(head) = Head::read(self.bytes.get(self.read..).unwrap_or_default(), format) else {
                return Ok(None);
            };
            let Some(content) = self.content(&head)? else { return Ok(None) };
            self.read += head.length + head.compressed;
            match head.later() {
                None => return item(&head, content).map(Some),
                Some(_) if head.may_be_skipped => {}
                Some(later) => return Err(later),
            }
        }
    }

    /// The content of the next block; `None` if more bytes must come first.
    fn content(&mut self, head: &Head) -> Result<Option<Vec<u8>>, FormatError> {
        if head.compressed.max(head.raw) > LONGEST_BLOCK {
            return Err(FormatError::Damaged("a block is longer than any can be"));
        }
        let block = self.bytes.get(self.read..).unwrap_or_default();
        let (Some(summed), Some(content)) =
            (block.get(..head.length - size_of::<u64>()), block.get(head.length..head.length + head.compressed))
        else {
            return Ok(None);
        };
        if checksum(summed, content) != head.sum {
            return Err(FormatError::Damaged("a checksum is wrong"));
        }
        let content = self.decompressor.decompress(content, head.raw);
        content.map(Some).map_err(|_| FormatError::Damaged("a block cannot be decompressed"))
    }

    /// Reads what every object begins with: its format; `None` if more bytes must come first.
    fn format(&mut self) -> Result<Option<u32>, FormatError> {
        if self.format.is_some() {
            return Ok(self.format);
        }
        let Some((magic, rest)) = self.bytes.split_first_chunk::<{ MAGIC.len() }>() else { return Ok(None) };
        if magic != MAGIC {
            return Err(FormatError::Damaged("it does not begin as a snapshot does"));
        }
        let Some((format, _)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let format = u32::from_le_bytes(*format);
        if !(1..=FORMAT).contains(&format) {
            return Err(FormatError::Later(format!("format {format}").into(), format!("formats 1 to {FORMAT}").into()));
        }
        self.read = MAGIC.len() + 4;
        self.format = Some(format);
        Ok(self.format)
    }
}

fn item(head: &Head, content: Vec<u8>) -> Result<Item, FormatError> {
    const WRONG_JSON: FormatError = FormatError::Damaged("a block is not the JSON it should be");
    match head.kind {
        HEADER => serde_json::from_slice(&content).map(Item::Header).map_err(|_| WRONG_JSON),
        LISTING => serde_json::from_slice(&content).map(Item::Listing).map_err(|_| WRONG_JSON),
        END => serde_json::from_slice(&content).map(Item::End).map_err(|_| WRONG_JSON),
        kind => match Kind::of(kind).filter(|_| head.version > 0) {
            Some(kind) => Ok(Item::Block(kind, head.version, content)),
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
        pieces.add(LISTING, JSON_VERSION, &vec![0; LONGEST_BLOCK]).unwrap();
        let refused = pieces.add(LISTING, JSON_VERSION, &vec![0; LONGEST_BLOCK + 1]).unwrap_err();
        assert!(refused.to_string().contains("too many names"), "{refused}");
    }
}
