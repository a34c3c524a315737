//! Why deals were lost: how many for each reason, by row.

use std::collections::BTreeMap;

use super::segments::Span;
use crate::engine::facts::Reason;

/// Lost deals by row and reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reasons(BTreeMap<(usize, Reason), Lost>);

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
        let lost = self.0.entry((row, reason)).or_default();
        change(lost);
        if *lost == Lost::default() {
            self.0.remove(&(row, reason));
        }
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
        let first = (row, Reason::Unknown);
        self.0.range(first..).take_while(move |((of, _), _)| *of == row).map(|((_, reason), lost)| (*reason, lost.all))
    }

    /// How many deals of a row were lost for a reason in a window.
    pub(super) fn count(&self, row: usize, reason: Reason, window: Span) -> i64 {
        let segments = self.0.get(&(row, reason)).map_or(&[][..], |lost| &lost.segments);
        segments.iter().filter(|(segment, _)| window.holds(*segment)).map(|(_, count)| count).sum()
    }

    /// Adds a row of others to a row.
    pub(super) fn absorb_row(&mut self, to: usize, other: &Reasons, from: usize) {
        let first = (from, Reason::Unknown);
        for ((_, reason), more) in other.0.range(first..).take_while(|((of, _), _)| *of == from) {
            self.change(to, *reason, |lost| {
                lost.all += more.all;
                more.segments.iter().for_each(|(segment, count)| lost.add(*segment, *count));
            });
        }
    }

    /// In how many ways a row differs.
    pub(super) fn differing(&self, other: &Reasons, row: usize) -> [i128; 2] {
        let of = |reasons: &Reasons| -> Vec<(Reason, Lost)> {
            let first = (row, Reason::Unknown);
            let own = reasons.0.range(first..).take_while(|((of, _), _)| *of == row);
            own.map(|((_, reason), lost)| (*reason, lost.clone())).collect()
        };
        let (own, others) = (of(self), of(other));
        let missing = |one: &[(Reason, Lost)], other: &[(Reason, Lost)]| {
            one.iter().filter(|lost| !other.contains(lost)).map(|_| 1_i128).sum()
        };
        [missing(&own, &others), missing(&others, &own)]
    }

    /// Bytes held, about.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * (size_of::<((usize, Reason), Lost)>() + size_of::<(u8, i64)>())
    }
}
