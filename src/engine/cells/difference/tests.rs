//! Every cell of a table is compared: whatever is put into one of two tables is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::engine::cells::{Layout, Segment, Segments};
use crate::engine::facts::{FactKind, Reason};
use crate::model::calendar::{Calendar, Zone};
use crate::model::event::Score;
use crate::model::needs::Needs;
use crate::model::time::{DAY, Time};
use crate::model::window::{Lanes, Windows};

const NOW: Time = Time::from_millis(1_790_000_000_000);
/// Two stages between `lead` and `won`.
const LAYOUT: Layout = Layout { between: 2, open: 3, pipelines: 1, needs: Needs::GAUGES };

fn segments() -> Arc<Segments> {
    segments_of(Lanes::present(Window::ALL).with(Lanes::previous(Window::ALL)))
}

fn segments_of(used: Lanes) -> Arc<Segments> {
    Arc::new(Segments::of_windows(&Windows::at(NOW, &Zone::utc(), Calendar::default(), used), used, &[]))
}

fn empty() -> Table {
    empty_at(segments())
}

fn empty_at(segments: Arc<Segments>) -> Table {
    Table::new(LAYOUT, segments)
}

fn all_kinds() -> Vec<FactKind> {
    let mut kinds = vec![
        FactKind::Created { first: 0, furthest: 2, won: true, response: Some(60_000) },
        FactKind::Reached { from: 0, to: 1 },
        FactKind::Won { is_deal: true, revenue: 700, cycle: Some(0) },
        FactKind::Lost { reason: Some(Reason::Unknown), amount: 9 },
        FactKind::Left { stage: 2, after: 5_000 },
        FactKind::Slipped,
        FactKind::Spent(5),
        FactKind::Paid(6),
        FactKind::Refunded(7),
        FactKind::Answered(Score::Csat { score: 5, scale_max: 5 }),
        FactKind::Answered(Score::Ces(3)),
    ];
    kinds.extend([3, 10].map(|score| FactKind::Answered(Score::Nps(score))));
    kinds
}

fn table(kinds: &[FactKind]) -> Table {
    let mut table = empty();
    for kind in kinds {
        // In every window, and in those before it.
        for at in [NOW, NOW.plus(-3_600_000), NOW.plus(-86_400_000 * 400)] {
            table.apply(0, 0, *kind, segments().of(at).unwrap(), 1);
        }
    }
    table
}

#[test]
fn equal_tables_do_not_differ_whatever_rows_they_have() {
    let (mut own, other) = (table(&all_kinds()), table(&all_kinds()));
    own.reserve(100);
    assert_eq!(own.differences(&other), []);
    assert_eq!(other.differences(&own), []);
}

#[test]
fn whatever_is_in_one_table_only_is_told() {
    let (own, nothing) = (table(&all_kinds()), empty());
    let differences = own.differences(&nothing);
    let told: BTreeSet<String> = differences.iter().map(|found| format!("{:?}", found.what)).collect();
    for count in own.layout.counts() {
        assert!(told.contains(&format!("{:?}", Content::Count(count))), "{count:?} is not in {told:?}");
    }
    for sum in own.layout.sums() {
        // The cycle of the fact is 0, as its sum is.
        assert_eq!(told.contains(&format!("{:?}", Content::Sum(sum))), sum != Sum::Cycle, "{sum:?}");
    }
    assert!(told.contains("Cycles(0)") && told.contains("Reasons"), "{told:?}");
    assert!(told.iter().any(|what| what.starts_with("StageTimes(2")), "{told:?}");
    assert!(told.iter().any(|what| what.starts_with("Responses(")), "{told:?}");
    assert!(differences.iter().any(|found| found.is_previous && found.what == Content::Sum(Sum::Revenue(0))));
    assert!(differences.iter().any(|found| found.is_previous && found.what == Content::Count(Count::Reached(1))));
    let reversed: Vec<Difference> = nothing.differences(&own);
    let turned = |found: &Difference| Difference { own: found.other, other: found.own, ..*found };
    assert_eq!(reversed, differences.iter().map(turned).collect::<Vec<_>>());
}

#[test]
fn open_deals_and_names_are_told_with_both_values() {
    let (mut own, mut other) = (empty(), empty());
    *own.open_mut(1, 2).unwrap() = OpenDeals { deals: 3, stalled: 1, amount: 50, weighted: 25 };
    *other.open_mut(1, 2).unwrap() = OpenDeals { deals: 2, stalled: 0, amount: 40, weighted: 20 };
    own.name(1, 4);
    let told: Vec<_> =
        own.differences(&other).iter().map(|found| (found.row, found.what, found.own, found.other)).collect();
    let expected = [
        (1, Content::Open(2), 3, 2),
        (1, Content::Stalled(2), 1, 0),
        (1, Content::OpenAmount(2), 50, 40),
        (1, Content::OpenWeighted(2), 25, 20),
        (1, Content::Named, 4, 0),
    ];
    assert_eq!(told, expected);
}

/// A cell that no window adds up is one that a window may come to: it must be right, too.
#[test]
fn what_no_window_shows_is_told() {
    // The month before ends with the same day as this one; the rest of it is in no window.
    let month = [Window::MonthToDate];
    let segments = segments_of(Lanes::present(month).with(Lanes::previous(month)));
    let parts = [Part::Present, Part::Previous];
    let shown = |fine| parts.into_iter().any(|part| segments.fine(Window::MonthToDate, part).holds(fine));
    let (cells, _) = segments.cells();
    let hidden = (0..u8::try_from(cells).unwrap()).find(|fine| !shown(*fine)).expect("a gap between windows");
    let (mut own, other) = (empty_at(Arc::clone(&segments)), empty_at(Arc::clone(&segments)));
    own.count_in(0, Count::Won(0), Segment { fine: hidden, coarse: u8::MAX }, 1);
    let told: Vec<Content> = own.differences(&other).iter().map(|found| found.what).collect();
    assert_eq!(told, [Content::Waiting]);
}

/// A reading tells of a year ago and of single days what no present or previous window may hold.
#[test]
fn what_is_told_of_a_year_ago_and_of_days_is_compared() {
    let month = [Window::MonthToDate];
    let used = Lanes::present(month).with(Lanes::year_ago(month));
    let windows = Windows::at(NOW, &Zone::utc(), Calendar::default(), used);
    let midnights: Vec<Time> = (0..60).map(|ago| NOW.floor(DAY).plus(DAY - ago * DAY)).rev().collect();
    let segments = Arc::new(Segments::of_windows(&windows, used, &midnights));
    for at in [windows.year_ago(Window::MonthToDate).start, NOW.plus(-50 * DAY)] {
        let (mut own, other) = (empty_at(Arc::clone(&segments)), empty_at(Arc::clone(&segments)));
        let segment = segments.of(at).unwrap();
        own.count_in(0, Count::Won(0), segment, 1);
        let told = own.totals();
        own.count_in(0, Count::Won(0), segment, -1);
        let found: Vec<Content> = own.differences_as_told(&told, &other).iter().map(|found| found.what).collect();
        assert_eq!(found, [Content::Waiting], "{at}");
    }
}
