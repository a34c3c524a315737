//! Quantiles from counts in logarithmic buckets.
//!
//! Counts can be added, subtracted and merged exactly, in any order: what a digest that depends on the
//! order of its input cannot do.

use crate::model::window::{Lanes, WINDOWS};

/// Each doubling is cut into this many buckets (2^7), so that a bucket's middle is at most 1/256 away
/// from any value in it.
const SUBDIVISION_BITS: u32 = 7;

/// The bucket of a value: exact below 128, then 128 buckets a doubling.
fn bucket(value: u64) -> u16 {
    let value = value.max(1);
    let doublings = (63 - value.leading_zeros()).saturating_sub(SUBDIVISION_BITS);
    let place = (u64::from(doublings) << SUBDIVISION_BITS) + (value >> doublings);
    u16::try_from(place).unwrap_or(u16::MAX)
}

/// The middle of a bucket.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    let doublings = (bucket >> SUBDIVISION_BITS).saturating_sub(1);
    let first = (bucket - (doublings << SUBDIVISION_BITS)) << doublings;
    first + (1 << doublings) / 2
}

/// Durations in milliseconds, counted for each window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Ascending by bucket; a bucket that is empty in all windows is dropped.
    buckets: Vec<(u16, [i64; WINDOWS])>,
    /// Zero has no logarithm.
    zeros: [i64; WINDOWS],
}

impl Sketch {
    /// Adds a value `times` times (negative: takes it out) in the given windows.
    pub fn add(&mut self, value: u64, lanes: Lanes, times: i64) {
        if value == 0 {
            lanes.add_current(&mut self.zeros, times);
            return;
        }
        let bucket = bucket(value);
        let place = match self.buckets.binary_search_by_key(&bucket, |entry| entry.0) {
            Ok(place) => place,
            Err(place) => {
                self.buckets.insert(place, (bucket, [0; WINDOWS]));
                place
            }
        };
        if let Some((_, counts)) = self.buckets.get_mut(place) {
            lanes.add_current(counts, times);
            if counts.iter().all(|count| *count == 0) {
                self.buckets.remove(place);
            }
        }
    }

    /// Bytes held beside the sketch itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<(u16, [i64; WINDOWS])>()
    }

    /// Adds all that another sketch holds.
    pub fn absorb(&mut self, other: &Sketch) {
        let add = |counts: &mut [i64; WINDOWS], more: &[i64; WINDOWS]| {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        };
        add(&mut self.zeros, &other.zeros);
        for (bucket, more) in &other.buckets {
            match self.buckets.binary_search_by_key(bucket, |entry| entry.0) {
                Ok(place) => {
                    if let Some((_, counts)) = self.buckets.get_mut(place) {
                        add(counts, more);
                    }
                }
                Err(place) => self.buckets.insert(place, (*bucket, *more)),
            }
        }
    }

    /// About how long what lies in a bucket took, and how much this sketch and another have there by window; for all
    /// buckets of either.
    pub fn compared(&self, other: &Sketch) -> impl Iterator<Item = (u64, [i64; WINDOWS], [i64; WINDOWS])> {
        let mut buckets: Vec<u16> = self.buckets.iter().chain(&other.buckets).map(|(bucket, _)| *bucket).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let at = |sketch: &Sketch, bucket: u16| {
            let place = sketch.buckets.binary_search_by_key(&bucket, |entry| entry.0).ok();
            place.and_then(|place| sketch.buckets.get(place)).map(|entry| entry.1).unwrap_or_default()
        };
        let counts = buckets.into_iter().map(move |bucket| (middle(bucket), at(self, bucket), at(other, bucket)));
        std::iter::once((0, self.zeros, other.zeros)).chain(counts)
    }

    /// The value at the nearest rank of quantile `percent` (1–100) in a window, at most 0.4 % off; `None` where
    /// there is no value.
    #[must_use]
    pub fn quantile(&self, window: usize, percent: u8) -> Option<u64> {
        let in_window = |counts: &[i64; WINDOWS]| counts.get(window).copied().unwrap_or(0);
        let zeros = in_window(&self.zeros);
        let total = zeros + self.buckets.iter().map(|(_, counts)| in_window(counts)).sum::<i64>();
        let rank = (total * i64::from(percent) + 99) / 100;
        if total <= 0 || rank <= zeros {
            return (total > 0).then_some(0);
        }
        let mut below = zeros;
        let at_rank = self.buckets.iter().find(|(_, counts)| {
            below += in_window(counts);
            below >= rank
        });
        at_rank.map(|(bucket, _)| middle(*bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::{Calendar, Zone};
    use crate::model::time::Time;
    use crate::model::window::Windows;
    use proptest::prelude::*;

    fn now_lanes() -> Lanes {
        let now = Time::from_millis(1_700_000_000_000);
        Windows::at(now, &Zone::utc(), Calendar::default(), Lanes::ALL).lanes(now)
    }

    #[test]
    fn buckets_ascend_and_their_middles_are_near() {
        let mut last = 0;
        for value in (1..5_000).chain((12..49).map(|power| 3_u64 << power)) {
            let bucket = bucket(value);
            assert!(bucket >= last, "{value}");
            last = bucket;
            let off = middle(bucket).abs_diff(value);
            assert!(off * 250 <= value, "{value} is told as {}", middle(bucket));
        }
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent_of_the_nearest_rank(
            mut values in proptest::collection::vec(0_u64..100_000_000_000, 1..60),
            gone in proptest::collection::vec(0_u64..100_000_000_000, 0..20),
        ) {
            let mut sketch = Sketch::default();
            for value in values.iter().chain(&gone) {
                sketch.add(*value, now_lanes(), 1);
            }
            for value in &gone {
                sketch.add(*value, now_lanes(), -1);
            }
            values.sort_unstable();
            for percent in [50_u8, 90] {
                let rank = (values.len() * usize::from(percent)).div_ceil(100);
                let exact = values[rank - 1];
                let told = sketch.quantile(0, percent).unwrap();
                prop_assert!(told.abs_diff(exact) * 100 <= exact, "{} for {}", told, exact);
            }
        }

        #[test]
        fn what_is_taken_out_leaves_nothing(values in proptest::collection::vec(0_u64..1_000, 0..30)) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value, now_lanes(), 1));
            values.iter().rev().for_each(|value| sketch.add(*value, now_lanes(), -1));
            prop_assert_eq!(sketch, Sketch::default());
        }
    }
}
