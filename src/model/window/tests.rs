//! Where windows begin and end.

use super::*;
use proptest::prelude::*;

fn at(now: &str, zone: &str) -> Windows {
    Windows::at(Time::parse(now).unwrap(), &Zone::new(zone).unwrap(), Calendar::default(), Lanes::ALL)
}

fn text(range: Range) -> String {
    format!("{} {}", range.start, range.end).replace(":00.000Z", "")
}

#[test]
fn rolling_windows_end_after_the_pane_that_holds_now() {
    let windows = at("2026-03-31T10:07:30Z", "UTC");
    assert_eq!(text(windows.range(Window::Hour)), "2026-03-31T09:08 2026-03-31T10:08");
    assert_eq!(text(windows.range(Window::Day)), "2026-03-30T10:15 2026-03-31T10:15");
    assert_eq!(text(windows.range(Window::Week)), "2026-03-24T11:00 2026-03-31T11:00");
    assert_eq!(text(windows.range(Window::Month)), "2026-03-01T12:00 2026-03-31T12:00");
    assert_eq!(text(windows.range(Window::Quarter)), "2026-01-01T00:00 2026-04-01T00:00");
    assert_eq!(text(windows.previous(Window::Hour)), "2026-03-31T08:08 2026-03-31T09:08");
}

#[test]
fn windows_to_date_compare_the_same_number_of_days() {
    let windows = at("2026-03-31T10:07:30Z", "UTC");
    assert_eq!(text(windows.range(Window::MonthToDate)), "2026-03-01T00:00 2026-04-01T00:00");
    // 31 days of March against all 28 of February.
    assert_eq!(text(windows.previous(Window::MonthToDate)), "2026-02-01T00:00 2026-03-01T00:00");
    // 90 days of the first quarter against 90 of the 92 before.
    assert_eq!(text(windows.previous(Window::QuarterToDate)), "2025-10-01T00:00 2025-12-30T00:00");
    assert_eq!(text(windows.previous(Window::YearToDate)), "2025-01-01T00:00 2025-04-01T00:00");
}

#[test]
fn the_day_turns_at_the_local_midnight() {
    let windows = at("2026-02-28T16:00:00Z", "Asia/Shanghai");
    assert_eq!(text(windows.range(Window::MonthToDate)), "2026-02-28T16:00 2026-03-01T16:00");
    assert_eq!(text(windows.previous(Window::MonthToDate)), "2026-01-31T16:00 2026-02-01T16:00");
}

#[test]
fn a_year_ago_is_the_same_period_a_year_before() {
    let windows = at("2028-02-29T10:00:00Z", "UTC");
    for (window, range) in [
        (Window::Today, "2027-02-28T00:00 2027-03-01T00:00"),
        (Window::MonthToDate, "2027-02-01T00:00 2027-03-01T00:00"),
        (Window::QuarterToDate, "2027-01-01T00:00 2027-03-02T00:00"),
        (Window::YearToDate, "2027-01-01T00:00 2027-03-02T00:00"),
        // Tuesday of the ninth week: two days from the Monday 364 days before.
        (Window::WeekToDate, "2027-03-01T00:00 2027-03-03T00:00"),
        (Window::LastMonth, "2027-01-01T00:00 2027-02-01T00:00"),
        (Window::LastQuarter, "2026-10-01T00:00 2027-01-01T00:00"),
        (Window::LastYear, "2026-01-01T00:00 2027-01-01T00:00"),
    ] {
        assert_eq!(text(windows.year_ago(window)), range, "{window:?}");
    }
    for window in Window::ALL {
        let is_there = windows.year_ago(window) != Range::NOWHERE;
        assert_eq!(is_there, window.year_ago_days().is_some() || window == Window::HalfToDate, "{window:?}");
    }
}

#[test]
fn complete_periods_end_before_the_present_one() {
    let windows = at("2026-03-01T10:00:00Z", "UTC");
    for (window, range, previous) in [
        (Window::Yesterday, "2026-02-28T00:00 2026-03-01T00:00", "2026-02-27T00:00 2026-02-28T00:00"),
        (Window::LastWeek, "2026-02-16T00:00 2026-02-23T00:00", "2026-02-09T00:00 2026-02-16T00:00"),
        (Window::LastMonth, "2026-02-01T00:00 2026-03-01T00:00", "2026-01-01T00:00 2026-02-01T00:00"),
        (Window::LastQuarter, "2025-10-01T00:00 2026-01-01T00:00", "2025-07-01T00:00 2025-10-01T00:00"),
        (Window::LastYear, "2025-01-01T00:00 2026-01-01T00:00", "2024-01-01T00:00 2025-01-01T00:00"),
    ] {
        assert_eq!(text(windows.range(window)), range, "{window:?}");
        assert_eq!(text(windows.previous(window)), previous, "{window:?}");
    }
}

#[test]
fn only_windows_in_use_are_looked_at() {
    let now = Time::parse("2026-03-31T10:07:30Z").unwrap();
    let used = Lanes::present([Window::Hour]).with(Lanes::previous([Window::MonthToDate]));
    let windows = Windows::at(now, &Zone::utc(), Calendar::default(), used);
    assert_eq!(windows.lanes(now), Lanes::present([Window::Hour]));
    assert_eq!(windows.lanes(now.plus(-40 * DAY)), Lanes::previous([Window::MonthToDate]));
    assert_eq!(windows.range(Window::Day), Range::NOWHERE);
}

proptest! {
    /// What `moved_since` leaves out has not moved.
    #[test]
    fn only_facts_in_moved_spans_change_lanes(
        start in 1_600_000_000_000_i64..1_800_000_000_000,
        step in -100_000_000_i64..10_000_000_000,
        age in 0_i64..70_000_000_000,
    ) {
        let zone = Zone::new("America/New_York").unwrap();
        let calendar = Calendar { fiscal_year_starts: 2, ..Calendar::default() };
        let before = Windows::at(Time::from_millis(start), &zone, calendar, Lanes::ALL);
        let after = Windows::at(Time::from_millis(start + step), &zone, calendar, Lanes::ALL);
        let fact = Time::from_millis(start + 86_400_000 - age);
        let moved = after.moved_since(&before).iter().any(|span| span.holds(fact));
        prop_assert!(moved || before.lanes(fact) == after.lanes(fact));
    }
}
