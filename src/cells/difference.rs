//! Where two tables that should be equal are not.

use std::fmt;

use super::{Count, SUMS, Table};
use crate::window::{WINDOWS, Window};

/// A cell of a row that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row.
    pub row: usize,
    /// What is counted there.
    pub cell: String,
}

impl Table {
    /// The cells in which this table differs from another of the same pipeline. Rows that one of them does not have are
    /// empty there.
    #[must_use]
    pub fn differences(&self, other: &Table) -> Vec<Difference> {
        let mut differences = Vec::new();
        for row in 0..self.rows.max(other.rows) {
            self.row_differences(other, row, &mut |cell| differences.push(Difference { row, cell }));
        }
        differences
    }

    fn row_differences(&self, other: &Table, row: usize, tell: &mut impl FnMut(String)) {
        let layout = self.layout;
        let name = |place: usize| layout.count_at(place).map_or_else(String::new, |count| format!("{count:?}"));
        windows(&self.counts, &other.counts, row, layout.width(), &mut |place, window| {
            tell(format!("{} in {window}", name(place)));
        });
        windows(&self.previous_counts, &other.previous_counts, row, layout.previous_width(), &mut |place, window| {
            tell(format!("{} in {window} before", name(place)));
        });
        windows(&self.sums, &other.sums, row, SUMS, &mut |place, window| {
            let sum = ["Revenue", "Cycle", "Spend", "Payments", "Refunds"].get(place).copied().unwrap_or_default();
            tell(format!("{sum} in {window}"));
        });
        windows(&self.previous_revenue, &other.previous_revenue, row, 1, &mut |_, window| {
            tell(format!("Revenue in {window} before"));
        });
        for stage in 0..self.stages() {
            if self.open(row, stage) != other.open(row, stage) {
                tell(format!("deals open at stage {stage}"));
            }
        }
        for (what, own, others) in
            [("responses", &self.responses, &other.responses), ("cycles", &self.cycles, &other.cycles)]
        {
            if own.get(row).cloned().unwrap_or_default() != others.get(row).cloned().unwrap_or_default() {
                tell(format!("the sketch of {what}"));
            }
        }
        let named = |table: &Table| table.named.get(row).copied().unwrap_or(0);
        if named(self) != named(other) {
            tell("how many events name it".to_owned());
        }
    }
}

/// Tells the places and windows in which a row of one list differs from that of another.
fn windows<T: Copy + Default + PartialEq>(
    own: &[[T; WINDOWS]],
    other: &[[T; WINDOWS]],
    row: usize,
    width: usize,
    tell: &mut impl FnMut(usize, WindowName),
) {
    for place in 0..width {
        let cell = |table: &[[T; WINDOWS]]| table.get(row * width + place).copied().unwrap_or_default();
        for ((own, other), window) in cell(own).into_iter().zip(cell(other)).zip(Window::ALL) {
            if own != other {
                tell(place, WindowName(window));
            }
        }
    }
}

struct WindowName(Window);

impl fmt::Display for WindowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl super::Layout {
    /// The count that lies at a place.
    fn count_at(self, place: usize) -> Option<Count> {
        let stages =
            (1..=u8::try_from(self.between).unwrap_or(u8::MAX)).flat_map(|s| [Count::Reached(s), Count::Cohort(s)]);
        let others = [
            Count::Leads,
            Count::Won,
            Count::Lost,
            Count::CohortWon,
            Count::Responses,
            Count::Cycles,
            Count::Csat,
            Count::CsatSatisfied,
            Count::Nps,
            Count::NpsPromoters,
            Count::NpsDetractors,
            Count::Ces,
            Count::CesPoints,
        ];
        others.into_iter().chain(stages).find(|count| self.place(*count) == place)
    }
}
