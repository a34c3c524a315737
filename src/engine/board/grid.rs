//! One count by row and window.

use crate::model::window::{Lanes, WINDOWS};

/// Counts by row, each in all windows.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid(Vec<[i64; WINDOWS]>);

impl Grid {
    /// Adds to a row in the given windows.
    pub(super) fn add(&mut self, row: usize, lanes: Lanes, times: i64) {
        if self.0.len() <= row {
            self.0.resize(row + 1, [0; WINDOWS]);
        }
        if let Some(cell) = self.0.get_mut(row) {
            lanes.add_current(cell, times);
        }
    }

    /// The counts of a row.
    pub(super) fn row(&self, row: usize) -> [i64; WINDOWS] {
        self.0.get(row).copied().unwrap_or_default()
    }
}
