//! What one row holds.

use super::shape::Shape;
use super::{BySegment, Totals};
use crate::engine::cells::reasons::LostFor;
use crate::engine::cells::{ClosingDeals, Count, OpenDeals, Part, Segments, Sum};
use crate::engine::facts::Reason;
use crate::engine::sketch::Sketch;
use crate::model::window::Window;

/// The totals of one row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    shape: &'a Shape,
    segments: &'a Segments,
    words: &'a [i64],
    by_segment: Option<&'a BySegment>,
}

impl Totals {
    /// What a row holds.
    #[must_use]
    pub fn row(&self, row: usize) -> Row<'_> {
        let totals = self.rows.get(row);
        Row {
            shape: &self.shape,
            segments: &self.segments,
            words: totals.map_or(&[], |totals| &totals.words),
            by_segment: totals.and_then(|totals| totals.by_segment.as_deref()),
        }
    }
}

impl<'a> Row<'a> {
    /// A count in a window.
    #[must_use]
    pub fn count(&self, what: Count, window: Window) -> i64 {
        self.shape.count(self.words, what, window)
    }

    /// A count in the previous window; 0 for counts that have none.
    #[must_use]
    pub fn previous_count(&self, what: Count, window: Window) -> i64 {
        self.shape.past_count(self.words, what, window, Part::Previous)
    }

    /// How many of the last local dates are counted one by one.
    #[must_use]
    pub fn days(&self) -> usize {
        self.shape.days()
    }

    /// A count on one of the last local dates; 0 for counts that previous windows do not have.
    #[must_use]
    pub fn day_count(&self, what: Count, day: usize) -> i64 {
        self.shape.day_count(self.words, what, day)
    }

    /// The revenue of a pipeline on one of the last local dates.
    #[must_use]
    pub fn day_revenue(&self, pipeline: u8, day: usize) -> i128 {
        self.shape.day_revenue(self.words, pipeline, day)
    }

    /// A sum in a window.
    #[must_use]
    pub fn sum(&self, what: Sum, window: Window) -> i128 {
        self.shape.sum(self.words, what, window)
    }

    /// The revenue of a pipeline in the previous window.
    #[must_use]
    pub fn previous_revenue(&self, pipeline: u8, window: Window) -> i128 {
        self.shape.past_revenue(self.words, pipeline, window, Part::Previous)
    }

    /// The revenue of a pipeline in the window a year before.
    #[must_use]
    pub fn year_ago_revenue(&self, pipeline: u8, window: Window) -> i128 {
        self.shape.past_revenue(self.words, pipeline, window, Part::YearAgo)
    }

    /// How many existing events name the row.
    #[must_use]
    pub fn named(&self) -> i64 {
        self.shape.named(self.words)
    }

    /// The open deals at a stage.
    #[must_use]
    pub fn open(&self, stage: u16) -> OpenDeals {
        self.shape.open(self.words, stage.into())
    }

    /// What is expected to close.
    #[must_use]
    pub fn closing(&self) -> ClosingDeals {
        self.shape.closing(self.words)
    }

    /// A quantile of how long deals that left an open stage in a window were there, in milliseconds.
    #[must_use]
    pub fn stage_time(&self, stage: u16, window: Window, percent: u8) -> Option<u64> {
        self.stage_times_at(stage)?.quantile(self.segments.coarse(window), percent)
    }

    /// How many deals left an open stage in a window.
    #[must_use]
    pub fn stage_times(&self, stage: u16, window: Window) -> i64 {
        self.stage_times_at(stage).map_or(0, |times| times.count(self.segments.coarse(window)))
    }

    /// How long deals that left an open stage were there.
    pub(in crate::engine::cells) fn stage_times_at(&self, stage: u16) -> Option<&'a Sketch> {
        self.by_segment?.stage_times.get(usize::from(stage))
    }

    /// The response times.
    pub(in crate::engine::cells) fn responses(&self) -> Option<&'a Sketch> {
        Some(&self.by_segment?.responses)
    }

    /// The cycles.
    pub(in crate::engine::cells) fn cycles(&self) -> Option<&'a Sketch> {
        Some(&self.by_segment?.cycles)
    }

    /// A quantile of response times in a window, in milliseconds.
    #[must_use]
    pub fn response(&self, window: Window, percent: u8) -> Option<u64> {
        self.responses()?.quantile(self.segments.coarse(window), percent)
    }

    /// A quantile of cycles in a window, in milliseconds.
    #[must_use]
    pub fn cycle(&self, window: Window, percent: u8) -> Option<u64> {
        self.cycles()?.quantile(self.segments.coarse(window), percent)
    }

    /// The reasons for which deals were lost, and how many were, whenever that was.
    pub fn reasons(&self) -> impl Iterator<Item = (Reason, i64)> + use<'a> {
        self.by_segment.into_iter().flat_map(|of| of.reasons.all())
    }

    /// How many deals were lost for a reason in a window.
    #[must_use]
    pub fn lost_for(&self, reason: Reason, window: Window) -> i64 {
        self.by_segment.map_or(0, |of| of.reasons.count(reason, self.segments.coarse(window)))
    }

    /// The reasons of lost deals by segment.
    pub(in crate::engine::cells) fn lost(&self) -> Option<&'a LostFor> {
        Some(&self.by_segment?.reasons)
    }

    /// How many words differ, of whatever window or day.
    pub(in crate::engine::cells) fn differing_words(&self, other: &Row<'_>) -> i128 {
        differing(self.words, other.words)
    }

    /// How many of them differ that are of past windows or of days.
    pub(in crate::engine::cells) fn differing_words_of_past(&self, other: &Row<'_>) -> i128 {
        differing(self.shape.past(self.words), other.shape.past(other.words))
    }
}

/// In how many places two rows of words differ; what one of them does not have is 0.
fn differing(own: &[i64], other: &[i64]) -> i128 {
    let word = |words: &[i64], place: usize| words.get(place).copied().unwrap_or(0);
    let differs = (0..own.len().max(other.len())).filter(|place| word(own, *place) != word(other, *place));
    differs.map(|_| 1).sum()
}
