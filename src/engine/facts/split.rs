//! A deal's money in shares: every minor unit goes to somebody.

use crate::engine::entry::Share;
use crate::model::event::WHOLE_SHARE;

/// What each of these gets of an amount that is not negative: its share, cut to minor units, and of what is left one unit
/// each for those of whom most was cut off, of equal ones the earlier.
pub(super) fn parts(amount: i64, shares: &[Share]) -> Vec<i64> {
    let whole = i128::from(WHOLE_SHARE);
    let exact = shares.iter().map(|share| i128::from(amount) * i128::from(share.parts));
    let cut: Vec<(i128, i128)> = exact.map(|exact| (exact / whole, exact % whole)).collect();
    let left = i128::from(amount) - cut.iter().map(|(part, _)| part).sum::<i128>();
    let mut order: Vec<usize> = (0..cut.len()).collect();
    // The sort is stable, so that of equal ones the earlier comes first.
    order.sort_by_key(|place| std::cmp::Reverse(cut.get(*place).map(|(_, rest)| *rest)));
    let first = order.into_iter().take(usize::try_from(left).unwrap_or(0)).collect::<Vec<_>>();
    let part = |(place, (part, _)): (usize, (i128, i128))| part + i128::from(first.contains(&place));
    cut.into_iter().enumerate().map(part).map(|part| i64::try_from(part).unwrap_or(i64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::directory::RowId;
    use proptest::prelude::*;

    fn shares(parts: &[u32]) -> Vec<Share> {
        parts.iter().map(|parts| Share { row: RowId::from_number(0), parts: *parts }).collect()
    }

    #[test]
    fn what_is_left_goes_to_those_of_whom_most_was_cut_off() {
        let thirds = shares(&[333_333_333, 333_333_333, 333_333_334]);
        assert_eq!(parts(100, &thirds), [33, 33, 34]);
        assert_eq!(parts(2, &thirds), [1, 0, 1]);
        assert_eq!(parts(1, &shares(&[500_000_000, 500_000_000])), [1, 0], "of equal ones the earlier");
        assert_eq!(parts(7, &shares(&[WHOLE_SHARE])), [7]);
        assert_eq!(parts(1_000_000_000_000_000, &shares(&[1, WHOLE_SHARE - 1])), [1_000_000, 999_999_999_000_000]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(amount in 0_i64..=1_000_000_000_000_000, cuts in proptest::collection::btree_set(1..WHOLE_SHARE, 0..9)) {
            let mut edges: Vec<u32> = cuts.into_iter().chain([WHOLE_SHARE]).collect();
            edges.insert(0, 0);
            let shares = shares(&edges.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>());
            let parts = parts(amount, &shares);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            for (part, share) in parts.iter().zip(&shares) {
                let floor = i128::from(amount) * i128::from(share.parts) / i128::from(WHOLE_SHARE);
                prop_assert!((0..=1).contains(&(i128::from(*part) - floor)));
            }
        }
    }
}
