//! One count by row and window.

use crate::engine::cells::{Plane, Segment, Segments};
use crate::model::window::WINDOWS;

/// Counts by row, each in all present windows.
#[derive(Clone, Debug)]
pub(super) struct Grid(Plane);

impl Grid {
    /// A grid without rows.
    pub(super) fn new(segments: &Segments) -> Grid {
        let (_, cells) = segments.cells();
        Grid(Plane::new(cells, 1, 0))
    }

    /// Adds to a row in a segment.
    pub(super) fn add(&mut self, row: usize, segment: Segment, times: i64) {
        self.0.reserve(row + 1);
        self.0.add(row, segment.coarse, 0, times);
    }

    /// The counts of a row.
    pub(super) fn row(&self, row: usize, segments: &Segments) -> [i64; WINDOWS] {
        let mut counts = [0; WINDOWS];
        for window in segments.windows() {
            let count = self.0.count(row, segments.coarse(window), 0);
            counts.get_mut(window.index()).into_iter().for_each(|place| *place = count);
        }
        counts
    }
}
