//! The windows as they stand now, and the sums of all facts in them.

use std::sync::Arc;

use crate::engine::cells::{Segment, Segments, Table};
use crate::engine::directory::RowId;
use crate::engine::facts::{Fact, FactKind};
use crate::model::rules::Rules;
use crate::model::time::{MINUTE, Time};
use crate::model::window::{Range, join};

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
    segments: Arc<Segments>,
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
        let segments = Arc::new(Segments::at(now, rules));
        Edges { segments, stalled_before }
    }

    fn is_stalled(&self, at: Time, stage: u8) -> bool {
        self.stalled_before.get(usize::from(stage)).copied().flatten().is_some_and(|before| at < before)
    }

    fn moved_since(&self, earlier: &Edges) -> Vec<Range> {
        let mut spans = self.segments.moved_since(&earlier.segments);
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
        let [rows, channels] = [(); 2].map(|()| Table::new(between, Arc::clone(&edges.segments)));
        Ledger { rules, now, edges, rows, channels }
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
        self.rows.stand_at(Arc::clone(&self.edges.segments));
        self.channels.stand_at(Arc::clone(&self.edges.segments));
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
        if let Some(segment) = self.edges.segments.of(fact.at) {
            self.apply(fact, segment, times);
        }
    }

    /// Looks at the cells of a row that a step at this instant is going to change.
    pub(super) fn look_at(&self, row: RowId, at: Time) -> u64 {
        self.edges.segments.of(at).map_or(0, |segment| self.rows.look_at(row.index(), segment))
    }

    /// Counts a fact in a segment.
    fn apply(&mut self, fact: &Fact, segment: Segment, times: i64) {
        self.rows.apply(fact.row.index(), fact.kind, segment, times);
        if let Some(channel) = fact.channel {
            self.channels.apply(channel.index(), fact.kind, segment, times);
        }
    }

    /// Counts the difference between a fact as it was and as it is, where it stays at its instant and its rows.
    pub(super) fn change(&mut self, from: &Fact, to: &Fact) {
        let Some(segment) = self.edges.segments.of(to.at) else { return };
        self.rows.change(to.row.index(), from.kind, to.kind, segment);
        if let Some(channel) = to.channel {
            self.channels.change(channel.index(), from.kind, to.kind, segment);
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
        let (from, to) = (moved.from.segments.of(fact.at), self.edges.segments.of(fact.at));
        if from == to {
            return;
        }
        from.into_iter().for_each(|segment| self.apply(fact, segment, -1));
        to.into_iter().for_each(|segment| self.apply(fact, segment, 1));
    }
}
