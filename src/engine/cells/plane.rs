//! Words by row and segment: what one event changes together lies together.

use super::segments::Span;

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

    /// A sum of a row in a window.
    pub(crate) fn sum(&self, row: usize, span: Span, sum: usize) -> i128 {
        let at = self.counts + 2 * sum;
        self.blocks(row, span).filter_map(|block| block.get(at..)?.first_chunk().copied()).map(wide).sum()
    }

    /// Adds a row of another plane of the same shape to a row of this one, which is there.
    pub(crate) fn absorb_row(&mut self, to: usize, other: &Plane, from: usize) {
        let (counts, width) = (self.counts, self.width());
        let row = self.segments * width;
        let more = other.words.get(from * row..).unwrap_or_default();
        let own = self.words.get_mut(to * row..).unwrap_or_default();
        let blocks = own.chunks_exact_mut(width).zip(more.chunks_exact(width)).take(self.segments);
        for (own, more) in blocks {
            let ((own, own_sums), (more, more_sums)) = (own.split_at_mut(counts), more.split_at(counts));
            own.iter_mut().zip(more).for_each(|(own, more)| *own += more);
            for (own, more) in own_sums.as_chunks_mut().0.iter_mut().zip(more_sums.as_chunks().0) {
                *own = split(wide(*own) + wide(*more));
            }
        }
    }

    /// Adds to a row of this plane, which is there, how a row of another of the same shape has changed.
    pub(crate) fn absorb_change(&mut self, to: usize, before: &Plane, after: &Plane, from: usize) {
        let (counts, width) = (self.counts, self.width());
        let row = self.segments * width;
        let of = |plane: &'_ Plane| from * row..((from + 1) * row).min(plane.words.len());
        let [was, is] = [before, after].map(|plane| plane.words.get(of(plane)).unwrap_or_default());
        if was.is_empty() {
            return self.absorb_row(to, after, from);
        }
        if was == is {
            return;
        }
        // A table that counts less may have fewer rows.
        let nothing = if is.is_empty() { vec![0; was.len()] } else { Vec::new() };
        let is = if is.is_empty() { &nothing } else { is };
        let own = self.words.get_mut(to * row..).unwrap_or_default().chunks_exact_mut(width);
        for (own, (was, is)) in own.zip(was.chunks_exact(width).zip(is.chunks_exact(width))) {
            let ((own, own_sums), (was, was_sums), (is, is_sums)) =
                (own.split_at_mut(counts), was.split_at(counts), is.split_at(counts));
            own.iter_mut().zip(was.iter().zip(is)).for_each(|(own, (was, is))| *own += is - was);
            let changes = was_sums.as_chunks().0.iter().zip(is_sums.as_chunks().0);
            for (own, (was, is)) in own_sums.as_chunks_mut().0.iter_mut().zip(changes) {
                *own = split(wide(*own) + wide(*is) - wide(*was));
            }
        }
    }

    /// How many words of a row differ from those of another plane of the same shape, in any segment.
    pub(crate) fn differing_words(&self, other: &Plane, row: usize) -> i128 {
        let length = self.segments * self.width();
        let words = |plane: &'_ Plane| plane.words.get(row * length..(row + 1) * length).map(<[i64]>::to_vec);
        let [own, other] = [self, other].map(|plane| words(plane).unwrap_or_else(|| vec![0; length]));
        own.into_iter().zip(other).map(|(own, other)| i128::from(own != other)).sum()
    }

    /// Looks at a block.
    pub(super) fn look_at(&self, row: usize, segment: u8) -> u64 {
        let start = (row * self.segments + usize::from(segment)) * self.width();
        self.words.get(start).map_or(0, |word| word.cast_unsigned())
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

/// The number of these two halves, the lower first.
fn wide([low, high]: [i64; 2]) -> i128 {
    i128::from(high) << 64 | i128::from(low.cast_unsigned())
}

#[expect(clippy::cast_possible_truncation, reason = "the halves are kept beside each other")]
fn split(number: i128) -> [i64; 2] {
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
            let (all, first) = (Span { first: 0, end: 2 }, Span { first: 0, end: 1 });
            prop_assert_eq!(plane.sum(0, all, 1), expected);
            prop_assert_eq!((plane.sum(0, first, 1), plane.sum(0, all, 0), plane.count(0, all, 0)), (0, 0, 0));
            let mut twice = plane.clone();
            twice.absorb_row(0, &plane, 0);
            prop_assert_eq!(twice.sum(0, all, 1), expected * 2);
        }
    }
}
