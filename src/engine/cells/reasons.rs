//! Why deals were lost: how many for each reason, by row.

use super::segments::Span;
use crate::engine::facts::Reason;

/// Lost deals by row and reason: the reasons of a row in their order, none of them without any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reasons(Vec<Vec<(Reason, Lost)>>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Lost {
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

impl Reasons {
    fn change(&mut self, row: usize, reason: Reason, change: impl FnOnce(&mut Lost)) {
        if self.0.len() <= row {
            self.0.resize(row + 1, Vec::new());
        }
        let Some(of_row) = self.0.get_mut(row) else { return };
        let place = of_row.binary_search_by_key(&reason, |(reason, _)| *reason).unwrap_or_else(|place| {
            of_row.insert(place, (reason, Lost::default()));
            place
        });
        let Some((_, lost)) = of_row.get_mut(place) else { return };
        change(lost);
        if *lost == Lost::default() {
            of_row.remove(place);
        }
    }

    fn row(&self, row: usize) -> &[(Reason, Lost)] {
        self.0.get(row).map_or(&[], Vec::as_slice)
    }

    /// Notes that a deal of a row was lost for a reason, whenever that was.
    pub(super) fn note(&mut self, row: usize, reason: Reason, times: i64) {
        self.change(row, reason, |lost| lost.all += times);
    }

    /// Counts one that was lost in a segment.
    pub(super) fn add(&mut self, row: usize, reason: Reason, segment: u8, times: i64) {
        self.change(row, reason, |lost| lost.add(segment, times));
    }

    /// The reasons of a row, and for how many deals each.
    pub(super) fn of(&self, row: usize) -> impl Iterator<Item = (Reason, i64)> {
        self.row(row).iter().map(|(reason, lost)| (*reason, lost.all))
    }

    /// How many deals of a row were lost for a reason in a window.
    pub(super) fn count(&self, row: usize, reason: Reason, window: Span) -> i64 {
        let lost = self.row(row).iter().find(|(of, _)| *of == reason);
        let segments = lost.map_or(&[][..], |(_, lost)| &lost.segments);
        segments.iter().filter(|(segment, _)| window.holds(*segment)).map(|(_, count)| count).sum()
    }

    /// Adds a row of others to a row.
    pub(super) fn absorb_row(&mut self, to: usize, other: &Reasons, from: usize) {
        other.row(from).iter().for_each(|(reason, more)| self.absorb(to, *reason, more, 1));
    }

    fn absorb(&mut self, row: usize, reason: Reason, more: &Lost, times: i64) {
        self.change(row, reason, |lost| {
            lost.all += times * more.all;
            more.segments.iter().for_each(|(segment, count)| lost.add(*segment, times * count));
        });
    }

    /// Adds to a row how a row of others has changed.
    pub(super) fn absorb_change(&mut self, to: usize, before: &Reasons, after: &Reasons, from: usize) {
        let (was, is) = (before.row(from), after.row(from));
        if was != is {
            was.iter().for_each(|(reason, lost)| self.absorb(to, *reason, lost, -1));
            is.iter().for_each(|(reason, lost)| self.absorb(to, *reason, lost, 1));
        }
    }

    /// In how many ways a row differs.
    pub(super) fn differing(&self, other: &Reasons, row: usize) -> [i128; 2] {
        let (own, others) = (self.row(row), other.row(row));
        let missing = |one: &[(Reason, Lost)], other: &[(Reason, Lost)]| {
            one.iter().filter(|lost| !other.contains(lost)).map(|_| 1_i128).sum()
        };
        [missing(own, others), missing(others, own)]
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        let reasons: usize = self.0.iter().map(Vec::capacity).sum();
        self.0.capacity() * size_of::<Vec<(Reason, Lost)>>()
            + reasons * (size_of::<(Reason, Lost)>() + size_of::<(u8, i64)>())
    }
}
