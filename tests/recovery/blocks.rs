//! The blocks of an object, taken apart and put together again: what another release might have written.

use xxhash_rust::xxh3::xxh3_64;

/// Magic and format.
pub(crate) const BEGIN: usize = 20;
pub(crate) const HEADER: u8 = 0x10;
pub(crate) const LISTING: u8 = 0x11;
pub(crate) const END: u8 = 0x12;
pub(crate) const JOURNEYS: u8 = 1;

/// A block as it stands in an object.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) flags: u8,
    pub(crate) raw: Vec<u8>,
}

/// The format of an object.
fn format(object: &[u8]) -> u32 {
    u32::from_le_bytes(object[16..BEGIN].try_into().expect("four"))
}

/// How many bytes of a block come before its lengths: format 1 has neither version nor flags.
const fn before_lengths(format: u32) -> usize {
    if format == 1 { 1 } else { 3 }
}

pub(crate) fn taken_apart(object: &[u8]) -> Vec<Block> {
    let at = before_lengths(format(object));
    let (mut rest, mut blocks) = (&object[BEGIN..], Vec::new());
    while !rest.is_empty() {
        let length = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().expect("four")) as usize;
        // Two lengths and a checksum.
        let (head, end) = (at + 16, at + 16 + length(at));
        let raw = zstd::bulk::decompress(&rest[head..end], length(at + 4)).expect("it is whole");
        let (version, flags) = if at == 1 { (1, 0) } else { (rest[1], rest[2]) };
        blocks.push(Block { kind: rest[0], version, flags, raw });
        rest = &rest[end..];
    }
    blocks
}

fn put_together(format: u32, blocks: &[Block]) -> Vec<u8> {
    let mut object = [b"salespulse state".as_slice(), &format.to_le_bytes()].concat();
    for Block { kind, version, flags, raw } in blocks {
        let content = zstd::bulk::compress(raw, 1).expect("memory");
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("few").to_le_bytes();
        let before = [*kind, *version, *flags];
        let head = [&before[..before_lengths(format)], &length(&content), &length(raw)].concat();
        let sum = xxh3_64(&[head.as_slice(), &content].concat()).to_le_bytes();
        object.extend_from_slice(&[head.as_slice(), &sum, &content].concat());
    }
    object
}

/// These objects, each changed, in the format that they have.
pub(crate) fn changed(objects: Vec<Vec<u8>>, change: impl Fn(&mut Vec<Block>)) -> Vec<Vec<u8>> {
    let change = |object: Vec<u8>| {
        let mut blocks = taken_apart(&object);
        change(&mut blocks);
        put_together(format(&object), &blocks)
    };
    objects.into_iter().map(change).collect()
}

/// Changes the JSON of a block.
pub(crate) fn json(blocks: &mut [Block], kind: u8, change: impl FnOnce(&mut serde_json::Value)) {
    let block = blocks.iter_mut().find(|block| block.kind == kind).expect("every object has one");
    let mut value = serde_json::from_slice(&block.raw).expect("JSON");
    change(&mut value);
    block.raw = serde_json::to_vec(&value).expect("JSON");
}
