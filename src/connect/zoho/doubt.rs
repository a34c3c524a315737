//! Deals of which the stage history may lack rows.
//!
//! A deal that is deleted takes its rows out of the history, and puts them back when it is restored, with the times that
//! they had. If it was away only while the history was read, nothing says so but that it was edited, by the restoration.
//! The next scan finds what is younger than the overlap; what this one alone had to find is asked for deal by deal.

use std::ops::RangeInclusive;

use super::{Options, Scan, time_of};
use crate::connect::desk::Desk;
use crate::connect::json::Json;

/// When a deal was edited that may have been away.
#[derive(Debug)]
pub(super) struct Doubt {
    /// While this cycle reads: from then on.
    now: Option<i64>,
    /// While an earlier one did; an index may show only now who came back then.
    before: Option<RangeInclusive<i64>>,
}

impl Doubt {
    pub(super) fn of(history: &Scan, options: &Options, desk: &Desk<'_>) -> Doubt {
        let known = desk.memory.cursor("history");
        let next = history.next_cursor(known);
        // Else the next scan reads again whatever no earlier one has read.
        let leaves_behind = next.is_some_and(|next| known.is_none_or(|known| known < next - options.overlap_ms));
        let from = history.started - options.overlap_ms;
        let before = desk.memory.cursor("doubt_from").zip(desk.memory.cursor("doubt_to"));
        Doubt { now: leaves_behind.then_some(from), before: before.map(|(from, to)| from..=to) }
    }

    pub(super) fn is_of(&self, deal: &Json) -> bool {
        let modified = time_of(deal, "/Modified_Time");
        self.now.is_some_and(|from| modified >= from)
            || self.before.as_ref().is_some_and(|span| span.contains(&modified))
    }

    /// Keeps it for the cycles that follow; `ended` is when it was asked what is deleted.
    pub(super) fn keep(&self, ended: i64, desk: &mut Desk<'_>) {
        if let Some(from) = self.now {
            desk.move_cursor("doubt_from", from);
            desk.move_cursor("doubt_to", ended);
        }
    }
}
