//! Quantiles from counts in logarithmic buckets.
//!
//! Counts can be added, subtracted and merged exactly, in any order: what a digest that depends on the
//! order of its input cannot do.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::engine::cells::Span;
use crate::engine::near::prefetch;

/// Each doubling is cut into this many buckets (2^7), so that a bucket's middle is at most 1/256 away
/// from any value in it.
const SUBDIVISION_BITS: u32 = 7;

/// The bucket of a value: exact below 128, then 128 buckets a doubling. There are fewer than 2^13.
fn bucket(value: u64) -> u64 {
    let doublings = 63_u32.saturating_sub(value.leading_zeros()).saturating_sub(SUBDIVISION_BITS);
    (u64::from(doublings) << SUBDIVISION_BITS) + (value >> doublings)
}

/// The middle of a bucket.
fn middle(bucket: u64) -> u64 {
    let doublings = (bucket >> SUBDIVISION_BITS).saturating_sub(1);
    let first = (bucket - (doublings << SUBDIVISION_BITS)) << doublings;
    first + (1 << doublings) / 2
}

/// How often values of one bucket were counted in one segment, in one word: the bucket (13 bits), the segment (8) and
/// the count (43, beyond what all shards can hold).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell(u64);

const COUNT_BITS: u32 = 43;
/// What a count of 0 looks like, so that cells of one key lie beside each other whatever their counts.
const ZERO: u64 = 1 << (COUNT_BITS - 1);

impl Cell {
    /// No cell: no count is so small.
    const NONE: Cell = Cell(0);

    fn new(value: u64, segment: u8, count: i64) -> Cell {
        Cell((bucket(value) << 8 | u64::from(segment)) << COUNT_BITS | ZERO.wrapping_add_signed(count))
    }

    const fn key(self) -> u64 {
        self.0 >> COUNT_BITS
    }

    const fn bucket(self) -> u64 {
        self.0 >> (COUNT_BITS + 8)
    }

    fn segment(self) -> u8 {
        (self.key() & 0xFF) as u8
    }

    fn count(self) -> i64 {
        (self.0 & (2 * ZERO - 1)).cast_signed() - ZERO.cast_signed()
    }

    fn plus(self, count: i64) -> Cell {
        Cell(self.0.wrapping_add_signed(count))
    }

    /// What takes this one out.
    fn opposite(self) -> Cell {
        self.plus(-2 * self.count())
    }
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}×{}", middle(self.bucket()), self.segment(), self.count())
    }
}

/// At least so many new cells wait until they are brought into their order.
const LEAST_WAITING: usize = 16;

/// How many cells lie in a sketch itself: with them it fills the memory that a processor fetches at once.
const AT_HAND: usize = 6;

/// Durations in milliseconds, counted for each segment of time.
///
/// What is added lies in the sketch itself at first, then waits at the end of the list, and is brought into the order when
/// that has grown to a share of it. So most additions touch one place in memory, and cost the logarithm of the list's
/// length on average.
///
/// A clone shares the list until one of the two is changed, so that a reading copies only what changes after it.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Sketch {
    cells: Option<Arc<Vec<Cell>>>,
    /// So many of the cells are in order, with one for each key and no count of 0.
    settled: usize,
    /// The newest cells, and then none.
    at_hand: [Cell; AT_HAND],
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch { cells: None, settled: 0, at_hand: [Cell::NONE; AT_HAND] }
    }
}

impl PartialEq for Sketch {
    fn eq(&self, other: &Sketch) -> bool {
        let settled = |sketch: &Sketch| {
            let mut sketch = sketch.clone();
            sketch.settle();
            sketch
        };
        self.is_shared_with(other) || settled(self).cells() == settled(other).cells()
    }
}

impl Sketch {
    /// Adds a value `times` times (negative: takes it out) in a segment.
    pub fn add(&mut self, value: u64, segment: u8, times: i64) {
        let cell = Cell::new(value, segment, times);
        if let Some(place) = self.at_hand.iter_mut().find(|place| **place == Cell::NONE) {
            *place = cell;
            return;
        }
        self.put_down();
        self.cells_mut().push(cell);
        self.settle_at(self.settled / 4);
    }

    /// Lets what lies at hand wait at the end of the list.
    fn put_down(&mut self) {
        let at_hand = std::mem::replace(&mut self.at_hand, [Cell::NONE; AT_HAND]);
        if at_hand.first() != Some(&Cell::NONE) {
            self.cells_mut().extend(at_hand.into_iter().take_while(|cell| *cell != Cell::NONE));
        }
    }

    /// Adds all that another sketch holds.
    pub fn absorb(&mut self, other: &Sketch) {
        if other.is_there() {
            self.cells_mut().extend(other.all());
            self.settle_at(self.settled.max(1 << 12));
        }
    }

    /// Adds how another sketch has changed.
    pub fn absorb_change(&mut self, before: &Sketch, after: &Sketch) {
        if !before.is_shared_with(after) {
            self.cells_mut().extend(before.all().map(Cell::opposite));
            self.absorb(after);
        }
    }

    /// Whether one is a clone of the other and neither has changed since.
    pub(super) fn is_shared_with(&self, other: &Sketch) -> bool {
        let is_list_shared = match (&self.cells, &other.cells) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        };
        is_list_shared && self.at_hand == other.at_hand
    }

    /// All cells, in no order.
    fn all(&self) -> impl Iterator<Item = Cell> {
        self.cells().iter().chain(&self.at_hand).copied().filter(|cell| *cell != Cell::NONE)
    }

    fn cells(&self) -> &[Cell] {
        self.cells.as_ref().map_or(&[], |cells| cells)
    }

    fn cells_mut(&mut self) -> &mut Vec<Cell> {
        Arc::make_mut(self.cells.get_or_insert_default())
    }

    fn settle_at(&mut self, most_waiting: usize) {
        if self.cells().len() - self.settled > most_waiting.max(LEAST_WAITING) {
            self.sort();
        }
    }

    /// Brings all cells into their order, so that reading needs no work.
    pub fn settle(&mut self) {
        self.put_down();
        self.sort();
    }

    fn sort(&mut self) {
        if self.settled == self.cells().len() {
            return;
        }
        let cells = self.cells_mut();
        // A stable sort finds the part that is in order already.
        cells.sort_by_key(|cell| cell.key());
        cells.dedup_by(|later, earlier| {
            let is_same = later.key() == earlier.key();
            if is_same {
                *earlier = earlier.plus(later.count());
            }
            is_same
        });
        cells.retain(|cell| cell.count() != 0);
        self.settled = cells.len();
    }

    /// Whether there is any cell.
    fn is_there(&self) -> bool {
        self.is_waiting() || !self.cells().is_empty()
    }

    /// Whether anything lies at hand.
    fn is_waiting(&self) -> bool {
        self.at_hand.first() != Some(&Cell::NONE)
    }

    /// Has the place fetched where the next value is going to be.
    pub(crate) fn prefetch(&self) {
        prefetch(&self.at_hand);
    }

    /// Bytes held beside the sketch itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.cells.as_ref().map_or(0, |cells| cells.capacity() * size_of::<Cell>() + size_of::<Vec<Cell>>())
    }

    /// The cells in their order.
    fn in_order(&self) -> std::borrow::Cow<'_, [Cell]> {
        if self.settled == self.cells().len() && !self.is_waiting() {
            return self.cells().into();
        }
        let mut sketch = self.clone();
        sketch.settle();
        sketch.cells().to_vec().into()
    }

    /// About how long what lies in a bucket took, the segment, and how much this sketch and another have there; for
    /// everything in which they differ.
    #[must_use]
    pub fn differences(&self, other: &Sketch) -> Vec<(u64, u8, [i64; 2])> {
        let (own, others) = (self.in_order(), other.in_order());
        let (mut own, mut others) = (own.iter().copied().peekable(), others.iter().copied().peekable());
        let mut differences = Vec::new();
        loop {
            let order = match (own.peek(), others.peek()) {
                (None, None) => return differences,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(own), Some(other)) => own.key().cmp(&other.key()),
            };
            let own = if order.is_le() { own.next() } else { None };
            let other = if order.is_ge() { others.next() } else { None };
            if let Some(cell) = own.or(other).filter(|_| own != other) {
                let counts = [own, other].map(|cell| cell.map_or(0, Cell::count));
                differences.push((middle(cell.bucket()), cell.segment(), counts));
            }
        }
    }

    /// How many values there are in a window.
    #[must_use]
    pub fn count(&self, window: Span) -> i64 {
        // What waits has its place in no order, and counts all the same.
        self.all().filter(|cell| window.holds(cell.segment())).map(Cell::count).sum()
    }

    /// The value at the nearest rank of quantile `percent` (1–100) in a window, at most 0.4 % off; `None` where
    /// there is no value.
    #[must_use]
    pub fn quantile(&self, window: Span, percent: u8) -> Option<u64> {
        let cells = self.in_order();
        let in_window = || cells.iter().filter(|cell| window.holds(cell.segment()));
        let total = in_window().map(|cell| cell.count()).sum::<i64>();
        let rank = (total * i64::from(percent) + 99) / 100;
        if total <= 0 {
            return None;
        }
        let mut below = 0;
        let at_rank = in_window().find(|cell| {
            below += cell.count();
            below >= rank
        });
        at_rank.map(|cell| middle(cell.bucket()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVERYTHING: Span = Span { first: 0, end: 3 };

    #[test]
    fn buckets_ascend_and_their_middles_are_near() {
        let mut last = 0;
        for value in (0..5_000).chain((12..62).map(|power| 3_u64 << power)).chain([u64::MAX]) {
            let bucket = bucket(value);
            assert!(bucket >= last && bucket < 1 << 13, "{value}");
            last = bucket;
            let off = middle(bucket).abs_diff(value);
            assert!(u128::from(off) * 250 <= u128::from(value), "{value} is told as {}", middle(bucket));
        }
    }

    #[test]
    fn counts_of_either_sign_keep_their_key() {
        for count in [0, 1, -1, 1 << 41, -(1 << 41)] {
            let cell = Cell::new(u64::MAX, 255, count);
            assert_eq!((cell.count(), cell.segment(), cell.bucket()), (count, 255, bucket(u64::MAX)));
            assert_eq!(cell.plus(-count).key(), cell.key());
        }
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent_of_the_nearest_rank(
            mut values in proptest::collection::vec(0_u64..100_000_000_000, 1..60),
            gone in proptest::collection::vec(0_u64..100_000_000_000, 0..20),
        ) {
            let mut sketch = Sketch::default();
            for (place, value) in (0_u8..).zip(values.iter().chain(&gone)) {
                sketch.add(*value, place % 3, 1);
                sketch.add(*value, 3, 1);
            }
            for (place, value) in (0_u8..).zip(&gone) {
                sketch.add(*value, (place + u8::try_from(values.len()).unwrap()) % 3, -1);
            }
            values.sort_unstable();
            for percent in [50_u8, 90] {
                let rank = (values.len() * usize::from(percent)).div_ceil(100);
                let exact = values[rank - 1];
                let told = sketch.quantile(EVERYTHING, percent).unwrap();
                prop_assert!(told.abs_diff(exact) * 100 <= exact, "{} for {}", told, exact);
            }
        }

        #[test]
        fn what_is_taken_out_leaves_nothing(values in proptest::collection::vec((0_u64..1_000, 0_u8..3), 0..90)) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|(value, segment)| sketch.add(*value, *segment, 1));
            values.iter().rev().for_each(|(value, segment)| sketch.add(*value, *segment, -1));
            prop_assert_eq!(sketch.quantile(EVERYTHING, 50), None);
            prop_assert_eq!(&sketch, &Sketch::default());
            sketch.settle();
            prop_assert!(sketch.cells().is_empty());
        }

        /// Whatever the order, and however it was divided among sketches.
        #[test]
        fn differences_are_exactly_what_differs(
            values in proptest::collection::vec((0_u64..500, 0_u8..3), 0..90),
            more in proptest::collection::vec((0_u64..500, 0_u8..3), 0..5),
        ) {
            let sketch = |values: &[(u64, u8)]| {
                let mut sketch = Sketch::default();
                values.iter().for_each(|(value, segment)| sketch.add(*value, *segment, 1));
                sketch
            };
            let (own, mut other) = (sketch(&values), sketch(&values[values.len() / 2..]));
            other.absorb(&sketch(&values[..values.len() / 2]));
            prop_assert_eq!(own.differences(&other), []);
            other.absorb(&sketch(&more));
            let mut differing: Vec<(u64, u8)> =
                more.iter().map(|(value, segment)| (middle(bucket(*value)), *segment)).collect();
            differing.sort_unstable();
            differing.dedup();
            let found = own.differences(&other);
            prop_assert!(found.iter().all(|(_, _, [own, other])| other > own), "{found:?}");
            let found: Vec<(u64, u8)> = found.into_iter().map(|(millis, segment, _)| (millis, segment)).collect();
            prop_assert_eq!(found, differing);
        }
    }
}
