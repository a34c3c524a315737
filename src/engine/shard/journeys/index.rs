//! Finds numbers by hashes. A line of memory holds twelve numbers and a byte of each one's hash: whoever looks for one
//! needs that line, which can be fetched ahead, and rarely the next. Tables that keep bytes of hashes apart from what
//! they hold, as hashbrown's do, have one fetched after the other. The layout is that of F14, a table of Meta's
//! (<https://github.com/facebook/folly/blob/main/folly/container/F14.md>).

use wide::u8x16;

use crate::engine::near::prefetch;

/// So many numbers lie in a line.
const SLOTS: usize = 12;
/// So many lie in a line on average, at most: then of five lines one is too full for its own.
const MOST: usize = 10;
/// So many are put in together, so that their lines come while others are waited for.
const TOGETHER: usize = 32;

/// Numbers by their hashes, which may be equal; each number is held once.
#[derive(Debug, Default)]
pub(super) struct Index {
    lines: Vec<Line>,
    len: usize,
}

/// What is fetched at once.
#[repr(align(64))]
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    numbers: [u32; SLOTS],
    /// Of each slot a byte of its number's hash, 0 if the slot is free.
    tags: [u8; SLOTS],
    /// How many numbers passed this line by, since it was full, and lie in one behind it.
    passed: u32,
}

const _: () = assert!(size_of::<Line>() == 64, "a line is what is fetched at once");

impl Line {
    /// A bit for each slot of this tag, the first one lowest.
    fn of_tag(&self, tag: u8) -> u32 {
        let mut tags = [0xFF; 16];
        tags.iter_mut().zip(self.tags).for_each(|(to, tag)| *to = tag);
        u8x16::new(tags).simd_eq(u8x16::splat(tag)).to_bitmask() & ((1 << SLOTS) - 1)
    }

    /// The slots of this tag.
    fn slots(&self, tag: u8) -> impl Iterator<Item = usize> + use<> {
        let mut bits = self.of_tag(tag);
        std::iter::from_fn(move || {
            let slot = bits.trailing_zeros() as usize;
            (bits != 0).then(|| {
                bits &= bits - 1;
                slot
            })
        })
    }
}

impl Index {
    /// One with room for so many.
    pub(super) fn with_capacity(numbers: usize) -> Index {
        Index { lines: vec![Line::default(); numbers.div_ceil(MOST)], len: 0 }
    }

    /// How many it holds.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many it has room for.
    pub(super) fn capacity(&self) -> usize {
        self.lines.len() * MOST
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.lines.capacity() * size_of::<Line>()
    }

    /// Has the line fetched where a number of this hash would be.
    pub(super) fn prefetch(&self, hash: u64) {
        self.lines.get(self.home(hash)).into_iter().for_each(prefetch);
    }

    /// The first number of this hash that is the one; some of another hash may be asked about.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        for line in self.way(hash).map_while(|at| self.lines.get(at)) {
            let mut numbers = line.slots(tag).filter_map(|slot| line.numbers.get(slot).copied());
            if let Some(found) = numbers.find(|number| is(*number)) {
                return Some(found);
            }
            if line.passed == 0 {
                break;
            }
        }
        None
    }

    /// Puts a number in that is not there, where there is room.
    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        for at in self.way(hash) {
            let Some(line) = self.lines.get_mut(at) else { return };
            let Some(free) = line.slots(FREE).next() else {
                line.passed += 1;
                continue;
            };
            if let (Some(held), Some(of)) = (line.numbers.get_mut(free), line.tags.get_mut(free)) {
                (*held, *of) = (number, tag(hash));
                self.len += 1;
            }
            return;
        }
    }

    /// Puts in many numbers that are not there.
    pub(super) fn extend(&mut self, numbers: impl Iterator<Item = (u64, u32)>) {
        let mut numbers = numbers.fuse();
        let mut together = Vec::with_capacity(TOGETHER);
        loop {
            together.extend(numbers.by_ref().take(TOGETHER).inspect(|(hash, _)| self.prefetch(*hash)));
            if together.is_empty() {
                return;
            }
            together.drain(..).for_each(|(hash, number)| self.insert(hash, number));
        }
    }

    /// Takes a number out.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let tag = tag(hash);
        for (steps, at) in self.way(hash).enumerate() {
            let Some(line) = self.lines.get_mut(at) else { return };
            let held = line.slots(tag).find(|slot| line.numbers.get(*slot) == Some(&number));
            if let Some(of) = held.and_then(|slot| line.tags.get_mut(slot)) {
                *of = FREE;
                self.len -= 1;
                for before in self.way(hash).take(steps) {
                    self.lines.get_mut(before).into_iter().for_each(|line| line.passed -= 1);
                }
                return;
            }
            if line.passed == 0 {
                return;
            }
        }
    }

    /// The line where a number of this hash is, unless that was full.
    fn home(&self, hash: u64) -> usize {
        // The upper half of the hash is a part of all there are: so much of the lines lies before.
        (((hash >> 32) * self.lines.len() as u64) >> 32) as usize
    }

    /// All lines, from that one on.
    fn way(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let home = self.home(hash);
        (home..self.lines.len()).chain(0..home)
    }
}

/// The tag of a slot without a number.
const FREE: u8 = 0;

/// A byte of the hash of which the line says nothing; never 0.
fn tag(hash: u64) -> u8 {
    let [low, ..] = hash.to_le_bytes();
    low.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Hashes of few lines and of few tags, so that lines are full and tags are equal.
    fn hash() -> impl Strategy<Value = u64> {
        (0_u64..8, 0_u64..3).prop_map(|(line, tag)| line << 61 | tag)
    }

    #[derive(Clone, Debug)]
    enum Act {
        Insert(u64),
        Remove(prop::sample::Index),
    }

    fn found(index: &Index, hash: u64) -> Vec<u32> {
        let mut found = Vec::new();
        index.find(hash, |number| {
            found.push(number);
            false
        });
        found
    }

    proptest! {
        /// What was put in and not taken out is found by its hash, and nothing of another tag is; of what comes and
        /// goes nothing is left that would make a search longer.
        #[test]
        fn what_is_held_is_found(acts in prop::collection::vec(prop_oneof![
            3 => hash().prop_map(Act::Insert),
            2 => any::<prop::sample::Index>().prop_map(Act::Remove),
        ], 0..400)) {
            let mut index = Index::with_capacity(100);
            let mut held = BTreeMap::new();
            for (number, act) in (0..).zip(acts) {
                match act {
                    Act::Insert(hash) if index.len() < index.capacity() => {
                        index.insert(hash, number);
                        held.insert(number, hash);
                    }
                    Act::Insert(_) => {}
                    Act::Remove(which) => {
                        let numbers: Vec<u32> = held.keys().copied().collect();
                        let Some(number) = (!numbers.is_empty()).then(|| *which.get(&numbers)) else { continue };
                        let hash = held.remove(&number).unwrap();
                        index.remove(hash, number);
                        prop_assert_eq!(index.find(hash, |other| other == number), None);
                    }
                }
                prop_assert_eq!(index.len(), held.len());
            }
            for (number, hash) in &held {
                prop_assert_eq!(index.find(*hash, |other| other == *number), Some(*number));
                prop_assert!(found(&index, *hash).iter().all(|number| tag(held[number]) == tag(*hash)));
            }
            for (number, hash) in held {
                index.remove(hash, number);
            }
            prop_assert!(index.lines.iter().all(|line| line.tags == [FREE; SLOTS] && line.passed == 0));
        }

        /// As many find room as were said, and the index is made anew as one by one.
        #[test]
        fn there_is_the_room_that_was_asked_for(hashes in prop::collection::vec(any::<u64>(), 0..2_000)) {
            let mut index = Index::with_capacity(hashes.len());
            prop_assert!(index.capacity() >= hashes.len());
            index.extend(hashes.iter().copied().zip(0..));
            prop_assert_eq!(index.len(), hashes.len());
            for (hash, number) in hashes.into_iter().zip(0..) {
                prop_assert_eq!(index.find(hash, |other| other == number), Some(number));
            }
        }
    }

    #[test]
    fn without_room_nothing_is_found() {
        let mut index = Index::default();
        index.prefetch(1);
        assert_eq!((index.find(1, |_| true), index.capacity()), (None, 0));
        index.remove(1, 1);
        assert_eq!(index.len(), 0);
    }
}
