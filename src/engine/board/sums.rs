//! Sums of rows, kept from reading to reading: what has changed is added, and nothing else is looked at.

use crate::engine::cells::Totals;

/// Totals of which each row is a sum of rows of others.
#[derive(Debug, Default)]
pub(super) struct Sums(Option<Last>);

/// What the last reading has added up.
#[derive(Debug)]
struct Last {
    of: Totals,
    to: Vec<Option<usize>>,
    rows: usize,
    sums: Totals,
}

impl Sums {
    /// The sums in so many rows, of which `to` names one for each row of these totals, or none.
    pub(super) fn of(&mut self, totals: &Totals, to: Vec<Option<usize>>, rows: usize) -> Totals {
        // A row that comes later is no change of those before it.
        let last = self.0.take().filter(|last| last.rows == rows && to.starts_with(&last.to));
        let (of, mut sums) =
            last.map_or_else(|| (totals.empty_like(), totals.empty_like()), |last| (last.of, last.sums));
        sums.absorb_changes(&of, totals, |row| to.get(row).copied().flatten());
        self.0 = Some(Last { of: totals.clone(), to, rows, sums: sums.clone() });
        sums
    }
}

/// The sum of the shards' totals, row by row.
#[derive(Debug, Default)]
pub(super) struct Merging {
    /// What each shard said last.
    shards: Vec<Totals>,
    sum: Option<Totals>,
}

impl Merging {
    /// The sum of what the shards say now, each in its place; one alone is its own sum. `None` of no shard.
    pub(super) fn of(&mut self, shards: Vec<Totals>) -> Option<Totals> {
        let (first, others) = shards.split_first()?;
        if others.is_empty() {
            return Some(first.clone());
        }
        let nothing = first.empty_like();
        let mut sum = self.sum.take().filter(|_| self.shards.len() == shards.len()).unwrap_or_else(|| {
            self.shards = vec![nothing.clone(); shards.len()];
            nothing
        });
        self.shards.iter().zip(&shards).for_each(|(before, after)| sum.absorb_changes(before, after, Some));
        (self.shards, self.sum) = (shards, Some(sum.clone()));
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::cells::{Layout, Segments, Table};
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
        let (none, mut some) = (table().totals(), table());
        change(&mut some, (2, 0, 7, true));
        let mut kept = Sums::default();
        let to = vec![Some(0); 3];
        assert_ne!(kept.of(&some.totals(), to.clone(), 1).differences(&none), vec![]);
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
            let mut totals = [table().totals(), table().totals()];
            for batch in batches {
                for (place, one) in batch.iter().enumerate() {
                    change(&mut shards[place % 2], *one);
                }
                shards.iter_mut().zip(&mut totals).for_each(|(shard, totals)| shard.bring(totals));
                let merged = merging.of(totals.to_vec()).unwrap();
                let anew = Merging::default().of(shards.iter().map(Table::totals).collect()).unwrap();
                prop_assert_eq!(merged.differences(&anew), vec![]);
                let sums = kept.of(&merged, to.clone(), 3);
                prop_assert_eq!(sums.differences(&Sums::default().of(&anew, to.clone(), 3)), vec![]);
            }
        }
    }
}
