//! Words by row and segment: what one event changes together lies together.

use std::ops::{Add, Sub};

use super::segments::Span;
use crate::engine::near::{LINE, prefetch};

/// A block of words for every row and segment: first the counts, one word each, then the sums, two words each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plane {
    segments: usize,
    counts: usize,
    sums: usize,
    words: Vec<i64>,
}

impl Plane {
    /// A plane without rows.
    pub(crate) fn new(segments: usize, counts: usize, sums: usize) -> Plane {
        Plane { segments, counts, sums, words: Vec::new() }
    }

    /// Words of a block.
    fn width(&self) -> usize {
        self.counts + 2 * self.sums
    }

    /// How many counts and sums a row has, each in all windows.
    pub(crate) fn metrics(&self) -> usize {
        self.counts + self.sums
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<i64>()
    }

    /// Makes sure that so many rows are there.
    pub(crate) fn reserve(&mut self, rows: usize) {
        let words = rows * self.segments * self.width();
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.words.len() / (self.segments * self.width()).max(1)
    }

    /// Adds to a count in a segment. A segment that is none holds nothing.
    pub(crate) fn add(&mut self, row: usize, segment: u8, count: usize, times: i64) {
        if let Some(word) = self.block_mut(row, segment).get_mut(count) {
            *word += times;
        }
    }

    /// Adds to a sum in a segment.
    pub(crate) fn add_sum(&mut self, row: usize, segment: u8, sum: usize, amount: i128) {
        let at = self.counts + 2 * sum;
        if let Some(words) = self.block_mut(row, segment).get_mut(at..).and_then(|words| words.first_chunk_mut()) {
            *words = split(wide(*words) + amount);
        }
    }

    /// A count of a row in a window.
    pub(crate) fn count(&self, row: usize, span: Span, count: usize) -> i64 {
        self.blocks(row, span).filter_map(|block| block.get(count)).sum()
    }

    /// Adds a row up in these spans: first each count in all of them, then each sum.
    pub(crate) fn add_up(&self, row: usize, spans: &[Span], totals: &mut [i64]) {
        let width = self.width();
        let own = self.words.get(row * self.segments * width..(row + 1) * self.segments * width).unwrap_or_default();
        let (counts, sums) = totals.split_at_mut(totals.len().min(self.counts * spans.len()));
        let lanes = spans.len().max(1);
        let mut running = Vec::with_capacity(self.segments + 1);
        for (place, totals) in counts.chunks_exact_mut(lanes).enumerate() {
            run(own.iter().skip(place).step_by(width).copied(), &mut running);
            totals.iter_mut().zip(spans).for_each(|(total, span)| *total = between(&running, *span));
        }
        let mut running = Vec::with_capacity(self.segments + 1);
        for (place, totals) in sums.as_chunks_mut().0.chunks_exact_mut(lanes).enumerate() {
            let blocks =
                own.chunks_exact(width).filter_map(|block| block.get(self.counts + 2 * place..)?.first_chunk());
            run(blocks.copied().map(wide), &mut running);
            totals.iter_mut().zip(spans).for_each(|(total, span)| *total = split(between(&running, *span)));
        }
    }

    /// How many words of a row differ from those of another plane of the same shape, in any segment.
    pub(crate) fn differing_words(&self, other: &Plane, row: usize) -> i128 {
        let length = self.segments * self.width();
        let words = |plane: &'_ Plane| plane.words.get(row * length..(row + 1) * length).map(<[i64]>::to_vec);
        let [own, other] = [self, other].map(|plane| words(plane).unwrap_or_else(|| vec![0; length]));
        own.into_iter().zip(other).map(|(own, other)| i128::from(own != other)).sum()
    }

    /// Has a block fetched.
    pub(super) fn prefetch(&self, row: usize, segment: u8) {
        let start = (row * self.segments + usize::from(segment)) * self.width();
        let lines = (start..start + self.width()).step_by(LINE / size_of::<i64>());
        lines.map_while(|word| self.words.get(word)).for_each(prefetch);
    }

    fn blocks(&self, row: usize, span: Span) -> impl Iterator<Item = &[i64]> {
        let (width, first) = (self.width().max(1), row * self.segments);
        let range = (first + usize::from(span.first)) * width..(first + usize::from(span.end)) * width;
        self.words.get(range).unwrap_or_default().chunks_exact(width)
    }

    fn block_mut(&mut self, row: usize, segment: u8) -> &mut [i64] {
        let (width, segment) = (self.width(), usize::from(segment));
        if segment >= self.segments {
            return &mut [];
        }
        let start = (row * self.segments + segment) * width;
        self.words.get_mut(start..start + width).unwrap_or_default()
    }
}

/// What the first cells add up to: none of them, one, and so on.
fn run<T: Copy + Default + Add<Output = T>>(cells: impl Iterator<Item = T>, running: &mut Vec<T>) {
    let mut sum = T::default();
    running.clear();
    running.push(sum);
    running.extend(cells.map(|cell| {
        sum = sum + cell;
        sum
    }));
}

/// What the cells of a span add up to.
fn between<T: Copy + Default + Sub<Output = T>>(running: &[T], span: Span) -> T {
    let [first, end] = [span.first, span.end].map(|place| running.get(usize::from(place)).copied().unwrap_or_default());
    end - first
}

/// The number of these two halves, the lower first.
pub(super) fn wide([low, high]: [i64; 2]) -> i128 {
    i128::from(high) << 64 | i128::from(low.cast_unsigned())
}

#[expect(clippy::cast_possible_truncation, reason = "the halves are kept beside each other")]
pub(super) fn split(number: i128) -> [i64; 2] {
    [number as i64, (number >> 64) as i64]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_exact_beyond_a_word(amounts in proptest::collection::vec(any::<i128>(), 0..20)) {
            let mut plane = Plane::new(2, 1, 2);
            plane.reserve(1);
            let mut expected = 0_i128;
            for amount in amounts {
                let amount = amount >> 8;
                expected += amount;
                plane.add_sum(0, 1, 1, amount);
            }
            let spans = [Span { first: 0, end: 2 }, Span { first: 0, end: 1 }, Span { first: 1, end: 2 }];
            let mut totals = [7; 15];
            plane.add_up(0, &spans, &mut totals);
            let sums = totals[3..].as_chunks().0.iter().map(|halves| wide(*halves));
            prop_assert_eq!(sums.collect::<Vec<_>>(), [0, 0, 0, expected, 0, expected]);
            prop_assert_eq!(&totals[..3], [0; 3]);
        }
    }
}
