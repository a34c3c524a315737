//! Blocks of bytes of any length, packed densely by their size.
//!
//! All blocks of a size class lie next to each other; a freed place is filled with the last block of its class. So
//! nothing lies idle, however journeys grow, except the rounding to [`GRAIN`] and at most a chunk in each class.
//!
//! An image shares all chunks with the slabs: it takes no longer than counting references, and a chunk is copied only
//! when a block in it is written while the image still lives.

mod chunk;

use std::ops::Range;

use self::chunk::Chunk;

/// Sizes are rounded up to this many bytes.
const GRAIN: usize = 8;
/// Above this many grains sizes are rounded up to powers of two: journeys of some 200 steps, which are rare.
const FINE_CLASSES: u16 = 1_024;
/// Each class grows by chunks of at most this many bytes, and more than half of it, so that growing never copies, and a write beside an image
/// copies little.
const CHUNK: usize = 32 * 1024;
/// In front of each block: the number of its owner, so that the owner can be told when it moves.
const OWNER: usize = 4;

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::shard) struct Place {
    /// The size class, from 1.
    pub(super) class: u16,
    /// Its place among the blocks of its class.
    pub(super) index: u32,
}

impl Place {
    /// Whether the block is larger than nearly all are.
    pub(in crate::engine::shard) const fn is_large(self) -> bool {
        self.class > FINE_CLASSES
    }
}

/// A block that has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// Whose it is.
    pub(super) owner: u32,
    /// Where it is now.
    pub(super) to: Place,
}

/// All blocks, by class.
#[derive(Debug, Default)]
pub(in crate::engine::shard) struct Slabs(Vec<Slab>);

#[derive(Debug)]
struct Slab {
    chunks: Vec<Chunk>,
    blocks: u32,
    /// The bytes of a block.
    size: u32,
    /// Two to the power of this many blocks lie in one chunk, so that nothing is divided to find one.
    shift: u32,
}

impl Slab {
    fn of_class(class: usize) -> Slab {
        let size = size_of_class(u16::try_from(class).unwrap_or(u16::MAX));
        let shift = (CHUNK / size.max(1)).max(1).ilog2();
        Slab { chunks: Vec::new(), blocks: 0, size: u32::try_from(size).unwrap_or(u32::MAX), shift }
    }

    fn size(&self) -> usize {
        self.size as usize
    }

    fn per_chunk(&self) -> usize {
        1 << self.shift
    }

    /// The chunk of a block, and its bytes in it.
    fn locate(&self, index: u32) -> (usize, Range<usize>) {
        let start = (index as usize & (self.per_chunk() - 1)) * self.size();
        ((index >> self.shift) as usize, start..start + self.size())
    }
}

impl Slabs {
    /// The class of blocks that hold so many bytes of content.
    pub(super) fn class(length: usize) -> u16 {
        let grains = (length + OWNER).div_ceil(GRAIN);
        match u16::try_from(grains) {
            Ok(grains) if grains <= FINE_CLASSES => grains,
            _ => {
                let doublings = grains.div_ceil(usize::from(FINE_CLASSES)).next_power_of_two().trailing_zeros();
                FINE_CLASSES + u16::try_from(doublings).unwrap_or(0)
            }
        }
    }

    /// Puts a new block in. The content is at most as long as its class allows.
    pub(super) fn insert(&mut self, class: u16, owner: u32, content: &[u8]) -> Place {
        if self.0.len() <= usize::from(class) {
            self.0.extend((self.0.len()..=usize::from(class)).map(Slab::of_class));
        }
        let Some(slab) = self.0.get_mut(usize::from(class)) else { return Place { class, index: 0 } };
        let place = Place { class, index: slab.blocks };
        let (chunk, _) = slab.locate(slab.blocks);
        if slab.chunks.len() <= chunk {
            slab.chunks.push(Chunk::new(slab.per_chunk() * slab.size()));
        }
        slab.blocks += 1;
        self.write(place, owner, content);
        place
    }

    /// Writes a block anew in its place.
    pub(super) fn write(&mut self, place: Place, owner: u32, content: &[u8]) {
        let Some(block) = self.block_mut(place) else { return };
        if let Some((head, body)) = block.split_first_chunk_mut::<OWNER>() {
            *head = owner.to_le_bytes();
            if let Some(body) = body.get_mut(..content.len()) {
                body.copy_from_slice(content);
            }
        }
    }

    /// The content of a block, with what the rounding added after it.
    pub(super) fn get(&self, place: Place) -> &[u8] {
        self.block(place).and_then(|block| block.get(OWNER..)).unwrap_or_default()
    }

    /// Takes a block out; the last one of its class takes its place.
    pub(super) fn remove(&mut self, place: Place) -> Option<Moved> {
        let slab = self.0.get_mut(usize::from(place.class))?;
        let last = slab.blocks.checked_sub(1)?;
        slab.blocks = last;
        let moved = if last == place.index {
            None
        } else {
            let (from_chunk, from) = slab.locate(last);
            let (to_chunk, to) = slab.locate(place.index);
            let start = to.start;
            if from_chunk == to_chunk {
                slab.chunks.get_mut(to_chunk)?.bytes_mut().copy_within(from, start);
            } else {
                let [source, target] = slab.chunks.get_disjoint_mut([from_chunk, to_chunk]).ok()?;
                target.bytes_mut().get_mut(to)?.copy_from_slice(source.bytes().get(from)?);
            }
            let owner = owner(slab.chunks.get(to_chunk)?.bytes().get(start..)?)?;
            Some(Moved { owner, to: place })
        };
        // One free chunk stays, so that a block that comes and goes does not cost a chunk each time.
        let (last_chunk, _) = slab.locate(last);
        slab.chunks.truncate(last_chunk + 1);
        moved
    }

    /// Bytes held, free ends of chunks included.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().flat_map(|slab| &slab.chunks).map(|chunk| chunk.bytes().len()).sum()
    }

    /// The blocks as they are now, for others to keep.
    pub(super) fn share(&mut self) -> Slabs {
        let share = |slab: &mut Slab| Slab { chunks: slab.chunks.iter_mut().map(Chunk::share).collect(), ..*slab };
        Slabs(self.0.iter_mut().map(share).collect())
    }

    /// Bytes held that nobody shares.
    pub(in crate::engine::shard) fn unshared_bytes(&self) -> usize {
        let chunks = self.0.iter().flat_map(|slab| &slab.chunks);
        chunks.filter(|chunk| !chunk.is_shared()).map(|chunk| chunk.bytes().len()).sum()
    }

    /// How many blocks there are.
    pub(in crate::engine::shard) fn count(&self) -> u64 {
        self.0.iter().map(|slab| u64::from(slab.blocks)).sum()
    }

    /// The contents of all blocks, each with what the rounding added after it.
    pub(in crate::engine::shard) fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.owned().map(|(_, content)| content)
    }

    /// The same with whose they are, as they lie in memory.
    pub(super) fn owned(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.0.iter().flat_map(|slab| {
            let blocks = slab.chunks.iter().flat_map(|chunk| chunk.bytes().chunks_exact(slab.size().max(1)));
            blocks.take(slab.blocks as usize).filter_map(|block| Some((owner(block)?, block.get(OWNER..)?)))
        })
    }

    fn block(&self, place: Place) -> Option<&[u8]> {
        let slab = self.0.get(usize::from(place.class))?;
        let (chunk, block) = slab.locate(place.index);
        slab.chunks.get(chunk)?.bytes().get(block)
    }

    fn block_mut(&mut self, place: Place) -> Option<&mut [u8]> {
        let slab = self.0.get_mut(usize::from(place.class))?;
        let (chunk, block) = slab.locate(place.index);
        slab.chunks.get_mut(chunk)?.bytes_mut().get_mut(block)
    }
}

/// Whose a block is.
fn owner(block: &[u8]) -> Option<u32> {
    block.first_chunk::<OWNER>().map(|owner| u32::from_le_bytes(*owner))
}

/// The bytes of a block of a class, its owner's number included.
fn size_of_class(class: u16) -> usize {
    match class.checked_sub(FINE_CLASSES) {
        None | Some(0) => usize::from(class) * GRAIN,
        Some(doublings) => (usize::from(FINE_CLASSES) * GRAIN) << doublings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn every_length_has_a_class_that_holds_it() {
        for length in (1..40_000).chain([1 << 20, (1 << 20) - OWNER, 50 << 20]) {
            let size = size_of_class(Slabs::class(length));
            assert!(
                size >= length + OWNER && (size < length + OWNER + GRAIN || size < 2 * (length + OWNER)),
                "{length}"
            );
        }
    }

    proptest! {
        /// Whatever is put in, rewritten and taken out, every block keeps its content, and nothing lies idle.
        #[test]
        fn blocks_keep_their_content(steps in proptest::collection::vec((0_u32..30, 0_usize..200, any::<u8>()), 1..300)) {
            let mut slabs = Slabs::default();
            let mut expected: HashMap<u32, (Place, Vec<u8>)> = HashMap::new();
            let mut classes = std::collections::HashSet::new();
            for (owner, length, fill) in steps {
                if let Some((place, _)) = expected.remove(&owner)
                    && let Some(moved) = slabs.remove(place)
                {
                    expected.get_mut(&moved.owner).unwrap().0 = moved.to;
                }
                if length % 5 != 0 {
                    let content = vec![fill; length];
                    let place = slabs.insert(Slabs::class(length), owner, &content);
                    expected.insert(owner, (place, content));
                }
                for (place, content) in expected.values() {
                    prop_assert_eq!(&slabs.get(*place)[..content.len()], content.as_slice());
                }
                classes.extend(expected.values().map(|(place, _)| place.class));
                prop_assert!(slabs.bytes() <= classes.len() * CHUNK);
            }
        }
    }
}
