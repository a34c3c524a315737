//! The windows as they stand now, and the sums of all facts in them.

use std::sync::Arc;

use crate::engine::cells::Table;
use crate::engine::facts::{Fact, FactKind};
use crate::model::rules::Rules;
use crate::model::time::{MINUTE, Time};
use crate::model::window::{Range, Windows, join};

/// Sums of facts by row and by channel. No KPI crosses a rep with a channel, so the two are kept apart.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    rules: Arc<Rules>,
    now: Time,
    edges: Edges,
    /// By rep in team.
    pub(super) rows: Table,
    /// By channel.
    pub(super) channels: Table,
}

/// Everything that moves with the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edges {
    windows: Windows,
    /// By open stage: deals that came there before this are stalled.
    stalled_before: Vec<Option<Time>>,
}

/// What the clock has moved.
#[derive(Debug)]
pub(super) struct Moved {
    /// Only facts in these spans are counted otherwise than before.
    pub(super) spans: Vec<Range>,
    from: Edges,
}

impl Edges {
    fn at(now: Time, rules: &Rules) -> Edges {
        let pipeline = &rules.pipeline;
        let limits = (0..pipeline.won()).map(|stage| pipeline.stalled_after(stage));
        let stalled_before = limits.map(|limit| limit.map(|limit| now.plus(-limit).floor(15 * MINUTE))).collect();
        Edges { windows: rules.windows_at(now, rules.lanes()), stalled_before }
    }

    fn is_stalled(&self, at: Time, stage: u8) -> bool {
        self.stalled_before.get(usize::from(stage)).copied().flatten().is_some_and(|before| at < before)
    }

    fn moved_since(&self, earlier: &Edges) -> Vec<Range> {
        let mut spans = self.windows.moved_since(&earlier.windows);
        let limits = self.stalled_before.iter().zip(&earlier.stalled_before);
        spans.extend(limits.filter_map(|(to, from)| {
            let (to, from) = ((*to)?, (*from)?);
            Some(Range { start: from.min(to), end: from.max(to) })
        }));
        join(spans)
    }
}

impl Ledger {
    pub(super) fn new(rules: Arc<Rules>, now: Time) -> Ledger {
        let between = rules.pipeline.between();
        let edges = Edges::at(now, &rules);
        Ledger { rules, now, edges, rows: Table::new(between), channels: Table::new(between) }
    }

    /// The instant at which the windows stand.
    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// Moves the windows; the caller then shifts every fact in the spans. `None` if nothing moved.
    pub(super) fn advance(&mut self, now: Time) -> Option<Moved> {
        self.now = now;
        let edges = Edges::at(now, &self.rules);
        let spans = edges.moved_since(&self.edges);
        let from = std::mem::replace(&mut self.edges, edges);
        (!spans.is_empty()).then_some(Moved { spans, from })
    }

    /// Counts a fact (`times` = 1) or takes it out (−1).
    pub(super) fn put(&mut self, fact: &Fact, times: i64) {
        if let FactKind::Open { stage, amount, weighted } = fact.kind {
            let is_stalled = self.edges.is_stalled(fact.at, stage);
            if let Some(open) = self.rows.open_mut(fact.row.index(), stage) {
                open.deals += times;
                open.stalled += if is_stalled { times } else { 0 };
                open.amount += i128::from(amount) * i128::from(times);
                open.weighted += i128::from(weighted) * i128::from(times);
            }
            return;
        }
        let lanes = self.edges.windows.lanes(fact.at);
        self.rows.apply(fact.row.index(), fact, lanes, times);
        if let Some(channel) = fact.channel {
            self.channels.apply(channel.index(), fact, lanes, times);
        }
    }

    /// Moves a counted fact from the windows that held it to those that hold it now.
    pub(super) fn shift(&mut self, fact: &Fact, moved: &Moved) {
        if let FactKind::Open { stage, .. } = fact.kind {
            let change =
                i64::from(self.edges.is_stalled(fact.at, stage)) - i64::from(moved.from.is_stalled(fact.at, stage));
            if let Some(open) = self.rows.open_mut(fact.row.index(), stage) {
                open.stalled += change;
            }
            return;
        }
        let (from, to) = (moved.from.windows.lanes(fact.at), self.edges.windows.lanes(fact.at));
        for (lanes, times) in [(from.without(to), -1), (to.without(from), 1)] {
            self.rows.apply(fact.row.index(), fact, lanes, times);
            if let Some(channel) = fact.channel {
                self.channels.apply(channel.index(), fact, lanes, times);
            }
        }
    }
}
