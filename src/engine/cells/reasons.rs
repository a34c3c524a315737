//! Why deals were lost: how many for each reason, by row.

use super::segments::Span;
use crate::engine::facts::Reason;

/// Lost deals by row and reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons(Vec<LostFor>);

/// The lost deals of a row: its reasons in their order, none of them without any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LostFor(Vec<(Reason, Lost)>);

/// The deals of a row that were lost for one reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lost {
    /// Whenever they were lost.
    all: i64,
    /// By segment, none of them 0.
    segments: Vec<(u8, i64)>,
}

impl Lost {
    fn add(&mut self, segment: u8, times: i64) {
        match self.segments.binary_search_by_key(&segment, |(segment, _)| *segment) {
            Ok(place) => {
                if let Some((_, count)) = self.segments.get_mut(place) {
                    *count += times;
                }
                self.segments.retain(|(_, count)| *count != 0);
            }
            Err(place) if times != 0 => self.segments.insert(place, (segment, times)),
            Err(_) => {}
        }
    }
}

impl LostFor {
    fn change(&mut self, reason: Reason, change: impl FnOnce(&mut Lost)) {
        let place = self.0.binary_search_by_key(&reason, |(reason, _)| *reason).unwrap_or_else(|place| {
            self.0.insert(place, (reason, Lost::default()));
            place
        });
        let Some((_, lost)) = self.0.get_mut(place) else { return };
        change(lost);
        if *lost == Lost::default() {
            self.0.remove(place);
        }
    }

    fn absorb(&mut self, more: &LostFor, times: i64) {
        for (reason, more) in &more.0 {
            self.change(*reason, |lost| {
                lost.all += times * more.all;
                more.segments.iter().for_each(|(segment, count)| lost.add(*segment, times * count));
            });
        }
    }

    /// Adds how those of another row have changed.
    pub(super) fn absorb_change(&mut self, was: &LostFor, is: &LostFor) {
        if was != is {
            self.absorb(was, -1);
            self.absorb(is, 1);
        }
    }

    /// The reasons, and for how many deals each.
    pub(super) fn all(&self) -> impl Iterator<Item = (Reason, i64)> {
        self.0.iter().map(|(reason, lost)| (*reason, lost.all))
    }

    /// How many deals were lost for a reason in a window.
    pub(super) fn count(&self, reason: Reason, window: Span) -> i64 {
        let lost = self.0.iter().find(|(of, _)| *of == reason);
        let segments = lost.map_or(&[][..], |(_, lost)| &lost.segments);
        segments.iter().filter(|(segment, _)| window.holds(*segment)).map(|(_, count)| count).sum()
    }

    /// In how many ways they differ from others.
    pub(super) fn differing(&self, other: &LostFor) -> [i128; 2] {
        let missing =
            |one: &LostFor, other: &LostFor| one.0.iter().filter(|lost| !other.0.contains(lost)).map(|_| 1_i128).sum();
        [missing(self, other), missing(other, self)]
    }
}

impl Reasons {
    fn row_mut(&mut self, row: usize) -> Option<&mut LostFor> {
        if self.0.len() <= row {
            self.0.resize(row + 1, LostFor::default());
        }
        self.0.get_mut(row)
    }

    /// Those of a row.
    pub(super) fn row(&self, row: usize) -> LostFor {
        self.0.get(row).cloned().unwrap_or_default()
    }

    /// Notes that a deal of a row was lost for a reason, whenever that was.
    pub(super) fn note(&mut self, row: usize, reason: Reason, times: i64) {
        self.row_mut(row).into_iter().for_each(|lost| lost.change(reason, |lost| lost.all += times));
    }

    /// Counts one that was lost in a segment.
    pub(super) fn add(&mut self, row: usize, reason: Reason, segment: u8, times: i64) {
        self.row_mut(row).into_iter().for_each(|lost| lost.change(reason, |lost| lost.add(segment, times)));
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        let reasons: usize = self.0.iter().map(|lost| lost.0.capacity()).sum();
        self.0.capacity() * size_of::<LostFor>() + reasons * (size_of::<(Reason, Lost)>() + size_of::<(u8, i64)>())
    }
}
