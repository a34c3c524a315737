//! The windows as they stand now, and the sums of all facts in them.

use std::sync::Arc;

use crate::engine::cells::{ClosingDeals, Difference, Layout, Segment, Segments, Table, Totals};
use crate::engine::directory::RowId;
use crate::engine::facts::{Fact, FactKind};
use crate::engine::meanings::Courses;
use crate::model::calendar::PeriodKind;
use crate::model::rules::Rules;
use crate::model::time::{MINUTE, Time};
use crate::model::window::{Range, join};

/// Deals become stalled and overdue in steps of so many milliseconds.
const PANE: i64 = 15 * MINUTE;

/// Sums of facts by row and by channel. No KPI crosses a rep with a channel, so the two are kept apart.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    rules: Arc<Rules>,
    now: Time,
    edges: Edges,
    /// By rep in team.
    rows: Table,
    /// By channel.
    channels: Table,
    /// Both by window, as the last reading has them.
    totals: [Totals; 2],
}

/// Everything that moves with the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edges {
    segments: Arc<Segments>,
    /// By open stage of all pipelines: deals that came there before this are stalled.
    stalled_before: Vec<Option<Time>>,
    /// Deals that should have closed before this are overdue.
    overdue_before: Time,
    /// The whole month and the whole quarter that hold now.
    periods: [Range; 2],
}

/// What the clock has moved.
#[derive(Debug)]
pub(super) struct Moved {
    /// Only facts in these spans are counted otherwise than before.
    pub(super) spans: Vec<Range>,
    from: Edges,
}

impl Edges {
    pub(super) fn at(now: Time, rules: &Rules) -> Edges {
        let limits = rules
            .all_pipelines()
            .flat_map(|(_, pipeline)| (0..pipeline.won()).map(move |stage| pipeline.stalled_after(stage)));
        let stalled_before = limits.map(|limit| limit.map(|limit| now.plus(-limit).floor(PANE))).collect();
        let segments = Arc::new(Segments::at(now, rules));
        let periods = [PeriodKind::Month, PeriodKind::Quarter].map(|kind| rules.present(kind, now));
        Edges { segments, stalled_before, overdue_before: now.floor(PANE), periods }
    }

    pub(super) fn is_stalled(&self, at: Time, stage: u16) -> bool {
        self.stalled_before.get(usize::from(stage)).copied().flatten().is_some_and(|before| at < before)
    }

    /// What an open deal counts for that is expected to close then.
    fn closing(&self, fact: &Fact, times: i64) -> ClosingDeals {
        let FactKind::Closing { is_deal, amount, weighted } = fact.kind else { return ClosingDeals::default() };
        let wide = i128::from(times);
        let money = [amount, weighted].map(|amount| i128::from(amount) * wide);
        let is_overdue = fact.at < self.overdue_before;
        ClosingDeals {
            overdue: if is_overdue && is_deal { times } else { 0 },
            overdue_amount: if is_overdue { i128::from(amount) * wide } else { 0 },
            periods: self.periods.map(|period| if period.holds(fact.at) { money } else { [0; 2] }),
        }
    }

    fn moved_since(&self, earlier: &Edges, has_closing: bool) -> Vec<Range> {
        let mut spans = self.segments.moved_since(&earlier.segments);
        let between = |from: Time, to: Time| Range { start: from.min(to), end: from.max(to) };
        let limits = self.stalled_before.iter().zip(&earlier.stalled_before);
        spans.extend(limits.filter_map(|(to, from)| Some(between((*from)?, (*to)?))));
        if has_closing {
            spans.push(between(earlier.overdue_before, self.overdue_before));
            for (from, to) in earlier.periods.iter().zip(&self.periods) {
                spans.extend([between(from.start, to.start), between(from.end, to.end)]);
            }
        }
        join(spans)
    }
}

impl Ledger {
    pub(super) fn new(rules: Arc<Rules>, now: Time) -> Ledger {
        let courses = Courses::new(&rules);
        let edges = Edges::at(now, &rules);
        let layouts = [rules.counted.reps, rules.counted.channels].map(|needs| Layout::new(&courses, needs));
        let [rows, channels] = layouts.map(|layout| Table::new(layout, Arc::clone(&edges.segments)));
        let totals = layouts.map(|layout| Totals::new(layout, Arc::clone(&edges.segments)));
        Ledger { rules, now, edges, rows, channels, totals }
    }

    /// Where what it tells of rows, and of channels, differs from what another holds at the same instant.
    pub(super) fn differences(&self, other: &Ledger) -> [Vec<Difference>; 2] {
        let [rows, channels] = &self.totals;
        [self.rows.differences_as_told(rows, &other.rows), self.channels.differences_as_told(channels, &other.channels)]
    }

    /// The sums by rep in team.
    pub(super) fn rows(&self) -> &Table {
        &self.rows
    }

    /// The sums by channel.
    pub(super) fn channels(&self) -> &Table {
        &self.channels
    }

    /// The sums by rep in team and by channel, to be changed.
    pub(super) fn tables_mut(&mut self) -> (&mut Table, &mut Table) {
        (&mut self.rows, &mut self.channels)
    }

    /// What rows and channels add up to now, for others to keep.
    pub(super) fn share(&mut self) -> [Totals; 2] {
        let [rows, channels] = &mut self.totals;
        self.rows.bring(rows);
        self.channels.bring(channels);
        self.totals.clone()
    }

    /// Bytes held.
    pub(super) fn resident_bytes(&self) -> usize {
        let tables = [&self.rows, &self.channels].map(Table::resident_bytes);
        let totals = self.totals.each_ref().map(Totals::resident_bytes);
        tables.into_iter().chain(totals).sum()
    }

    /// The instant at which the windows stand.
    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// Moves the windows; the caller then shifts every fact in the spans. `None` if nothing moved.
    pub(super) fn advance(&mut self, now: Time) -> Option<Moved> {
        self.now = now;
        let edges = Edges::at(now, &self.rules);
        let spans = edges.moved_since(&self.edges, self.rows.has_closing());
        let from = std::mem::replace(&mut self.edges, edges);
        self.rows.stand_at(Arc::clone(&self.edges.segments));
        self.channels.stand_at(Arc::clone(&self.edges.segments));
        (!spans.is_empty()).then_some(Moved { spans, from })
    }

    /// Counts a fact (`times` = 1) or takes it out (−1).
    pub(super) fn put(&mut self, fact: &Fact, times: i64) {
        match fact.kind {
            FactKind::Open { is_deal, stage, amount, weighted } => {
                let is_stalled = is_deal && self.edges.is_stalled(fact.at, stage);
                if let Some(open) = self.rows.open_mut(fact.row.index(), stage) {
                    open.deals += if is_deal { times } else { 0 };
                    open.stalled += if is_stalled { times } else { 0 };
                    open.amount += i128::from(amount) * i128::from(times);
                    open.weighted += i128::from(weighted) * i128::from(times);
                }
                return;
            }
            FactKind::Closing { .. } => {
                let closing = self.edges.closing(fact, times);
                self.rows.closing_mut(fact.row.index()).into_iter().for_each(|sum| sum.add(&closing));
                return;
            }
            FactKind::Lost { reason: Some(reason), .. } => self.rows.note_lost(fact.row.index(), reason, times),
            _ => {}
        }
        if let Some(segment) = self.edges.segments.of(fact.at) {
            self.apply(fact, segment, times);
        }
    }

    /// Has the cells of a row fetched that a step at this instant is going to change, and those of the stage that it leaves.
    pub(super) fn prefetch(&self, row: RowId, at: Time, left: Option<u16>) {
        if let Some(segment) = self.edges.segments.of(at) {
            self.rows.prefetch(row.index(), segment, left.unwrap_or(0));
        }
    }

    /// Has the cohort of a row at an instant fetched.
    pub(super) fn prefetch_cohort(&self, row: RowId, at: Time) {
        if let Some(segment) = self.edges.segments.of(at) {
            self.rows.prefetch_cohort(row.index(), segment);
        }
    }

    /// Counts a fact in a segment.
    fn apply(&mut self, fact: &Fact, segment: Segment, times: i64) {
        self.rows.apply(fact.row.index(), fact.pipeline, fact.kind, segment, times);
        if let Some(channel) = fact.channel {
            self.channels.apply(channel.index(), fact.pipeline, fact.kind, segment, times);
        }
    }

    /// Counts the difference between a fact as it was and as it is, where it stays at its instant and its rows.
    pub(super) fn change(&mut self, from: &Fact, to: &Fact) {
        let Some(segment) = self.edges.segments.of(to.at) else { return };
        self.rows.change(to.row.index(), to.pipeline, from.kind, to.kind, segment);
        if let Some(channel) = to.channel {
            self.channels.change(channel.index(), to.pipeline, from.kind, to.kind, segment);
        }
    }

    /// Moves a counted fact from the windows that held it to those that hold it now.
    pub(super) fn shift(&mut self, fact: &Fact, moved: &Moved) {
        if let FactKind::Open { is_deal, stage, .. } = fact.kind {
            let change =
                i64::from(self.edges.is_stalled(fact.at, stage)) - i64::from(moved.from.is_stalled(fact.at, stage));
            if let Some(open) = self.rows.open_mut(fact.row.index(), stage).filter(|_| is_deal) {
                open.stalled += change;
            }
            return;
        }
        if matches!(fact.kind, FactKind::Closing { .. }) {
            let changes = [moved.from.closing(fact, -1), self.edges.closing(fact, 1)];
            if let Some(sum) = self.rows.closing_mut(fact.row.index()) {
                changes.iter().for_each(|change| sum.add(change));
            }
            return;
        }
        // Even in the same cell it may be in another window, if two edges have changed places.
        self.rows.touch(fact.row.index());
        fact.channel.iter().for_each(|channel| self.channels.touch(channel.index()));
        let (from, to) = (moved.from.segments.of(fact.at), self.edges.segments.of(fact.at));
        if from == to {
            return;
        }
        from.into_iter().for_each(|segment| self.apply(fact, segment, -1));
        to.into_iter().for_each(|segment| self.apply(fact, segment, 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::directory::{Directory, RepInTeam};
    use crate::engine::facts::Reason;
    use crate::model::event::Score;
    use crate::model::money::{Currency, Rates};
    use crate::model::needs::Counted;
    use crate::model::time::{DAY, HOUR};
    use proptest::prelude::*;

    const NOW: Time = Time::from_millis(1_790_000_000_000);

    fn kind(what: u8) -> FactKind {
        match what {
            0 => FactKind::Won { is_deal: true, revenue: 7, cycle: Some(what.into()) },
            1 => FactKind::Lost { reason: Some(Reason::Unknown), amount: 3 },
            2 => FactKind::Left { stage: 0, after: 60_000 },
            3 => FactKind::Answered(Score::Nps(9)),
            4 => FactKind::Open { is_deal: true, stage: 1, amount: 11, weighted: 5 },
            5 => FactKind::Closing { is_deal: true, amount: 11, weighted: 5 },
            _ => FactKind::Created { first: 0, furthest: 1, won: false, response: Some(1_000) },
        }
    }

    proptest! {
        /// A reading adds up only rows that have changed. However facts come and the clock goes on, that is what all rows
        /// add up to.
        #[test]
        fn what_readings_share_is_what_all_rows_add_up_to(
            steps in prop::collection::vec(
                (
                    prop_oneof![0..2 * HOUR, 0..40 * DAY],
                    prop::collection::vec((0_u8..7, 0_usize..4, prop_oneof![-DAY..DAY, -DAY..400 * DAY]), 0..6),
                ),
                1..8,
            ),
        ) {
            let mut rules = Rules::new(Rates::new(Currency::from_code("CNY").unwrap()));
            rules.counted = Counted::PAGE;
            let rules = Arc::new(rules);
            let directory = Directory::default();
            let names = ["a", "b", "c", "d"].map(|name| directory.name(name));
            let rows = names.map(|rep| directory.row(RepInTeam { team: names[0], rep }));
            let channels = names.map(|name| directory.channel(name));
            let (mut ledger, mut now, mut facts) = (Ledger::new(Arc::clone(&rules), NOW), NOW, Vec::new());
            for (passed, new) in steps {
                now = now.plus(passed);
                if let Some(moved) = ledger.advance(now) {
                    let due = facts.iter().filter(|fact: &&Fact| moved.spans.iter().any(|span| span.holds(fact.at)));
                    due.for_each(|fact| ledger.shift(fact, &moved));
                }
                for (what, place, age) in new {
                    let (row, channel) = (rows[place], Some(channels[place]).filter(|_| what != 4 && what != 5));
                    let fact = Fact { at: now.plus(-age), row, channel, pipeline: 0, kind: kind(what) };
                    ledger.put(&fact, 1);
                    facts.push(fact);
                }
                let [rows, channels] = ledger.share();
                prop_assert_eq!(rows.differences(&ledger.rows.totals()), []);
                prop_assert_eq!(channels.differences(&ledger.channels.totals()), []);
            }
        }
    }
}
