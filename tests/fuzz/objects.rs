//! Whole snapshots, taken apart and put together again with checksums that are right.

use xxhash_rust::xxh3::xxh3_64;

use crate::dice::Dice;
use crate::fuzz::mutate::damage;

/// Magic and format.
const BEGIN: usize = 20;
/// Kind, version, flags, two lengths, checksum.
const HEAD: usize = 19;

/// A block: its kind, version and flags, and its raw content.
type Block = ([u8; 3], Vec<u8>);

/// The blocks of a whole object.
fn blocks(object: &[u8]) -> Vec<Block> {
    let (mut rest, mut blocks) = (&object[BEGIN..], Vec::new());
    while !rest.is_empty() {
        let length = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let (compressed, raw) = (length(3), length(7));
        let content = zstd::bulk::decompress(&rest[HEAD..HEAD + compressed], raw).unwrap();
        blocks.push((rest[..3].try_into().unwrap(), content));
        rest = &rest[HEAD + compressed..];
    }
    blocks
}

fn assemble(begin: &[u8], blocks: &[Block], lies: Option<(usize, u32)>) -> Vec<u8> {
    let mut object = begin.to_vec();
    for (place, (kind, raw)) in blocks.iter().enumerate() {
        let content = zstd::bulk::compress(raw, 1).unwrap();
        let told = lies.filter(|(of, _)| *of == place).map_or(u32::try_from(raw.len()).unwrap(), |(_, told)| told);
        let mut head = kind.to_vec();
        head.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
        head.extend_from_slice(&told.to_le_bytes());
        let sum = xxh3_64(&[head.as_slice(), &content].concat());
        object.extend_from_slice(&[head.as_slice(), &sum.to_le_bytes(), &content].concat());
    }
    object
}

/// An object whose content was changed before its checksums were made.
pub(crate) fn changed_within(dice: &mut Dice, object: &[u8]) -> Vec<u8> {
    let mut blocks = blocks(object);
    let place = dice.below(blocks.len());
    let mut lies = None;
    match dice.below(10) {
        0 => drop(blocks.remove(place)),
        1 => blocks.swap(place, 0),
        2 => blocks[place].0[dice.below(3)] = u8::try_from(dice.below(24)).unwrap(),
        3 => lies = Some((place, [0, 1, 255 << 20, u32::MAX][dice.below(4)])),
        _ => damage(dice, &mut blocks[place].1),
    }
    assemble(&object[..BEGIN], &blocks, lies)
}

#[test]
fn what_is_taken_apart_can_be_put_together() {
    let object = &crate::fuzz::snapshot::base().object;
    assert_eq!(blocks(&assemble(&object[..BEGIN], &blocks(object), None)), blocks(object));
}
