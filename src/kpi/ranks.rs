//! Who stands before whom.

use super::Better;
use crate::model::value::Value;

/// The rank of each value: 1 and the number of strictly better ones.
#[must_use]
pub fn ranks(values: &[Option<Value>], better: Better) -> Vec<Option<usize>> {
    let mut best_first: Vec<Value> = values.iter().copied().flatten().collect();
    let compare = |left: &Value, right: &Value| match better {
        Better::More | Better::Neither => right.compare(left),
        Better::Less => left.compare(right),
    };
    best_first.sort_unstable_by(compare);
    let rank = |value: Value| 1 + best_first.partition_point(|other| compare(other, &value).is_lt());
    values.iter().map(|value| value.map(rank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_value_stands_first_and_ties_share_a_rank() {
        let counts = |counts: &[Option<i128>]| -> Vec<Option<Value>> {
            counts.iter().map(|count| count.map(Value::Count)).collect()
        };
        let values = counts(&[Some(3), None, Some(5), Some(3), Some(1)]);
        assert_eq!(ranks(&values, Better::More), [Some(2), None, Some(1), Some(2), Some(4)]);
        assert_eq!(ranks(&values, Better::Less), [Some(2), None, Some(4), Some(2), Some(1)]);
        assert_eq!(ranks(&values, Better::Neither), ranks(&values, Better::More));
    }
}
