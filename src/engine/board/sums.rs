//! Sums of rows, kept from reading to reading: what has changed is added, and nothing else is looked at.

use std::sync::Arc;

use crate::engine::cells::Table;

/// A table of which each row is a sum of rows of another.
#[derive(Debug, Default)]
pub(super) struct Sums(Option<Last>);

/// What the last reading has added up.
#[derive(Debug)]
struct Last {
    of: Arc<Table>,
    to: Vec<Option<usize>>,
    rows: usize,
    sums: Arc<Table>,
}

impl Sums {
    /// The sums in so many rows, of which `to` names one for each row of a table, or none.
    pub(super) fn of(&mut self, table: &Arc<Table>, to: Vec<Option<usize>>, rows: usize) -> Arc<Table> {
        // A row that comes later is no change of those before it.
        let last = self.0.take().filter(|last| last.rows == rows && to.starts_with(&last.to));
        let sums = match last {
            Some(last) if Arc::ptr_eq(&last.of, table) && last.to.len() == to.len() => last.sums,
            Some(mut last) => {
                let to = |row: usize| to.get(row).copied().flatten();
                Arc::make_mut(&mut last.sums).absorb_changes(&last.of, table, to);
                last.sums
            }
            None => {
                let mut sums = table.empty_like();
                if let Some(last) = rows.checked_sub(1) {
                    sums.reserve(last);
                }
                sums.absorb(table, |row| to.get(row).copied().flatten());
                Arc::new(sums)
            }
        };
        self.0 = Some(Last { of: Arc::clone(table), to, rows, sums: Arc::clone(&sums) });
        sums
    }
}

/// The sum of the shards' tables, row by row.
#[derive(Debug, Default)]
pub(super) struct Merging {
    /// What each shard said last.
    shards: Vec<Arc<Table>>,
    sum: Option<Arc<Table>>,
}

impl Merging {
    /// The sum of what the shards say now, each in its place; one alone is its own sum.
    pub(super) fn of(&mut self, shards: Vec<Arc<Table>>, nothing: impl FnOnce() -> Table) -> Arc<Table> {
        let (first, others) = match shards.split_first() {
            None => return Arc::new(nothing()),
            Some((first, [])) => return Arc::clone(first),
            Some(some) => some,
        };
        let sum = match self.sum.take().filter(|_| self.shards.len() == shards.len()) {
            Some(mut sum) => {
                for (before, after) in self.shards.iter().zip(&shards).filter(|(was, is)| !Arc::ptr_eq(was, is)) {
                    Arc::make_mut(&mut sum).absorb_changes(before, after, Some);
                }
                sum
            }
            None => {
                let mut sum = Table::clone(first);
                others.iter().for_each(|other| sum.absorb(other, Some));
                Arc::new(sum)
            }
        };
        (self.shards, self.sum) = (shards, Some(Arc::clone(&sum)));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cells::{Layout, Segments};
    use crate::engine::facts::{FactKind, Reason};
    use crate::engine::meanings::Courses;
    use crate::model::event::Score;
    use crate::model::money::{Currency, Rates};
    use crate::model::needs::Needs;
    use crate::model::rules::Rules;
    use crate::model::time::Time;
    use proptest::prelude::*;

    const NOW: Time = Time::from_millis(1_790_000_000_000);

    fn rules() -> Rules {
        Rules::new(Rates::new(Currency::from_code("CNY").unwrap()))
    }

    fn table() -> Table {
        let rules = rules();
        Table::new(Layout::new(&Courses::new(&rules), Needs::GAUGES), Arc::new(Segments::at(NOW, &rules)))
    }

    #[test]
    fn a_table_of_fewer_rows_takes_away_what_the_others_had() {
        let (none, mut some) = (Arc::new(table()), table());
        change(&mut some, (2, 0, 7, true));
        some.settle();
        let mut kept = Sums::default();
        let to = vec![Some(0); 3];
        assert_ne!(kept.of(&Arc::new(some), to.clone(), 1).differences(&none), vec![]);
        let sums = kept.of(&none, to.clone(), 1);
        assert_eq!(sums.differences(&Sums::default().of(&none, to, 1)), vec![]);
    }

    /// Something that changes a row, and whether it comes or goes.
    type Change = (usize, u8, u64, bool);

    fn change(table: &mut Table, (row, what, value, comes): Change) {
        let (times, amount) = (if comes { 1 } else { -1 }, i64::try_from(value).unwrap());
        let segment = Segments::at(NOW, &rules()).of(NOW.plus(-amount)).unwrap();
        let kind = match what {
            0 => FactKind::Won { is_deal: true, revenue: amount, cycle: Some(value) },
            1 => FactKind::Lost { reason: Some(Reason::Unknown), amount },
            2 => FactKind::Left { stage: 0, after: value },
            3 => FactKind::Answered(Score::Nps(9)),
            _ => FactKind::Created { first: 0, furthest: 1, won: false, response: Some(value) },
        };
        table.apply(row, 0, kind, segment, times);
        table.name(row, 1);
        table.note_lost(row, Reason::Unknown, times);
        table.open_mut(row, 1).unwrap().amount += i128::from(amount);
        if value % 2 == 0 {
            table.closing_mut(row).unwrap().overdue += times;
        }
    }

    proptest! {
        /// What is added up from what has changed is what is added up anew.
        #[test]
        fn sums_that_are_kept_are_right(
            batches in proptest::collection::vec(
                proptest::collection::vec((0_usize..5, 0_u8..5, 0_u64..1_000_000, any::<bool>()), 0..4), 1..6,
            ),
            to in proptest::collection::vec(proptest::option::of(0_usize..3), 8),
        ) {
            let (mut kept, mut merging) = (Sums::default(), Merging::default());
            let mut shards = [table(), table()];
            let mut shared = [Arc::new(table()), Arc::new(table())];
            for batch in batches {
                for (place, one) in batch.iter().enumerate() {
                    change(&mut shards[place % 2], *one);
                }
                for (place, shared) in shared.iter_mut().enumerate().filter(|(place, _)| *place < batch.len()) {
                    shards[place].settle();
                    *shared = Arc::new(shards[place].clone());
                }
                let merged = merging.of(shared.to_vec(), table);
                let anew = Merging::default().of(shared.to_vec(), table);
                prop_assert_eq!(merged.differences(&anew), vec![]);
                let sums = kept.of(&merged, to.clone(), 3);
                prop_assert_eq!(sums.differences(&Sums::default().of(&anew, to.clone(), 3)), vec![]);
            }
        }
    }
}
